//! What an asker is told: a stable code, one sentence, and what to do. Amounts are in ether, never in base units.
//!
//! The public texts are for everybody else: the same sentences without what only the asker may know.

use crate::id::LotNumber;
use crate::{Refusal, Wei};

/// The currency of every amount that is told to people.
const CURRENCY: &str = "ETH";

/// Who reads a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Asker,
    Anybody,
}

impl Refusal {
    /// The stable name, in `PascalCase`. The grammar's own code when a post was not understood.
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownBidder => "UnknownBidder",
            Self::BidderSuspended => "BidderSuspended",
            Self::BidderBarred => "BidderBarred",
            Self::LimitExceeded { .. } => "LimitExceeded",
            Self::UnknownAuction => "UnknownAuction",
            Self::AuctionNotStarted { .. } => "AuctionNotStarted",
            Self::AuctionPaused => "AuctionPaused",
            Self::AuctionCancelled => "AuctionCancelled",
            Self::AuctionCompleted => "AuctionCompleted",
            Self::ChannelShut => "ChannelShut",
            Self::UnknownLot { .. } => "UnknownLot",
            Self::LotNotNamed { .. } => "LotNotNamed",
            Self::NoLotOpen => "NoLotOpen",
            Self::LotNotOpen { .. } => "LotNotOpen",
            Self::LotHeld { .. } => "LotHeld",
            Self::LotWithdrawn { .. } => "LotWithdrawn",
            Self::LotClosed { .. } => "LotClosed",
            Self::TooEarly { .. } => "TooEarly",
            Self::TooLate { .. } => "TooLate",
            Self::DrainFull { .. } => "DrainFull",
            Self::ZeroAmount => "ZeroAmount",
            Self::AmountTooLarge => "AmountTooLarge",
            Self::OffTick { .. } => "OffTick",
            Self::BelowOpeningBid { .. } => "BelowOpeningBid",
            Self::BelowIncrement { .. } => "BelowIncrement",
            Self::JumpNeedsConfirmation { .. } => "JumpNeedsConfirmation",
            Self::AlreadyLeading { .. } => "AlreadyLeading",
            Self::MaxNotRaised => "MaxNotRaised",
            Self::MaxBelowMinimum { .. } => "MaxBelowMinimum",
            Self::BuyNowUnavailable => "BuyNowUnavailable",
            Self::BuyNowWithdrawn => "BuyNowWithdrawn",
            Self::LotNotUpcoming { .. } => "LotNotUpcoming",
            Self::LotNotRunning { .. } => "LotNotRunning",
            Self::LotNotHeld { .. } => "LotNotHeld",
            Self::LotNotReofferable { .. } => "LotNotReofferable",
            Self::LotNotReopenable { .. } => "LotNotReopenable",
            Self::AnotherLotOpen { .. } => "AnotherLotOpen",
            Self::NotPaused => "NotPaused",
            Self::AlreadyPaused => "AlreadyPaused",
            Self::NoSuchBid { .. } => "NoSuchBid",
            Self::ReasonMissing => "ReasonMissing",
            Self::ReasonTooLong => "ReasonTooLong",
            Self::DurationOutOfRange { .. } => "DurationOutOfRange",
            Self::TermsFrozen { .. } => "TermsFrozen",
            Self::TermsInvalid { .. } => "TermsInvalid",
            Self::PaddleTaken { .. } => "PaddleTaken",
            Self::HandleConflict { .. } => "HandleConflict",
            Self::NotUnderstood { code } => code,
            Self::HalfCutForbidden { .. } => "HalfCutForbidden",
            Self::HalfCutGiven { .. } => "HalfCutGiven",
            Self::HalfCutNeedsBid { .. } => "HalfCutNeedsBid",
            Self::NoHalfStep { .. } => "NoHalfStep",
        }
    }

    /// What is wrong, in one sentence for the asker.
    pub fn message(&self) -> String {
        self.sentence(Reader::Asker)
    }

    /// What is wrong, in one sentence that anybody may read: it tells neither the amount that was asked for, which may be
    /// a maximum, nor the asker's limit.
    pub fn public_message(&self) -> String {
        self.sentence(Reader::Anybody)
    }

    /// What the asker can do about it.
    pub fn remedy(&self) -> String {
        self.advice(Reader::Asker)
    }

    /// What the asker can do about it, in words that anybody may read; see [`Refusal::public_message`].
    pub fn public_remedy(&self) -> String {
        self.advice(Reader::Anybody)
    }

    #[expect(clippy::too_many_lines, reason = "a table: one sentence a refusal")]
    fn sentence(&self, reader: Reader) -> String {
        match self {
            Self::UnknownBidder => "You are not registered as a bidder.".to_owned(),
            Self::BidderSuspended => "Your registration is suspended.".to_owned(),
            Self::BidderBarred => "You may not bid in this house.".to_owned(),
            Self::LimitExceeded { .. } if reader == Reader::Anybody => {
                "This bid needs more than is free of the bidder's limit.".to_owned()
            }
            Self::LimitExceeded { needed, available } => format!(
                "This bid needs {} {CURRENCY} with the premium, and {} {CURRENCY} of your limit are free.",
                needed.main_units(),
                available.main_units()
            ),
            Self::UnknownAuction => "There is no such auction here.".to_owned(),
            Self::AuctionNotStarted { .. } => "The auction has not started.".to_owned(),
            Self::AuctionPaused => "The auction is paused.".to_owned(),
            Self::AuctionCancelled => "The auction has been cancelled.".to_owned(),
            Self::AuctionCompleted => "The auction is over.".to_owned(),
            Self::ChannelShut => "This auction takes no bids from here.".to_owned(),
            Self::UnknownLot { lot } => format!("There is no lot {lot} in this auction."),
            Self::LotNotNamed { open } => format!("Several lots are open ({}).", list(open)),
            Self::NoLotOpen => "No lot is open at the moment.".to_owned(),
            Self::LotNotOpen { lot } => format!("Lot {lot} is not open."),
            Self::LotHeld { lot } => format!("The clerk has stopped the clock of lot {lot}."),
            Self::LotWithdrawn { lot } => format!("Lot {lot} has been withdrawn."),
            Self::LotClosed { lot } => format!("Lot {lot} is closed."),
            Self::TooEarly { lot, .. } => format!("The bid was made before lot {lot} opened."),
            Self::TooLate { lot, .. } => format!("The bid was made after the end of lot {lot}."),
            Self::DrainFull { lot } => {
                format!("The bid was made after the end of lot {lot}, and too many late bids wait already.")
            }
            Self::ZeroAmount => "A bid of nothing is no bid.".to_owned(),
            Self::AmountTooLarge => "The amount is larger than any that the house takes.".to_owned(),
            Self::OffTick { tick, .. } => {
                format!("Bids on this lot are whole multiples of {} {CURRENCY}.", tick.main_units())
            }
            Self::BelowOpeningBid { opening_bid } => {
                format!("Bidding on this lot opens at {} {CURRENCY}.", opening_bid.main_units())
            }
            Self::BelowIncrement { minimum, price } => format!(
                "The price is {} {CURRENCY}; the next bid is {} {CURRENCY}.",
                price.main_units(),
                minimum.main_units()
            ),
            Self::JumpNeedsConfirmation { reference, factor, .. } if reader == Reader::Anybody => {
                format!("This bid is more than {factor} times {} {CURRENCY}.", reference.main_units())
            }
            Self::JumpNeedsConfirmation { amount, reference, factor } => format!(
                "{} {CURRENCY} is more than {factor} times {} {CURRENCY}.",
                amount.main_units(),
                reference.main_units()
            ),
            Self::AlreadyLeading { price } => {
                format!("You lead already, at {} {CURRENCY}.", price.main_units())
            }
            Self::MaxNotRaised => "You lead already with a maximum at least as high.".to_owned(),
            Self::MaxBelowMinimum { minimum } => {
                format!("A maximum must reach the next bid, {} {CURRENCY}.", minimum.main_units())
            }
            Self::BuyNowUnavailable => "This lot has no buy-now price.".to_owned(),
            Self::BuyNowWithdrawn => "The buy-now price has lapsed: the bidding has gone too far for it.".to_owned(),
            Self::LotNotUpcoming { lot } => format!("Lot {lot} is not waiting to open."),
            Self::LotNotRunning { lot } => format!("Lot {lot} is not running."),
            Self::LotNotHeld { lot } => format!("Lot {lot} is not held."),
            Self::LotNotReofferable { lot } => format!("Lot {lot} has not passed, nor been skipped or withdrawn."),
            Self::LotNotReopenable { lot } => format!("Lot {lot} has not been sold or passed."),
            Self::AnotherLotOpen { lot } => format!("Lot {lot} is running, and this auction has one lot at a time."),
            Self::NotPaused => "The auction is not paused.".to_owned(),
            Self::AlreadyPaused => "The auction is paused already.".to_owned(),
            Self::NoSuchBid { lot_seq } => format!("Row {lot_seq} is not one of the lot's last accepted bids."),
            Self::ReasonMissing => "The public is owed a reason.".to_owned(),
            Self::ReasonTooLong => "The reason is longer than 500 bytes.".to_owned(),
            Self::DurationOutOfRange { seconds } => format!("A lot cannot be reopened for {seconds} seconds."),
            Self::TermsFrozen { field } => format!("The term {field} is frozen."),
            Self::TermsInvalid { field, problem } => format!("The term {field} {problem}."),
            Self::PaddleTaken { paddle } => format!("Paddle {paddle} belongs to another bidder."),
            Self::HandleConflict { handle, auction } => {
                format!("The auction {auction} takes bids through @{handle}.")
            }
            Self::NotUnderstood { .. } => "The post was not understood as a bid.".to_owned(),
            Self::HalfCutForbidden { lot } => format!("The terms of lot {lot} allow no half cut."),
            Self::HalfCutGiven { lot } => format!("Lot {lot} has had the half cut of this round."),
            Self::HalfCutNeedsBid { lot } => format!("Nobody has bid on lot {lot}: there is no step to halve."),
            Self::NoHalfStep { lot, .. } => format!("The step of lot {lot} is too small to be halved."),
        }
    }

    fn advice(&self, reader: Reader) -> String {
        match self {
            Self::UnknownBidder => "Register with the house, then bid again.".to_owned(),
            Self::BidderSuspended | Self::BidderBarred => "Write to the house.".to_owned(),
            Self::LimitExceeded { .. } => "Bid less, or raise your limit.".to_owned(),
            Self::UnknownAuction => "Check the auction's name.".to_owned(),
            Self::AuctionNotStarted { .. } => "Bid once the first lot is open.".to_owned(),
            Self::AuctionCancelled | Self::AuctionCompleted => "Look out for the next auction.".to_owned(),
            Self::ChannelShut => "Bid through a channel that the auction's page names.".to_owned(),
            Self::UnknownLot { .. } => "Name a lot of the catalogue, such as #1.".to_owned(),
            Self::LotNotNamed { .. } => "Add the lot to your bid, such as #1.".to_owned(),
            Self::NoLotOpen | Self::LotNotOpen { .. } => "Bid again when it opens.".to_owned(),
            Self::AuctionPaused | Self::LotHeld { .. } => "Bid again once it goes on; no time is lost.".to_owned(),
            Self::LotWithdrawn { .. } | Self::LotClosed { .. } => "Bid on another lot.".to_owned(),
            Self::TooEarly { .. } => "Bid again: the lot is open now.".to_owned(),
            Self::TooLate { .. } | Self::DrainFull { .. } => {
                "Bid before the end; what counts is your post's own time.".to_owned()
            }
            Self::ZeroAmount => "Name an amount above zero.".to_owned(),
            Self::AmountTooLarge => "Check the amount for slipped zeros.".to_owned(),
            Self::OffTick { tick, .. } if reader == Reader::Anybody => {
                format!("Bid a whole multiple of {} {CURRENCY}.", tick.main_units())
            }
            Self::OffTick { below, above, .. } if *below == Wei::ZERO => {
                format!("Bid {} {CURRENCY}.", above.main_units())
            }
            Self::OffTick { below, above, .. } => {
                format!("Bid {} or {} {CURRENCY}.", below.main_units(), above.main_units())
            }
            Self::BelowOpeningBid { opening_bid: minimum }
            | Self::BelowIncrement { minimum, .. }
            | Self::MaxBelowMinimum { minimum } => format!("Bid {} {CURRENCY} or more.", minimum.main_units()),
            Self::JumpNeedsConfirmation { .. } => "Repeat the bid within a minute to confirm it.".to_owned(),
            Self::AlreadyLeading { .. } => "Wait to be outbid, or set a higher maximum.".to_owned(),
            Self::MaxNotRaised => "Name a higher maximum, or wait.".to_owned(),
            Self::BuyNowUnavailable | Self::BuyNowWithdrawn => "Place a bid instead.".to_owned(),
            Self::LotNotUpcoming { .. } => "Choose a lot that is waiting, or re-offer this one.".to_owned(),
            Self::LotNotRunning { .. } => "Choose a lot that runs; a closed one can be reopened.".to_owned(),
            Self::LotNotHeld { .. } => "Nothing needs to be released.".to_owned(),
            Self::LotNotReofferable { .. } => "Only a passed, skipped or withdrawn lot can be re-offered.".to_owned(),
            Self::LotNotReopenable { .. } => "Re-offer the lot if it was skipped or withdrawn.".to_owned(),
            Self::AnotherLotOpen { .. } => "Wait until that lot has closed.".to_owned(),
            Self::NotPaused => "Nothing needs to be resumed.".to_owned(),
            Self::AlreadyPaused => "Resume it when you are ready.".to_owned(),
            Self::NoSuchBid { .. } => "Name the row of one of the last 64 accepted bids.".to_owned(),
            Self::ReasonMissing => "Give a reason; it is published.".to_owned(),
            Self::ReasonTooLong => "Say it in fewer words.".to_owned(),
            Self::DurationOutOfRange { .. } => "Choose 1 second to 24 hours.".to_owned(),
            Self::TermsFrozen { .. } => "Leave the term as it is, or make a new auction.".to_owned(),
            Self::TermsInvalid { .. } => "Correct the manifest and apply it again.".to_owned(),
            Self::PaddleTaken { .. } => "Choose a free paddle.".to_owned(),
            Self::HandleConflict { .. } => "Wait until that auction is over, or use another handle.".to_owned(),
            Self::NotUnderstood { .. } => "Write for example: bid 1.5 ETH".to_owned(),
            Self::HalfCutForbidden { .. } => "Keep to whole steps; terms are fixed while a lot runs.".to_owned(),
            Self::HalfCutGiven { .. } => "Keep to whole steps until the lot has closed.".to_owned(),
            Self::HalfCutNeedsBid { .. } => "Wait for the first bid; the opening bid is enough for it.".to_owned(),
            Self::NoHalfStep { minimum, .. } => {
                format!("The next bid stays {} {CURRENCY}, one tick above the price at least.", minimum.main_units())
            }
        }
    }
}

fn list(lots: &[LotNumber]) -> String {
    lots.iter().map(|lot| format!("#{lot}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_bid_nothing() {
        let tick = Wei::from(1_000_000_000_000_000);
        let off = |below| Refusal::OffTick { tick, below, above: tick };
        assert_eq!(off(Wei::ZERO).remedy(), "Bid 0.001 ETH.");
        assert_eq!(off(Wei::from(500_000_000_000_000)).remedy(), "Bid 0.0005 or 0.001 ETH.");
    }
}
