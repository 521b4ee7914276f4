//! Carries programs out: takes the difference to what runs, and touches nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use bootstrap::lifecycle::Lifecycle;
use media::Interrupt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::compositor::{CompositorStatus, ProgramState};

use crate::output::Output;
use crate::permit::Permit;
use crate::program::{Change, OutputPlan, Program, Refused, SourcePlan, changes};
use crate::source;
use crate::stage::{Feed, Order, Shared};

/// Outputs say good-bye within their own deadlines; whoever has not by then is cut off.
const GOODBYE_DEADLINE: Duration = Duration::from_secs(8);

/// After which a cut-off output is waited for no longer.
const CUT_DEADLINE: Duration = Duration::from_secs(2);

/// Directs stage and outputs.
pub(crate) struct Director {
    life: Lifecycle,
    shared: Shared,
    stage: mpsc::SyncSender<Order>,
    permit: Arc<Permit>,
    /// The newest generation that was asked for.
    asked: AtomicI64,
    draining: AtomicBool,
    running: Mutex<Running>,
    outputs: TaskTracker,
}

#[derive(Default)]
struct Running {
    program: Option<Program>,
    outputs: BTreeMap<String, Handle>,
    source: Option<CancellationToken>,
}

/// A running output.
struct Handle {
    feed: Feed,
    required: bool,
    interrupt: Interrupt,
}

/// Why a program is not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    #[error("generation {new} is older than {known}, which is known here")]
    GenerationStale { known: i64, new: i64 },
    #[error("the compositor is stopping")]
    Draining,
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Director {
    pub(crate) fn new(life: Lifecycle, shared: Shared, stage: mpsc::SyncSender<Order>, permit: Arc<Permit>) -> Self {
        Self {
            life,
            shared,
            stage,
            permit,
            asked: AtomicI64::new(0),
            draining: AtomicBool::new(false),
            running: Mutex::default(),
            outputs: TaskTracker::new(),
        }
    }

    /// Makes `program` what runs.
    pub(crate) fn direct(&self, program: Program) -> Result<(), NotDone> {
        let mut running = self.running();
        if self.draining.load(Ordering::SeqCst) {
            return Err(NotDone::Draining);
        }
        let known = self.asked.load(Ordering::SeqCst);
        if program.generation < known {
            return Err(NotDone::GenerationStale { known, new: program.generation });
        }
        let changes = changes(running.program.as_ref(), &program)?;
        self.asked.store(program.generation, Ordering::SeqCst);
        for change in changes {
            tracing::info!(generation = program.generation, ?change, "a change of program");
            self.act(&mut running, change);
        }
        running.program = Some(program);
        Ok(())
    }

    fn act(&self, running: &mut Running, change: Change) {
        match change {
            Change::Encode(settings) => self.order(Order::Encode(settings)),
            Change::Follow(source) => self.follow(running, source),
            Change::Remove(name) => self.remove(running, &name),
            Change::Add(plan) => self.add(running, plan),
            Change::Publish(publish) => self.permit.want(publish),
        }
    }

    fn follow(&self, running: &mut Running, plan: Option<SourcePlan>) {
        if let Some(before) = running.source.take() {
            before.cancel();
        }
        self.shared.view.store(Arc::new(scene::AuctionView::empty()));
        let Some(plan) = plan else { return };
        let ended = self.life.stopping().child_token();
        let follower = source::Follower::new(plan, &self.shared);
        let until = ended.clone();
        self.life.spawn("source", async move { follower.run(until).await });
        running.source = Some(ended);
    }

    fn add(&self, running: &mut Running, plan: OutputPlan) {
        let (queue, receiver) = media::Queue::new();
        let (name, required) = (plan.name.clone(), plan.required);
        let metrics = self.shared.observe.output(&name, required);
        let interrupt = Interrupt::new();
        let feed = Feed { name: name.clone(), queue, dropped: metrics.dropped.clone() };
        let output = Output {
            receiver,
            permit: self.permit.clone(),
            info: self.shared.info.clone(),
            keyframe_wanted: self.shared.keyframe_wanted.clone(),
            board: self.shared.board.add(&name, required),
            metrics,
            clock: self.shared.clock.clone(),
            interrupt: interrupt.clone(),
            plan,
        };
        let token = self.outputs.token();
        self.life.spawn("output", async move {
            let _counted = token;
            tokio::task::spawn_blocking(move || output.run()).await?;
            Ok(())
        });
        self.order(Order::Add(feed.clone()));
        running.outputs.insert(name, Handle { feed, required, interrupt });
    }

    fn remove(&self, running: &mut Running, name: &str) {
        let Some(Handle { feed, required, interrupt: _ }) = running.outputs.remove(name) else { return };
        feed.queue.close();
        self.order(Order::Remove(feed.name));
        self.shared.board.remove(name);
        self.shared.observe.forget_output(name, required);
    }

    fn order(&self, order: Order) {
        // A stage that is gone has failed, and the process stops for it; a full ear is a stage that hangs, and its pulse says so.
        if let Err(error) = self.stage.try_send(order) {
            tracing::error!(%error, "the stage takes no orders");
        }
    }

    /// Ends the program: the encoder is flushed, outputs finish what they have and say good-bye. Bounded.
    pub(crate) async fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.order(Order::Stop);
        self.outputs.close();
        if tokio::time::timeout(GOODBYE_DEADLINE, self.outputs.wait()).await.is_ok() {
            return;
        }
        for (name, handle) in &self.running().outputs {
            tracing::warn!(output = name, "the output did not end in time; it is cut off");
            handle.feed.queue.close();
            handle.interrupt.stop();
        }
        if tokio::time::timeout(CUT_DEADLINE, self.outputs.wait()).await.is_err() {
            tracing::error!("an output cannot even be cut off");
        }
    }

    pub(crate) fn status(&self) -> CompositorStatus {
        let observed = self.running().program.as_ref().map_or(0, |program| program.generation);
        let epoch = self.permit.epoch();
        let frames = self.shared.board.frames();
        let state = if self.draining.load(Ordering::SeqCst) {
            ProgramState::Draining
        } else if frames == 0 {
            ProgramState::Starting
        } else if epoch.is_some() {
            ProgramState::OnAir
        } else {
            ProgramState::Dark
        };
        CompositorStatus {
            generation: self.asked.load(Ordering::SeqCst),
            observed_generation: observed,
            epoch,
            state,
            frames,
            outputs: self.shared.board.outputs(),
        }
    }

    /// Keeps the gauges that no event changes.
    pub(crate) fn observe(&self) {
        let observe = &self.shared.observe;
        let epoch = self.permit.epoch();
        observe.on_air.set(i64::from(epoch.is_some()));
        observe.epoch.set(epoch.and_then(|epoch| i64::try_from(epoch).ok()).unwrap_or(0));
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
