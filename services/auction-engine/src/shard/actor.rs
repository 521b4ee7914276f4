//! The actor of one shard.

use xtra::{Actor, Context, Handler};

use super::ingress::Submit;

/// The single writer of a shard's state.
pub(crate) struct ShardActor {}

impl Actor for ShardActor {
    type Stop = ();
    async fn stopped(self) {}
}

impl Handler<Submit> for ShardActor {
    type Return = ();
    async fn handle(&mut self, submit: Submit, _context: &mut Context<Self>) {
        drop(submit);
    }
}
