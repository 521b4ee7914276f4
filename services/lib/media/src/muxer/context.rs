//! libav's output context, owned: every pointer that is dereferenced for sending stands here.

use std::ffi::{CString, c_int};
use std::ptr;

use ffmpeg_next as av;
use ffmpeg_next::ffi;

use super::target::Place;
use crate::interrupt::Interrupt;
use crate::libav::{self, Options};
use crate::timeline::SAMPLE_RATE;
use crate::unit::{AccessUnit, Media, StreamInfo};

const VIDEO: c_int = 0;
const AUDIO: c_int = 1;

/// An open container.
#[derive(Debug)]
pub(super) struct Context {
    format: *mut ffi::AVFormatContext,
    packet: *mut ffi::AVPacket,
    fps: u32,
    opens_itself: bool,
    /// The header is written: a trailer belongs to it.
    begun: bool,
    /// libav asks this one for as long as the context lives.
    _interrupt: Interrupt,
}

// SAFETY: the pointers are owned by this value alone, and libav ties neither to a thread.
unsafe impl Send for Context {}

/// What libav said.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failed {
    NoFormat,
    NoMemory,
    Code(c_int),
}

impl Failed {
    pub(super) fn words(self) -> String {
        match self {
            Self::NoFormat => "no such container".to_owned(),
            Self::NoMemory => "no memory".to_owned(),
            Self::Code(code) => libav::words(av::Error::from(code)),
        }
    }

    /// The server was never reached.
    pub(super) fn never_connected(self) -> bool {
        let Self::Code(code) = self else { return false };
        let unreached = [
            av::error::ECONNREFUSED,
            av::error::EHOSTUNREACH,
            av::error::ENETUNREACH,
            av::error::ETIMEDOUT,
            av::error::ENETDOWN,
            av::error::ECONNRESET,
        ];
        matches!(av::Error::from(code), av::Error::Other { errno } if unreached.contains(&errno))
    }
}

fn done(code: c_int) -> Result<(), Failed> {
    if code < 0 { Err(Failed::Code(code)) } else { Ok(()) }
}

impl Context {
    pub(super) fn open(place: &Place, info: &StreamInfo, interrupt: &Interrupt) -> Result<Self, Failed> {
        let address = CString::new(place.address.as_str()).map_err(|_| Failed::NoFormat)?;
        let name = CString::new(place.format).expect("names of containers are ours");
        let mut format = ptr::null_mut();
        // SAFETY: an out pointer to a local, and two texts that live through the call.
        let made = unsafe {
            ffi::avformat_alloc_output_context2(&raw mut format, ptr::null(), name.as_ptr(), address.as_ptr())
        };
        if made < 0 || format.is_null() {
            return Err(Failed::NoFormat);
        }
        // SAFETY: allocates or answers null, which is checked.
        let packet = unsafe { ffi::av_packet_alloc() };
        let mut context = Self {
            format,
            packet,
            fps: info.fps.0,
            opens_itself: place.opens_itself,
            begun: false,
            _interrupt: interrupt.clone(),
        };
        if context.packet.is_null() {
            return Err(Failed::NoMemory);
        }
        // SAFETY: the context is ours; the callback's interrupt is kept beside it.
        unsafe { (*context.format).interrupt_callback = interrupt.callback() };
        context.add_streams(info)?;
        if !place.opens_itself {
            context.open_address(&address, place, interrupt)?;
        }
        context.begin(place)?;
        Ok(context)
    }

    fn open_address(&mut self, address: &CString, place: &Place, interrupt: &Interrupt) -> Result<(), Failed> {
        let mut options = Options::new(place.protocol.iter().copied());
        let callback = interrupt.callback();
        // SAFETY: `pb` of our own context is where the opened stream goes; address, callback and options live through the call,
        // and the callback's interrupt is kept beside the context.
        done(unsafe {
            ffi::avio_open2(
                &raw mut (*self.format).pb,
                address.as_ptr(),
                ffi::AVIO_FLAG_WRITE,
                &raw const callback,
                &raw mut options.0,
            )
        })
    }

    fn begin(&mut self, place: &Place) -> Result<(), Failed> {
        let mut options = Options::new(place.container.iter().copied());
        // SAFETY: the context is ours, has its streams and, unless it opens files by itself, its byte stream.
        unsafe {
            // Each unit is on its way when the call returns: nobody waits for a full buffer.
            (*self.format).flags |= ffi::AVFMT_FLAG_FLUSH_PACKETS;
            done(ffi::avformat_write_header(self.format, &raw mut options.0))?;
        }
        self.begun = true;
        Ok(())
    }

