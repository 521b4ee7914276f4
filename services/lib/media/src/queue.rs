//! The bounded way from the encoder to one output. Pushing never waits: when the output cannot keep up, video is left out until
//! the next keyframe, so that what is sent can always be decoded, and time never runs backwards.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::unit::{AccessUnit, Media};

/// Media that waits at most: longer than a server's hiccup, shorter than viewers' patience with a stale picture.
const MAX_WAITING_US: i64 = 3_000_000;

/// Bytes that wait at most: three seconds at three times the highest bitrate.
const MAX_WAITING_BYTES: usize = 14 * 1024 * 1024;

/// The encoder's end.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Shared>);

/// The output's end.
#[derive(Debug)]
pub struct Receiver(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    units: VecDeque<AccessUnit>,
    bytes: usize,
    /// Video is left out until a keyframe comes.
    skipping: bool,
    closed: bool,
}

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    Queued,
    Dropped,
}

/// Nothing more will come, and everything has been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Queue {
    /// A queue that begins with a keyframe.
    pub fn new() -> (Self, Receiver) {
        let shared = Arc::new(Shared::default());
        shared.lock().skipping = true;
        (Self(shared.clone()), Receiver(shared))
    }

    /// Hands a unit over, or drops it.
    pub fn push(&self, unit: &AccessUnit) -> Pushed {
        let mut state = self.0.lock();
        if state.closed {
            return Pushed::Dropped;
        }
        let oldest = state.units.front().map_or(unit.at_us, |front| front.at_us);
        let full = unit.at_us - oldest > MAX_WAITING_US || state.bytes + unit.data.len() > MAX_WAITING_BYTES;
        match unit.media {
            Media::Video { keyframe } if full || (state.skipping && !keyframe) => {
                state.skipping = true;
                return Pushed::Dropped;
            }
            Media::Video { .. } => state.skipping = false,
            Media::Audio if full => return Pushed::Dropped,
            Media::Audio => {}
        }
        state.bytes += unit.data.len();
        state.units.push_back(unit.clone());
        drop(state);
        self.0.changed.notify_one();
        Pushed::Queued
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    /// Nothing more will come; what waits is still delivered.
    pub fn close(&self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Receiver {
    /// The next unit; `None` when none came within `patience`.
    pub fn next(&self, patience: Duration) -> Result<Option<AccessUnit>, Closed> {
        let until = Instant::now() + patience;
        let mut state = self.0.lock();
        loop {
            if let Some(unit) = state.units.pop_front() {
                state.bytes -= unit.data.len();
                return Ok(Some(unit));
            }
            if state.closed {
                return Err(Closed);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Throws away what waits and begins again with a keyframe: for a new connection.
    pub fn restart(&self) {
        let mut state = self.0.lock();
        state.units.clear();
        state.bytes = 0;
        state.skipping = true;
    }

    /// Whether nothing more will come.
    pub fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    /// Milliseconds of media that wait.
    pub fn waiting_ms(&self) -> i64 {
        let state = self.0.lock();
        let ends = state.units.front().zip(state.units.back());
        ends.map_or(0, |(front, back)| (back.at_us - front.at_us) / 1000)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_US: i64 = 33_333;

    fn video(n: i64, keyframe: bool) -> AccessUnit {
        AccessUnit { media: Media::Video { keyframe }, pts: n, at_us: n * FRAME_US, data: Arc::from([0_u8; 100]) }
    }

    fn audio(n: i64) -> AccessUnit {
        AccessUnit { media: Media::Audio, pts: n * 1024, at_us: n * 21_333, data: Arc::from([0_u8; 10]) }
    }

    fn all(receiver: &Receiver) -> Vec<AccessUnit> {
        std::iter::from_fn(|| receiver.next(Duration::ZERO).ok().flatten()).collect()
    }

    #[test]
    fn an_output_begins_with_a_keyframe() {
        let (queue, receiver) = Queue::new();
        assert_eq!(queue.push(&video(0, false)), Pushed::Dropped);
        assert_eq!(queue.push(&video(1, true)), Pushed::Queued);
        assert_eq!(queue.push(&video(2, false)), Pushed::Queued);
        receiver.restart();
        assert_eq!(queue.push(&video(3, false)), Pushed::Dropped);
        assert!(all(&receiver).is_empty());
    }

    #[test]
    fn a_stalled_output_keeps_what_can_be_decoded_and_goes_on_at_a_keyframe() {
        let (queue, receiver) = Queue::new();
        let kept: Vec<bool> = (0..300).map(|n| queue.push(&video(n, n % 60 == 0)) == Pushed::Queued).collect();
        let first_lost = kept.iter().position(|kept| !kept).unwrap();
        assert!((85..=95).contains(&first_lost), "three seconds wait, not {first_lost} frames");
        assert!(kept[first_lost..].iter().all(|kept| !kept), "no part of a group of pictures comes later");
        assert_eq!(all(&receiver).len(), first_lost);
        assert_eq!(queue.push(&video(301, false)), Pushed::Dropped);
        assert_eq!(queue.push(&video(360, true)), Pushed::Queued);
    }

    #[test]
    fn sound_is_bounded_too_and_stays_in_order() {
        let (queue, receiver) = Queue::new();
        let _ = queue.push(&video(0, true));
        for n in 0..1_000 {
            let _ = queue.push(&audio(n));
        }
        let units = all(&receiver);
        assert!(units.len() < 160, "{}", units.len());
        assert!(units.is_sorted_by_key(|unit| unit.at_us));
    }

    #[test]
    fn what_waits_is_delivered_after_the_close() {
        let (queue, receiver) = Queue::new();
        let _ = queue.push(&video(0, true));
        queue.close();
        assert_eq!(queue.push(&video(1, false)), Pushed::Dropped);
        assert_eq!(receiver.next(Duration::ZERO).unwrap().unwrap().pts, 0);
        assert_eq!(receiver.next(Duration::ZERO), Err(Closed));
    }
}
