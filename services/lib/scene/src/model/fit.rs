//! A scene in another size.

use super::{Area, Content, Fill, Scene, TextStyle};

/// Smallest letters that are drawn at all.
const SMALLEST: f32 = 6.0;

pub(super) fn fit(scene: &mut Scene, (width, height): (u32, u32), scale: f64) {
    let spare = |side: u32, was: u32| (f64::from(side) - f64::from(was) * scale) / 2.0;
    let (left, top) = (spare(width, scene.width), spare(height, scene.height));
    let size = Size { scale, left, top, width, height };
    (scene.width, scene.height) = (width, height);
    for layer in &mut scene.layers {
        layer.area = size.area(layer.area);
        match &mut layer.draw {
            Content::Panel(panel) => {
                panel.radius = size.length(panel.radius);
                size.fill(&mut panel.fill);
                if let Some(border) = &mut panel.border {
                    border.width = size.length(border.width);
                }
            }
            Content::Text(words) => size.style(&mut words.style),
            Content::Bar(_) => {}
            Content::Bids(bids) => {
                bids.who_width = size.pixels(f64::from(bids.who_width)).clamp(1, (layer.area.width - 1).max(1));
                size.style(&mut bids.who);
                size.style(&mut bids.amount);
            }
        }
    }
}

struct Size {
    scale: f64,
    left: f64,
    top: f64,
    width: u32,
    height: u32,
}

impl Size {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides of pictures, from 0 to 3840")]
    fn pixels(&self, length: f64) -> u32 {
        (length * self.scale).round().max(0.0) as u32
    }

    /// Edges are rounded, not lengths: what touched still does.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides of pictures, from 0 to 3840")]
    fn area(&self, area: Area) -> Area {
        let edge =
            |at: u32, from: f64, most: u32| ((f64::from(at) * self.scale + from).round().max(0.0) as u32).min(most);
        let (x, y) = (edge(area.x, self.left, self.width - 1), edge(area.y, self.top, self.height - 1));
        let right = edge(area.x + area.width, self.left, self.width).max(x + 1);
        let bottom = edge(area.y + area.height, self.top, self.height).max(y + 1);
        Area { x, y, width: right - x, height: bottom - y }
    }

    #[expect(clippy::cast_possible_truncation, reason = "lengths of a picture need no more digits")]
    fn length(&self, length: f32) -> f32 {
        (f64::from(length) * self.scale) as f32
    }

    fn fill(&self, fill: &mut Fill) {
        match fill {
            Fill::Plain(_) | Fill::Linear { .. } => {}
            Fill::Radial { radius, .. } => *radius = self.length(*radius),
        }
    }

    fn style(&self, style: &mut TextStyle) {
        style.size = self.length(style.size).max(SMALLEST);
        style.min_size = style.min_size.map(|size| self.length(size).max(SMALLEST));
    }
}
