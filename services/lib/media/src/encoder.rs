//! One encoder a program: pictures in, units of picture and sound out, in the order of their times.

use std::collections::VecDeque;

use crate::audio::AudioEncoder;
use crate::error::Error;
use crate::timeline::FrameNumber;
use crate::unit::{AccessUnit, StreamInfo};
use crate::video::{Settings, VideoEncoder};

/// Encodes picture and sound.
pub struct Encoder {
    video: VideoEncoder,
    audio: AudioEncoder,
    info: StreamInfo,
    /// Sound that is later than the newest picture.
    ahead: VecDeque<AccessUnit>,
}

/// A picture to encode.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Y, Cb, Cr, each with the length of its rows, without gaps between them.
    pub planes: [(&'a [u8], usize); 3],
    /// Higher than that of the frame before.
    pub number: FrameNumber,
    /// Whether somebody waits for a keyframe.
    pub keyframe: bool,
}

impl Encoder {
    /// Opens both encoders; `first` is the number of the first frame that they will get.
    pub fn open(settings: &Settings, first: FrameNumber) -> Result<Self, Error> {
        crate::init();
        let video = VideoEncoder::open(settings)?;
        let audio_bitrate = u64::from(settings.audio_bitrate_kbps) * 1000;
        let audio = AudioEncoder::open(audio_bitrate, settings.fps.first_sample(first))?;
        let header = video.header();
        let info = StreamInfo {
            width: settings.width,
            height: settings.height,
            fps: settings.fps,
            video_bitrate: u64::from(settings.bitrate_kbps) * 1000,
            audio_bitrate,
            video_header: header.bytes,
            video_profile: header.profile,
            video_level: header.level,
            audio_header: audio.header(),
        };
        Ok(Self { video, audio, info, ahead: VecDeque::new() })
    }

    /// What muxers must know.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Encodes one picture and the sound up to it.
    pub fn encode(&mut self, frame: Frame<'_>) -> Result<Vec<AccessUnit>, Error> {
        let Frame { planes, number, keyframe } = frame;
        self.ahead.extend(self.audio.encode_up_to(self.info.fps.first_sample(number))?);
        let picture = self.video.encode(planes, number, keyframe)?;
        let mut units = Vec::new();
        let now = picture.as_ref().map_or(i64::MIN, |picture| picture.at_us);
        while let Some(sound) = self.ahead.pop_front_if(|sound| sound.at_us <= now) {
            units.push(sound);
        }
        units.extend(picture);
        Ok(units)
    }

    /// Takes out what is still inside.
    pub fn finish(mut self) -> Result<Vec<AccessUnit>, Error> {
        let mut units = self.video.finish()?;
        units.extend(self.ahead);
        units.sort_by_key(|unit| unit.at_us);
        Ok(units)
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("info", &self.info).finish_non_exhaustive()
    }
}
