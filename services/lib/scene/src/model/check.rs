//! What the types of a scene cannot say by themselves.

use std::collections::BTreeSet;

use super::{Area, Content, Scene, TextStyle, VERSION};

/// Largest picture: memory and time grow with it.
const MAX_SIDE: u32 = 3840;

/// Most layers: each is looked at once a frame.
const MAX_LAYERS: usize = 128;

/// Sizes of letters that can be drawn, in pixels.
const SIZES: std::ops::RangeInclusive<f32> = 6.0..=600.0;

/// Why a scene cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    #[error("the scene cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("version {0} is not known here; this program knows {VERSION}")]
    Version(u32),
    #[error("{width} by {height} pixels: write even numbers from 16 to {MAX_SIDE}")]
    Size { width: u32, height: u32 },
    #[error("{0} layers are more than {MAX_LAYERS}")]
    TooManyLayers(usize),
    #[error("two layers are called \"{0}\"")]
    SameName(String),
    #[error("layer \"{0}\" is empty, or lies outside the picture")]
    Outside(String),
    #[error("layer \"{layer}\": {problem}")]
    Style { layer: String, problem: &'static str },
}

pub(super) fn check(scene: &Scene) -> Result<(), SceneError> {
    let Scene { version, width, height, background: _, layers } = scene;
    if *version != VERSION {
        return Err(SceneError::Version(*version));
    }
    if [width, height].into_iter().any(|&side| !(16..=MAX_SIDE).contains(&side) || side % 2 != 0) {
        return Err(SceneError::Size { width: *width, height: *height });
    }
    if layers.len() > MAX_LAYERS {
        return Err(SceneError::TooManyLayers(layers.len()));
    }
    let mut names = BTreeSet::new();
    for layer in layers {
        if !names.insert(&layer.id) {
            return Err(SceneError::SameName(layer.id.clone()));
        }
        if !inside(layer.area, *width, *height) {
            return Err(SceneError::Outside(layer.id.clone()));
        }
        content(&layer.draw, layer.area).map_err(|problem| SceneError::Style { layer: layer.id.clone(), problem })?;
    }
    Ok(())
}

fn inside(area: Area, width: u32, height: u32) -> bool {
    let end = |at: u32, length: u32| at.checked_add(length);
    area.width > 0
        && area.height > 0
        && end(area.x, area.width).is_some_and(|right| right <= width)
        && end(area.y, area.height).is_some_and(|bottom| bottom <= height)
}

fn content(content: &Content, area: Area) -> Result<(), &'static str> {
    match content {
        Content::Panel(panel) => {
            let edge = panel.border.map_or(0.0, |border| border.width);
            if panel.radius >= 0.0 && edge >= 0.0 { Ok(()) } else { Err("radius and border are not below 0") }
        }
        Content::Text(words) => style(&words.style),
        Content::Bar(_) => Ok(()),
        Content::Bids(bids) => {
            if !(1..=20).contains(&bids.rows) {
                return Err("a list has 1 to 20 rows");
            }
            if bids.who_width == 0 || bids.who_width >= area.width || area.height < u32::from(bids.rows) {
                return Err("a row needs room for the bidder and for the amount");
            }
            style(&bids.who).and_then(|()| style(&bids.amount))
        }
    }
}

fn style(style: &TextStyle) -> Result<(), &'static str> {
    let smallest = style.min_size.unwrap_or(style.size);
    if !SIZES.contains(&style.size) || !SIZES.contains(&smallest) || smallest > style.size {
        return Err("sizes are 6 to 600 pixels, and min_size is not above size");
    }
    if !matches!(style.weight, 500 | 600 | 700) {
        return Err("a weight is 500, 600 or 700");
    }
    if style.lines == 0 || !(0.8..=3.0).contains(&style.line_height) || !(-0.2..=1.0).contains(&style.tracking) {
        return Err("lines from 1, line_height from 0.8 to 3, tracking from -0.2 to 1");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(edit: impl FnOnce(&mut Scene)) -> Result<(), SceneError> {
        let mut scene = Scene::house();
        edit(&mut scene);
        check(&scene)
    }

    #[test]
    fn a_scene_that_cannot_be_drawn_is_refused_by_name() {
        assert!(with(|_| {}).is_ok());
        assert!(matches!(with(|scene| scene.version = 2), Err(SceneError::Version(2))));
        assert!(matches!(with(|scene| scene.width = 1281), Err(SceneError::Size { .. })));
        assert!(matches!(with(|scene| scene.layers[1].id = scene.layers[0].id.clone()), Err(SceneError::SameName(_))));
        assert!(matches!(with(|scene| scene.layers[0].area.x = u32::MAX), Err(SceneError::Outside(_))));
        let many = with(|scene| scene.layers = vec![scene.layers[0].clone(); MAX_LAYERS + 1]);
        assert!(matches!(many, Err(SceneError::TooManyLayers(_))));
        let sized = with(|scene| {
            for layer in &mut scene.layers {
                if let Content::Text(words) = &mut layer.draw {
                    words.style.size = 5.0;
                }
            }
        });
        assert!(matches!(sized, Err(SceneError::Style { .. })));
    }
}
