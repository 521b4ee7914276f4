//! Gauges over all resources, counted from the caches now and then rather than with every reconcile.

use std::collections::BTreeMap;
use std::time::Duration;

use operator_api::auction::AuctionPhase;
use operator_api::conditions::{ConditionType, is_true};
use tokio_util::sync::CancellationToken;

use crate::cache::Cache;
use crate::observe::{AuctionPhaseName, Observe};

/// As often as a usual scrape.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps them until `stopping`.
pub(crate) async fn keep(cache: Cache, observe: Observe, stopping: CancellationToken) {
    loop {
        count(&cache, &observe);
        tokio::select! { () = stopping.cancelled() => return, () = tokio::time::sleep(EVERY) => {} }
    }
}

fn count(cache: &Cache, observe: &Observe) {
    // A phase that nobody is in any more is said to be empty.
    let mut phases: BTreeMap<AuctionPhaseName, i64> =
        AuctionPhaseName::ALL.into_iter().map(|phase| (phase.into(), 0)).collect();
    cache.for_each_auction(|auction| {
        let phase: AuctionPhase = auction.status.as_ref().map(|status| status.phase).unwrap_or_default();
        *phases.entry(phase.into()).or_default() += 1;
    });
    observe.phases(&phases);
    let mut protected = 0;
    cache.for_each_stream(|stream| {
        let conditions = stream.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        protected += i64::from(is_true(conditions, ConditionType::DisruptionProtected));
    });
    observe.protected(protected);
}
