//! Text as ink: laid out once in its area, kept as a mask that any colour can be poured through.

use cosmic_text::{
    Attrs, Buffer, Ellipsize, EllipsizeHeightLimit, FeatureTag, FontFeatures, Metrics, PhysicalGlyph, Shaping,
    SwashContent, Weight, Wrap,
};

use crate::Color;
use crate::blend::{self, Tile};
use crate::damage::Rect;
use crate::fonts::Fonts;
use crate::model::{Align, Area, Family, TextStyle};
use crate::sprite::pixels;

/// Sizes are tried from the wanted one downwards in this ratio.
const SMALLER: f32 = 0.95;

/// Longest text that is laid out; more cannot be read on a screen.
const MAX_CHARS: usize = 400;

/// Drawn text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ink {
    /// Around every drawn pixel.
    pub(crate) place: Rect,
    /// How much of each pixel is covered.
    mask: Vec<u8>,
    /// Premultiplied pixels of emoji, which have colours of their own; empty without any.
    colored: Vec<u8>,
}

/// Where a glyph's image comes to lie, before clipping.
struct Stamp {
    x: i32,
    y: i32,
    glyph: PhysicalGlyph,
}

impl Ink {
    /// Lays `text` out in `area`; nothing is drawn outside of `screen`.
    pub(crate) fn lay(fonts: &mut Fonts, text: &str, style: &TextStyle, area: Area, screen: Rect) -> Self {
        let text: String = text.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let text = if style.uppercase { text.to_uppercase() } else { text };
        if text.trim().is_empty() {
            return Self::default();
        }
        fonts.tidy();
        let buffer = fitted(fonts, &text, style, area);
        let stamps = stamps(&buffer, style, area);
        Self::print(fonts, &stamps, screen)
    }

    fn print(fonts: &mut Fonts, stamps: &[Stamp], screen: Rect) -> Self {
        let place = stamps.iter().fold(Rect::default(), |place, stamp| place.around(around(fonts, stamp, screen)));
        let size = place.width as usize * place.height as usize;
        let mut ink = Self { place, mask: vec![0; size], colored: Vec::new() };
        for stamp in stamps {
            ink.stamp(fonts, stamp);
        }
        ink
    }

    fn stamp(&mut self, fonts: &mut Fonts, stamp: &Stamp) {
        let Some(image) = fonts.glyphs.get_image(&mut fonts.system, stamp.glyph.cache_key) else { return };
        let (left, top) = (stamp.x + image.placement.left, stamp.y - image.placement.top);
        let width = image.placement.width;
        for (at, pixel) in (0u32..).zip(image.data.chunks_exact(bytes(image.content))) {
            let (x, y) = (i64::from(left) + i64::from(at % width), i64::from(top) + i64::from(at / width));
            let Some(at) = self.index(x, y) else { continue };
            match image.content {
                SwashContent::Mask => self.mask[at] = self.mask[at].saturating_add(pixel[0]),
                SwashContent::Color => {
                    if self.colored.is_empty() {
                        self.colored = vec![0; self.mask.len() * 4];
                    }
                    let premultiplied = [0, 1, 2].map(|part| premultiply(pixel[part], pixel[3]));
                    self.colored[at * 4..at * 4 + 3].copy_from_slice(&premultiplied);
                    self.colored[at * 4 + 3] = pixel[3];
                }
                SwashContent::SubpixelMask => {}
            }
        }
    }

    fn index(&self, x: i64, y: i64) -> Option<usize> {
        let x = u32::try_from(x).ok()?.checked_sub(self.place.x).filter(|x| *x < self.place.width)?;
        let y = u32::try_from(y).ok()?.checked_sub(self.place.y).filter(|y| *y < self.place.height)?;
        Some(y as usize * self.place.width as usize + x as usize)
    }

    /// Pours `color` through, onto the tile of `place`.
    pub(crate) fn draw(&self, color: Color, place: Rect, tile: &mut Tile<'_>) {
        let within = self.place.common(place);
        if within.is_empty() {
            return;
        }
        let length = within.width as usize;
        for y in within.y..within.bottom() {
            let first = (y - self.place.y) as usize * self.place.width as usize + (within.x - self.place.x) as usize;
            let row = tile.row((within.x - place.x) as usize, (y - place.y) as usize, length);
            blend::mask(row, &self.mask[first..first + length], color);
            if !self.colored.is_empty() {
                blend::pixels(row, &self.colored[first * 4..(first + length) * 4], color.alpha);
            }
        }
    }
}

fn premultiply(value: u8, alpha: u8) -> u8 {
    u8::try_from(u16::from(value) * u16::from(alpha) / 255).expect("a product of bytes over 255 is a byte")
}

