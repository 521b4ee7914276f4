//! Which parts of a picture changed: rectangles on even pixels, for chroma has one sample for two by two pixels.

/// Pixels from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The parts that changed since the picture before. They may touch, never overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damage(Vec<Rect>);

/// More parts than this are joined: handling each has a price of its own.
const MAX_PARTS: usize = 24;

impl Rect {
    pub fn right(self) -> u32 {
        self.x + self.width
    }

    pub fn bottom(self) -> u32 {
        self.y + self.height
    }

    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Pixels inside.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// The common part; empty when there is none.
    pub fn common(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = self.right().min(other.right()).saturating_sub(x);
        let height = self.bottom().min(other.bottom()).saturating_sub(y);
        Self { x, y, width, height }
    }

    /// The smallest rectangle around both.
    pub fn around(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, bottom) = (self.right().max(other.right()), self.bottom().max(other.bottom()));
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// Grown to even pixels.
    fn even(self) -> Self {
        let (x, y) = (self.x & !1, self.y & !1);
        let (right, bottom) = (self.right().next_multiple_of(2), self.bottom().next_multiple_of(2));
        Self { x, y, width: right - x, height: bottom - y }
    }
}

impl Damage {
    /// The whole picture.
    pub fn whole(width: u32, height: u32) -> Self {
        Self(vec![Rect { x: 0, y: 0, width, height }])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn parts(&self) -> &[Rect] {
        &self.0
    }

    /// Pixels in all parts.
    pub fn pixels(&self) -> u64 {
        self.0.iter().map(|part| part.pixels()).sum()
    }

    /// Adds a part, clipped to `bounds`; parts that overlap become one.
    pub fn add(&mut self, part: Rect, bounds: Rect) {
        let mut part = part.common(bounds);
        if part.is_empty() {
            return;
        }
        part = part.even().common(bounds);
        loop {
            let before = self.0.len();
            self.0.retain(|&known| {
                let joined = known.overlaps(part);
                if joined {
                    part = part.around(known);
                }
                !joined
            });
            if self.0.len() == before {
                break;
            }
        }
        self.0.push(part);
        if self.0.len() > MAX_PARTS {
            let whole = self.0.drain(..).fold(part, Rect::around);
            self.0.push(whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Rect = Rect { x: 0, y: 0, width: 640, height: 360 };

    fn rect() -> impl Strategy<Value = Rect> {
        (0u32..700, 0u32..400, 0u32..200, 0u32..200).prop_map(|(x, y, width, height)| Rect { x, y, width, height })
    }

    proptest! {
        #[test]
        fn damage_covers_what_was_added_in_even_parts_that_do_not_overlap(parts in prop::collection::vec(rect(), 0..60)) {
            let mut damage = Damage::default();
            for &part in &parts {
                damage.add(part, BOUNDS);
            }
            for part in damage.parts() {
                prop_assert!(part.x % 2 == 0 && part.y % 2 == 0 && part.width % 2 == 0 && part.height % 2 == 0);
                prop_assert!(part.common(BOUNDS) == *part);
                let others = damage.parts().iter().filter(|other| *other != part);
                prop_assert!(others.clone().all(|other| !other.overlaps(*part)));
            }
            for part in parts {
                let inside = part.common(BOUNDS);
                let covered = damage.parts().iter().any(|known| known.common(inside) == inside);
                prop_assert!(inside.is_empty() || covered);
            }
        }
    }
}
