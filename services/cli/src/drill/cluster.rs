//! The house under drill: servers, the worker that serves and the one that waits, and where clients find them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::sync::watch;

use crate::rig::{Rig, Worker};

/// A lease lasts two seconds; recovery of a round's journal and a busy machine add to it.
const SERVES_DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// Where a worker listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) api: String,
    pub(super) socket: String,
}

/// The workers of one round on the drill's servers.
pub(super) struct Cluster<'a> {
    pub(super) rig: &'a mut Rig,
    engine: PathBuf,
    shard: String,
    workers: Vec<Worker>,
    started: u32,
    addresses: watch::Sender<Vec<Address>>,
}

impl<'a> Cluster<'a> {
    /// Starts one worker for a shard of its own and waits until it serves.
    pub(super) async fn start(rig: &'a mut Rig, engine: &Path, shard: String) -> anyhow::Result<Self> {
        let addresses = watch::Sender::new(Vec::new());
        let mut cluster = Self { rig, engine: engine.to_owned(), shard, workers: Vec::new(), started: 0, addresses };
        cluster.add_worker().await?;
        cluster.wait_serving().await?;
        Ok(cluster)
    }

    pub(super) fn shard(&self) -> &str {
        &self.shard
    }

    /// Where the workers are, now and after each change.
    pub(super) fn addresses(&self) -> watch::Receiver<Vec<Address>> {
        self.addresses.subscribe()
    }

    pub(super) async fn add_worker(&mut self) -> anyhow::Result<()> {
        self.started += 1;
        let name = format!("{}-{}", self.shard, self.started);
        let worker = self.rig.start_worker(&self.engine, &self.shard, &name).await?;
        self.workers.push(worker);
        self.publish();
        Ok(())
    }

    /// The worker that serves, if one does and answers in time.
    pub(super) async fn serving(&self) -> Option<usize> {
        for (index, worker) in self.workers.iter().enumerate() {
            if self.rig.house(worker).serves().await {
                return Some(index);
            }
        }
        None
    }

    /// Waits until a worker serves.
    pub(super) async fn wait_serving(&mut self) -> anyhow::Result<usize> {
        let begun = Instant::now();
        while begun.elapsed() < SERVES_DEADLINE {
            if let Some(index) = self.serving().await {
                return Ok(index);
            }
            if !self.workers.iter_mut().any(Worker::runs) {
                self.add_worker().await?;
            }
            tokio::time::sleep(POLL).await;
        }
        let logs: Vec<String> = self.workers.iter().map(|worker| worker.log().display().to_string()).collect();
        bail!("no worker serves within {} s; their logs: {}", SERVES_DEADLINE.as_secs(), logs.join(", "))
    }

    pub(super) fn worker(&self, index: usize) -> anyhow::Result<&Worker> {
        self.workers.get(index).context("the worker is gone")
    }

    /// Kills one worker and forgets it.
    pub(super) fn kill_worker(&mut self, index: usize) {
        if index < self.workers.len() {
            self.workers.remove(index).kill9();
            self.publish();
        }
    }

    /// Ends every worker in order, so that nothing writes any more.
    pub(super) async fn stop_workers(&mut self) {
        for mut worker in self.workers.drain(..) {
            worker.stop().await;
        }
    }

    fn publish(&self) {
        let address = |worker: &Worker| Address { api: worker.api(), socket: worker.socket_address() };
        self.addresses.send_replace(self.workers.iter().map(address).collect());
    }
}
