//! The points of the benchmark.

use std::fmt;

use crate::bench::pgbench;

/// Who judges the bids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Design {
    Sql(pgbench::Design),
    /// Lua in Redis with `appendfsync always`: compare-and-set, idempotency key and stream.
    Redis,
    EngineHttp,
    EngineWebSocket,
}

impl Design {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sql(design) => design.name(),
            Self::Redis => "Redis Lua, fsync always",
            Self::EngineHttp => "engine, HTTP",
            Self::EngineWebSocket => "engine, WebSocket",
        }
    }
}

/// A point to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) design: Design,
    pub(super) lots: u32,
    pub(super) clients: u32,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} lots, {} clients", self.design.name(), self.lots, self.clients)
    }
}

/// Each SQL design is tried with several numbers of clients: ratios are also taken to its best.
pub(super) fn points() -> Vec<Planned> {
    use pgbench::Design::{Naive, SingleStatement};
    let planned = |design, lots, clients| Planned { design, lots, clients };
    vec![
        planned(Design::Sql(Naive), 1, 16),
        planned(Design::Sql(Naive), 1, 64),
        planned(Design::EngineHttp, 1, 64),
        planned(Design::EngineWebSocket, 1, 64),
        planned(Design::Sql(SingleStatement), 1, 16),
        planned(Design::Sql(SingleStatement), 1, 64),
        planned(Design::EngineWebSocket, 1, 256),
        planned(Design::EngineHttp, 1, 256),
        planned(Design::Redis, 1, 64),
        planned(Design::Sql(Naive), 100, 16),
        planned(Design::Sql(Naive), 100, 64),
        planned(Design::EngineWebSocket, 100, 1024),
        planned(Design::Sql(SingleStatement), 100, 16),
        planned(Design::Sql(SingleStatement), 100, 64),
        planned(Design::Sql(SingleStatement), 100, 128),
        planned(Design::EngineHttp, 100, 1024),
    ]
}
