//! What viewers see.

use bootstrap::metrics::catalogue as metrics;

use super::live;
use crate::alert::Severity::{Page, Ticket};
use crate::alert::{Alert, case};
use crate::on_air;
use crate::promql::everywhere;

const DASHBOARD: &str = "sothebais-stream";

pub(super) fn alerts() -> Vec<Alert> {
    vec![off_air(), output_degraded(), frames_late(), picture_old(), two_publishers(), output_dropping()]
}

fn off_air() -> Alert {
    Alert {
        name: "StreamOffAir".into(),
        expression: format!("{} == 0", on_air::best(everywhere("1m"))),
        hold: 10,
        severity: Page,
        summary: "The stream {{ $labels.namespace }}/{{ $labels.stream }} should be on air and none of its required outputs takes frames.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="x",required="true"}"#, "1x12 0x12"),
                (r#"sothebais_compositor_on_air{namespace="a",pod="p",stream="s"}"#, "1x30"),
            ],
        ),
        // One scrape without, at a hand-over.
        silent: case(
            "2m",
            [
                (r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="x",required="true"}"#, "1x21 0 1x12"),
                (r#"sothebais_compositor_on_air{namespace="a",pod="p",stream="s"}"#, "1x30"),
            ],
        ),
    }
}

fn output_degraded() -> Alert {
    Alert {
        name: "StreamOutputDegraded".into(),
        expression: format!("({}) == 0", on_air::required(everywhere("1m"))),
        hold: 30,
        severity: Page,
        summary: "The required output {{ $labels.output }} of {{ $labels.namespace }}/{{ $labels.stream }} has not been sending for 30 s.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="x",required="true"}"#, "0x30"),
                (r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="y",required="true"}"#, "1x30"),
                (r#"sothebais_compositor_on_air{namespace="a",pod="p",stream="s"}"#, "1x30"),
            ],
        ),
        // A dark pod's outputs, and an optional one.
        silent: case(
            "2m",
            [
                (r#"sothebais_compositor_output_live{namespace="a",pod="dark",stream="s",output="x",required="true"}"#, "0x30"),
                (r#"sothebais_compositor_on_air{namespace="a",pod="dark",stream="s"}"#, "0x30"),
                (r#"sothebais_compositor_output_live{namespace="a",pod="p",stream="s",output="y",required="false"}"#, "0x30"),
                (r#"sothebais_compositor_on_air{namespace="a",pod="p",stream="s"}"#, "1x30"),
            ],
        ),
    }
}

fn frames_late() -> Alert {
    let by = &["namespace", "stream"];
    let late = everywhere("1m").rate(&metrics::COMPOSITOR_FRAMES_REPEATED, by);
    let due = everywhere("1m").rate(&metrics::COMPOSITOR_FRAMES_DUE, by);
    Alert {
        name: "FramesLate".into(),
        expression: format!("{late} / {due} > 0.02"),
        hold: 60,
        severity: Page,
        summary: "{{ $value | humanizePercentage }} of the frames of {{ $labels.namespace }}/{{ $labels.stream }} are late: the picture stutters.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "4m",
            [
                (r#"sothebais_compositor_frames_due_total{namespace="a",stream="s"}"#, "0+150x60"),
                (r#"sothebais_compositor_frames_repeated_total{namespace="a",stream="s"}"#, "0+10x60"),
            ],
        ),
        silent: case(
            "4m",
            [
                (r#"sothebais_compositor_frames_due_total{namespace="a",stream="s"}"#, "0+150x60"),
                (r#"sothebais_compositor_frames_repeated_total{namespace="a",stream="s"}"#, "0+1x60"),
            ],
        ),
    }
}

fn picture_old() -> Alert {
    let age = everywhere("1m").over("max", &metrics::COMPOSITOR_STATE_AGE, &["namespace", "stream"]);
    Alert {
        name: "PictureOld".into(),
        expression: live(&format!("{age} > 10")),
        hold: 20,
        severity: Page,
        summary: "{{ $labels.namespace }}/{{ $labels.stream }} shows an old price: the engine was last heard {{ $value | humanizeDuration }} ago.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_compositor_state_age_seconds{namespace="a",stream="s"}"#, "0+5x30"),
                (r#"sothebais_auctions{phase="live"}"#, "1x30"),
            ],
        ),
        silent: case(
            "2m",
            [
                (r#"sothebais_compositor_state_age_seconds{namespace="a",stream="s"}"#, "0+5x30"),
                (r#"sothebais_auctions{phase="live"}"#, "0x30"),
            ],
        ),
    }
}

fn two_publishers() -> Alert {
    let publishing = everywhere("1m").gauge(&metrics::COMPOSITOR_ON_AIR);
    Alert {
        name: "TwoPublishers".into(),
        expression: format!("count by (namespace, stream) ({publishing} == 1) > 1"),
        // Longer than a hand-over's two scrapes.
        hold: 15,
        severity: Page,
        summary: "{{ $value }} pods publish {{ $labels.namespace }}/{{ $labels.stream }}; one may. The platform will drop one of them.".into(),
        dashboard: DASHBOARD,
        fires: case(
            "2m",
            [
                (r#"sothebais_compositor_on_air{namespace="a",stream="s",pod="s-1"}"#, "1x30"),
                (r#"sothebais_compositor_on_air{namespace="a",stream="s",pod="s-2"}"#, "1x30"),
            ],
        ),
        silent: case(
            "2m",
            [
                (r#"sothebais_compositor_on_air{namespace="a",stream="s",pod="s-1"}"#, "1x30"),
                (r#"sothebais_compositor_on_air{namespace="a",stream="s",pod="s-2"}"#, "0x30"),
                (r#"sothebais_compositor_on_air{namespace="a",stream="t",pod="t-1"}"#, "1x30"),
            ],
        ),
    }
}

fn output_dropping() -> Alert {
    let dropped = everywhere("5m").rate(&metrics::COMPOSITOR_OUTPUT_DROPPED, &["namespace", "stream", "output"]);
    Alert {
        name: "OutputTooSlow".into(),
        expression: format!("{dropped} > 0.3"),
        hold: 300,
        severity: Ticket,
        summary: "The output {{ $labels.output }} of {{ $labels.namespace }}/{{ $labels.stream }} drops {{ $value | humanize }} frames a second: its network is slower than the picture.".into(),
        dashboard: DASHBOARD,
        fires: case("14m", [(r#"sothebais_compositor_output_dropped_frames_total{namespace="a",stream="s",output="x"}"#, "0+5x200")]),
        silent: case("14m", [(r#"sothebais_compositor_output_dropped_frames_total{namespace="a",stream="s",output="x"}"#, "0x100 60x100")]),
    }
}
