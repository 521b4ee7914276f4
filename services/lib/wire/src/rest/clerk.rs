//! Clerk commands. `reason` goes into the journal and to the public.

use auction_core::LotNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Text;

/// A reason in the clerk's words.
pub type Reason = Text<500>;

/// `POST /v1/auctions/{auction}/commands`, with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClerkRequest {
    OpenLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
    },
    /// Stops the clock; bids are refused until it is released.
    HoldLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
        reason: Reason,
    },
    ReleaseLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
    },
    SkipLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
    },
    WithdrawLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
        reason: Reason,
    },
    ReofferLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
    },
    /// Ends an open lot now, as though its time were up.
    EndLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
    },
    Pause {
        reason: Reason,
    },
    Resume {},
    Cancel {
        reason: Reason,
    },
    VoidBid {
        #[schema(value_type = u32)]
        lot: LotNumber,
        lot_seq: u64,
        reason: Reason,
    },
    ReopenLot {
        #[schema(value_type = u32)]
        lot: LotNumber,
        reason: Reason,
        duration_seconds: u32,
    },
    /// Once a round: until the next bid that changes price or leader, the step above the price is half as large.
    HalfCut {
        #[schema(value_type = u32)]
        lot: LotNumber,
    },
}

/// A command that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClerkAnswer {
    pub epoch: u64,
    pub seq: u64,
    pub lot_seq: u64,
    /// Names of the events that followed, in order.
    pub events: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_commands_and_fields_are_refused() {
        for bad in [
            r#"{"command":"sell_all"}"#,
            r#"{"command":"resume","lot":1}"#,
            r#"{"command":"hold_lot","lot":1}"#,
            r#"{"lot":1}"#,
        ] {
            assert!(serde_json::from_str::<ClerkRequest>(bad).is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<ClerkRequest>(r#"{"command":"resume"}"#).unwrap(), ClerkRequest::Resume {});
    }
}
