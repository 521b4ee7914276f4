//! The worker's own questions and commands to its shard.

use auction_core::{Action, Command, Handle, Inbox, Source, SourceKind, Timestamp};
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
        for Versioned { bidder, version } in changes {
            let known = self.state.bidders().get(bidder.terms.bidder);
            if known.is_some_and(|known| *known.terms() == bidder.terms) {
                continue;
            }
            let source = Source { kind: SourceKind::House, key: format!("bidder:{}:{version}", bidder.terms.bidder) };
            let fingerprint = Fingerprint::of(&source);
            if !self.keys.contains(fingerprint) {
                let at = Timestamp(self.clock.now_ms());
                let action = Action::RegisterBidder(bidder.terms);
                self.decide(Command { source, at, action, trace: None }, fingerprint, None);
            }
        }
        self.after_decisions(context);
    }
}
