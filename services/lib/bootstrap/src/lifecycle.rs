//! Start and stop: every task has an owner, a stop is asked for softly and bounded in time.
//!
//! The order of a service's soft stop stands in its `run.rs`: readiness off → stop accepting → drain → flush → release.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Owns a process's tasks and tells them to stop. Clones are the same life.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    stopping: CancellationToken,
    tasks: TaskTracker,
    /// What answers until the process ends: no stop waits for it.
    lasting: TaskTracker,
    failed: Arc<AtomicBool>,
}

/// A task fell over, or the time for an orderly stop ran out.
#[derive(Debug, thiserror::Error)]
pub enum Unclean {
    #[error("a task failed; its error is logged above")]
    TaskFailed,
    #[error("tasks were still busy {} s after the stop; they were dropped", .0.as_secs())]
    GraceExceeded(Duration),
}

impl Lifecycle {
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a long-lived task. When it fails or panics, the whole process is asked to stop.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.spawn_on(&self.tasks, name, task);
    }

    /// Runs a task that goes on through a stop and ends with the process. When it fails, the process is asked to stop.
    pub fn spawn_lasting<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.spawn_on(&self.lasting, name, task);
    }

    fn spawn_on<F>(&self, tasks: &TaskTracker, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (life, running) = (self.clone(), tasks.spawn(task));
        tasks.spawn(async move {
            let error = match running.await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => format!("{error:#}"),
                // Nobody aborts these tasks but a runtime that ends.
                Err(ended) if ended.is_cancelled() => return,
                Err(panicked) => panicked.to_string(),
            };
            tracing::error!(task = name, error, "task failed; the process stops");
            life.failed.store(true, Ordering::SeqCst);
            life.stopping.cancel();
        });
    }

    /// Runs a short-lived task that cannot fail (one connection, one request), so that a stop waits for it.
    pub fn spawn_brief<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// Cancelled when the process is asked to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Asks everything to stop.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Waits for SIGTERM, SIGINT, [`Self::stop`] or a failed task; afterwards everything has been asked to stop.
    pub async fn until_stopped(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
            () = self.stopping.cancelled() => {}
        }
        self.stopping.cancel();
        Ok(())
    }

    /// Waits until every task has ended, at most `grace`; a second signal ends the wait at once.
    pub async fn drained(&self, grace: Duration) -> Result<(), Unclean> {
        self.tasks.close();
        let second_signal = async {
            match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
                (Ok(mut terminate), Ok(mut interrupt)) => {
                    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
                }
                (Err(_), _) | (_, Err(_)) => std::future::pending::<()>().await,
            }
        };
        let drained = tokio::select! {
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(grace) => false,
            () = second_signal => false,
        };
        if self.failed.load(Ordering::SeqCst) {
            return Err(Unclean::TaskFailed);
        }
        if drained { Ok(()) } else { Err(Unclean::GraceExceeded(grace)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_task_that_panics_stops_the_process_as_one_that_fails_does() {
        let life = Lifecycle::new();
        life.spawn("writer", async { panic!("a bug") });
        tokio::time::timeout(PATIENCE, life.stopping().cancelled()).await.expect("the process is asked to stop");
        assert!(matches!(life.drained(PATIENCE).await, Err(Unclean::TaskFailed)));
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_what_lasts() {
        let life = Lifecycle::new();
        life.spawn_lasting("health port", std::future::pending());
        life.stop();
        life.drained(PATIENCE).await.expect("nothing else runs");
    }
}
