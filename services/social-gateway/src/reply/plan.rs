//! Whether a fact is told to somebody, and in what words. Pure: the post's record and `now` come in.

use auction_core::{BidderId, Timestamp};
use store::social::{NewReply, ReplyLot, ReplyState, ReplySubject};

use super::facts::Fact;
use super::template::{Saying, Templates};

/// Whether replies go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    Send,
    /// Decided and recorded, not sent.
    DryRun,
    Off,
}

/// What to do about a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    Reply(NewReply),
    /// The hammer fell: the winner's held reply goes out as this, the others of the lot are dropped.
    Release {
        lot: ReplyLot,
        winner: Option<Winner>,
        state: ReplyState,
    },
    Skip(Skip),
}

/// To whom a lot went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner {
    pub bidder: BidderId,
    pub text: String,
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    Off,
    /// The post is not in our inbox: it was not written to us.
    NotToUs,
    Deleted,
    Answered,
    /// The author said "stop".
    Silent,
    /// The engine names another account than the post's author.
    NotTheAuthor,
}

impl Skip {
    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NotToUs => "not_to_us",
            Self::Deleted => "deleted",
            Self::Answered => "answered",
            Self::Silent => "silent",
            Self::NotTheAuthor => "not_the_author",
        }
    }
}

/// The post that a fact is about, if it is about one.
pub fn post_of(fact: &Fact) -> Option<u64> {
    match fact {
        Fact::Accepted { post, .. } | Fact::Refused { post, .. } => Some(*post),
        Fact::Sold { .. } | Fact::NotSold { .. } => None,
    }
}

/// Decides. `subject` is what is known of the fact's post.
pub fn plan(
    fact: &Fact,
    subject: Option<&ReplySubject>,
    (mode, templates): (Mode, &Templates),
    now: Timestamp,
) -> Plan {
    let due = match mode {
        Mode::Off => return Plan::Skip(Skip::Off),
        Mode::Send => ReplyState::Planned,
        Mode::DryRun => ReplyState::DryRun,
    };
    let reply = |post: u64, bidder: BidderId, state, code: &str, saying: Option<&Saying>, lot| {
        let text = saying.map_or_else(String::new, |saying| templates.text(saying, post >> 22));
        match skip(bidder, subject) {
            Some(reason) => Plan::Skip(reason),
            None => {
                Plan::Reply(NewReply { post, author: bidder, code: code.into(), text, state, lot, planned_at: now })
            }
        }
    };
    match fact {
        Fact::Refused { post, bidder, code, message, remedy } => {
            reply(*post, *bidder, due, code, Some(&Saying::Refused { message, remedy }), None)
        }
        Fact::Accepted { post, bidder, bid } => {
            let (lot, paddle, price_wei) = (bid.lot.lot, bid.paddle, bid.price_wei.as_str());
            let saying = match &bid.amount_wei {
                Some(amount_wei) => Saying::Accepted { lot, paddle, amount_wei, price_wei },
                None => Saying::MaximumAccepted { lot, paddle, price_wei },
            };
            // What a leading bid is told is not known before the hammer falls.
            let (state, saying) = if bid.leading { (ReplyState::Held, None) } else { (due, Some(&saying)) };
            reply(*post, *bidder, state, "accepted", saying, Some(bid.lot.clone()))
        }
        Fact::Sold { lot, bidder, paddle, price_wei } => {
            let text = templates.text(&Saying::Won { lot: lot.lot, paddle: *paddle, price_wei }, bidder.0);
            Plan::Release { lot: lot.clone(), winner: Some(Winner { bidder: *bidder, text }), state: due }
        }
        Fact::NotSold { lot } => Plan::Release { lot: lot.clone(), winner: None, state: due },
    }
}

