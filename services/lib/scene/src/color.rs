//! Colours as people write them: `#RRGGBB` or `#RRGGBBAA`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A colour of the sRGB space with straight alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
    pub alpha: u8,
}

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a colour: write #RRGGBB or #RRGGBBAA in hexadecimal")]
pub struct NotAColor(String);

impl Color {
    /// The mixture with `share` of 255 of `other`.
    pub fn mixed(self, other: Self, share: u8) -> Self {
        let mix = |from: u8, to: u8| {
            let (from, to, share) = (u16::from(from), u16::from(to), u16::from(share));
            u8::try_from((from * (255 - share) + to * share + 127) / 255).expect("a mean of bytes is a byte")
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
            alpha: mix(self.alpha, other.alpha),
        }
    }

    pub(crate) fn skia(self) -> tiny_skia::Color {
        tiny_skia::Color::from_rgba8(self.red, self.green, self.blue, self.alpha)
    }
}

impl FromStr for Color {
    type Err = NotAColor;

    fn from_str(text: &str) -> Result<Self, NotAColor> {
        let bad = || NotAColor(text.chars().take(20).collect());
        let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let digits = digits.filter(|digits| matches!(digits.len(), 6 | 8)).ok_or_else(bad)?;
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| bad());
        let alpha = if digits.len() == 8 { byte(6)? } else { 255 };
        Ok(Self { red: byte(0)?, green: byte(2)?, blue: byte(4)?, alpha })
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue, alpha } = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")?;
        if *alpha == 255 { Ok(()) } else { write!(f, "{alpha:02x}") }
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_reads_back_as_it_was_written() {
        for text in ["#00ff7f", "#0b0d1280"] {
            assert_eq!(text.parse::<Color>().unwrap().to_string(), text);
        }
        for bad in ["", "#12345", "123456", "#12345g", "#é2345"] {
            assert!(bad.parse::<Color>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mixture_begins_and_ends_with_its_parts() {
        let (one, other): (Color, Color) = ("#102030".parse().unwrap(), "#ff000080".parse().unwrap());
        assert_eq!((one.mixed(other, 0), one.mixed(other, 255)), (one, other));
    }
}
