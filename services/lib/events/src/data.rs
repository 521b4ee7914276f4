//! The payload: what a row decided, flat where the command was a bid, with a list of what else happened.

use auction_core::command::InboxPosition;
use auction_core::event::Standing;
use auction_core::{
    Action, BidderId, Entry, Event, HoldReason, Intent, LotNumber, Paddle, PassReason, Refusal, Source, Timestamp,
    Verdict, Wei,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::catalogue::{type_of, verdict_name};
use crate::envelope::source_name;

/// An instant, RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match jiff::Timestamp::from_millisecond(self.0.0) {
            Ok(time) => serializer.collect_str(&format_args!("{time:.3}")),
            Err(_out_of_range) => serializer.serialize_none(),
        }
    }
}

/// What a row says. Amounts are decimal strings in wei, ids of X strings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Data<'a> {
    pub shard: &'a str,
    pub seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auction: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNumber>,
    pub lot_seq: u64,
    pub source: SourceData<'a>,
    /// The asker's own time of the command.
    pub at: Time,
    /// The X account id of the bidder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bidder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paddle: Option<Paddle>,
    /// `accepted`, `refused`, `parked` or `done`.
    pub verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalData>,
    /// What was asked for; absent for a maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_wei: Option<Wei>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_wei: Option<Wei>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_paddle: Option<Paddle>,
    /// Whether the bidder leads after this row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leading: Option<bool>,
    /// The lot's end, where this row set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
    /// Everything that happened, in order; absent where the flat fields say it all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub happened: Vec<Value>,
}

/// A command's origin; for a post, `key` is the first edit's id.
#[derive(Debug, Serialize)]
pub struct SourceData<'a> {
    pub kind: &'static str,
    pub key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<&'a str>,
}

/// Why the rules said no.
#[derive(Debug, Serialize)]
pub struct RefusalData {
    pub code: String,
    pub message: String,
    pub remedy: String,
}

impl<'a> Data<'a> {
    /// What one row says.
    pub fn of_row(shard: &'a str, seq: u64, entry: &'a Entry) -> Self {
        let decision = &entry.decision;
        let asker = Asker::of(&entry.command.action);
        let standing = match &decision.verdict {
            Verdict::Accepted { standing, .. } => Some(*standing),
            Verdict::Parked | Verdict::Done | Verdict::Refused(_) => None,
        };
        Self {
            shard,
            seq,
            auction: decision.subject.auction.as_ref().map(auction_core::AuctionId::as_str),
            lot: decision.subject.lot,
            lot_seq: decision.lot_seq,
            source: SourceData {
                kind: source_name(entry.command.source.kind),
                key: &entry.command.source.key,
                handle: asker.post.map(|post| post.handle.as_str()),
            },
            at: Time(entry.command.at),
            bidder: asker.bidder.map(|bidder| bidder.to_string()),
            paddle: decision.events.iter().find_map(paddle_of),
            verdict: verdict_name(&decision.verdict),
            refusal: match &decision.verdict {
                Verdict::Refused(refusal) => Some(RefusalData::of_post(refusal, asker.post)),
                Verdict::Accepted { .. } | Verdict::Parked | Verdict::Done => None,
            },
            amount_wei: decision.events.iter().find_map(accepted_amount).or(match asker.intent {
                Some(Intent::Bid(amount)) => Some(amount),
                Some(Intent::MaxBid(_) | Intent::NextBid | Intent::BuyNow) | None => None,
            }),
            price_wei: standing.map(|standing| standing.price),
            leader_paddle: standing.map(|standing| standing.paddle),
            leading: standing.zip(asker.bidder).map(|(standing, bidder)| standing.leader == bidder),
            ends_at: decision.events.iter().rev().find_map(end_of),
            happened: if is_plain_bid(&decision.events) { Vec::new() } else { happened(&decision.events) },
        }
    }
}

