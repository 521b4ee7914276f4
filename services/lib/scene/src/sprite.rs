//! Shapes drawn once: premultiplied pixels with a place on screen. Anti-aliasing happens here and nowhere else.

use tiny_skia::{
    FillRule, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point, RadialGradient, Shader,
    SpreadMode, Stroke, Transform,
};

use crate::Color;
use crate::blend::{self, Tile};
use crate::damage::Rect;
use crate::model::{Area, Fill, Panel};

/// A drawn shape.
#[derive(Debug, Clone)]
pub(crate) struct Sprite {
    pub(crate) place: Rect,
    rgba: Vec<u8>,
}

impl Sprite {
    /// A panel's look.
    pub(crate) fn panel(area: Area, panel: &Panel) -> Self {
        let mut pixmap = blank(area);
        let (width, height) = (pixels(area.width), pixels(area.height));
        if let Some(path) = rounded(0.0, width, height, panel.radius) {
            let paint = Paint { shader: shader(&panel.fill, width, height), anti_alias: true, ..Paint::default() };
            pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
        if let Some(border) = panel.border.filter(|border| border.width > 0.0) {
            let inset = border.width / 2.0;
            if let Some(path) = rounded(inset, width, height, (panel.radius - inset).max(0.0)) {
                let paint =
                    Paint { shader: Shader::SolidColor(border.color.skia()), anti_alias: true, ..Paint::default() };
                let stroke = Stroke { width: border.width, ..Stroke::default() };
                pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
            }
        }
        Self { place: rect(area), rgba: pixmap.take() }
    }

    /// A bar with round ends.
    pub(crate) fn bar(area: Area, color: Color) -> Self {
        let radius = pixels(area.height.min(area.width)) / 2.0;
        Self::panel(area, &Panel { fill: Fill::Plain(color), radius, border: None })
    }

    /// An opaque picture of the whole scene.
    pub(crate) fn background(width: u32, height: u32, fill: &Fill) -> Self {
        let area = Area { x: 0, y: 0, width, height };
        let mut sprite = Self::panel(area, &Panel { fill: fill.clone(), radius: 0.0, border: None });
        // What the fill leaves open is black, for a video has nothing behind it.
        let mut opaque = vec![0; sprite.rgba.len()];
        opaque.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        blend::pixels(&mut opaque, &sprite.rgba, 255);
        sprite.rgba = opaque;
        sprite
    }

    /// Copies the part at `place` to a tile of that size: for a background.
    pub(crate) fn copy(&self, place: Rect, tile: &mut Tile<'_>) {
        let width = place.width as usize;
        for y in 0..place.height {
            tile.row(0, y as usize, width).copy_from_slice(self.row(place.x, place.y + y, width));
        }
    }

    /// Draws what lies in `place` onto the tile of that place.
    pub(crate) fn draw(&self, place: Rect, tile: &mut Tile<'_>) {
        self.draw_up_to(self.place.width * 4, place, tile);
    }

    /// Draws the left part only, `quarters` of a pixel wide.
    pub(crate) fn draw_up_to(&self, quarters: u32, place: Rect, tile: &mut Tile<'_>) {
        let (full, rest) = (quarters / 4, quarters % 4);
        let within = self.place.common(place);
        if within.is_empty() {
            return;
        }
        let end = within.right().min(self.place.x + full);
        let length = end.saturating_sub(within.x) as usize;
        let edge = self.place.x + full;
        for y in within.y..within.bottom() {
            let (tile_x, tile_y) = ((within.x - place.x) as usize, (y - place.y) as usize);
            let from = self.row(within.x - self.place.x, y - self.place.y, length);
            blend::pixels(tile.row(tile_x, tile_y, length), from, 255);
            if rest > 0 && (within.x..within.right()).contains(&edge) {
                let from = self.row(full, y - self.place.y, 1);
                let strength = [0, 64, 128, 191][rest as usize];
                blend::pixels(tile.row((edge - place.x) as usize, tile_y, 1), from, strength);
            }
        }
    }

    fn row(&self, x: u32, y: u32, length: usize) -> &[u8] {
        let first = (y as usize * self.place.width as usize + x as usize) * 4;
        &self.rgba[first..first + length * 4]
    }
}

pub(crate) fn rect(area: Area) -> Rect {
    Rect { x: area.x, y: area.y, width: area.width, height: area.height }
}

fn blank(area: Area) -> Pixmap {
    Pixmap::new(area.width, area.height).expect("areas are checked to have pixels, and not too many")
}

#[expect(clippy::cast_precision_loss, reason = "sides of pictures are far below 2^24")]
pub(crate) fn pixels(side: u32) -> f32 {
    side as f32
}

/// A rectangle with round corners, `inset` pixels inside of `width` by `height`.
fn rounded(inset: f32, width: f32, height: f32, radius: f32) -> Option<Path> {
    /// How far the handles of a cubic curve are from its ends, for a quarter of a circle.
    const ROUND: f32 = 0.552_284_8;
    let (left, top, right, bottom) = (inset, inset, width - inset, height - inset);
    let radius = radius.min((right - left) / 2.0).min((bottom - top) / 2.0).max(0.0);
    let mut path = PathBuilder::new();
    let bend = radius * (1.0 - ROUND);
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - bend, top, right, top + bend, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - bend, right - bend, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + bend, bottom, left, bottom - bend, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + bend, left + bend, top, left + radius, top);
    path.close();
    path.finish()
}

fn shader(fill: &Fill, width: f32, height: f32) -> Shader<'static> {
    let stops = |from: Color, to: Color| vec![GradientStop::new(0.0, from.skia()), GradientStop::new(1.0, to.skia())];
    let (made, otherwise) = match *fill {
        Fill::Plain(color) => (None, color),
        Fill::Linear { from, to, angle } => {
            let (sine, cosine) = angle.to_radians().sin_cos();
            let reach = f32::midpoint(width * sine.abs(), height * cosine.abs());
            let (x, y) = (width / 2.0, height / 2.0);
            let start = Point::from_xy(x - sine * reach, y - cosine * reach);
            let end = Point::from_xy(x + sine * reach, y + cosine * reach);
            (LinearGradient::new(start, end, stops(from, to), SpreadMode::Pad, Transform::identity()), from)
        }
        Fill::Radial { inner, outer, x, y, radius } => {
            let middle = Point::from_xy(x * width, y * height);
            let stops = stops(inner, outer);
            (RadialGradient::new(middle, 0.0, middle, radius, stops, SpreadMode::Pad, Transform::identity()), outer)
        }
    };
    // No gradient can be made of no length: it is a plain colour then.
    made.unwrap_or(Shader::SolidColor(otherwise.skia()))
}