fn skip(bidder: BidderId, subject: Option<&ReplySubject>) -> Option<Skip> {
    let Some(subject) = subject else { return Some(Skip::NotToUs) };
    if subject.author != bidder {
        Some(Skip::NotTheAuthor)
    } else if subject.deleted {
        Some(Skip::Deleted)
    } else if subject.silent {
        Some(Skip::Silent)
    } else if subject.answered {
        Some(Skip::Answered)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::facts::Bid;

    const NOW: Timestamp = Timestamp(1_795_500_000_000);

    fn subject() -> ReplySubject {
        ReplySubject { author: BidderId(7), latest_id: 99, deleted: false, answered: false, silent: false, trace: None }
    }

    fn lot() -> ReplyLot {
        ReplyLot { auction: "friday".into(), lot: 2 }
    }

    fn refused() -> Fact {
        let text = |text: &str| text.to_owned();
        Fact::Refused {
            post: 99,
            bidder: BidderId(7),
            code: text("below_increment"),
            message: text("m"),
            remedy: text("r"),
        }
    }

    fn accepted(leading: bool) -> Fact {
        let wei = || "1000000000000000000".to_owned();
        let bid = Bid { lot: lot(), paddle: 12, amount_wei: Some(wei()), price_wei: wei(), leading };
        Fact::Accepted { post: 99, bidder: BidderId(7), bid }
    }

    #[test]
    fn a_maximum_is_answered_without_its_amount() {
        let Fact::Accepted { post, bidder, bid } = accepted(false) else { unreachable!() };
        let maximum = Fact::Accepted { post, bidder, bid: Bid { amount_wei: None, ..bid } };
        let Plan::Reply(reply) = decide(&maximum, Some(&subject()), Mode::Send) else { panic!("no reply") };
        assert!(reply.text.contains("maximum on lot") && reply.text.contains("1 ETH"), "{}", reply.text);
    }

    fn decide(fact: &Fact, subject: Option<&ReplySubject>, mode: Mode) -> Plan {
        plan(fact, subject, (mode, &Templates::current()), NOW)
    }

    fn state(plan: &Plan) -> Option<ReplyState> {
        if let Plan::Reply(reply) = plan { Some(reply.state) } else { None }
    }

    #[test]
    fn a_refusal_is_told_at_once_and_a_leading_bid_when_the_hammer_falls() {
        assert_eq!(state(&decide(&refused(), Some(&subject()), Mode::Send)), Some(ReplyState::Planned));
        assert_eq!(state(&decide(&accepted(true), Some(&subject()), Mode::Send)), Some(ReplyState::Held));
        assert_eq!(state(&decide(&accepted(false), Some(&subject()), Mode::Send)), Some(ReplyState::Planned));
        let held = decide(&accepted(true), Some(&subject()), Mode::Send);
        assert!(matches!(held, Plan::Reply(reply) if reply.text.is_empty()), "nobody knows yet what it will say");
        let sold = Fact::Sold { lot: lot(), bidder: BidderId(7), paddle: 12, price_wei: "5".into() };
        assert!(
            matches!(decide(&sold, None, Mode::Send), Plan::Release { winner: Some(winner), .. } if winner.bidder == BidderId(7))
        );
    }

    #[test]
    fn nobody_is_answered_who_did_not_write_to_us() {
        assert_eq!(decide(&refused(), None, Mode::Send), Plan::Skip(Skip::NotToUs));
        let other = ReplySubject { author: BidderId(8), ..subject() };
        assert_eq!(decide(&refused(), Some(&other), Mode::Send), Plan::Skip(Skip::NotTheAuthor));
    }

    #[test]
    fn silence_deletion_and_an_earlier_answer_are_respected() {
        let skipped = |subject: &ReplySubject| decide(&refused(), Some(subject), Mode::Send);
        assert_eq!(skipped(&ReplySubject { silent: true, ..subject() }), Plan::Skip(Skip::Silent));
        assert_eq!(skipped(&ReplySubject { deleted: true, ..subject() }), Plan::Skip(Skip::Deleted));
        assert_eq!(skipped(&ReplySubject { answered: true, ..subject() }), Plan::Skip(Skip::Answered));
    }

    #[test]
    fn a_dry_run_decides_and_sends_nothing() {
        assert_eq!(state(&decide(&refused(), Some(&subject()), Mode::DryRun)), Some(ReplyState::DryRun));
        assert_eq!(decide(&refused(), Some(&subject()), Mode::Off), Plan::Skip(Skip::Off));
    }
}
