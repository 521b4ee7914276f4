//! A scene as data: what a designer writes and the composer draws. JSON, versioned, unknown fields refused.
//!
//! Layers are drawn in their order, the later ones above. Places are pixels of the scene's own size.

mod check;
mod fit;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::SceneError;

use crate::bind::{Field, Template};
use crate::color::Color;
use crate::view::Phase;

/// The only version there is.
pub const VERSION: u32 = 1;

/// The scene that is used when a stream names none.
const HOUSE: &str = include_str!("../scenes/house.json");

/// What is on screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// [`VERSION`].
    pub version: u32,
    /// Pixels; both even.
    pub width: u32,
    pub height: u32,
    pub background: Fill,
    pub layers: Vec<Layer>,
}

/// One thing on screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Unique in the scene; edits and transitions speak of layers by it.
    pub id: String,
    pub area: Area,
    /// When it is there; always by default.
    #[serde(default, skip_serializing_if = "Show::is_always")]
    pub show: Show,
    pub draw: Content,
}

/// A place on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// When a layer is there: all of what is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// In these phases only; in all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub phases: BTreeSet<Phase>,
    /// Only while this field has a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Field>,
    /// Only while this field has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<Field>,
}

impl Show {
    fn is_always(&self) -> bool {
        *self == Self::default()
    }
}

/// What a layer draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Panel(Panel),
    Text(Words),
    /// How much of the lot's time is left.
    Bar(Bar),
    /// The last accepted bids, the newest on top.
    Bids(Box<Bids>),
}

/// A filled rectangle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    pub fill: Fill,
    /// Of the corners, in pixels.
    #[serde(default)]
    pub radius: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub border: Option<Border>,
}

/// What an area is filled with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fill {
    Plain(Color),
    /// From one colour to another; `angle` 0 is downwards, 90 to the right.
    Linear {
        from: Color,
        to: Color,
        #[serde(default)]
        angle: f32,
    },
    /// From the middle of a circle to its edge; the middle in shares of the area, the radius in pixels.
    Radial {
        inner: Color,
        outer: Color,
        x: f32,
        y: f32,
        radius: f32,
    },
}

/// Inside the edge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Border {
    pub color: Color,
    pub width: f32,
}

/// Text with fields of the auction in braces, such as `Lot {lot_number}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub text: Template,
    pub style: TextStyle,
    /// Shines in another colour for a while after the price changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<Pulse>,
}

/// How text looks. It never leaves its area: it shrinks down to `min_size`, then ends in an ellipsis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextStyle {
    #[serde(default)]
    pub family: Family,
    /// 500, 600 or 700.
    #[serde(default = "medium")]
    pub weight: u16,
    /// Pixels of an em.
    pub size: f32,
    /// The smallest size before words are cut; `size` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<f32>,
    pub color: Color,
    #[serde(default)]
    pub align: Align,
    /// Where the lines stand in a higher area.
    #[serde(default = "middle")]
    pub vertical: Align,
    #[serde(default = "one")]
    pub lines: u8,
    /// Ems between letters.
    #[serde(default)]
    pub tracking: f32,
    /// Ems between baselines.
    #[serde(default = "line_height")]
    pub line_height: f32,
    /// Digits of one width, for what changes while it is looked at.
    #[serde(default)]
    pub tabular: bool,
    #[serde(default)]
    pub uppercase: bool,
}

fn medium() -> u16 {
    500
}
fn one() -> u8 {
    1
}
fn middle() -> Align {
    Align::Center
}
fn line_height() -> f32 {
    1.2
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// For reading.
    #[default]
    Text,
    /// For large sizes.
    Display,
}

/// Along a line: left, middle, right. Across: top, middle, bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    #[default]
    Start,
    Center,
    End,
}

/// A colour that fades back to the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pulse {
    pub color: Color,
    pub milliseconds: u32,
}

/// A bar that empties as the lot's time goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    pub track: Color,
    pub fill: Color,
    /// The colour of the last seconds.
    pub urgent: Color,
    pub urgent_seconds: u32,
}

/// A list of bids. A row is the area's height divided by `rows`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bids {
    pub rows: u8,
    /// Pixels of a row for the bidder; the rest is the amount's.
    pub who_width: u32,
    pub who: TextStyle,
    pub amount: TextStyle,
    /// The colour of the newest row.
    pub newest: Color,
}

impl Scene {
    /// Reads a scene and checks it.
    pub fn read(json: &str) -> Result<Self, SceneError> {
        let scene: Self = serde_json::from_str(json).map_err(SceneError::Unreadable)?;
        check::check(&scene)?;
        Ok(scene)
    }

    /// The same scene in another size: as large as it fits, in the middle, on the background. Sides are made even.
    pub fn fitted(mut self, width: u32, height: u32) -> Self {
        let scale = (f64::from(width) / f64::from(self.width)).min(f64::from(height) / f64::from(self.height));
        fit::fit(&mut self, (width & !1, height & !1), scale);
        self
    }

    /// The house's own scene, 1280 by 720.
    pub fn house() -> Self {
        Self::read(HOUSE).expect("the house's scene is checked by a test")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_houses_scene_reads_back_as_it_was_written() {
        let scene = Scene::house();
        let text = serde_json::to_string(&scene).unwrap();
        assert_eq!(Scene::read(&text).unwrap(), scene);
    }

    #[test]
    fn a_scene_fits_every_size_that_a_stream_may_have() {
        assert_eq!(Scene::house().fitted(1280, 720), Scene::house());
        for (width, height) in [(1920, 1080), (320, 180), (640, 640), (720, 1280), (1920, 180), (321, 181)] {
            let scene = Scene::house().fitted(width, height);
            assert_eq!((scene.width, scene.height), (width & !1, height & !1));
            check::check(&scene).unwrap_or_else(|error| panic!("{width} by {height}: {error}"));
        }
    }
}