impl RefusalData {
    /// In words that anybody may read.
    pub fn of(refusal: &Refusal) -> Self {
        Self { code: refusal.code().to_owned(), message: refusal.public_message(), remedy: refusal.public_remedy() }
    }
}

impl RefusalData {
    /// For a post that the grammar did not understand, what its code says in general: a row holds no text of a post, so that
    /// its author can delete it. Who has the text says more ([`bid_grammar::explain_again`]).
    fn of_post(refusal: &Refusal, post: Option<&InboxPosition>) -> Self {
        let told = Self::of(refusal);
        let (Refusal::NotUnderstood { code }, Some(post)) = (refusal, post) else { return told };
        match bid_grammar::explain_again(code, None, post.handle.as_str()) {
            Some(again) => Self { message: again.message, remedy: again.remedy, ..told },
            None => told,
        }
    }
}

/// Who asked, and for what, where it was a bid.
struct Asker<'a> {
    bidder: Option<BidderId>,
    intent: Option<Intent>,
    post: Option<&'a InboxPosition>,
}

impl<'a> Asker<'a> {
    fn of(action: &'a Action) -> Self {
        match action {
            Action::PlaceBid { bidder, intent, post, .. } => {
                Self { bidder: Some(*bidder), intent: Some(*intent), post: post.as_ref() }
            }
            Action::RefusePost { bidder, post, .. } => Self { bidder: Some(*bidder), intent: None, post: Some(post) },
            Action::ConfigureAuction { .. }
            | Action::RegisterBidder(_)
            | Action::AdvanceInbox { .. }
            | Action::RecordAudit { .. }
            | Action::Tick { .. }
            | Action::Clerk { .. } => Self { bidder: None, intent: None, post: None },
        }
    }
}

fn is_plain_bid(events: &[Event]) -> bool {
    matches!(events, [] | [Event::BidAccepted { .. } | Event::BidRefused { .. } | Event::BidParked { .. }])
}

/// The paddle of the first accepted bid: a refused one may have none.
fn paddle_of(event: &Event) -> Option<Paddle> {
    if let Event::BidAccepted { paddle, .. } = event { Some(*paddle) } else { None }
}

fn accepted_amount(event: &Event) -> Option<Wei> {
    if let Event::BidAccepted { amount, intent, .. } = event { intent.public_amount(*amount) } else { None }
}

fn end_of(event: &Event) -> Option<Time> {
    if let Event::LotOpened { ends_at, .. }
    | Event::LotExtended { ends_at, .. }
    | Event::LotReleased { ends_at, .. }
    | Event::LotReopened { ends_at, .. } = event
    {
        Some(Time(*ends_at))
    } else {
        None
    }
}

/// Every event in public words. A bid that had been parked carries the source of its own command.
fn happened(events: &[Event]) -> Vec<Value> {
    let mut unparked: Option<&Source> = None;
    let mut all = Vec::with_capacity(events.len());
    for event in events {
        let mut value = public(event);
        value["type"] = type_of(event).into();
        match event {
            Event::BidUnparked { source, .. } => unparked = Some(source),
            Event::BidAccepted { .. } | Event::BidRefused { .. } => {
                if let Some(source) = unparked.take() {
                    value["source"] = json!({"kind": source_name(source.kind), "key": source.key});
                }
            }
            _other => {}
        }
        all.push(value);
    }
    all
}

