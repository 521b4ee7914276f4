//! One stream: what was due, composed, encoded and taken by each output.

use bootstrap::metrics::catalogue as metrics;

use crate::dashboard::{Dashboard, Variable};
use crate::on_air;
use crate::panel::Colour::{Bad, Calm, Good, Warning};
use crate::panel::{Panel, Unit, View, query};
use crate::promql::{OPERATOR, STREAM, or_zero};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "stream",
        title: "Stream",
        description: "One stream from the clock to the outputs: frames, bit rate, reconnects, the publisher's epoch.",
        variables: &[Variable::Namespace, Variable::Stream],
        rows: vec![answers(), frames(), outputs(), handing_over()],
    }
}

fn answers() -> Vec<Panel> {
    let first = Panel::first;
    vec![
        first(
            "On air",
            "Whether every required output took frames in the last 5 s.",
            View::Words(&[(0, "OFF AIR", Bad), (1, "on air", Good)]),
            Unit::Number,
            format!("min({})", on_air::worst(STREAM)),
        ),
        first(
            "Outputs",
            "Required outputs that take frames, of those that there are.",
            View::Stat(&[(0.0, Bad), (1.0, Good)]),
            Unit::Ratio,
            format!("avg({})", on_air::required(STREAM)),
        ),
        first(
            "Frames",
            "Frames a second that the clock asked for.",
            View::Stat(&[(0.0, Calm)]),
            Unit::PerSecond,
            STREAM.rate(&metrics::COMPOSITOR_FRAMES_DUE, &[]),
        ),
        first(
            "Late",
            "The part of due frames that showed the picture before. 0.1 % is the objective.",
            View::Stat(&[(0.0, Good), (0.001, Warning), (0.02, Bad)]),
            Unit::Ratio,
            late(&[]),
        ),
        first(
            "Picture's age",
            "Seconds since the engine was last heard: an old picture shows an old price.",
            View::Stat(&[(0.0, Good), (3.0, Warning), (10.0, Bad)]),
            Unit::Seconds,
            STREAM.over("max", &metrics::COMPOSITOR_STATE_AGE, &[]),
        ),
        first(
            "Protected",
            "Streams whose pod on air is verified to be safe from eviction.",
            View::Stat(&[(0.0, Warning), (1.0, Good)]),
            Unit::Number,
            OPERATOR.over("max", &metrics::STREAM_PROTECTED, &[]),
        ),
    ]
}

/// Late frames of due ones.
fn late(by: &[&str]) -> String {
    format!(
        "{} / {}",
        STREAM.rate(&metrics::COMPOSITOR_FRAMES_REPEATED, by),
        STREAM.rate(&metrics::COMPOSITOR_FRAMES_DUE, by)
    )
}

fn frames() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Time to compose",
            "How long frames took to compose. The whole frame has 33 ms at 30 a second.",
            Unit::Seconds,
            vec![query(STREAM.buckets(&metrics::COMPOSITOR_COMPOSE, &["le"]), "{{le}}")],
        )
        .view(View::Heatmap),
        Panel::lines(
            "Time to encode",
            "How long frames took to encode.",
            Unit::Seconds,
            vec![
                query(STREAM.quantile("0.5", &metrics::COMPOSITOR_ENCODE, &[]), "p50"),
                query(STREAM.quantile("0.99", &metrics::COMPOSITOR_ENCODE, &[]), "p99"),
            ],
        ),
        Panel::lines(
            "Late frames",
            "The part of due frames that showed the picture before, by stream.",
            Unit::Ratio,
            vec![query(late(&["stream"]), "{{stream}}")],
        ),
    ]
}

fn outputs() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Outputs",
            "A row an output: whether it takes frames.",
            Unit::Number,
            vec![query(
                STREAM.over("max", &metrics::COMPOSITOR_OUTPUT_LIVE, &["stream", "output"]),
                "{{stream}} {{output}}",
            )],
        )
        .view(View::States(&[(0, "not sending", Bad), (1, "live", Good)])),
        Panel::lines(
            "Bit rate",
            "What the encoder makes, and what each output takes.",
            Unit::BitsPerSecond,
            vec![
                query(
                    format!("8 * {}", STREAM.rate(&metrics::COMPOSITOR_ENCODED_BYTES, &["stream"])),
                    "{{stream}} encoded",
                ),
                query(
                    format!("8 * {}", STREAM.rate(&metrics::COMPOSITOR_OUTPUT_BYTES, &["stream", "output"])),
                    "{{stream}} {{output}}",
                ),
            ],
        ),
        Panel::lines(
            "Frames taken and dropped",
            "Frames that each output took, and those dropped because it was too slow.",
            Unit::PerSecond,
            vec![
                query(STREAM.rate(&metrics::COMPOSITOR_OUTPUT_FRAMES, &["output"]), "{{output}} took"),
                query(STREAM.rate(&metrics::COMPOSITOR_OUTPUT_DROPPED, &["output"]), "{{output}} dropped"),
            ],
        ),
    ]
}

fn handing_over() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Reconnects",
            "Connections of outputs that were lost and made again.",
            Unit::PerSecond,
            vec![query(or_zero(&STREAM.rate(&metrics::COMPOSITOR_OUTPUT_RECONNECTS, &["output"])), "{{output}}")],
        ),
        Panel::lines(
            "Who publishes",
            "The publisher epoch that each pod holds, and whether it is told to publish; a dark pod stands ready.",
            Unit::Number,
            vec![
                query(STREAM.over("max", &metrics::COMPOSITOR_EPOCH, &["pod"]), "{{pod}} epoch"),
                query(STREAM.over("max", &metrics::COMPOSITOR_ON_AIR, &["pod"]), "{{pod}} publishes"),
            ],
        ),
        Panel::lines(
            "Hand-overs",
            "Hand-overs from one compositor to the next, by how they ended.",
            Unit::Number,
            vec![query(or_zero(&OPERATOR.increase(&metrics::STREAM_HANDOVERS, &["outcome"])), "{{outcome}}")],
        ),
    ]
}
