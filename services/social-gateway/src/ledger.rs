//! The spend meter as the tasks share it: charges are counted in memory and stored every second, and the breaker's level
//! is told to whoever must act on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auction_core::{Handle, Span, Timestamp};
use bootstrap::clock::Clock;
use store::{PgPool, social};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::observe::Observe;
use crate::spend::meter::Reading;
use crate::spend::{Item, Level, Meter, Prices};

/// The most that a crash leaves uncounted.
const STORE_EVERY: Duration = Duration::from_secs(1);
const DAY: Span = Span(86_400_000);

/// What is charged to whom.
#[derive(Debug, Clone)]
pub struct Account {
    pub handle: Handle,
    pub show: String,
    /// The breaker's ceiling, in micros; `None` never breaks.
    pub ceiling: Option<u64>,
}

/// The shared meter. Clones share it.
#[derive(Debug, Clone)]
pub struct Ledger {
    account: Account,
    meter: Arc<Mutex<Meter>>,
    level: watch::Sender<Level>,
    clock: Clock,
    observe: Observe,
}

impl Ledger {
    /// Goes on from what the database holds.
    pub async fn resume(pool: &PgPool, account: Account, clock: Clock, observe: Observe) -> Result<Self, store::Error> {
        let now = Timestamp(clock.now_ms());
        let midnight = Timestamp(now.0 - now.0.rem_euclid(DAY.0));
        let spent = social::load_spend(pool, &account.handle, &account.show).await?;
        let seen = social::posts_since(pool, midnight).await?;
        let meter = Meter::resume(Prices::current(), &spent, seen, now);
        let level = Level::of(meter.total(), account.ceiling);
        observe.spend_level(level);
        let level = watch::Sender::new(level);
        Ok(Self { account, meter: Arc::new(Mutex::new(meter)), level, clock, observe })
    }

    /// Counts one unit; `resource` is what was read.
    pub fn charge(&self, item: Item, resource: Option<u64>) {
        let now = Timestamp(self.clock.now_ms());
        let (charged, total) = self.with(|meter| (meter.charge(item, resource, now), meter.total()));
        self.observe.spent(item, charged);
        let level = Level::of(total, self.account.ceiling);
        let moved = self.level.send_if_modified(|held| std::mem::replace(held, level) != level);
        if moved {
            self.observe.spend_level(level);
            tracing::warn!(level = level.as_str(), spent_micros = total, "the spending breaker has moved");
        }
    }

    /// Follows the breaker.
    pub fn level(&self) -> watch::Receiver<Level> {
        self.level.subscribe()
    }

    /// The meter's reading, and when the ceiling is reached at the present pace.
    pub fn read(&self) -> (Reading, Option<Timestamp>) {
        let now = Timestamp(self.clock.now_ms());
        let ceiling = self.account.ceiling;
        self.with(|meter| (meter.read(now), ceiling.and_then(|ceiling| meter.reaches(ceiling, now))))
    }

    /// Whose spending this is.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Stores what was counted, until `stopping`, and once more then.
    pub async fn keep(self, pool: PgPool, stopping: CancellationToken) -> anyhow::Result<()> {
        loop {
            let stopped = tokio::time::timeout(STORE_EVERY, stopping.cancelled()).await.is_ok();
            self.store(&pool).await;
            if stopped {
                return Ok(());
            }
        }
    }

    async fn store(&self, pool: &PgPool) {
        let unsaved = self.with(Meter::take_unsaved);
        if unsaved.is_empty() {
            return;
        }
        if let Err(error) = social::add_spend(pool, &self.account.handle, &self.account.show, &unsaved).await {
            tracing::warn!(
                error = %bootstrap::chain(&error),
                "the spending could not be stored; it is kept for the next attempt"
            );
            self.with(|meter| meter.put_back(&unsaved));
        }
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Meter) -> T) -> T {
        use_it(&mut self.meter.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
