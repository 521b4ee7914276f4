//! The worker's own questions and commands to its shard.

use auction_core::terms::BidderTerms;
use auction_core::{Action, BidderId, Command, Handle, Inbox, Paddle, Source, SourceKind, Timestamp};
use store::bidder::Versioned;
use xtra::{Context, Handler};

use super::actor::ShardActor;
use super::keys::Fingerprint;

/// Asks how far a handle's inbox has been read, by the journal.
pub(crate) struct CursorOf(pub(crate) Handle);

impl Handler<CursorOf> for ShardActor {
    type Return = Inbox;

    async fn handle(&mut self, CursorOf(handle): CursorOf, _context: &mut Context<Self>) -> Inbox {
        self.state.inbox(&handle)
    }
}

/// Takes changed bidders into the journal; what is there already makes no row.
pub(crate) struct Register(pub(crate) Vec<Versioned>);

impl Handler<Register> for ShardActor {
    type Return = ();

    async fn handle(&mut self, Register(changes): Register, context: &mut Context<Self>) {
        let mut waiting = changes;
        while !waiting.is_empty() {
            // Who frees a paddle comes before who takes it.
            let (held, free): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|change| self.other_holder(&change.bidder.terms).is_some());
            waiting = held;
            if free.is_empty() {
                let stuck = waiting.remove(0);
                self.step_aside(&stuck);
                self.register(&stuck.bidder.terms, &stuck.version.to_string());
            }
            for Versioned { bidder, version } in free {
                self.register(&bidder.terms, &version.to_string());
            }
        }
        self.after_decisions(context);
    }
}

impl ShardActor {
    /// Who else has the paddle that these terms name.
    fn other_holder(&self, terms: &BidderTerms) -> Option<BidderId> {
        self.state.bidders().holder(terms.paddle).filter(|holder| *holder != terms.bidder)
    }

    /// Gives whoever has the paddle that `change` names one that nobody has, until the holder's own change comes: paddles
    /// may have gone round in a circle, or the holder's change stands on a later page.
    fn step_aside(&mut self, change: &Versioned) {
        let bidders = self.state.bidders();
        let spare = (1..=u32::MAX).rev().map(Paddle).find(|&paddle| bidders.holder(paddle).is_none());
        let holder = self.other_holder(&change.bidder.terms).and_then(|holder| bidders.get(holder));
        if let (Some(paddle), Some(holder)) = (spare, holder) {
            let terms = BidderTerms { paddle, ..holder.terms().clone() };
            self.register(&terms, &format!("{}:aside", change.version));
        }
    }

    fn register(&mut self, terms: &BidderTerms, version: &str) {
        let (bidder, known) = (terms.bidder, self.state.bidders().get(terms.bidder));
        if known.is_some_and(|known| known.terms() == terms) {
            return;
        }
        let source = Source { kind: SourceKind::House, key: format!("bidder:{bidder}:{version}") };
        let fingerprint = Fingerprint::of(&source);
        if self.keys.contains(fingerprint) {
            return;
        }
        let at = Timestamp(self.clock.now_ms());
        let action = Action::RegisterBidder(terms.clone());
        self.decide(Command { source, at, action, trace: None }, fingerprint, None);
        if self.state.bidders().get(bidder).is_none_or(|known| known.terms() != terms) {
            tracing::error!(%bidder, version, paddle = terms.paddle.0, "a bidder of the registry was refused by the rules");
        }
    }
}
