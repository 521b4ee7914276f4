//! A layer's material on screen: drawn shapes and laid-out text, renewed only where what it shows has changed.

use crate::Color;
use crate::blend::Tile;
use crate::damage::Rect;
use crate::fonts::Fonts;
use crate::ink::Ink;
use crate::model::{Area, Bids, Content, Layer, TextStyle};
use crate::resolve::{Row, Shown};
use crate::sprite::{Sprite, rect};

/// What a layer has drawn, ready to be laid on a tile.
#[derive(Debug)]
pub(crate) enum Element {
    Panel { sprite: Sprite, there: bool },
    Text { style: TextStyle, area: Area, text: String, color: Color, ink: Ink },
    Bar { track: Sprite, usual: Sprite, urgent: Sprite, now: Option<(u32, bool)> },
    Bids { list: Box<Bids>, area: Area, rows: Vec<DrawnRow> },
}

/// A row of the list and its two texts.
#[derive(Debug)]
pub(crate) struct DrawnRow {
    row: Row,
    who: Ink,
    amount: Ink,
}

impl Element {
    /// A layer that shows nothing yet.
    pub(crate) fn new(layer: &Layer) -> Self {
        let area = layer.area;
        match &layer.draw {
            Content::Panel(panel) => Self::Panel { sprite: Sprite::panel(area, panel), there: false },
            Content::Text(words) => Self::Text {
                style: words.style.clone(),
                area,
                text: String::new(),
                color: words.style.color,
                ink: Ink::default(),
            },
            Content::Bar(bar) => Self::Bar {
                track: Sprite::bar(area, bar.track),
                usual: Sprite::bar(area, bar.fill),
                urgent: Sprite::bar(area, bar.urgent),
                now: None,
            },
            Content::Bids(list) => Self::Bids { list: list.clone(), area, rows: Vec::new() },
        }
    }

    /// Makes it show `shown`. The place that has to be drawn anew is the answer.
    pub(crate) fn change(&mut self, shown: &Shown, fonts: &mut Fonts, screen: Rect) -> Rect {
        match (self, shown) {
            (Self::Panel { sprite, there }, shown) => {
                let wanted = *shown == Shown::Panel;
                let changed = std::mem::replace(there, wanted) != wanted;
                if changed { sprite.place } else { Rect::default() }
            }
            (Self::Text { style, area, text, color, ink }, shown) => {
                let (wanted, wanted_color) = match shown {
                    Shown::Text { text, color } => (text.as_str(), *color),
                    Shown::Nothing | Shown::Panel | Shown::Bar { .. } | Shown::Bids(_) => ("", style.color),
                };
                let before = ink.place;
                if wanted != text {
                    *ink = Ink::lay(fonts, wanted, style, *area, screen);
                    wanted.clone_into(text);
                }
                *color = wanted_color;
                before.around(ink.place)
            }
            (Self::Bar { track, now, .. }, shown) => {
                let wanted = match shown {
                    Shown::Bar { quarters, urgent } => Some((*quarters, *urgent)),
                    Shown::Nothing | Shown::Panel | Shown::Text { .. } | Shown::Bids(_) => None,
                };
                let before = std::mem::replace(now, wanted);
                moved(track.place, before, wanted)
            }
            (Self::Bids { list, area, rows }, shown) => {
                let wanted = match shown {
                    Shown::Bids(rows) => rows.as_slice(),
                    Shown::Nothing | Shown::Panel | Shown::Text { .. } | Shown::Bar { .. } => &[],
                };
                list_rows(list, *area, rows, wanted, (fonts, screen))
            }
        }
    }

    /// Draws what lies in `place` onto the tile of that place.
    pub(crate) fn draw(&self, place: Rect, tile: &mut Tile<'_>) {
        match self {
            Self::Panel { sprite, there } => {
                if *there {
                    sprite.draw(place, tile);
                }
            }
            Self::Text { color, ink, .. } => ink.draw(*color, place, tile),
            Self::Bar { track, usual, urgent, now } => {
                if let Some((quarters, is_urgent)) = *now {
                    track.draw(place, tile);
                    let filled = if is_urgent { urgent } else { usual };
                    filled.draw_up_to(quarters, place, tile);
                }
            }
            Self::Bids { list, rows, .. } => {
                for (index, row) in rows.iter().enumerate() {
                    let newest = index == 0;
                    row.who.draw(if newest { list.newest } else { list.who.color }, place, tile);
                    row.amount.draw(if newest { list.newest } else { list.amount.color }, place, tile);
                }
            }
        }
    }
}

/// The part of a bar between its old and its new end.
fn moved(place: Rect, before: Option<(u32, bool)>, after: Option<(u32, bool)>) -> Rect {
    match (before, after) {
        (None, None) => Rect::default(),
        (Some((from, was_urgent)), Some((to, is_urgent))) if was_urgent == is_urgent => {
            if from == to {
                return Rect::default();
            }
            let (left, right) = (from.min(to) / 4, from.max(to).div_ceil(4));
            Rect { x: place.x + left, width: right - left, ..place }.common(place)
        }
        (Some(_) | None, Some(_) | None) => place,
    }
}

/// Lays out the rows that are not there yet.
fn list_rows(
    list: &Bids,
    area: Area,
    rows: &mut Vec<DrawnRow>,
    wanted: &[Row],
    (fonts, screen): (&mut Fonts, Rect),
) -> Rect {
    let height = area.height / u32::from(list.rows);
    let mut changed = Rect::default();
    for index in 0..rows.len().max(wanted.len()) {
        if rows.get(index).map(|drawn| &drawn.row) == wanted.get(index) {
            continue;
        }
        let y = area.y + height * u32::try_from(index).expect("rows are few");
        let place = Area { y, height, ..area };
        let left = Area { width: list.who_width, ..place };
        let right = Area { x: area.x + list.who_width, width: area.width - list.who_width, ..place };
        let drawn = wanted.get(index).map(|row| DrawnRow {
            row: row.clone(),
            who: Ink::lay(fonts, &row.who, &list.who, left, screen),
            amount: Ink::lay(fonts, &row.amount, &list.amount, right, screen),
        });
        // Letters may reach a little over their row.
        let mut touched = rect(place);
        for row in drawn.iter().chain(rows.get(index)) {
            touched = touched.around(row.who.place).around(row.amount.place);
        }
        changed = changed.around(touched);
        match (drawn, index < rows.len()) {
            (Some(drawn), true) => rows[index] = drawn,
            (Some(drawn), false) => rows.push(drawn),
            (None, _) => {}
        }
    }
    rows.truncate(wanted.len());
    changed
}
