//! The clock rules, once.
//!
//! Frame `n` of a program is due at `anchor + n / fps` and owns the samples from `n × 48000 / fps` on. Every timestamp is
//! derived from `n` alone, never from a clock that was read: a late frame keeps its time, a frame that was left out leaves a
//! gap, and sound and picture cannot drift apart. Milliseconds exist only where a protocol wants them.

use std::time::Duration;

/// Samples a second of every program.
pub const SAMPLE_RATE: u32 = 48_000;

/// Nanoseconds of a second.
const NANOS: u128 = 1_000_000_000;

/// Frames a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fps(pub u32);

/// The number of a frame in its program, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameNumber(pub u64);

impl Fps {
    /// How long after the anchor the frame is due.
    pub fn due(self, frame: FrameNumber) -> Duration {
        let nanos = u128::from(frame.0) * NANOS / u128::from(self.0);
        // 584 years fit.
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The newest frame that is due when so much time has gone since the anchor.
    pub fn newest(self, since_anchor: Duration) -> FrameNumber {
        let frames = since_anchor.as_nanos() * u128::from(self.0) / NANOS;
        FrameNumber(u64::try_from(frames).unwrap_or(u64::MAX))
    }

    /// The first sample that the frame owns.
    pub fn first_sample(self, frame: FrameNumber) -> u64 {
        frame.0 * u64::from(SAMPLE_RATE) / u64::from(self.0)
    }
}

impl FrameNumber {
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_frames_owns_a_second_of_samples() {
        for fps in [24, 25, 30, 50, 60] {
            let hour = FrameNumber(u64::from(fps) * 3600);
            assert_eq!(Fps(fps).first_sample(hour), u64::from(SAMPLE_RATE) * 3600);
            assert_eq!(Fps(fps).due(hour), Duration::from_hours(1));
        }
    }

    #[test]
    fn a_frame_is_the_newest_from_its_own_time_on() {
        for n in [0, 1, 2, 29, 30, 1_000_001] {
            let (fps, frame) = (Fps(30), FrameNumber(n));
            // The division of a third of a second leaves a part of a nanosecond.
            assert_eq!(fps.newest(fps.due(frame) + Duration::from_nanos(1)), frame);
            assert_eq!(fps.newest(fps.due(frame.next())), if (n + 1) % 3 == 0 { frame.next() } else { frame });
        }
    }
}
