//! One output on a thread of its own: wait for leave → connect → send → back off, until its queue is closed. However long it
//! waits, nobody else does.

mod backoff;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bootstrap::clock::Clock;
use media::{AccessUnit, Error, Interrupt, Media, Muxer, Receiver, StreamInfo};
use wire::compositor::{OutputError, OutputErrorClass, OutputState};

use crate::board::OutputBoard;
use crate::observe::OutputMetrics;
use crate::permit::{Leave, Permit};
use crate::program::OutputPlan;
use backoff::Backoff;

/// X answers within a second; a server that has not after this one is tried again.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// A write that takes longer means that the peer reads nothing any more.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);

/// For the trailer and the good-bye.
const FINISH_DEADLINE: Duration = Duration::from_secs(3);

/// How soon a change of leave, or the end, is noticed.
const GLANCE: Duration = Duration::from_millis(50);

/// Pictures sent without a break after which the next failure is a new one.
const SETTLED_FRAMES: u64 = 300;

/// What an output works with.
pub(crate) struct Output {
    pub(crate) plan: OutputPlan,
    pub(crate) receiver: Receiver,
    pub(crate) permit: Arc<Permit>,
    pub(crate) info: Arc<ArcSwap<Option<StreamInfo>>>,
    pub(crate) keyframe_wanted: Arc<AtomicBool>,
    pub(crate) board: Arc<OutputBoard>,
    pub(crate) metrics: OutputMetrics,
    pub(crate) clock: Clock,
    /// Ends whatever call is under way.
    pub(crate) interrupt: Interrupt,
}

/// How a connection ended.
enum Ended {
    /// Nothing more will come: this output is over.
    Closed,
    /// It may not send any longer.
    Dark,
}

impl Output {
    /// Runs until the queue is closed and empty.
    pub(crate) fn run(self) {
        let mut backoff = Backoff::new(&self.plan.name);
        let mut connections = 0_u64;
        while let Some((info, within)) = self.leave() {
            self.board.state(OutputState::Connecting);
            match self.connect(&info, within.min(CONNECT_DEADLINE)) {
                Ok(muxer) => {
                    connections += 1;
                    if connections > 1 {
                        self.board.reconnected();
                        self.metrics.reconnects.inc();
                    }
                    tracing::info!(output = self.plan.name, connections, "connected");
                    match self.send(muxer, &mut backoff) {
                        Ok(Ended::Closed) => break,
                        Ok(Ended::Dark) => {}
                        Err(error) => self.failed(error, &mut backoff),
                    }
                    self.metrics.live.set(0);
                }
                Err(problem) => self.failed(problem, &mut backoff),
            }
        }
        self.board.state(OutputState::Stopped);
        tracing::info!(output = self.plan.name, "the output has ended");
    }

    /// Waits until connecting is allowed; `None` at the end. What comes meanwhile is of no use to anybody.
    fn leave(&self) -> Option<(StreamInfo, Duration)> {
        loop {
            if self.receiver.is_closed() {
                return None;
            }
            let info = self.info.load();
            match (self.permit.leave(), info.as_ref()) {
                (Leave::Connect { within }, Some(info)) => return Some((info.clone(), within)),
                (Leave::Connect { .. }, None) | (Leave::Dark, _) => self.board.state(OutputState::Idle),
                (Leave::Continue, _) => self.board.state(OutputState::WaitingForLease),
            }
            self.receiver.restart();
            std::thread::sleep(GLANCE);
        }
    }

    fn connect(&self, info: &StreamInfo, within: Duration) -> Result<Muxer, OutputError> {
        let target = self.plan.destination.target(&self.plan.name, self.clock.now_ms());
        let target = target.map_err(|no| OutputError { class: no.class, message: no.message })?;
        let muxer = Muxer::open(&target, info, self.interrupt.clone(), within).map_err(told)?;
        self.receiver.restart();
        self.keyframe_wanted.store(true, Ordering::Relaxed);
        Ok(muxer)
    }

    fn send(&self, mut muxer: Muxer, backoff: &mut Backoff) -> Result<Ended, OutputError> {
        let mut bytes = 0;
        loop {
            if self.permit.leave() == Leave::Dark {
                muxer.finish(FINISH_DEADLINE).map_err(told)?;
                return Ok(Ended::Dark);
            }
            let unit = match self.receiver.next(GLANCE) {
                Ok(Some(unit)) => unit,
                Ok(None) => continue,
                Err(media::Closed) => {
                    muxer.finish(FINISH_DEADLINE).map_err(told)?;
                    return Ok(Ended::Closed);
                }
            };
            muxer.write(&unit, WRITE_DEADLINE).map_err(told)?;
            self.wrote(&unit, &muxer);
            self.metrics.bytes.inc_by(muxer.bytes().saturating_sub(bytes));
            bytes = muxer.bytes();
            if muxer.video_frames() == SETTLED_FRAMES {
                backoff.settled();
            }
        }
    }

    fn wrote(&self, unit: &AccessUnit, muxer: &Muxer) {
        match unit.media {
            Media::Video { .. } if muxer.video_frames() > 0 => {
                self.board.frame(self.clock.now_ms());
                self.metrics.frames.inc();
                self.metrics.live.set(1);
            }
            Media::Video { .. } | Media::Audio => {}
        }
    }

    fn failed(&self, error: OutputError, backoff: &mut Backoff) {
        let wait = backoff.next();
        let wait_ms = wait.as_millis();
        tracing::warn!(output = self.plan.name, class = ?error.class, error = error.message, wait_ms, "the output failed");
        self.board.failed(error);
        self.board.state(OutputState::BackingOff);
        let until = Instant::now() + wait;
        while Instant::now() < until && !self.receiver.is_closed() && self.permit.leave() != Leave::Dark {
            self.receiver.restart();
            std::thread::sleep(GLANCE.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// An error as it is told outside.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn told(error: Error) -> OutputError {
    let class = match &error {
        Error::BadTarget(_) => OutputErrorClass::Unsupported,
        Error::NameUnresolved => OutputErrorClass::NameUnresolved,
        Error::ConnectFailed(_) => OutputErrorClass::ConnectFailed,
        Error::Refused(_) => OutputErrorClass::Refused,
        Error::TimedOut => OutputErrorClass::TimedOut,
        Error::ConnectionLost(_) => OutputErrorClass::ConnectionLost,
        Error::WriteFailed(_) => OutputErrorClass::WriteFailed,
        Error::Missing(_) | Error::OpenEncoder { .. } | Error::Encode(_) | Error::Stopped => OutputErrorClass::Internal,
    };
    OutputError { class, message: error.to_string() }
}
