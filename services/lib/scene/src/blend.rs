//! Source-over of bytes: premultiplied pixels or a coverage mask onto an opaque tile. Integers only: where a tile lies does not
//! change a byte.

/// A part of an opaque RGBA tile.
pub(crate) struct Tile<'a> {
    pub(crate) rgba: &'a mut [u8],
    /// Pixels of a row.
    pub(crate) width: usize,
}

impl Tile<'_> {
    /// `length` pixels of row `y` from `x`.
    pub(crate) fn row(&mut self, x: usize, y: usize, length: usize) -> &mut [u8] {
        let first = (y * self.width + x) * 4;
        &mut self.rgba[first..first + length * 4]
    }
}

/// `value / 255`, rounded, for products of two bytes.
fn share(value: u16) -> u8 {
    let value = value.wrapping_add(128);
    (value.wrapping_add(value >> 8) >> 8) as u8
}

fn part(value: u8, of_255: u8) -> u8 {
    share(u16::from(value).wrapping_mul(of_255.into()))
}

/// Lays a row of premultiplied RGBA over `under`, weakened to `strength` of 255.
pub(crate) fn pixels(under: &mut [u8], over: &[u8], strength: u8) {
    for (under, over) in under.chunks_exact_mut(4).zip(over.chunks_exact(4)) {
        let alpha = part(over[3], strength);
        if alpha == 255 {
            under[..3].copy_from_slice(&over[..3]);
        } else if alpha > 0 {
            for (under, over) in under.iter_mut().zip(over).take(3) {
                *under = part(*over, strength).saturating_add(part(*under, 255 - alpha));
            }
        }
    }
}

/// Lays a plain colour over `under` where the mask covers it.
pub(crate) fn mask(under: &mut [u8], mask: &[u8], color: crate::Color) {
    for (under, &cover) in under.chunks_exact_mut(4).zip(mask) {
        let alpha = part(cover, color.alpha);
        if alpha > 0 {
            for (under, ink) in under.iter_mut().zip([color.red, color.green, color.blue]) {
                let (ink, alpha) = (u16::from(ink), u16::from(alpha));
                let kept = u16::from(*under).wrapping_mul(255 - alpha);
                *under = share(ink.wrapping_mul(alpha).wrapping_add(kept));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_cover_replaces_and_none_leaves() {
        let mut under = [10, 20, 30, 255, 40, 50, 60, 255];
        mask(&mut under, &[255, 0], crate::Color { red: 200, green: 100, blue: 0, alpha: 255 });
        assert_eq!(under, [200, 100, 0, 255, 40, 50, 60, 255]);
        pixels(&mut under, &[1, 2, 3, 255, 0, 0, 0, 0], 255);
        assert_eq!(under, [1, 2, 3, 255, 40, 50, 60, 255]);
    }

    #[test]
    fn half_a_cover_is_the_mean() {
        let mut under = [0, 100, 200, 255];
        mask(&mut under, &[128], crate::Color { red: 255, green: 255, blue: 255, alpha: 255 });
        assert_eq!(under, [128, 178, 228, 255]);
    }
}
