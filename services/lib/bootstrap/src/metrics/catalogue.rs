//! Every metric that any of our programs exports. `docs/metrics.md` is generated from this list; so will be the
//! dashboards and alerts. A counter's exported name ends in `_total`, which the encoder adds.

use crate::ports::Service;

/// One metric's name, unit (its last word) and meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub service: Service,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Upper bounds of the buckets, in the metric's unit. Every SLO threshold is one of them.
    Histogram(&'static [f64]),
}

impl Metric {
    /// The buckets' bounds; none for what is no histogram.
    pub fn bounds(&self) -> &'static [f64] {
        match self.kind {
            Kind::Counter | Kind::Gauge => &[],
            Kind::Histogram(bounds) => bounds,
        }
    }
}

/// From reading a bid to its COMMIT.
const ACCEPT_BOUNDS: &[f64] = &[0.0005, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.25, 1.0];
/// How old a post is when we read it: X's part of the wait.
const POST_AGE_BOUNDS: &[f64] = &[0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0];
/// Rows of one commit.
const BATCH_BOUNDS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0];

macro_rules! catalogue {
    ($($(#[$doc:meta])* $constant:ident = $service:ident $kind:expr, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $($(#[$doc])* pub const $constant: Metric = Metric {
            name: $name, help: $help, kind: $kind, labels: &[$($label),*], service: Service::$service,
        };)*
        /// All of them, in the order of the documentation.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

use Kind::{Counter, Gauge, Histogram};

catalogue! {
    ENGINE_COMMANDS = AuctionEngine Counter, "sothebais_engine_commands", ["source", "verdict"], "Commands decided and durable, by where they came from and what was said";
    ENGINE_REFUSALS = AuctionEngine Counter, "sothebais_engine_refusals", ["code"], "Refusals, by code";
    ENGINE_BUSY = AuctionEngine Counter, "sothebais_engine_busy", [], "Commands turned away because the shard's queue was full";
    ENGINE_ACCEPT = AuctionEngine Histogram(ACCEPT_BOUNDS), "sothebais_engine_bid_accept_seconds", [], "From reading a command to the COMMIT that made it durable";
    ENGINE_COMMIT = AuctionEngine Histogram(ACCEPT_BOUNDS), "sothebais_engine_commit_seconds", [], "One commit statement, sent to answered";
    ENGINE_BATCH = AuctionEngine Histogram(BATCH_BOUNDS), "sothebais_engine_commit_batch_rows", [], "Rows of one commit";
    ENGINE_FENCED = AuctionEngine Counter, "sothebais_engine_fenced", [], "Times a worker found its epoch superseded and stopped its shard";
    ENGINE_EPOCH = AuctionEngine Gauge, "sothebais_engine_lease_epoch", [], "The epoch of the lease held; 0 is none";
    ENGINE_LAST_SEQ = AuctionEngine Gauge, "sothebais_engine_journal_last_seq", [], "The last durable row of the shard's journal";
    ENGINE_RELAY_LAG = AuctionEngine Gauge, "sothebais_engine_relay_lag_rows", [], "Durable rows that the bus has not got yet";
    ENGINE_INBOX_LAG = AuctionEngine Gauge, "sothebais_engine_inbox_lag_posts", [], "Posts in the inbox that have not been judged yet";
    ENGINE_VIEWERS = AuctionEngine Gauge, "sothebais_engine_websocket_connections", [], "Open WebSockets";
    ENGINE_LOTS_OPEN = AuctionEngine Gauge, "sothebais_engine_lots_open", [], "Lots that take bids now";

    GATEWAY_POSTS = SocialGateway Counter, "sothebais_gateway_posts", ["via", "outcome"], "Posts seen, by source and what became of them";
    GATEWAY_POST_AGE = SocialGateway Histogram(POST_AGE_BOUNDS), "sothebais_gateway_post_age_seconds", [], "Age of a post when it was read";
    GATEWAY_SOURCE_UP = SocialGateway Gauge, "sothebais_gateway_source_up", ["via"], "1 while a source of posts is connected";
    GATEWAY_RECONNECTS = SocialGateway Counter, "sothebais_gateway_reconnects", ["via"], "Connections lost and made again";
    GATEWAY_AUDIT_FOUND = SocialGateway Counter, "sothebais_gateway_audit_found_posts", [], "Posts that only the mentions audit found";
    GATEWAY_SPEND = SocialGateway Counter, "sothebais_gateway_spend_microdollars", ["item"], "Money spent at X, in millionths of a dollar";
    GATEWAY_REPLIES = SocialGateway Counter, "sothebais_gateway_replies", ["outcome"], "Replies planned, by what became of them";
    GATEWAY_SPEND_LEVEL = SocialGateway Gauge, "sothebais_gateway_spend_level", [], "What the spending breaker has turned off: 0 nothing, 1 replies, 2 also strangers, 3 all but the audit";
    GATEWAY_X_CALLS = SocialGateway Counter, "sothebais_gateway_x_calls", ["endpoint", "outcome"], "Calls to X, by what came back";
    GATEWAY_X_PARTIAL_ERRORS = SocialGateway Counter, "sothebais_gateway_x_partial_errors", ["code"], "Parts of answers that X could not give";
    GATEWAY_X_RATE_LIMIT = SocialGateway Gauge, "sothebais_gateway_x_rate_limit_remaining", ["endpoint"], "Calls that X still allows in the present window";
    GATEWAY_FENCED = SocialGateway Counter, "sothebais_gateway_fenced", [], "Times another gateway was found to hold the inbox";
    GATEWAY_INBOX_SEQ = SocialGateway Gauge, "sothebais_gateway_inbox_last_seq", [], "The newest number in the handle's inbox";

    EMULATOR_POSTS = XEmulator Counter, "sothebais_emulator_posts", [], "Posts taken";
    EMULATOR_DELIVERIES = XEmulator Counter, "sothebais_emulator_deliveries", [], "Posts written to streams";

    TELEMETRY_DROPPED = AuctionEngine Counter, "sothebais_telemetry_dropped", ["signal"], "Spans that never reached the collector; every service has this";
}

/// `docs/metrics.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "<!-- Generated by `just generate` from services/lib/bootstrap/src/metrics/catalogue.rs. -->\n# Metrics\n\n\
         Every program exports OpenMetrics at `/metrics` on its metrics port. Counters carry `_total` in their exported name.\n",
    );
    for service in Service::ALL {
        let rows: Vec<String> = ALL.iter().filter(|metric| metric.service == service).map(row).collect();
        if !rows.is_empty() {
            page.extend(["\n## ", service.name(), "\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n"]);
            page.extend(rows);
        }
    }
    page
}

fn row(metric: &Metric) -> String {
    let (suffix, kind) = match metric.kind {
        Kind::Counter => ("_total", "counter"),
        Kind::Gauge => ("", "gauge"),
        Kind::Histogram(_) => ("", "histogram"),
    };
    format!("| `{}{suffix}` | {kind} | {} | {} |\n", metric.name, metric.labels.join(", "), metric.help)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_prefixed_and_never_carry_the_encoders_suffix() {
        let mut seen = BTreeSet::new();
        for metric in ALL {
            assert!(metric.name.starts_with("sothebais_"), "{}", metric.name);
            assert!(!metric.name.ends_with("_total"), "{}", metric.name);
            assert!(seen.insert(metric.name), "{} stands twice", metric.name);
        }
    }

    #[test]
    fn bounds_rise() {
        for metric in ALL {
            assert!(metric.bounds().is_sorted_by(|a, b| a < b), "{}", metric.name);
        }
    }
}
