//! Units into a container, a container into a socket or a file. One muxer is one connection: its first picture is a keyframe and
//! has the time zero; sound before it is left out.

mod context;
mod target;

use std::time::Duration;

pub use target::Target;

use crate::error::Error;
use crate::interrupt::{Interrupt, Interrupted};
use crate::timeline::FrameNumber;
use crate::unit::{AccessUnit, Media, StreamInfo};
use context::{Context, Failed};

/// Writes one output.
#[derive(Debug)]
pub struct Muxer {
    context: Context,
    interrupt: Interrupt,
    fps: crate::timeline::Fps,
    kind: Kind,
    /// The pts of the first picture and of the sample that it owns.
    zero: Option<(i64, i64)>,
    video_frames: u64,
}

/// What a failure is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Network,
    File,
}

impl Muxer {
    /// Connects, or makes the file, and writes the header. `interrupt` ends this and every later call.
    pub fn open(target: &Target, info: &StreamInfo, interrupt: Interrupt, within: Duration) -> Result<Self, Error> {
        crate::init();
        let kind = match target {
            Target::Rtmp { .. } => Kind::Network,
            Target::File { .. } | Target::Hls { .. } => Kind::File,
        };
        let place = target.place()?;
        interrupt.allow(within);
        let opened = Context::open(&place, info, &interrupt);
        let context = opened.map_err(|failed| match interrupt.state() {
            Some(why) => stopped(why),
            None => at_open(kind, failed),
        })?;
        Ok(Self { context, interrupt, fps: info.fps, kind, zero: None, video_frames: 0 })
    }

    /// Writes one unit.
    pub fn write(&mut self, unit: &AccessUnit, within: Duration) -> Result<(), Error> {
        let (zero_video, zero_audio) = match (self.zero, unit.media) {
            (Some(zero), _) => zero,
            (None, Media::Video { keyframe: true }) => *self.zero.insert(self.begin_at(unit.pts)),
            (None, Media::Video { keyframe: false } | Media::Audio) => return Ok(()),
        };
        let pts = unit.pts - if unit.media == Media::Audio { zero_audio } else { zero_video };
        if pts < 0 {
            return Ok(());
        }
        self.interrupt.allow(within);
        self.context.write(unit, pts).map_err(|failed| self.broken(failed))?;
        self.video_frames += u64::from(unit.media != Media::Audio);
        Ok(())
    }

    /// Writes the trailer and closes: the peer is told that the stream is over.
    pub fn finish(mut self, within: Duration) -> Result<(), Error> {
        self.interrupt.allow(within);
        self.context.finish().map_err(|failed| self.broken(failed))
    }

    /// Pictures written.
    pub fn video_frames(&self) -> u64 {
        self.video_frames
    }

    /// Bytes written, with the container's own.
    pub fn bytes(&self) -> u64 {
        self.context.bytes()
    }

    fn begin_at(&self, pts: i64) -> (i64, i64) {
        let frame = FrameNumber(u64::try_from(pts).unwrap_or(0));
        (pts, i64::try_from(self.fps.first_sample(frame)).expect("a program is shorter than the universe"))
    }

    fn broken(&self, failed: Failed) -> Error {
        match (self.interrupt.state(), self.kind) {
            (Some(why), _) => stopped(why),
            (None, Kind::Network) => Error::ConnectionLost(failed.words()),
            (None, Kind::File) => Error::WriteFailed(failed.words()),
        }
    }
}

fn stopped(why: Interrupted) -> Error {
    match why {
        Interrupted::Deadline => Error::TimedOut,
        Interrupted::Stop => Error::Stopped,
    }
}

fn at_open(kind: Kind, failed: Failed) -> Error {
    match (kind, failed) {
        (_, Failed::NoFormat) => Error::Missing("muxer for it"),
        (Kind::File, failed) => Error::WriteFailed(failed.words()),
        (Kind::Network, failed) if failed.never_connected() => Error::ConnectFailed(failed.words()),
        (Kind::Network, failed) => Error::Refused(failed.words()),
    }
}

#[cfg(test)]
mod tests;