/// An event's public fields.
fn public(event: &Event) -> Value {
    let time = |at: &Timestamp| serde_json::to_value(Time(*at)).unwrap_or_default();
    match event {
        Event::AuctionConfigured { .. } | Event::AuctionCompleted => json!({}),
        Event::AuctionPaused { reason, at } | Event::AuctionCancelled { reason, at } => {
            json!({"reason": reason, "at": time(at)})
        }
        Event::AuctionResumed { at } => json!({"at": time(at)}),
        Event::BidderRegistered(terms) => json!({"bidder": terms.bidder.to_string(), "paddle": terms.paddle}),
        Event::InboxAdvanced { handle, seq, ignored } => {
            json!({"handle": handle, "inbox_seq": seq, "ignored": ignored})
        }
        Event::InboxAudited { handle, through } => json!({"handle": handle, "through": time(through)}),
        Event::LotOpened { lot, round, at, ends_at } => {
            json!({"lot": lot, "round": round, "at": time(at), "ends_at": time(ends_at)})
        }
        Event::BidAccepted { lot, bidder, paddle, at, standing, .. } => accepted(
            json!({"lot": lot, "bidder": bidder.to_string(), "paddle": paddle, "at": time(at)}),
            standing,
            accepted_amount(event),
        ),
        Event::BidRefused { lot, bidder, refusal, at, .. } => {
            json!({"lot": lot, "bidder": bidder.to_string(), "refusal": RefusalData::of(refusal), "at": time(at)})
        }
        Event::BidParked { lot, bidder, at, .. } => json!({"lot": lot, "bidder": bidder.to_string(), "at": time(at)}),
        Event::BidUnparked { lot, .. } | Event::ReserveMet { lot } => json!({"lot": lot}),
        Event::LotExtended { lot, ends_at, extensions } => {
            json!({"lot": lot, "ends_at": time(ends_at), "extensions": extensions})
        }
        Event::LotDraining { lot, ends_at, until } => {
            json!({"lot": lot, "ends_at": time(ends_at), "until": time(until)})
        }
        Event::LotHeld { lot, reason, at } => {
            let reason = match reason {
                HoldReason::Clerk(reason) => reason,
                HoldReason::AuditOverdue => "the comparison with X's mentions is overdue",
            };
            json!({"lot": lot, "reason": reason, "at": time(at)})
        }
        Event::LotReleased { lot, at, ends_at } => json!({"lot": lot, "at": time(at), "ends_at": time(ends_at)}),
        Event::LotSkipped { lot, at } => json!({"lot": lot, "at": time(at)}),
        Event::LotWithdrawn { lot, reason, at } => json!({"lot": lot, "reason": reason, "at": time(at)}),
        Event::LotReoffered { lot, round } => json!({"lot": lot, "round": round}),
        Event::LotSold { lot, round, bidder, paddle, price, all_in, at } => json!({
            "lot": lot, "round": round, "bidder": bidder.to_string(), "paddle": paddle,
            "price_wei": price, "all_in_wei": all_in, "at": time(at),
        }),
        Event::LotPassed { lot, round, reason, at } => {
            json!({"lot": lot, "round": round, "reason": pass_reason(*reason), "at": time(at)})
        }
        Event::BidVoided { lot, lot_seq, reason, standing } => {
            with_standing(json!({"lot": lot, "lot_seq": lot_seq, "reason": reason}), standing.as_ref())
        }
        Event::IncrementHalved { lot, minimum, at } => {
            json!({"lot": lot, "minimum_wei": minimum, "at": time(at)})
        }
        Event::LotReopened { lot, reason, at, ends_at, standing } => with_standing(
            json!({"lot": lot, "reason": reason, "at": time(at), "ends_at": time(ends_at)}),
            standing.as_ref(),
        ),
    }
}

fn pass_reason(reason: PassReason) -> &'static str {
    match reason {
        PassReason::NoBids => "no_bids",
        PassReason::ReserveNotMet => "reserve_not_met",
        PassReason::Cancelled => "cancelled",
    }
}

fn accepted(mut value: Value, standing: &Standing, amount: Option<Wei>) -> Value {
    if let Some(amount) = amount {
        value["amount_wei"] = json!(amount);
    }
    with_standing(value, Some(standing))
}

/// Adds price and leader, never the maximum.
fn with_standing(mut value: Value, standing: Option<&Standing>) -> Value {
    value["price_wei"] = json!(standing.map(|standing| standing.price));
    value["leader_paddle"] = json!(standing.map(|standing| standing.paddle));
    value
}

#[cfg(test)]
mod tests;
