//! The beat: frame `n` is due at `anchor + n / fps`. Composes, encodes once and hands the units to every queue; waits for
//! nobody. A frame that is late shows the picture before it; when many are, they are left out and their times stay empty.

mod beat;
mod orders;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use bootstrap::clock::Clock;
use media::timeline::FrameNumber;
use media::{AccessUnit, Encoder, Frame, Pushed, Queue, Settings, StreamInfo};
use prometheus_client::metrics::counter::Counter;
use scene::{AuctionView, Composer, Moment, Scene};

use crate::board::Board;
use crate::observe::Observe;
use beat::{Beat, Due};
pub(crate) use orders::{FontFiles, Order, Orders, orders};

/// What the stage shares with the rest of the process.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) view: Arc<ArcSwap<AuctionView>>,
    /// What muxers must know; newer with every encoder that is opened.
    pub(crate) info: Arc<ArcSwap<Option<StreamInfo>>>,
    /// Set by an output that has connected.
    pub(crate) keyframe_wanted: Arc<AtomicBool>,
    pub(crate) board: Arc<Board>,
    pub(crate) observe: Arc<Observe>,
    pub(crate) clock: Clock,
}

/// The encoder's end of one output.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub(crate) name: String,
    pub(crate) queue: Queue,
    pub(crate) dropped: Counter,
}

/// Composer and encoder of the present settings.
struct Camera {
    composer: Composer,
    encoder: Encoder,
    settings: Settings,
    keyframe_at: FrameNumber,
}

/// Makes pictures until it is told to stop.
pub(crate) struct Stage {
    shared: Shared,
    orders: Orders,
    fonts: FontFiles,
    feeds: Vec<Feed>,
    camera: Option<Camera>,
}

impl Stage {
    pub(crate) fn new(shared: Shared, orders: Orders, fonts: FontFiles) -> Self {
        Self { shared, orders, fonts, feeds: Vec::new(), camera: None }
    }

    /// Runs on a thread of its own. An error is fatal: without an encoder there is no program.
    pub(crate) fn run(mut self) -> Result<(), media::Error> {
        let mut beat = Beat::new(Instant::now());
        loop {
            for order in self.orders.waiting(self.camera.is_none()) {
                match order {
                    Order::Encode(settings) => {
                        beat = beat.restarted(settings.fps, Instant::now());
                        self.open(settings, beat.next())?;
                    }
                    Order::Add(feed) => self.feeds.push(feed),
                    Order::Remove(name) => self.feeds.retain(|feed| feed.name != name || !closed(feed)),
                    Order::Stop => return self.finish(),
                }
            }
            self.shared.observe.pulse.beat();
            if self.camera.is_none() {
                continue;
            }
            std::thread::sleep(beat.until_due(Instant::now()));
            let due = beat.take(Instant::now());
            self.frame(due)?;
        }
    }

    fn open(&mut self, settings: Settings, first: FrameNumber) -> Result<(), media::Error> {
        if let Some(camera) = self.camera.take() {
            self.hand_on(&camera.encoder.finish()?);
        }
        let scene = Scene::house().fitted(settings.width, settings.height);
        let composer = Composer::new(scene, self.fonts.load());
        let encoder = Encoder::open(&settings, first)?;
        self.shared.info.store(Arc::new(Some(encoder.info().clone())));
        tracing::info!(width = settings.width, height = settings.height, fps = settings.fps.0, "the encoder is open");
        self.camera = Some(Camera { composer, encoder, settings, keyframe_at: first });
        Ok(())
    }

    fn frame(&mut self, due: Due) -> Result<(), media::Error> {
        let Some(camera) = self.camera.as_mut() else { return Ok(()) };
        let observe = &self.shared.observe;
        observe.due.inc_by(1 + due.left_out);
        let begun = Instant::now();
        if due.late {
            observe.repeated.inc();
        } else {
            let view = self.shared.view.load();
            camera.composer.compose(&view, Moment(self.shared.clock.now_ms()));
            observe.compose.observe(begun.elapsed().as_secs_f64());
        }
        let keyframe = camera.keyframe(due.number, &self.shared.keyframe_wanted);
        let composed = Instant::now();
        let frame = Frame { planes: camera.composer.picture().planes(), number: due.number, keyframe };
        let units = camera.encoder.encode(frame)?;
        observe.encode.observe(composed.elapsed().as_secs_f64());
        self.hand_on(&units);
        self.shared.board.frames.fetch_add(1, Ordering::Relaxed);
        self.shared.observe.picture.open();
        Ok(())
    }

    fn hand_on(&self, units: &[AccessUnit]) {
        for unit in units {
            self.shared.observe.encoded_bytes.inc_by(unit.data.len() as u64);
            for feed in &self.feeds {
                if feed.queue.push(unit) == Pushed::Dropped && unit.media != media::Media::Audio {
                    feed.dropped.inc();
                }
            }
        }
    }

    /// The last units go out; then every output is told that nothing more will come.
    fn finish(mut self) -> Result<(), media::Error> {
        if let Some(camera) = self.camera.take() {
            self.hand_on(&camera.encoder.finish()?);
        }
        for feed in &self.feeds {
            feed.queue.close();
        }
        Ok(())
    }
}

/// An output of this name may have been added again meanwhile: only the closed one goes.
fn closed(feed: &Feed) -> bool {
    feed.queue.is_closed()
}

impl Camera {
    /// Whether this frame has to be a keyframe because somebody has connected; not twice within half a second.
    fn keyframe(&mut self, number: FrameNumber, wanted: &AtomicBool) -> bool {
        let since = number.0.saturating_sub(self.keyframe_at.0);
        let granted = since >= u64::from(self.settings.fps.0 / 2) && wanted.swap(false, Ordering::Relaxed);
        if granted {
            self.keyframe_at = number;
        }
        granted
    }
}
