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
/// A reconcile, as the controller runtime everybody knows cuts it.
const RECONCILE_BOUNDS: &[f64] = &[0.005, 0.01, 0.025, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// From the resource to its running workloads.
const PROVISION_BOUNDS: &[f64] = &[0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0, 300.0];
/// One frame at 30 a second has 33 ms; the rest of it belongs to the encoder and the outputs.
const FRAME_BOUNDS: &[f64] = &[0.001, 0.002, 0.004, 0.008, 0.012, 0.016, 0.0333, 0.05, 0.1];
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

    COMPOSITOR_FRAMES_DUE = Compositor Counter, "sothebais_compositor_frames_due", [], "Frames that the clock asked for";
    COMPOSITOR_FRAMES_REPEATED = Compositor Counter, "sothebais_compositor_frames_repeated", [], "Due frames that showed the picture before, because theirs was late";
    COMPOSITOR_COMPOSE = Compositor Histogram(FRAME_BOUNDS), "sothebais_compositor_compose_seconds", [], "Composing one frame";
    COMPOSITOR_ENCODE = Compositor Histogram(FRAME_BOUNDS), "sothebais_compositor_encode_seconds", [], "Encoding one frame";
    COMPOSITOR_ENCODED_BYTES = Compositor Counter, "sothebais_compositor_encoded_bytes", [], "Bytes that the encoder made, sound included";
    COMPOSITOR_ON_AIR = Compositor Gauge, "sothebais_compositor_on_air", [], "1 while it is told to publish; a dark one renders and sends nothing";
    COMPOSITOR_EPOCH = Compositor Gauge, "sothebais_compositor_publisher_epoch", [], "The publisher epoch that it holds; 0 is none";
    COMPOSITOR_OUTPUT_LIVE = Compositor Gauge, "sothebais_compositor_output_live", ["output", "required"], "1 while the output takes frames; a stream has eight outputs at most";
    COMPOSITOR_OUTPUT_FRAMES = Compositor Counter, "sothebais_compositor_output_frames", ["output"], "Frames that the output took";
    COMPOSITOR_OUTPUT_BYTES = Compositor Counter, "sothebais_compositor_output_bytes", ["output"], "Bytes that the output took";
    COMPOSITOR_OUTPUT_DROPPED = Compositor Counter, "sothebais_compositor_output_dropped_frames", ["output"], "Frames dropped because the output was too slow";
    COMPOSITOR_OUTPUT_RECONNECTS = Compositor Counter, "sothebais_compositor_output_reconnects", ["output"], "Connections of the output lost and made again";
    COMPOSITOR_STATE_AGE = Compositor Gauge, "sothebais_compositor_state_age_seconds", [], "Seconds since the engine was last heard";

    EMULATOR_POSTS = XEmulator Counter, "sothebais_emulator_posts", [], "Posts taken";
    EMULATOR_DELIVERIES = XEmulator Counter, "sothebais_emulator_deliveries", [], "Posts written to streams";

    RECONCILES = Operator Counter, "controller_runtime_reconcile", ["controller", "result"], "Reconciles, by what came of them";
    RECONCILE_ERRORS = Operator Counter, "controller_runtime_reconcile_errors", ["controller"], "Reconciles that failed and are tried again";
    RECONCILE_TIME = Operator Histogram(RECONCILE_BOUNDS), "controller_runtime_reconcile_time_seconds", [], "One reconcile";
    RECONCILE_WORKERS = Operator Gauge, "controller_runtime_max_concurrent_reconciles", [], "How many keys are worked on at once at most";
    RECONCILE_ACTIVE = Operator Gauge, "controller_runtime_active_workers", [], "How many keys are worked on now";
    QUEUE_DEPTH = Operator Gauge, "workqueue_depth", [], "Keys that wait for a reconcile";
    QUEUE_ADDS = Operator Counter, "workqueue_adds", [], "Keys that came into the queue";
    QUEUE_WAIT = Operator Histogram(RECONCILE_BOUNDS), "workqueue_queue_duration_seconds", [], "How long a key waited for its reconcile";
    QUEUE_RETRIES = Operator Counter, "workqueue_retries", [], "Keys that came again after a failure";
    REST_REQUESTS = Operator Counter, "rest_client_requests", ["code", "method"], "Calls to the API server, by what came back; code 0 is no answer";
    LEADER = Operator Gauge, "leader_election_master_status", [], "1 while this process reconciles";
    OPERATOR_WRITES = Operator Counter, "sothebais_operator_writes", ["kind", "verb"], "Writes to the API server; none in a steady state but the leader's lease";
    OPERATOR_EVENTS = Operator Counter, "sothebais_operator_events", ["outcome"], "Events, told or held back because one like them was told just now";
    OPERATOR_WATCHES = Operator Gauge, "sothebais_operator_watch_synced", ["kind"], "1 while a kind's first list is complete";
    AUCTION_PHASES = Operator Gauge, "sothebais_auctions", ["phase"], "Auctions, by phase";
    AUCTION_PROVISION = Operator Histogram(PROVISION_BOUNDS), "sothebais_auction_provision_seconds", [], "From the time an auction's workloads were due until they ran";
    STREAM_HANDOVERS = Operator Counter, "sothebais_stream_handovers", ["outcome"], "Hand-overs between compositors, by how they ended";
    STREAM_PROTECTED = Operator Gauge, "sothebais_streams_protected", [], "Streams whose compositor may not be evicted now";

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
            // What every controller exports has the names that everybody's dashboards ask for.
            let known = ["controller_runtime_", "workqueue_", "rest_client_", "leader_election_"];
            let is_known = metric.service == Service::Operator && known.iter().any(|it| metric.name.starts_with(it));
            assert!(metric.name.starts_with("sothebais_") || is_known, "{}", metric.name);
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
