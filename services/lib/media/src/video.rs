//! H.264 by libx264: constant quality under a cap, no B frames, no delay, closed groups of pictures.

use std::ffi::c_int;
use std::sync::Arc;

use ffmpeg_next as av;
use ffmpeg_next::codec::encoder;
use ffmpeg_next::util::{color, picture};

use crate::error::Error;
use crate::libav;
use crate::timeline::{Fps, FrameNumber};
use crate::unit::{AccessUnit, Media};

/// x264's constant quality: the picture is as good as with a constant bitrate, at half the cost, while little moves.
const QUALITY: &str = "20";

/// What is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Pixels, even.
    pub width: u32,
    pub height: u32,
    pub fps: Fps,
    /// The cap over any second.
    pub bitrate_kbps: u32,
    pub keyframe_seconds: u32,
    /// x264's name of it.
    pub preset: String,
    pub audio_bitrate_kbps: u32,
}

/// Settings that no encoder takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongSettings {
    #[error("{width} by {height} pixels: write even numbers from 16 to 3840")]
    Size { width: u32, height: u32 },
    #[error("{0} frames a second: write a divisor of 48000 from 1 to 120")]
    Fps(u32),
    #[error("bitrates and keyframe_seconds are above 0")]
    Zero,
}

impl Default for Settings {
    /// What X asks for: 720p30, 2.5 Mb/s, a keyframe every two seconds.
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
            fps: Fps(30),
            bitrate_kbps: 2_500,
            keyframe_seconds: 2,
            preset: "veryfast".to_owned(),
            audio_bitrate_kbps: 128,
        }
    }
}

impl Settings {
    /// Whether an encoder can be opened with them.
    pub fn check(&self) -> Result<(), WrongSettings> {
        let Self { width, height, fps, bitrate_kbps, keyframe_seconds, preset: _, audio_bitrate_kbps } = self;
        if [*width, *height].into_iter().any(|side| side % 2 != 0 || !(16..=3840).contains(&side)) {
            return Err(WrongSettings::Size { width: *width, height: *height });
        }
        if !(1..=120).contains(&fps.0) || !crate::timeline::SAMPLE_RATE.is_multiple_of(fps.0) {
            return Err(WrongSettings::Fps(fps.0));
        }
        if [bitrate_kbps, keyframe_seconds, audio_bitrate_kbps].contains(&&0) {
            return Err(WrongSettings::Zero);
        }
        Ok(())
    }
}

/// The picture's encoder.
pub(crate) struct VideoEncoder {
    encoder: encoder::video::Encoder,
    frame: av::frame::Video,
    fps: Fps,
}

/// Parameter sets and what containers say about them.
pub(crate) struct VideoHeader {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) profile: c_int,
    pub(crate) level: c_int,
}

impl VideoEncoder {
    pub(crate) fn open(settings: &Settings) -> Result<Self, Error> {
        let failed = |error: av::Error| Error::OpenEncoder { what: "H.264", reason: libav::words(error) };
        let codec = encoder::find_by_name("libx264").ok_or(Error::Missing("libx264"))?;
        let fps = c_int::try_from(settings.fps.0).expect("at most 120");
        let mut video = av::codec::Context::new_with_codec(codec).encoder().video().map_err(failed)?;
        video.set_width(settings.width);
        video.set_height(settings.height);
        video.set_format(av::format::Pixel::YUV420P);
        video.set_time_base((1, fps));
        video.set_frame_rate(Some((fps, 1)));
        video.set_gop(settings.fps.0 * settings.keyframe_seconds);
        video.set_max_b_frames(0);
        video.set_colorspace(color::Space::BT709);
        video.set_color_range(color::Range::MPEG);
        video.set_color_primaries(color::Primaries::BT709);
        video.set_color_transfer_characteristic(color::TransferCharacteristic::BT709);
        video.set_flags(av::codec::Flags::GLOBAL_HEADER | av::codec::Flags::CLOSED_GOP);
        // SAFETY: the context is ours and not open yet; these are plain numbers of it.
        unsafe { (*video.as_mut_ptr()).thread_count = 1 };
        let options = options(settings);
        let encoder = video.open_with(options).map_err(failed)?;
        let frame = av::frame::Video::new(av::format::Pixel::YUV420P, settings.width, settings.height);
        Ok(Self { encoder, frame, fps: settings.fps })
    }

