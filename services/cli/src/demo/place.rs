//! Where a show runs: this machine's child processes, or a cluster. The rest of a show does not know which.

use bootstrap::clock::Clock;

use crate::machine::Machine;
use crate::verify::{self, Fault, Verified};

/// What a show needs of the place where it runs.
pub(super) trait Place {
    fn clock(&self) -> &Clock;

    /// Where the journal and the inboxes are.
    fn database_url(&self) -> String;

    /// Looks after what runs there; called several times a second. An error means that it will not get better.
    fn tend(&mut self) -> anyhow::Result<()>;

    /// Verifies the journals; the inner error is one that does not hold.
    async fn verified(&self) -> anyhow::Result<Result<Vec<Verified>, Fault>>;
}

impl Place for Machine {
    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn database_url(&self) -> String {
        self.postgres.url()
    }

    fn tend(&mut self) -> anyhow::Result<()> {
        Machine::tend(self)
    }

    async fn verified(&self) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
        verify::with_pins_of(self.data.root(), &self.postgres.url()).await
    }
}
