//! Names of actions and events on the wire. Part of the API: never changed, only added to.

use auction_core::{Action, Clerk, Event};

pub(crate) fn action(action: &Action) -> &'static str {
    match action {
        Action::ConfigureAuction { .. } => "configure_auction",
        Action::RegisterBidder(_) => "register_bidder",
        Action::PlaceBid { .. } => "place_bid",
        Action::RefusePost { .. } => "refuse_post",
        Action::AdvanceInbox { .. } => "advance_inbox",
        Action::RecordAudit { .. } => "record_audit",
        Action::Tick { .. } => "tick",
        Action::Clerk { clerk, .. } => match clerk {
            Clerk::OpenLot { .. } => "open_lot",
            Clerk::HoldLot { .. } => "hold_lot",
            Clerk::ReleaseLot { .. } => "release_lot",
            Clerk::SkipLot { .. } => "skip_lot",
            Clerk::WithdrawLot { .. } => "withdraw_lot",
            Clerk::ReofferLot { .. } => "reoffer_lot",
            Clerk::EndLot { .. } => "end_lot",
            Clerk::Pause { .. } => "pause",
            Clerk::Resume => "resume",
            Clerk::Cancel { .. } => "cancel",
            Clerk::VoidBid { .. } => "void_bid",
            Clerk::ReopenLot { .. } => "reopen_lot",
            Clerk::HalfCut { .. } => "half_cut",
        },
    }
}

pub(crate) fn event(event: &Event) -> &'static str {
    match event {
        Event::AuctionConfigured(_) => "AuctionConfigured",
        Event::AuctionPaused { .. } => "AuctionPaused",
        Event::AuctionResumed { .. } => "AuctionResumed",
        Event::AuctionCancelled { .. } => "AuctionCancelled",
        Event::AuctionCompleted => "AuctionCompleted",
        Event::BidderRegistered(_) => "BidderRegistered",
        Event::InboxAdvanced { .. } => "InboxAdvanced",
        Event::InboxAudited { .. } => "InboxAudited",
        Event::LotOpened { .. } => "LotOpened",
        Event::BidAccepted { .. } => "BidAccepted",
        Event::BidRefused { .. } => "BidRefused",
        Event::BidParked { .. } => "BidParked",
        Event::BidUnparked { .. } => "BidUnparked",
        Event::LotExtended { .. } => "LotExtended",
        Event::ReserveMet { .. } => "ReserveMet",
        Event::LotDraining { .. } => "LotDraining",
        Event::LotHeld { .. } => "LotHeld",
        Event::LotReleased { .. } => "LotReleased",
        Event::LotSkipped { .. } => "LotSkipped",
        Event::LotWithdrawn { .. } => "LotWithdrawn",
        Event::LotReoffered { .. } => "LotReoffered",
        Event::LotSold { .. } => "LotSold",
        Event::LotPassed { .. } => "LotPassed",
        Event::BidVoided { .. } => "BidVoided",
        Event::LotReopened { .. } => "LotReopened",
        Event::IncrementHalved { .. } => "IncrementHalved",
    }
}