    pub(crate) fn header(&self) -> VideoHeader {
        // SAFETY: the open context is ours; libav keeps `extradata_size` bytes at `extradata` for as long as it is open.
        let (bytes, profile, level) = unsafe {
            let context = self.encoder.as_ptr();
            let length = usize::try_from((*context).extradata_size).unwrap_or(0);
            let bytes = std::slice::from_raw_parts((*context).extradata, length);
            (Arc::from(bytes), (*context).profile, (*context).level)
        };
        VideoHeader { bytes, profile, level }
    }

    /// Encodes one picture.
    pub(crate) fn encode(
        &mut self,
        planes: [(&[u8], usize); 3],
        number: FrameNumber,
        keyframe: bool,
    ) -> Result<Option<AccessUnit>, Error> {
        self.own_frame()?;
        for (index, (plane, width)) in planes.into_iter().enumerate() {
            let stride = self.frame.stride(index);
            let rows = self.frame.data_mut(index).chunks_exact_mut(stride);
            for (to, from) in rows.zip(plane.chunks_exact(width)) {
                to[..width].copy_from_slice(from);
            }
        }
        self.frame.set_pts(Some(i64::try_from(number.0).expect("a program is shorter than the universe")));
        self.frame.set_kind(if keyframe { picture::Type::I } else { picture::Type::None });
        self.encoder.send_frame(&self.frame).map_err(|error| Error::Encode(libav::words(error)))?;
        self.receive()
    }

    /// What is still inside; without delay there is nothing, but libav may be of another mind.
    pub(crate) fn finish(&mut self) -> Result<Vec<AccessUnit>, Error> {
        self.encoder.send_eof().map_err(|error| Error::Encode(libav::words(error)))?;
        let mut rest = Vec::new();
        while let Some(unit) = self.receive()? {
            rest.push(unit);
        }
        Ok(rest)
    }

    /// The encoder may still refer to the picture before: then a copy is made.
    fn own_frame(&mut self) -> Result<(), Error> {
        // SAFETY: the frame is ours and has buffers.
        let made = unsafe { av::ffi::av_frame_make_writable(self.frame.as_mut_ptr()) };
        if made < 0 { Err(Error::Encode(libav::words(av::Error::from(made)))) } else { Ok(()) }
    }

    fn receive(&mut self) -> Result<Option<AccessUnit>, Error> {
        let mut packet = av::Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => {
                let pts = packet.pts().ok_or_else(|| Error::Encode("a picture without a time".to_owned()))?;
                let at_us = pts * 1_000_000 / i64::from(self.fps.0);
                let data = Arc::from(packet.data().unwrap_or_default());
                Ok(Some(AccessUnit { media: Media::Video { keyframe: packet.is_key() }, pts, at_us, data }))
            }
            Err(av::Error::Eof) => Ok(None),
            Err(av::Error::Other { errno }) if errno == av::error::EAGAIN => Ok(None),
            Err(error) => Err(Error::Encode(libav::words(error))),
        }
    }
}

fn options(settings: &Settings) -> av::Dictionary<'static> {
    let cap = (u64::from(settings.bitrate_kbps) * 1000).to_string();
    let gop = (settings.fps.0 * settings.keyframe_seconds).to_string();
    let mut options = av::Dictionary::new();
    for (key, value) in [
        ("preset", settings.preset.as_str()),
        ("tune", "zerolatency"),
        ("profile", "high"),
        ("crf", QUALITY),
        ("maxrate", &cap),
        // One second: what is asked of us is a cap over any second.
        ("bufsize", &cap),
        ("sc_threshold", "0"),
        ("keyint_min", &gop),
        ("forced-idr", "1"),
    ] {
        options.set(key, value);
    }
    options
}
