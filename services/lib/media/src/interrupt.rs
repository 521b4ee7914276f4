//! The way out of libav's blocking calls: a deadline and a stop that any thread can give.

use std::os::raw::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ffmpeg_next::ffi::AVIOInterruptCB;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// Ends blocking calls. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    born: Instant,
    /// Milliseconds after `born`.
    deadline: AtomicU64,
    stopped: AtomicBool,
}

/// Why a call was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    Deadline,
    Stop,
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::new()
    }
}

impl Interrupt {
    pub fn new() -> Self {
        let inner = Inner { born: Instant::now(), deadline: AtomicU64::new(NEVER), stopped: AtomicBool::new(false) };
        Self(Arc::new(inner))
    }

    /// Calls from now on may take so long, all together.
    pub fn allow(&self, time: Duration) {
        let deadline = u64::try_from((self.0.born.elapsed() + time).as_millis()).unwrap_or(NEVER);
        self.0.deadline.store(deadline, Ordering::Relaxed);
    }

    /// Ends what is under way and whatever comes later.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    /// Why calls are ended now, if they are.
    pub fn state(&self) -> Option<Interrupted> {
        self.0.state()
    }

    /// The form in which libav asks. It borrows: the caller keeps this interrupt for as long as libav may ask.
    pub(crate) fn callback(&self) -> AVIOInterruptCB {
        AVIOInterruptCB { callback: Some(asked), opaque: Arc::as_ptr(&self.0).cast_mut().cast::<c_void>() }
    }
}

impl Inner {
    fn state(&self) -> Option<Interrupted> {
        if self.stopped.load(Ordering::Relaxed) {
            return Some(Interrupted::Stop);
        }
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(NEVER);
        (now >= self.deadline.load(Ordering::Relaxed)).then_some(Interrupted::Deadline)
    }
}

extern "C" fn asked(opaque: *mut c_void) -> c_int {
    // SAFETY: `opaque` is the `Inner` of an interrupt that the muxer owns for longer than the libav context that asks.
    let inner = unsafe { &*opaque.cast::<Inner>() };
    c_int::from(inner.state().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_and_a_passed_deadline_end_calls() {
        let interrupt = Interrupt::new();
        assert_eq!(interrupt.state(), None);
        interrupt.allow(Duration::from_mins(1));
        assert_eq!(interrupt.state(), None);
        interrupt.allow(Duration::ZERO);
        assert_eq!(interrupt.state(), Some(Interrupted::Deadline));
        interrupt.stop();
        assert_eq!(interrupt.state(), Some(Interrupted::Stop));
    }
}
