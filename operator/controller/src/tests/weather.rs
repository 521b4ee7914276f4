//! Bad weather for watches: events come late, or are lost until the watch ends, with or without 410.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use kube::client::DynBody;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Sleep;
use tower::BoxError;

/// Longest time for which an event is held back, and for which a watch that has lost one goes on.
const LONGEST_MS: u64 = 900;
/// Of a hundred events, how many are held back, and how many are lost with all after them.
const HELD: u32 = 20;
const LOST: u32 = 8;
/// Watches that end so in one play: each makes the next pause of its kind longer.
const MOST_ENDS: u64 = 25;
const EXPIRED: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","message":"planted","code":410}}
"#;

/// What happened, of all watches under it.
#[derive(Debug, Clone)]
pub(super) struct Weather {
    random: Arc<Mutex<SmallRng>>,
    pub(super) held: Arc<AtomicU64>,
    pub(super) lost: Arc<AtomicU64>,
    pub(super) ended: Arc<AtomicU64>,
}

enum Fate {
    Passes,
    Waits(u64),
    /// Lost, with all that follows, until the watch ends after so long.
    Lost(u64),
}

impl Weather {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Arc::new(Mutex::new(SmallRng::seed_from_u64(seed))),
            held: Arc::default(),
            lost: Arc::default(),
            ended: Arc::default(),
        }
    }

    pub(super) fn over(&self, body: Box<DynBody>) -> Box<DynBody> {
        let (lines, partial) = (VecDeque::new(), BytesMut::new());
        Box::new(Under { weather: self.clone(), inner: body, partial, lines, state: State::Flows })
    }

    fn fate(&self) -> Fate {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let (dice, time) = (random.random_range(0..100), random.random_range(1..LONGEST_MS));
        if dice < LOST && self.ended.load(Ordering::Relaxed) < MOST_ENDS {
            self.ended.fetch_add(1, Ordering::Relaxed);
            Fate::Lost(time)
        } else if dice < LOST + HELD {
            self.held.fetch_add(1, Ordering::Relaxed);
            Fate::Waits(time)
        } else {
            Fate::Passes
        }
    }

    fn ends_with_410(&self) -> bool {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_bool(0.5)
    }
}

/// The body of one watch.
struct Under {
    weather: Weather,
    inner: Box<DynBody>,
    partial: BytesMut,
    lines: VecDeque<Bytes>,
    state: State,
}

enum State {
    Flows,
    Holds(Pin<Box<Sleep>>, Bytes),
    Loses(Pin<Box<Sleep>>),
    Ended,
}

impl Under {
    fn take(&mut self, data: &Bytes) {
        self.partial.extend_from_slice(data);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            self.lines.push_back(self.partial.split_to(end + 1).freeze());
        }
    }
}

fn after(ms: u64) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
}

impl Body for Under {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Holds(until, line) => {
                    std::task::ready!(until.as_mut().poll(context));
                    let line = std::mem::take(line);
                    this.state = State::Flows;
                    return Poll::Ready(Some(Ok(Frame::data(line))));
                }
                State::Loses(until) => {
                    std::task::ready!(until.as_mut().poll(context));
                    this.state = State::Ended;
                    if this.weather.ends_with_410() {
                        return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(EXPIRED.as_bytes())))));
                    }
                }
                State::Flows => match this.lines.pop_front() {
                    Some(line) => match this.weather.fate() {
                        Fate::Passes => return Poll::Ready(Some(Ok(Frame::data(line)))),
                        Fate::Waits(ms) => this.state = State::Holds(after(ms), line),
                        Fate::Lost(ms) => {
                            this.weather.lost.fetch_add(1, Ordering::Relaxed);
                            this.state = State::Loses(after(ms));
                        }
                    },
                    None => match std::task::ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                        Some(Ok(frame)) => {
                            if let Ok(data) = frame.into_data() {
                                this.take(&data);
                            }
                        }
                        Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                        None => this.state = State::Ended,
                    },
                },
            }
        }
    }
}

/// A body of one piece.
pub(super) struct Text(Option<Bytes>);

impl Text {
    pub(super) fn boxed(text: String) -> Box<DynBody> {
        Box::new(Self(Some(text.into())))
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text))))
    }
}
