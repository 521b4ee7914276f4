//! What bidders feel.

use bootstrap::metrics::catalogue as metrics;

use super::live;
use crate::alert::Severity::{Page, Ticket};
use crate::alert::{Alert, case};
use crate::promql::everywhere;

const DASHBOARD: &str = "sothebais-bid-engine";

pub(super) fn alerts() -> Vec<Alert> {
    vec![accept_slow(), not_answered(), shard_stopped(), inbox_behind(), relay_behind()]
}

fn accept_slow() -> Alert {
    let window = everywhere("1m");
    let slow = window.quantile("0.99", &metrics::ENGINE_ACCEPT, &["namespace"]);
    let enough = window.observed(&metrics::ENGINE_ACCEPT, &["namespace"]);
    Alert {
        name: "BidAcceptSlow".into(),
        // A quantile of a handful of bids says nothing.
        expression: live(&format!("({slow} > 0.25) and ({enough} * 60 >= 20)")),
        hold: 60,
        severity: Page,
        summary: "One bid in a hundred in {{ $labels.namespace }} waits longer than {{ $value | humanizeDuration }} for its COMMIT.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "4m",
            [
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="0.25"}"#, "0+1x60"),
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="1.0"}"#, "0+5x60"),
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="+Inf"}"#, "0+5x60"),
                (r#"sothebais_engine_bid_accept_seconds_count{namespace="a"}"#, "0+5x60"),
                (r#"sothebais_auctions{phase="live"}"#, "1x60"),
            ],
        ),
        silent: case(
            "4m",
            [
                // As slow, but one bid in half a minute.
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="0.25"}"#, "0x60"),
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="1.0"}"#, "0x5 1x5 2x5 3x5 4x5 5x5 6x5 7x5 8x5"),
                (r#"sothebais_engine_bid_accept_seconds_bucket{namespace="a",le="+Inf"}"#, "0x5 1x5 2x5 3x5 4x5 5x5 6x5 7x5 8x5"),
                (r#"sothebais_engine_bid_accept_seconds_count{namespace="a"}"#, "0x5 1x5 2x5 3x5 4x5 5x5 6x5 7x5 8x5"),
                (r#"sothebais_auctions{phase="live"}"#, "1x60"),
            ],
        ),
    }
}

fn not_answered() -> Alert {
    let window = everywhere("1m");
    let busy = window.rate(&metrics::ENGINE_BUSY, &["namespace"]);
    let decided = window.rate(&metrics::ENGINE_COMMANDS, &["namespace"]);
    Alert {
        name: "BidsNotAnswered".into(),
        expression: format!("({busy} / ({busy} + {decided}) > 0.05) and (({busy} + {decided}) * 60 >= 20)"),
        hold: 60,
        severity: Page,
        summary: "{{ $value | humanizePercentage }} of the commands in {{ $labels.namespace }} are turned away because a shard's queue is full.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "4m",
            [
                (r#"sothebais_engine_busy_total{namespace="a"}"#, "0+2x60"),
                (r#"sothebais_engine_commands_total{namespace="a",source="post",verdict="accepted"}"#, "0+8x60"),
            ],
        ),
        silent: case(
            "4m",
            [
                (r#"sothebais_engine_busy_total{namespace="a"}"#, "0x30 2x30"),
                (r#"sothebais_engine_commands_total{namespace="a",source="post",verdict="accepted"}"#, "0+8x60"),
            ],
        ),
    }
}

fn shard_stopped() -> Alert {
    let epoch = everywhere("1m").over("max", &metrics::ENGINE_EPOCH, &["namespace", "shard"]);
    Alert {
        name: "ShardStopped".into(),
        expression: live(&format!("{epoch} == 0")),
        hold: 10,
        severity: Page,
        summary:
            "Nobody holds the lease of shard {{ $labels.shard }} in {{ $labels.namespace }}: its bids are not judged."
                .into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_engine_lease_epoch{namespace="a",shard="g",pod="p"}"#, "3x12 0x12"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
        silent: case(
            "2m",
            [
                // Another worker took over.
                (r#"sothebais_engine_lease_epoch{namespace="a",shard="g",pod="p"}"#, "3x12 0x12"),
                (r#"sothebais_engine_lease_epoch{namespace="a",shard="g",pod="q"}"#, "0x12 4x12"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
    }
}

fn inbox_behind() -> Alert {
    let lag = everywhere("1m").over("max", &metrics::ENGINE_INBOX_LAG, &["namespace", "shard"]);
    Alert {
        name: "PostsNotJudged".into(),
        expression: live(&format!("{lag} > 100")),
        hold: 30,
        severity: Page,
        summary: "{{ $value }} posts of shard {{ $labels.shard }} in {{ $labels.namespace }} wait to be judged.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_engine_inbox_lag_posts{namespace="a",shard="g"}"#, "150x30"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
        silent: case(
            "2m",
            [
                (r#"sothebais_engine_inbox_lag_posts{namespace="a",shard="g"}"#, "150x3 0x27"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
    }
}

fn relay_behind() -> Alert {
    let lag = everywhere("1m").over("max", &metrics::ENGINE_RELAY_LAG, &["namespace", "shard"]);
    Alert {
        name: "BusBehind".into(),
        expression: format!("{lag} > 1000"),
        hold: 60,
        severity: Ticket,
        summary: "The bus has not got {{ $value }} durable rows of shard {{ $labels.shard }} in {{ $labels.namespace }}: viewers and replies are late, nothing is lost.".into(),
        dashboard: DASHBOARD,
        fires: case("3m", [(r#"sothebais_engine_relay_lag_rows{namespace="a",shard="g"}"#, "5000x60")]),
        silent: case("3m", [(r#"sothebais_engine_relay_lag_rows{namespace="a",shard="g"}"#, "5000x5 3x60")]),
    }
}
