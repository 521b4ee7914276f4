//! Bodies of the REST API under `/v1`.

mod bid;
mod bidder;
mod clerk;
mod lot;
mod receipt;
mod spec;

pub use bid::{BidAnswer, BidLine, BidRequest};
pub use bidder::{BidderBody, BidderLine, BidderState, ImportReport, LimitChange, MAX_IMPORT_LINES};
pub use clerk::{ClerkAnswer, ClerkRequest, Reason};
pub use lot::{AuctionBrief, AuctionState, AuctionView, HalfCutState, LotView, Page, ReserveView};
pub use receipt::{KeyStanding, ReceiptBody, ReceiptKey};
pub use spec::{AuctionStatus, LotStatus, MAX_AUCTIONS, SpecAnswer, SpecRequest, StatusBody};
