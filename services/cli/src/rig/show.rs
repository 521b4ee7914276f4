//! What is auctioned on the rig: plain lots that all open at once, and bidders without limits.

use std::time::Duration;

use serde_json::{Value, json};

/// X ids of the rig's bidders begin here.
const FIRST_BIDDER: u64 = 1_000_001;
/// Main units of the opening bid and of each step: 1 gwei, so that a million bids stay below a coin.
const STEP: &str = "0.000000001";
/// The same in wei.
pub const STEP_WEI: u128 = 1_000_000_000;

/// One auction of the rig.
#[derive(Debug, Clone)]
pub struct Show {
    pub name: String,
    pub lots: u32,
    pub duration: Duration,
    /// The house's handle, when bids also come as posts.
    pub handle: Option<String>,
}

/// The bidders, numbered.
#[derive(Debug, Clone, Copy)]
pub struct Bidders(pub u32);

impl Bidders {
    /// Their X ids.
    pub fn ids(self) -> impl Iterator<Item = u64> {
        (0..u64::from(self.0)).map(|number| FIRST_BIDDER + number)
    }
}

impl Show {
    /// The manifest, as `sothebais up` would read it.
    pub fn manifest(&self, starts_at: jiff::Timestamp) -> Value {
        let channels = if self.handle.is_some() { json!(["x", "web"]) } else { json!(["web"]) };
        let house = self.handle.as_ref().map_or_else(|| json!({}), |handle| json!({ "xHandle": handle }));
        let lots: Vec<Value> = (1..=self.lots)
            .map(|number| json!({"id": format!("lot-{number}"), "title": format!("Lot {number}"), "startingPrice": STEP}))
            .collect();
        json!({
            "apiVersion": "sothebais.io/v1alpha1",
            "kind": "Auction",
            "metadata": {"name": self.name, "uid": format!("uid-{}", self.name), "generation": 1},
            "spec": {
                "title": self.name,
                "house": house,
                "schedule": {"startsAt": starts_at, "warmupSeconds": 0},
                "bidChannels": channels,
                "lotOrder": "Concurrent",
                "closing": {"drainSeconds": 1, "gapAudit": "Skipped"},
                "lotDefaults": {
                    "durationSeconds": self.duration.as_secs(),
                    "ladder": {"fixed": STEP},
                    "tick": "0",
                    "jumpFactor": 1000,
                    "softClose": {"windowSeconds": 0, "extendSeconds": 0, "maxExtensions": 0, "capSeconds": 0},
                },
                "lots": lots,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shows_manifest_is_a_valid_one() {
        let mut show = Show { name: "hot".to_owned(), lots: 100, duration: Duration::from_hours(1), handle: None };
        for handle in [None, Some("sothebais".to_owned())] {
            show.handle = handle;
            let manifest = show.manifest(jiff::Timestamp::UNIX_EPOCH);
            let auction: operator_api::Auction = serde_json::from_value(manifest).unwrap();
            let terms = operator_api::validate(&auction).unwrap();
            assert_eq!(terms.lots.len(), 100);
            assert_eq!(terms.lots[0].opening_bid, auction_core::Wei::from(STEP_WEI));
        }
    }
}
