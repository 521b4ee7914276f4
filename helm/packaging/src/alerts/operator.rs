//! The operator and what it protects.

use bootstrap::metrics::catalogue as metrics;

use crate::alert::Severity::{Page, Ticket};
use crate::alert::{Alert, case};
use crate::promql::everywhere;

const DASHBOARD: &str = "sothebais-operator";

pub(super) fn alerts() -> Vec<Alert> {
    vec![
        no_leader(),
        protection_missing(),
        failed(),
        not_ready(),
        errors(),
        stuck(),
        never_still(),
        refused(),
        watch_lost(),
        handover_failed(),
        telemetry(),
    ]
}

fn no_leader() -> Alert {
    let leaders = everywhere("1m").over("sum", &metrics::LEADER, &[]);
    Alert {
        name: "OperatorNoLeader".into(),
        expression: format!("({leaders} == 0) or absent({})", metrics::LEADER.name),
        hold: 120,
        severity: Page,
        summary: "No operator leads: shows on air go on, but nothing starts, is repaired or handed over.".into(),
        dashboard: DASHBOARD,
        fires: case("5m", [(r#"leader_election_master_status{pod="a"}"#, "1x12 0x60")]),
        silent: case(
            "5m",
            [
                (r#"leader_election_master_status{pod="a"}"#, "1x12 0x60"),
                (r#"leader_election_master_status{pod="b"}"#, "0x14 1x60"),
            ],
        ),
    }
}

fn protection_missing() -> Alert {
    let publishing = everywhere("1m").gauge(&metrics::COMPOSITOR_ON_AIR);
    let protected = everywhere("1m").over("max", &metrics::STREAM_PROTECTED, &[]);
    Alert {
        name: "ProtectionMissing".into(),
        expression: format!("count({publishing} == 1) - {protected} > 0"),
        hold: 30,
        severity: Page,
        summary: "{{ $value }} streams are on air and not safe from eviction: a node's upgrade would end them.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_compositor_on_air{namespace="a",stream="s"}"#, "1x30"),
                (r#"sothebais_compositor_on_air{namespace="a",stream="t"}"#, "1x30"),
                ("sothebais_streams_protected", "1x30"),
            ],
        ),
        silent: case(
            "2m",
            [
                (r#"sothebais_compositor_on_air{namespace="a",stream="s"}"#, "1x30"),
                (r#"sothebais_compositor_on_air{namespace="a",stream="t"}"#, "0x30"),
                ("sothebais_streams_protected", "1x30"),
            ],
        ),
    }
}

fn failed() -> Alert {
    let failed = everywhere("1m").only(&metrics::AUCTION_PHASES, "phase", r#"="failed""#);
    Alert {
        name: "AuctionFailed".into(),
        expression: format!("max({failed}) - max(min_over_time({failed}[30m])) > 0"),
        hold: 0,
        severity: Ticket,
        summary: "{{ $value }} auctions failed in the last half hour; `kubectl get auctions -A` names them.".into(),
        dashboard: DASHBOARD,
        fires: case("10m", [(r#"sothebais_auctions{phase="failed"}"#, "2x60 3x60")]),
        silent: case("10m", [(r#"sothebais_auctions{phase="failed"}"#, "2x150")]),
    }
}

fn not_ready() -> Alert {
    let starting = everywhere("1m").only(&metrics::AUCTION_PHASES, "phase", r#"="provisioning""#);
    Alert {
        name: "AuctionNotReady".into(),
        expression: format!("max(min_over_time({starting}[5m])) > 0"),
        hold: 60,
        severity: Ticket,
        summary:
            "For more than five minutes {{ $value }} auctions have not got ready; `kubectl describe auction` says why."
                .into(),
        dashboard: DASHBOARD,
        fires: case("8m", [(r#"sothebais_auctions{phase="provisioning"}"#, "1x150")]),
        silent: case("8m", [(r#"sothebais_auctions{phase="provisioning"}"#, "1x20 0x10 1x20 0x100")]),
    }
}

fn errors() -> Alert {
    let window = everywhere("5m");
    let failed = window.rate(&metrics::RECONCILE_ERRORS, &["controller"]);
    let all = window.rate(&metrics::RECONCILES, &["controller"]);
    Alert {
        name: "ReconcileErrors".into(),
        expression: format!("{failed} / {all} > 0.1"),
        hold: 300,
        severity: Ticket,
        summary: "{{ $value | humanizePercentage }} of the reconciles of {{ $labels.controller }} fail.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "14m",
            [
                (r#"controller_runtime_reconcile_errors_total{controller="auction"}"#, "0+1x200"),
                (r#"controller_runtime_reconcile_total{controller="auction",result="error"}"#, "0+1x200"),
                (r#"controller_runtime_reconcile_total{controller="auction",result="success"}"#, "0+4x200"),
            ],
        ),
        silent: case(
            "14m",
            [
                (r#"controller_runtime_reconcile_errors_total{controller="auction"}"#, "0x100 3x100"),
                (r#"controller_runtime_reconcile_total{controller="auction",result="success"}"#, "0+4x200"),
            ],
        ),
    }
}

fn stuck() -> Alert {
    let waiting = everywhere("5m").over("sum", &metrics::QUEUE_DEPTH, &[]);
    let done = everywhere("5m").rate(&metrics::RECONCILES, &[]);
    Alert {
        name: "QueueStuck".into(),
        expression: format!("({waiting} > 0) and on () ({done} == 0)"),
        hold: 300,
        severity: Ticket,
        summary: "{{ $value }} objects wait and none is reconciled.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "14m",
            [
                ("workqueue_depth", "7x200"),
                (r#"controller_runtime_reconcile_total{controller="auction",result="success"}"#, "9x200"),
            ],
        ),
        silent: case(
            "14m",
            [
                ("workqueue_depth", "7x200"),
                (r#"controller_runtime_reconcile_total{controller="auction",result="success"}"#, "0+1x200"),
            ],
        ),
    }
}

fn never_still() -> Alert {
    let writes = everywhere("15m").rate(&metrics::OPERATOR_WRITES, &["kind", "verb"]);
    Alert {
        name: "OperatorNeverStill".into(),
        expression: format!("{writes} > 1"),
        hold: 1800,
        severity: Ticket,
        summary: "The operator has sent {{ $labels.verb }} of {{ $labels.kind }} {{ $value | humanize }} times a second for half an hour: somebody else changes it back.".into(),
        dashboard: DASHBOARD,
        fires: case("50m", [(r#"sothebais_operator_writes_total{kind="Service",verb="patch"}"#, "0+10x700")]),
        silent: case("50m", [(r#"sothebais_operator_writes_total{kind="Service",verb="patch"}"#, "0+10x60 600x640")]),
    }
}

fn refused() -> Alert {
    let window = everywhere("5m");
    let refused = window.only(&metrics::REST_REQUESTS, "code", r#"=~"429|5..""#);
    let all = window.rate(&metrics::REST_REQUESTS, &[]);
    Alert {
        name: "ApiServerRefuses".into(),
        expression: format!("sum(rate({refused}[5m])) / {all} > 0.1"),
        hold: 300,
        severity: Ticket,
        summary: "The API server answers {{ $value | humanizePercentage }} of the operator's calls with 429 or 5xx."
            .into(),
        dashboard: DASHBOARD,
        fires: case(
            "14m",
            [
                (r#"rest_client_requests_total{code="429",method="PATCH"}"#, "0+1x200"),
                (r#"rest_client_requests_total{code="200",method="PATCH"}"#, "0+3x200"),
            ],
        ),
        silent: case(
            "14m",
            [
                (r#"rest_client_requests_total{code="409",method="PATCH"}"#, "0+1x200"),
                (r#"rest_client_requests_total{code="200",method="PATCH"}"#, "0+3x200"),
            ],
        ),
    }
}

fn watch_lost() -> Alert {
    let synced = everywhere("1m").over("max", &metrics::OPERATOR_WATCHES, &["kind"]);
    Alert {
        name: "WatchNotSynced".into(),
        expression: format!("{synced} == 0"),
        hold: 120,
        severity: Ticket,
        summary: "The operator does not see any {{ $labels.kind }}: its list has not been completed for two minutes."
            .into(),
        dashboard: DASHBOARD,
        fires: case("5m", [(r#"sothebais_operator_watch_synced{kind="Pod",pod="a"}"#, "0x60")]),
        silent: case(
            "5m",
            [
                (r#"sothebais_operator_watch_synced{kind="Pod",pod="a"}"#, "0x60"),
                (r#"sothebais_operator_watch_synced{kind="Pod",pod="b"}"#, "1x60"),
            ],
        ),
    }
}

fn handover_failed() -> Alert {
    let window = everywhere("10m");
    let failed = window.only(&metrics::STREAM_HANDOVERS, "outcome", r#"!="done""#);
    Alert {
        name: "HandoverFailed".into(),
        expression: format!("sum(increase({failed}[10m])) > 0"),
        hold: 0,
        severity: Ticket,
        summary: "A hand-over between compositors was given up; the old one goes on, its node cannot be drained yet."
            .into(),
        dashboard: "sothebais-stream",
        fires: case("10m", [(r#"sothebais_stream_handovers_total{outcome="aborted"}"#, "0x60 1x60")]),
        silent: case("10m", [(r#"sothebais_stream_handovers_total{outcome="done"}"#, "0x60 1x60")]),
    }
}

fn telemetry() -> Alert {
    let dropped = everywhere("5m").rate(&metrics::TELEMETRY_DROPPED, &["namespace", "pod", "signal"]);
    Alert {
        name: "TelemetryLoss".into(),
        expression: format!("{dropped} > 0"),
        hold: 300,
        severity: Ticket,
        summary: "{{ $labels.namespace }}/{{ $labels.pod }} loses {{ $labels.signal }}: traces have holes. Shows are not touched.".into(),
        dashboard: "sothebais-now",
        fires: case("14m", [(r#"sothebais_telemetry_dropped_total{namespace="a",pod="p",signal="spans"}"#, "0+1x200")]),
        silent: case("14m", [(r#"sothebais_telemetry_dropped_total{namespace="a",pod="p",signal="spans"}"#, "5x200")]),
    }
}
