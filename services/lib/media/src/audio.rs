//! AAC-LC, two channels, 48 kHz. Silence for now: a mixer will fill the frames that are encoded here.

use std::sync::Arc;

use ffmpeg_next as av;
use ffmpeg_next::codec::encoder;
use ffmpeg_next::util::format::sample;

use crate::error::Error;
use crate::libav;
use crate::timeline::SAMPLE_RATE;
use crate::unit::{AccessUnit, Media};

/// Samples of one frame of AAC.
const FRAME: u64 = 1024;

/// The sound's encoder.
pub(crate) struct AudioEncoder {
    encoder: encoder::audio::Encoder,
    silence: av::frame::Audio,
    /// The first sample that has not been given to it.
    next: u64,
}

impl AudioEncoder {
    /// An encoder whose first sample is the frame boundary before `first`.
    pub(crate) fn open(bitrate: u64, first: u64) -> Result<Self, Error> {
        let failed = |error: av::Error| Error::OpenEncoder { what: "AAC", reason: libav::words(error) };
        let codec = encoder::find_by_name("aac").ok_or(Error::Missing("aac"))?;
        let format = av::format::Sample::F32(sample::Type::Planar);
        let rate = i32::try_from(SAMPLE_RATE).expect("a small constant");
        let mut audio = av::codec::Context::new_with_codec(codec).encoder().audio().map_err(failed)?;
        audio.set_rate(rate);
        audio.set_format(format);
        audio.set_channel_layout(av::ChannelLayout::STEREO);
        audio.set_channels(2);
        audio.set_time_base((1, rate));
        audio.set_bit_rate(usize::try_from(bitrate).unwrap_or(usize::MAX));
        audio.set_flags(av::codec::Flags::GLOBAL_HEADER);
        let mut options = av::Dictionary::new();
        options.set("aac_coder", "fast");
        let encoder = audio.open_with(options).map_err(failed)?;
        let samples = usize::try_from(FRAME).expect("a small constant");
        let mut silence = av::frame::Audio::new(format, samples, av::ChannelLayout::STEREO);
        silence.set_rate(SAMPLE_RATE);
        silence.set_channels(2);
        for channel in 0..silence.planes() {
            silence.data_mut(channel).fill(0);
        }
        Ok(Self { encoder, silence, next: first / FRAME * FRAME })
    }

    pub(crate) fn header(&self) -> Arc<[u8]> {
        // SAFETY: the open context is ours; libav keeps `extradata_size` bytes at `extradata` for as long as it is open.
        unsafe {
            let context = self.encoder.as_ptr();
            let length = usize::try_from((*context).extradata_size).unwrap_or(0);
            Arc::from(std::slice::from_raw_parts((*context).extradata, length))
        }
    }

    /// Encodes what is needed so that every unit up to `sample` comes out. The encoder looks one frame ahead and its output
    /// is another one behind: it is given two frames more than have been asked for.
    pub(crate) fn encode_up_to(&mut self, sample: u64) -> Result<Vec<AccessUnit>, Error> {
        let mut units = Vec::new();
        while self.next <= sample + 2 * FRAME {
            let pts = i64::try_from(self.next).expect("a program is shorter than the universe");
            self.silence.set_pts(Some(pts));
            self.encoder.send_frame(&self.silence).map_err(|error| Error::Encode(libav::words(error)))?;
            self.next += FRAME;
            while let Some(unit) = self.receive()? {
                // The very first one only warms the decoder up; its time is before the program's.
                if unit.pts >= 0 {
                    units.push(unit);
                }
            }
        }
        Ok(units)
    }

    fn receive(&mut self) -> Result<Option<AccessUnit>, Error> {
        let mut packet = av::Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => {
                let pts = packet.pts().ok_or_else(|| Error::Encode("sound without a time".to_owned()))?;
                let at_us = pts * 1_000_000 / i64::from(SAMPLE_RATE);
                let data = Arc::from(packet.data().unwrap_or_default());
                Ok(Some(AccessUnit { media: Media::Audio, pts, at_us, data }))
            }
            Err(av::Error::Eof) => Ok(None),
            Err(av::Error::Other { errno }) if errno == av::error::EAGAIN => Ok(None),
            Err(error) => Err(Error::Encode(libav::words(error))),
        }
    }
}
