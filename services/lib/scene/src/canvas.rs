//! The picture: three planes (BT.709, limited range, one chroma sample for two by two pixels), and how a tile of RGBA gets
//! into them. Integer arithmetic only, so that every machine makes the same bytes.

use crate::damage::Rect;

/// An I420 picture. Rows follow each other without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

/// Fixed point with 16 bits: BT.709 from full-range RGB to limited-range Y, Cb, Cr.
const Y: [i32; 3] = [11_966, 40_254, 4_064];
const CB: [i32; 3] = [-6_596, -22_189, 28_785];
const CR: [i32; 3] = [28_785, -26_145, -2_640];
const HALF: i32 = 1 << 15;
/// The same for the sum of four pixels.
const HALF_OF_FOUR: i32 = HALF << 2;

impl Picture {
    /// Black. Both sides must be even.
    pub fn black(width: u32, height: u32) -> Self {
        assert!(width.is_multiple_of(2) && height.is_multiple_of(2), "a scene's sides are checked to be even");
        let pixels = width as usize * height as usize;
        Self { width, height, luma: vec![16; pixels], blue: vec![128; pixels / 4], red: vec![128; pixels / 4] }
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    pub fn height(&self) -> u32 {
        self.height
    }

    /// Y, Cb, Cr, each with the length of its rows.
    pub fn planes(&self) -> [(&[u8], usize); 3] {
        let width = self.width as usize;
        [(&self.luma, width), (&self.blue, width / 2), (&self.red, width / 2)]
    }

    /// Puts an opaque tile of RGBA pixels at `place`, which lies inside on even pixels.
    pub(crate) fn put(&mut self, place: Rect, rgba: &[u8]) {
        let (width, stride) = (place.width as usize, self.width as usize);
        let (left, top) = (place.x as usize, place.y as usize);
        for (pair, rows) in rgba.chunks_exact(width * 8).enumerate() {
            let (upper, lower) = rows.split_at(width * 4);
            let first = (top + pair * 2) * stride + left;
            luma(&mut self.luma[first..first + width], upper);
            luma(&mut self.luma[first + stride..first + stride + width], lower);
            let first = (top / 2 + pair) * (stride / 2) + left / 2;
            let (blue, red) = (&mut self.blue[first..first + width / 2], &mut self.red[first..first + width / 2]);
            chroma((blue, red), upper, lower);
        }
    }

    /// The picture as a PNG file.
    pub fn to_png(&self) -> Vec<u8> {
        let size = tiny_skia::IntSize::from_wh(self.width, self.height).expect("a picture has pixels");
        let pixmap = tiny_skia::Pixmap::from_vec(self.to_rgba(), size).expect("four bytes a pixel");
        pixmap.encode_png().expect("memory takes every picture")
    }

    /// The picture as opaque RGBA, for people to look at.
    pub fn to_rgba(&self) -> Vec<u8> {
        let width = self.width as usize;
        let mut rgba = Vec::with_capacity(self.luma.len() * 4);
        for (at, &luma) in self.luma.iter().enumerate() {
            let (x, y) = (at % width, at / width);
            let chroma = y / 2 * (width / 2) + x / 2;
            let luma = (i32::from(luma) - 16) * 76_309;
            let (cb, cr) = (i32::from(self.blue[chroma]) - 128, i32::from(self.red[chroma]) - 128);
            let clamped = |value: i32| u8::try_from(((value + HALF) >> 16).clamp(0, 255)).expect("clamped to a byte");
            let (red, blue) = (luma + 117_489 * cr, luma + 138_438 * cb);
            rgba.extend([clamped(red), clamped(luma - 13_975 * cb - 34_925 * cr), clamped(blue), 255]);
        }
        rgba
    }
}

/// Nothing can overflow: 255 times the weights' sum is below 2^25. Wrapping arithmetic lets the compiler use wide registers.
fn weighed(weights: [i32; 3], [red, green, blue]: [i32; 3]) -> i32 {
    let sum = weights[0].wrapping_mul(red).wrapping_add(weights[1].wrapping_mul(green));
    sum.wrapping_add(weights[2].wrapping_mul(blue))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "16 to 235 by the weights' sum")]
fn luma(row: &mut [u8], rgba: &[u8]) {
    for (luma, pixel) in row.iter_mut().zip(rgba.chunks_exact(4)) {
        let color = [i32::from(pixel[0]), i32::from(pixel[1]), i32::from(pixel[2])];
        *luma = ((weighed(Y, color).wrapping_add(HALF) >> 16) as u8).wrapping_add(16);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "16 to 240 by the weights' sums")]
fn chroma((blue, red): (&mut [u8], &mut [u8]), upper: &[u8], lower: &[u8]) {
    let cells = upper.chunks_exact(8).zip(lower.chunks_exact(8));
    for ((blue, red), (upper, lower)) in blue.iter_mut().zip(red).zip(cells) {
        let mean = |at: usize| {
            let sum = u16::from(upper[at]).wrapping_add(upper[at + 4].into()).wrapping_add(lower[at].into());
            i32::from(sum.wrapping_add(lower[at + 4].into()))
        };
        let color = [mean(0), mean(1), mean(2)];
        // The sums are of four pixels: two bits more to shift.
        *blue = (weighed(CB, color).wrapping_add(HALF_OF_FOUR) >> 18).wrapping_add(128) as u8;
        *red = (weighed(CR, color).wrapping_add(HALF_OF_FOUR) >> 18).wrapping_add(128) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(color: [u8; 3]) -> (u8, u8, u8) {
        let mut picture = Picture::black(16, 16);
        let [red, green, blue] = color;
        picture.put(Rect { x: 2, y: 4, width: 4, height: 2 }, &[red, green, blue, 255].repeat(8));
        let [(luma, stride), (cb, half), (cr, _)] = picture.planes();
        (luma[5 * stride + 3], cb[2 * half + 1], cr[2 * half + 2])
    }

    #[test]
    fn primaries_have_the_values_of_bt_709() {
        for (color, expected) in [
            ([255, 255, 255], (235, 128, 128)),
            ([0, 0, 0], (16, 128, 128)),
            ([255, 0, 0], (63, 102, 240)),
            ([0, 255, 0], (173, 42, 26)),
            ([0, 0, 255], (32, 240, 118)),
        ] {
            assert_eq!(flat(color), expected, "{color:?}");
        }
    }

    #[test]
    fn a_picture_looks_as_its_tile_did() {
        let mut picture = Picture::black(16, 16);
        picture.put(Rect { x: 0, y: 0, width: 16, height: 16 }, &[200, 120, 40, 255].repeat(256));
        for pixel in picture.to_rgba().chunks_exact(4) {
            for (seen, drawn) in pixel.iter().zip([200_i32, 120, 40, 255]) {
                assert!((i32::from(*seen) - drawn).abs() <= 2, "{pixel:?}");
            }
        }
    }

    #[test]
    fn a_tile_touches_nothing_beside_it() {
        let mut picture = Picture::black(16, 16);
        picture.put(Rect { x: 4, y: 4, width: 4, height: 4 }, &[255; 64]);
        let [(luma, stride), ..] = picture.planes();
        let white = luma.iter().enumerate().filter(|(_, luma)| **luma != 16).map(|(at, _)| (at % stride, at / stride));
        assert!(white.clone().all(|(x, y)| (4..8).contains(&x) && (4..8).contains(&y)));
        assert_eq!(white.count(), 16);
    }
}
