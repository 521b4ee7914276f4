//! What each layer shows now: a small value to compare with the one before, so that only what changed is drawn.

use crate::Color;
use crate::model::{Bar, Bids, Content, Layer, Pulse, Show, Words};
use crate::view::{AuctionView, Moment, Phase};

/// Colours of a pulse; more would not be seen, and each is drawn.
const PULSE_STEPS: i64 = 8;

/// What a layer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    Panel,
    Text { text: String, color: Color },
    Bar { quarters: u32, urgent: bool },
    Bids(Vec<Row>),
}

/// A row of the list of bids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) who: String,
    pub(crate) amount: String,
}

pub(crate) fn resolve(layer: &Layer, view: &AuctionView, now: Moment) -> Shown {
    if !is_there(&layer.show, view, now) {
        return Shown::Nothing;
    }
    match &layer.draw {
        Content::Panel(_) => Shown::Panel,
        Content::Text(words) => text(words, view, now),
        Content::Bar(shape) => bar(shape, layer.area.width, view, now),
        Content::Bids(list) => bids(list, view),
    }
}

fn is_there(show: &Show, view: &AuctionView, now: Moment) -> bool {
    let Show { phases, with, without } = show;
    (phases.is_empty() || phases.contains(&view.phase))
        && with.is_none_or(|field| !field.text(view, now).is_empty())
        && without.is_none_or(|field| field.text(view, now).is_empty())
}

fn text(words: &Words, view: &AuctionView, now: Moment) -> Shown {
    let text = words.text.text(view, now);
    if text.is_empty() {
        return Shown::Nothing;
    }
    let usual = words.style.color;
    let color = words.pulse.map_or(usual, |pulse| pulsing(pulse, usual, view, now));
    Shown::Text { text, color }
}

/// Bright at once, then back to the usual colour ever more slowly.
fn pulsing(pulse: Pulse, usual: Color, view: &AuctionView, now: Moment) -> Color {
    let Some(lot) = view.lot.as_ref().filter(|lot| lot.price.is_some()) else { return usual };
    let (age, length) = (now.since(lot.price_since), i64::from(pulse.milliseconds.max(1)));
    if !(0..length).contains(&age) {
        return usual;
    }
    let left = PULSE_STEPS - age * PULSE_STEPS / length;
    let share = left * left * 255 / (PULSE_STEPS * PULSE_STEPS);
    usual.mixed(pulse.color, u8::try_from(share).expect("a share of 255 is a byte"))
}

fn bar(shape: &Bar, width: u32, view: &AuctionView, now: Moment) -> Shown {
    let full = i64::from(width) * 4;
    let left = match (view.phase, view.lot.as_ref()) {
        (Phase::Open | Phase::Extended, Some(lot)) => lot.ends_at.map(|end| (end.since(now).max(0), lot.length_ms)),
        (
            Phase::Open
            | Phase::Extended
            | Phase::Empty
            | Phase::Before
            | Phase::Upcoming
            | Phase::Draining
            | Phase::Held
            | Phase::Sold
            | Phase::Passed
            | Phase::Paused
            | Phase::Over
            | Phase::Cancelled,
            _,
        ) => None,
    };
    let Some((left, length)) = left else { return Shown::Bar { quarters: 0, urgent: false } };
    let quarters = (i128::from(left) * i128::from(full) / i128::from(length.max(1))).min(i128::from(full));
    let urgent = left <= i64::from(shape.urgent_seconds) * 1000;
    Shown::Bar { quarters: u32::try_from(quarters).expect("a part of a picture's width"), urgent }
}

fn bids(list: &Bids, view: &AuctionView) -> Shown {
    let recent = view.lot.as_ref().map(|lot| lot.recent.as_slice()).unwrap_or_default();
    let rows = recent.iter().take(usize::from(list.rows)).map(|bid| Row {
        who: format!("Paddle {}", bid.paddle),
        amount: format!("{} {}", crate::figures::grouped(&bid.amount.amount), bid.amount.currency),
    });
    Shown::Bids(rows.collect())
}
