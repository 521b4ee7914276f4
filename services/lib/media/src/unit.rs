//! Encoded media as plain data, shared by every output.

use std::sync::Arc;

use crate::timeline::Fps;

/// What a unit carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Media {
    Video { keyframe: bool },
    Audio,
}

/// One encoded picture or one frame of sound. Clones share the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    pub media: Media,
    /// Video: in frames. Audio: in samples. Nothing is reordered, so that dts is the same.
    pub pts: i64,
    /// Microseconds since the program's frame 0, for putting the two in order.
    pub at_us: i64,
    pub data: Arc<[u8]>,
}

impl AccessUnit {
    pub fn is_keyframe(&self) -> bool {
        match self.media {
            Media::Video { keyframe } => keyframe,
            Media::Audio => false,
        }
    }
}

/// What a muxer must know before the first unit. Clones share the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    pub width: u32,
    pub height: u32,
    pub fps: Fps,
    /// Bits a second, the cap.
    pub video_bitrate: u64,
    pub audio_bitrate: u64,
    /// SPS and PPS.
    pub video_header: Arc<[u8]>,
    pub video_profile: i32,
    pub video_level: i32,
    /// The decoder's configuration, as AAC has it.
    pub audio_header: Arc<[u8]>,
}
