//! Which frame is due. Pure: instants come in.

use std::time::{Duration, Instant};

use media::timeline::{Fps, FrameNumber};

/// So many late frames are made good by repeating the picture; more are left out, for encoding them would make the next ones
/// late too.
const MOST_REPEATED: u64 = 8;

/// The beat of one program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beat {
    anchor: Instant,
    /// The number of the frame at the anchor.
    zero: FrameNumber,
    fps: Fps,
    next: FrameNumber,
}

/// A frame to make now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) number: FrameNumber,
    /// The next one is due already: the picture before has to do.
    pub(super) late: bool,
    /// Frames before it that are not made at all.
    pub(super) left_out: u64,
}

impl Beat {
    pub(super) fn new(anchor: Instant) -> Self {
        Self { anchor, zero: FrameNumber(0), fps: Fps(30), next: FrameNumber(0) }
    }

    /// The same program at another rate: its times go on from what has been sent, rounded up.
    pub(super) fn restarted(self, fps: Fps, now: Instant) -> Self {
        let sent = self.fps.due(self.next);
        let zero = FrameNumber(fps.newest(sent).0 + u64::from(self.next.0 > 0));
        Self { anchor: now, zero, fps, next: zero }
    }

    pub(super) fn next(self) -> FrameNumber {
        self.next
    }

    /// How long to wait for the next frame.
    pub(super) fn until_due(self, now: Instant) -> Duration {
        self.due(self.next).saturating_duration_since(now)
    }

    /// Takes the next frame.
    pub(super) fn take(&mut self, now: Instant) -> Due {
        let newest = FrameNumber(self.zero.0 + self.fps.newest(now.saturating_duration_since(self.anchor)).0);
        let behind = newest.0.saturating_sub(self.next.0);
        let left_out = if behind > MOST_REPEATED { behind } else { 0 };
        let number = FrameNumber(self.next.0 + left_out);
        self.next = number.next();
        Due { number, late: behind > 0 && left_out == 0, left_out }
    }

    fn due(self, frame: FrameNumber) -> Instant {
        self.anchor + self.fps.due(FrameNumber(frame.0 - self.zero.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(anchor: Instant, milliseconds: u64) -> Instant {
        anchor + Duration::from_millis(milliseconds)
    }

    #[test]
    fn frames_come_in_time_one_after_the_other() {
        let anchor = Instant::now();
        let mut beat = Beat::new(anchor);
        for n in 0..100 {
            let due = beat.until_due(anchor);
            assert_eq!(due, Fps(30).due(FrameNumber(n)));
            assert_eq!(
                beat.take(anchor + due + Duration::from_millis(1)),
                Due { number: FrameNumber(n), late: false, left_out: 0 }
            );
        }
    }

    #[test]
    fn a_late_frame_repeats_the_picture_and_the_next_one_is_in_time_again() {
        let anchor = Instant::now();
        let mut beat = Beat::new(anchor);
        let taken: Vec<Due> = (0..5).map(|_| beat.take(after(anchor, 140))).collect();
        assert_eq!(taken.iter().map(|due| due.number.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(taken.iter().map(|due| due.late).collect::<Vec<_>>(), [true, true, true, true, false]);
    }

    #[test]
    fn after_a_long_pause_frames_are_left_out_and_time_is_right() {
        let anchor = Instant::now();
        let mut beat = Beat::new(anchor);
        assert_eq!(beat.take(after(anchor, 10_000)), Due { number: FrameNumber(300), late: false, left_out: 300 });
        assert_eq!(
            beat.until_due(after(anchor, 10_000)),
            Fps(30).due(FrameNumber(301)).checked_sub(Duration::from_secs(10)).unwrap()
        );
    }

    #[test]
    fn another_rate_goes_on_where_the_time_was() {
        let anchor = Instant::now();
        let mut beat = Beat::new(anchor);
        let _ = beat.take(after(anchor, 10_000));
        let beat = beat.restarted(Fps(60), after(anchor, 10_020));
        assert!(Fps(60).due(beat.next()) >= Fps(30).due(FrameNumber(301)));
        assert_eq!(beat.until_due(after(anchor, 10_020)), Duration::ZERO);
        assert_eq!(Beat::new(anchor).restarted(Fps(25), anchor).next(), FrameNumber(0));
    }
}