    fn add_streams(&mut self, info: &StreamInfo) -> Result<(), Failed> {
        let fps = c_int::try_from(info.fps.0).expect("at most 120");
        let bits = |bitrate: u64| i64::try_from(bitrate).expect("a bitrate fits");
        let side = |side: u32| c_int::try_from(side).expect("at most 3840");
        let video = self.add_stream((1, fps), &info.video_header)?;
        // SAFETY: the stream and its parameters belong to our context; these are plain fields of them.
        unsafe {
            (*video).avg_frame_rate = ffi::AVRational { num: fps, den: 1 };
            let parameters = &mut *(*video).codecpar;
            parameters.codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
            parameters.codec_id = ffi::AVCodecID::AV_CODEC_ID_H264;
            parameters.format = ffi::AVPixelFormat::AV_PIX_FMT_YUV420P as c_int;
            parameters.width = side(info.width);
            parameters.height = side(info.height);
            parameters.bit_rate = bits(info.video_bitrate);
            parameters.profile = info.video_profile;
            parameters.level = info.video_level;
            parameters.color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
            parameters.color_space = ffi::AVColorSpace::AVCOL_SPC_BT709;
            parameters.color_primaries = ffi::AVColorPrimaries::AVCOL_PRI_BT709;
            parameters.color_trc = ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709;
        }
        let rate = c_int::try_from(SAMPLE_RATE).expect("a small constant");
        let audio = self.add_stream((1, rate), &info.audio_header)?;
        // SAFETY: as above.
        unsafe {
            let parameters = &mut *(*audio).codecpar;
            parameters.codec_type = ffi::AVMediaType::AVMEDIA_TYPE_AUDIO;
            parameters.codec_id = ffi::AVCodecID::AV_CODEC_ID_AAC;
            parameters.format = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP as c_int;
            parameters.sample_rate = rate;
            parameters.frame_size = 1024;
            parameters.bit_rate = bits(info.audio_bitrate);
            ffi::av_channel_layout_default(&raw mut parameters.ch_layout, 2);
        }
        Ok(())
    }

    /// A stream with a copy of the codec's header.
    fn add_stream(&mut self, time_base: (c_int, c_int), header: &[u8]) -> Result<*mut ffi::AVStream, Failed> {
        // SAFETY: the stream is allocated by and belongs to our context. The header's copy is allocated by libav with the
        // padding that it demands and zeroes, and is freed by it with the parameters.
        unsafe {
            let stream = ffi::avformat_new_stream(self.format, ptr::null());
            if stream.is_null() {
                return Err(Failed::NoMemory);
            }
            (*stream).time_base = ffi::AVRational { num: time_base.0, den: time_base.1 };
            let padding = usize::try_from(ffi::AV_INPUT_BUFFER_PADDING_SIZE).expect("a small constant");
            let copy = ffi::av_mallocz(header.len() + padding).cast::<u8>();
            if copy.is_null() {
                return Err(Failed::NoMemory);
            }
            ptr::copy_nonoverlapping(header.as_ptr(), copy, header.len());
            (*(*stream).codecpar).extradata = copy;
            (*(*stream).codecpar).extradata_size = c_int::try_from(header.len()).expect("a header is short");
            Ok(stream)
        }
    }

    /// Writes a unit at `pts` of its own media's time base.
    pub(super) fn write(&mut self, unit: &AccessUnit, pts: i64) -> Result<(), Failed> {
        let size = c_int::try_from(unit.data.len()).map_err(|_| Failed::NoMemory)?;
        let (index, per_second, length) = match unit.media {
            Media::Video { .. } => (VIDEO, c_int::try_from(self.fps).expect("at most 120"), 1),
            Media::Audio => (AUDIO, c_int::try_from(SAMPLE_RATE).expect("a small constant"), 1024),
        };
        // SAFETY: the packet is ours and empty; `av_new_packet` gives it `size` bytes, which are filled whole; the stream of
        // that index was added in `add_streams`.
        unsafe {
            done(ffi::av_new_packet(self.packet, size))?;
            let packet = &mut *self.packet;
            ptr::copy_nonoverlapping(unit.data.as_ptr(), packet.data, unit.data.len());
            packet.stream_index = index;
            packet.pts = pts;
            packet.dts = pts;
            packet.duration = length;
            packet.flags = if unit.media == (Media::Video { keyframe: false }) { 0 } else { ffi::AV_PKT_FLAG_KEY };
            let stream = *(*self.format).streams.offset(isize::try_from(index).expect("0 or 1"));
            let from = ffi::AVRational { num: 1, den: per_second };
            ffi::av_packet_rescale_ts(self.packet, from, (*stream).time_base);
            let written = ffi::av_write_frame(self.format, self.packet);
            ffi::av_packet_unref(self.packet);
            done(written)
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), Failed> {
        if !std::mem::take(&mut self.begun) {
            return Ok(());
        }
        // SAFETY: the header was written and no trailer yet; closing flushes, and leaves a null pointer behind.
        unsafe {
            let trailer = done(ffi::av_write_trailer(self.format));
            if self.opens_itself {
                return trailer;
            }
            trailer.and(done(ffi::avio_closep(&raw mut (*self.format).pb)))
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        // SAFETY: the context is ours; its byte stream is null or open.
        let bytes = unsafe {
            let stream = (*self.format).pb;
            if stream.is_null() { 0 } else { (*stream).bytes_written }
        };
        u64::try_from(bytes).unwrap_or(0)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: all of it is ours and freed once; each call takes null for nothing to do. A container that opens its files
        // by itself has closed them with its trailer, and frees what is left with the context.
        unsafe {
            if !self.opens_itself {
                ffi::avio_closep(&raw mut (*self.format).pb);
            } else if self.begun {
                ffi::av_write_trailer(self.format);
            }
            ffi::av_packet_free(&raw mut self.packet);
            ffi::avformat_free_context(self.format);
        }
    }
}