fn bytes(content: SwashContent) -> usize {
    match content {
        SwashContent::Mask => 1,
        SwashContent::Color | SwashContent::SubpixelMask => 4,
    }
}

/// The part of the screen that a glyph's image covers.
fn around(fonts: &mut Fonts, stamp: &Stamp, screen: Rect) -> Rect {
    let Some(image) = fonts.glyphs.get_image(&mut fonts.system, stamp.glyph.cache_key) else { return Rect::default() };
    let place = image.placement;
    let side = |from: i32, length: u32, most: u32| {
        let (start, end) = (i64::from(from).max(0), (i64::from(from) + i64::from(length)).min(i64::from(most)));
        let length = u32::try_from(end - start).unwrap_or(0);
        (u32::try_from(start).expect("not below 0"), length)
    };
    let (x, width) = side(stamp.x + place.left, place.width, screen.width);
    let (y, height) = side(stamp.y - place.top, place.height, screen.height);
    if width == 0 || height == 0 { Rect::default() } else { Rect { x, y, width, height } }
}

/// Lays out in the largest size that fits, or in the smallest one with an ellipsis.
fn fitted(fonts: &mut Fonts, text: &str, style: &TextStyle, area: Area) -> Buffer {
    let width = pixels(area.width);
    let mut size = style.size;
    let smallest = style.min_size.unwrap_or(style.size);
    let metrics = |size: f32| Metrics::new(size, size * style.line_height);
    let mut buffer = Buffer::new(&mut fonts.system, metrics(size));
    buffer.set_wrap(if style.lines == 1 { Wrap::None } else { Wrap::WordOrGlyph });
    buffer.set_size(Some(width), None);
    let align = match style.align {
        Align::Start => cosmic_text::Align::Left,
        Align::Center => cosmic_text::Align::Center,
        Align::End => cosmic_text::Align::Right,
    };
    buffer.set_text(text, &attributes(style), Shaping::Advanced, Some(align));
    loop {
        buffer.shape_until_scroll(&mut fonts.system, false);
        let fits = buffer.layout_runs().all(|run| run.line_w <= width);
        if fits && buffer.layout_runs().count() <= lines_at(size, style, area) {
            return buffer;
        }
        if size <= smallest {
            break;
        }
        size = (size * SMALLER).max(smallest);
        buffer.set_metrics(metrics(size));
    }
    buffer.set_ellipsize(Ellipsize::End(EllipsizeHeightLimit::Lines(lines_at(size, style, area))));
    buffer.shape_until_scroll(&mut fonts.system, false);
    buffer
}

/// How many lines of this size the area has room for, at least one. A line may reach over by a sixth: letters do not fill it.
fn lines_at(size: f32, style: &TextStyle, area: Area) -> usize {
    let room = pixels(area.height) + size * style.line_height / 6.0;
    let fit = (1..=style.lines).rev().find(|&lines| f32::from(lines) * size * style.line_height <= room);
    usize::from(fit.unwrap_or(1))
}

fn attributes(style: &TextStyle) -> Attrs<'static> {
    let family = match style.family {
        Family::Text => "Inter",
        Family::Display => "Inter Display",
    };
    let mut features = FontFeatures::new();
    if style.tabular {
        features.enable(FeatureTag::new(b"tnum"));
    }
    Attrs::new()
        .family(cosmic_text::Family::Name(family))
        .weight(Weight(style.weight))
        .letter_spacing(style.tracking)
        .font_features(features)
}

fn stamps(buffer: &Buffer, style: &TextStyle, area: Area) -> Vec<Stamp> {
    let runs: Vec<_> = buffer.layout_runs().take(usize::from(style.lines)).collect();
    let height: f32 = runs.iter().map(|run| run.line_height).sum();
    let spare = pixels(area.height) - height;
    let down = match style.vertical {
        Align::Start => 0.0,
        Align::Center => spare / 2.0,
        Align::End => spare,
    };
    let (left, top) = (pixels(area.x), (pixels(area.y) + down).round());
    let mut stamps = Vec::new();
    for run in runs {
        // A line that was wrapped and cut may begin with the blank that it was wrapped at.
        let blank = |glyph: &&cosmic_text::LayoutGlyph| {
            run.text.get(glyph.start..glyph.end).is_some_and(|it| it.trim().is_empty())
        };
        let first =
            if style.align == Align::Start && !run.rtl { run.glyphs.iter().find(|glyph| !blank(glyph)) } else { None };
        let left = left - first.map_or(0.0, |glyph| glyph.x);
        for glyph in run.glyphs {
            let glyph = glyph.physical((left, (top + run.line_y).round()), 1.0);
            stamps.push(Stamp { x: glyph.x, y: glyph.y, glyph });
        }
    }
    stamps
}
