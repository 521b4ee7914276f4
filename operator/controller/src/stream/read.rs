//! Read: the stream, whose auction it shows, its compositors and what they say, the publisher's lease, the budget.

use std::collections::BTreeMap;
use std::sync::Arc;

use auction_core::Timestamp;
use k8s_openapi::api::coordination::v1::LeaseSpec;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_api::Auction;
use operator_api::conditions::{ConditionType, is_true};
use operator_api::stream::Stream;
use operator_plan::publisher_lease;
use operator_plan::succession::Lease;
use wire::compositor::CompositorStatus;

use crate::budget;
use crate::cache::stream_of;
use crate::key::Key;
use crate::object::{Id, Kind};
use crate::operator::Operator;
use crate::pod::Sight;
use crate::render::LEASE_SECONDS;

/// Clocks of nodes differ by less than this; a holder counts by its own, monotonic one.
const SKEW_MS: i64 = 1_000;

/// Everything that a decision about a stream rests on.
pub(super) struct Read {
    pub(super) key: Key,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) stream: Arc<Stream>,
    /// The auction that it shows now.
    pub(super) auction: Option<Arc<Auction>>,
    pub(super) owned: Vec<(Id, Arc<DynamicObject>)>,
    pub(super) sights: Vec<Sight>,
    /// What compositors said, by their pods' names.
    pub(super) said: BTreeMap<String, Result<CompositorStatus, String>>,
    pub(super) lease: Option<PublisherLease>,
    pub(super) budget: budget::Standing,
}

/// The publisher's lease as the cluster holds it.
#[derive(Debug, Clone)]
pub(super) struct PublisherLease {
    pub(super) object: Arc<DynamicObject>,
    /// The pod that it names.
    pub(super) holder: Option<String>,
    /// Counts publishers; what is sent carries it.
    pub(super) epoch: u64,
    pub(super) until: Timestamp,
}

impl PublisherLease {
    fn of(object: Arc<DynamicObject>) -> Option<Self> {
        let spec: LeaseSpec = serde_json::from_value(object.data.get("spec")?.clone()).ok()?;
        let renewed = spec.renew_time.or(spec.acquire_time).map_or(0, |at| at.0.as_millisecond());
        let duration = i64::from(spec.lease_duration_seconds.unwrap_or(LEASE_SECONDS)) * 1_000;
        Some(Self {
            holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
            epoch: u64::try_from(spec.lease_transitions.unwrap_or(0)).unwrap_or(0),
            until: Timestamp(renewed + duration + SKEW_MS),
            object,
        })
    }

    /// The lease as a succession sees it: by its holder's epoch among the pods of this stream.
    pub(super) fn as_seen(&self, sights: &[Sight]) -> Lease {
        let holder = self.holder.as_deref().map(|name| {
            let seen = sights.iter().find(|sight| sight.name == name).map(|sight| sight.epoch);
            let by_name = name.rsplit_once('-').and_then(|(_, epoch)| epoch.parse().ok());
            // Whoever has another name than ours held it once; it is nobody that is seen.
            seen.or(by_name).unwrap_or(0)
        });
        Lease { holder, until: self.until }
    }
}

pub(super) async fn read(operator: &Operator, namespace: &str, name: &str, stream: Arc<Stream>) -> Read {
    let key = Key::Stream(namespace.to_owned(), name.to_owned());
    let owned = operator.cache.owned(&key);
    let pods = owned.iter().filter(|(id, _)| id.kind == Kind::Pod);
    let sights: Vec<Sight> = pods.filter_map(|(_, pod)| Sight::of(pod, &operator.cache)).collect();
    let id = Id { namespace: namespace.to_owned(), kind: Kind::Lease, name: publisher_lease(name) };
    Read {
        auction: shown(operator, namespace, name),
        said: ask(operator, &sights).await,
        lease: operator.cache.object(&id).and_then(PublisherLease::of),
        budget: budget::standing(&operator.cache, namespace),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        key,
        stream,
        owned,
        sights,
    }
}

/// The auction that a stream shows: of those that name it and have begun or are due, the one that starts first.
fn shown(operator: &Operator, namespace: &str, name: &str) -> Option<Arc<Auction>> {
    let auctions = operator.cache.auctions(namespace, |auction| {
        stream_of(auction).is_some_and(|stream| stream == name) && wants_stream(auction)
    });
    auctions.into_iter().min_by_key(|auction| (auction.spec.schedule.starts_at, auction.name_any()))
}

/// Whether an auction is to be seen: from the moment at which its engine has answered until its end. An engine that takes an
/// edit, falls silent or is replaced takes no show off the air.
pub(super) fn wants_stream(auction: &Auction) -> bool {
    let Some(status) = auction.status.as_ref() else { return false };
    let has_answered = is_true(&status.conditions, ConditionType::EngineReady) || status.session.is_some();
    let is_over = status.completed_at.is_some() || auction.metadata.deletion_timestamp.is_some();
    has_answered && !is_over
}

async fn ask(operator: &Operator, sights: &[Sight]) -> BTreeMap<String, Result<CompositorStatus, String>> {
    let asked = sights.iter().filter_map(|sight| Some((sight, sight.address.clone()?)));
    let asked = asked.map(async |(sight, address)| {
        let said = operator.asker.compositor_status(&address).await;
        (sight.name.clone(), said.map_err(|error| bootstrap::chain(&error).to_string()))
    });
    futures_util::future::join_all(asked).await.into_iter().collect()
}
