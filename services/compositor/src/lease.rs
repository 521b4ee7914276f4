//! The publisher's lease: renewed while it names this pod, never taken. The operator names; we only keep the name warm.

mod decide;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bootstrap::clock::Clock;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::PostParams;
use tokio_util::sync::CancellationToken;
use wire::compositor::Publish;

use crate::permit::{Permit, Standing};
use decide::{Verdict, decide};

/// A lease lasts two seconds: four renewals fit, and three may fail.
const RENEW_EVERY: Duration = Duration::from_millis(500);

/// A call that takes longer proves nothing about now.
const CALL_DEADLINE: Duration = Duration::from_secs(1);

/// How much earlier than the lease we stop connecting: clocks of nodes run apart a little, and a packet is under way.
const MARGIN: Duration = Duration::from_millis(500);

/// Keeps the lease.
pub(crate) struct Keeper {
    leases: Api<Lease>,
    name: String,
    me: String,
    permit: Arc<Permit>,
    clock: Clock,
    /// The lease as it was last seen; its version guards the next write.
    known: Option<Lease>,
}

impl Keeper {
    pub(crate) fn new(leases: Api<Lease>, name: String, me: String, permit: Arc<Permit>, clock: Clock) -> Self {
        Self { leases, name, me, permit, clock, known: None }
    }

    /// Renews until `ended`, then gives the lease back.
    pub(crate) async fn run(mut self, ended: CancellationToken) -> anyhow::Result<()> {
        let mut beat = tokio::time::interval(RENEW_EVERY);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while ended.run_until_cancelled(beat.tick()).await.is_some() {
            if let Publish::OnAir { epoch } = self.permit.wanted() {
                self.renew(epoch).await;
            }
        }
        self.release().await;
        Ok(())
    }

    async fn renew(&mut self, epoch: u64) {
        let asked = Instant::now();
        let lease = match self.known.take() {
            Some(lease) => lease,
            None => match within(self.leases.get(&self.name)).await {
                Ok(lease) => lease,
                Err(error) => return tracing::debug!(error, "the publisher's lease could not be read"),
            },
        };
        match decide(lease.spec.as_ref(), &self.me, epoch) {
            Verdict::Renew { lasts } => self.write(lease, epoch, asked + lasts.saturating_sub(MARGIN)).await,
            Verdict::NotNamed => {}
            Verdict::Superseded { epoch: newer } => {
                self.permit.stand(Standing::Superseded { epoch: newer });
                tracing::warn!(epoch, newer, "the publisher's lease names another compositor; going dark");
            }
        }
    }

    async fn write(&mut self, mut lease: Lease, epoch: u64, until: Instant) {
        if let Some(spec) = &mut lease.spec {
            spec.renew_time = Some(MicroTime(self.clock.now()));
        }
        match within(self.leases.replace(&self.name, &PostParams::default(), &lease)).await {
            Ok(written) => {
                self.known = Some(written);
                self.permit.stand(Standing::Held { epoch, until });
            }
            // Read anew the next time: somebody else has written, or the answer was lost.
            Err(error) => tracing::debug!(error, "the publisher's lease could not be renewed"),
        }
    }

    /// Names nobody, so that the next one need not wait for the lease to run out.
    async fn release(&mut self) {
        let Publish::OnAir { epoch } = self.permit.wanted() else { return };
        let Ok(mut lease) = within(self.leases.get(&self.name)).await else { return };
        match decide(lease.spec.as_ref(), &self.me, epoch) {
            Verdict::Renew { .. } => {}
            Verdict::NotNamed | Verdict::Superseded { .. } => return,
        }
        if let Some(spec) = &mut lease.spec {
            spec.holder_identity = None;
        }
        match within(self.leases.replace(&self.name, &PostParams::default(), &lease)).await {
            Ok(_) => tracing::info!(epoch, "the publisher's lease is given back"),
            Err(error) => tracing::warn!(error, "the publisher's lease could not be given back; it runs out by itself"),
        }
    }
}

async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(CALL_DEADLINE, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(bootstrap::chain(&error).to_string()),
        Err(_) => Err(format!("no answer within {} ms", CALL_DEADLINE.as_millis())),
    }
}
