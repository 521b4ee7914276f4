//! The composer: one retained picture, of which each frame redraws only what changed.

use crate::blend::Tile;
use crate::canvas::Picture;
use crate::damage::{Damage, Rect};
use crate::element::Element;
use crate::fonts::Fonts;
use crate::model::Scene;
use crate::resolve::{Shown, resolve};
use crate::sprite::Sprite;
use crate::view::{AuctionView, Moment};

/// Draws a scene, frame by frame.
#[derive(Debug)]
pub struct Composer {
    scene: Scene,
    fonts: Fonts,
    background: Sprite,
    layers: Vec<(Shown, Element)>,
    picture: Picture,
    tile: Vec<u8>,
    /// Nothing has been drawn yet.
    fresh: bool,
}

/// A frame.
#[derive(Debug)]
pub struct Composed<'a> {
    pub picture: &'a Picture,
    /// What differs from the frame before.
    pub damage: Damage,
}

impl Composer {
    /// A composer whose first frame draws everything.
    pub fn new(scene: Scene, fonts: Fonts) -> Self {
        let background = Sprite::background(scene.width, scene.height, &scene.background);
        let layers = scene.layers.iter().map(|layer| (Shown::Nothing, Element::new(layer))).collect();
        let picture = Picture::black(scene.width, scene.height);
        Self { scene, fonts, background, layers, picture, tile: Vec::new(), fresh: true }
    }

    /// The frame that shows `view` at `now`. The same arguments give the same picture, whatever was drawn before.
    pub fn compose(&mut self, view: &AuctionView, now: Moment) -> Composed<'_> {
        let screen = Rect { x: 0, y: 0, width: self.scene.width, height: self.scene.height };
        let mut damage = Damage::default();
        for (layer, (before, element)) in self.scene.layers.iter().zip(&mut self.layers) {
            let shown = resolve(layer, view, now);
            if shown != *before {
                damage.add(element.change(&shown, &mut self.fonts, screen), screen);
                *before = shown;
            }
        }
        if std::mem::take(&mut self.fresh) {
            damage = Damage::whole(screen.width, screen.height);
        }
        for &part in damage.parts() {
            self.draw(part);
        }
        Composed { picture: &self.picture, damage }
    }

    /// The picture drawn last.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    fn draw(&mut self, part: Rect) {
        let size = usize::try_from(part.pixels()).expect("a part of a picture") * 4;
        if self.tile.len() < size {
            self.tile.resize(size, 0);
        }
        let mut tile = Tile { rgba: &mut self.tile[..size], width: part.width as usize };
        self.background.copy(part, &mut tile);
        for (_, element) in &self.layers {
            element.draw(part, &mut tile);
        }
        self.picture.put(part, tile.rgba);
    }
}

#[cfg(test)]
mod tests;
