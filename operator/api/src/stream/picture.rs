//! The encoded picture and sound. Every output gets the same, encoded once.
//!
//! The bounds are those of X's receivers: H.264, at most 12,000 kbit/s, at most 60 frames a second, a keyframe at least
//! every 4 seconds; and 48,000 samples must divide by the frame rate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The picture: H.264.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Video {
    /// Pixels, an even number.
    #[schemars(range(min = 320, max = 1920), extend("multipleOf" = 2))]
    pub width: i32,
    /// Pixels, an even number.
    #[schemars(range(min = 180, max = 1920), extend("multipleOf" = 2))]
    pub height: i32,
    /// Frames a second.
    #[schemars(extend("enum" = [24, 25, 30, 50, 60]))]
    pub fps: i32,
    /// Kilobits a second, never exceeded over one second.
    #[schemars(range(min = 300, max = 12000))]
    pub bitrate_kbps: i32,
    /// Seconds from one keyframe to the next.
    #[schemars(range(min = 1, max = 4))]
    pub keyframe_seconds: i64,
    /// How much processor the encoder spends for the picture.
    pub preset: Preset,
}

impl Default for Video {
    fn default() -> Self {
        Self { width: 1280, height: 720, fps: 30, bitrate_kbps: 2500, keyframe_seconds: 2, preset: Preset::default() }
    }
}

/// x264's presets that keep up with a live picture on one processor or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Preset {
    UltraFast,
    SuperFast,
    #[default]
    VeryFast,
    Faster,
    Fast,
    Medium,
}

impl Preset {
    /// The encoder's own name for it.
    pub const fn encoder_name(self) -> &'static str {
        match self {
            Self::UltraFast => "ultrafast",
            Self::SuperFast => "superfast",
            Self::VeryFast => "veryfast",
            Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
        }
    }
}

/// The sound: AAC, two channels, 48,000 samples a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Audio {
    /// Kilobits a second; X takes 128 at most.
    #[schemars(range(min = 32, max = 320))]
    pub bitrate_kbps: i32,
}

impl Default for Audio {
    fn default() -> Self {
        Self { bitrate_kbps: 128 }
    }
}
