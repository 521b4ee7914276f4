//! What the demo changes in a manifest before `kubectl apply`: the start, the crowd, where the stream goes. Pure.

use anyhow::Context as _;
use auction_core::Timestamp;
use operator_api::Auction;
use operator_plan::rehearsal;
use serde_json::{Value, json};

use crate::demo::crowd::Crowd;

/// What this show needs that a manifest cannot know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) starts_at: Timestamp,
    /// Seconds that a lot is open, instead of what the manifest says.
    pub(super) lot_seconds: Option<i64>,
    pub(super) crowd: &'a Crowd,
    /// The receiver, as in `rtmp://10.89.0.1:1936/live`.
    pub(super) receiver: &'a str,
}

/// The name of the output that the receiver gets.
const OUTPUT: &str = "studio";

/// The auction as it is applied. A stream of the manifest's own goes to the receiver instead of its outputs; a host is
/// given to an auction that has none.
pub(super) fn for_cluster(auction: &Auction, wish: Wish<'_>) -> anyhow::Result<Value> {
    let mut auction = auction.clone();
    let name = auction.metadata.name.clone().context("a checked manifest has a name")?;
    let Wish { starts_at, lot_seconds, crowd, receiver } = wish;
    if let Some(seconds) = lot_seconds {
        auction.spec.lot_defaults.duration_seconds = seconds;
        auction.spec.lots.iter_mut().for_each(|lot| lot.duration_seconds = None);
    }
    auction.spec.schedule.starts_at = jiff::Timestamp::from_millisecond(starts_at.0).context("the start is no time")?;
    if let Crowd::MadeUp { seed, people, posts } = *crowd {
        rehearsal::invite(&mut auction, people, posts);
        let annotations = auction.metadata.annotations.get_or_insert_default();
        annotations.entry(rehearsal::SEED.to_owned()).or_insert_with(|| seed.to_string());
    }
    // Nobody on this cluster has credentials at X.
    auction.spec.house.credentials_secret_ref = None;
    let mut manifest = serde_json::to_value(&auction)?;
    let spec = &mut manifest["spec"];
    if spec["stream"].get("ref").is_none() {
        let outputs = json!([{"name": OUTPUT, "type": "RTMP", "url": format!("{receiver}/{name}")}]);
        spec["stream"]["template"]["outputs"] = outputs;
    }
    let host = spec["routing"].get("host").and_then(Value::as_str).map(str::to_owned);
    spec["routing"]["host"] = json!(host.unwrap_or_else(|| host_of(&name)));
    // Nobody signs certificates here.
    if let Some(routing) = spec["routing"].as_object_mut() {
        routing.remove("tls");
    }
    Ok(manifest)
}

/// The host of an auction whose manifest names none.
fn host_of(name: &str) -> String {
    format!("{name}.sothebais.test")
}

/// The host that people come to.
pub(super) fn host(manifest: &Value) -> anyhow::Result<String> {
    manifest["spec"]["routing"]["host"].as_str().map(str::to_owned).context("an applied manifest has a host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applied_manifest_starts_when_it_is_wished_goes_to_the_receiver_and_is_still_an_auction() {
        let auction = crate::manifest::read_text(crate::demo::EXAMPLE).unwrap().auctions.remove(0);
        let crowd = Crowd::MadeUp { seed: 7, people: 40, posts: 400 };
        let starts_at = Timestamp(1_700_000_000_000);
        let wish = Wish { starts_at, lot_seconds: Some(90), crowd: &crowd, receiver: "rtmp://10.0.0.1:9/live" };
        let manifest = for_cluster(&auction, wish).unwrap();
        assert_eq!(host(&manifest).unwrap(), "genesis-night.sothebais.test");
        let applied: Auction = serde_json::from_value(manifest).unwrap();
        assert_eq!(applied.spec.schedule.starts_at.as_millisecond(), 1_700_000_000_000);
        assert_eq!(applied.spec.lot_defaults.duration_seconds, 90);
        let annotations = applied.metadata.annotations.unwrap();
        let of = |key: &str| annotations.get(key).map(String::as_str);
        assert_eq!((of(rehearsal::BIDDERS), of(rehearsal::SEED)), (Some("40"), Some("7")));
        let stream = applied.spec.stream.and_then(|stream| stream.template).unwrap();
        assert_eq!(stream.outputs[0].url.as_deref(), Some("rtmp://10.0.0.1:9/live/genesis-night"));
    }
}
