//! Labels and annotations: how children are found, told apart and protected.

use std::collections::BTreeMap;

use operator_plan::{Owner, OwnerKind, Protection, Role, Unit, Workload};

use super::names;
use crate::object::{AUCTION, COMPONENT, INSTANCE, MANAGED_BY, MANAGER, PROTECTED, STREAM};

/// The value of `app.kubernetes.io/part-of`.
const PRODUCT: &str = "sothebais";

pub const NAME: &str = "app.kubernetes.io/name";
pub const PART_OF: &str = "app.kubernetes.io/part-of";
pub const SHARD: &str = "sothebais.io/shard";

/// What tells everybody who moves pods to leave this one alone: the cluster autoscaler, Karpenter, the descheduler.
/// Only while a pod is protected: for ever, they would keep nodes alive for nobody.
const HANDS_OFF: [(&str, &str); 3] = [
    ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
    ("descheduler.alpha.kubernetes.io/prefer-no-eviction", "true"),
    ("karpenter.sh/do-not-disrupt", "true"),
];

pub type Labels = BTreeMap<String, String>;

/// What every child carries.
pub fn managed() -> Labels {
    [(MANAGED_BY, MANAGER), (PART_OF, PRODUCT)].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// What everything of a workload carries.
pub fn of_unit(unit: &Unit) -> Labels {
    let Workload { name, role, auctions, .. } = &unit.workload;
    let mut labels = managed();
    let mut set = |label: &str, value: String| labels.insert(label.to_owned(), value);
    set(NAME, role.program().to_owned());
    set(INSTANCE, names::service(name));
    set(COMPONENT, role.program().to_owned());
    if let (Some(auction), 1) = (auctions.first(), auctions.len()) {
        set(AUCTION, names::label(auction));
    }
    if let Some(stream) = unit.owners.iter().find(|owner| owner.kind == OwnerKind::Stream) {
        set(STREAM, names::label(&stream.name));
    }
    match role {
        Role::EngineWorker => {
            let shard = name.strip_prefix(role.program()).and_then(|rest| rest.strip_prefix('-'));
            set(SHARD, names::label(shard.unwrap_or(name)));
        }
        Role::XEmulator | Role::SocialGateway | Role::Compositor => {}
    }
    labels
}

/// What a route, certificate or lease carries.
pub fn of_owner(owner: &Owner) -> Labels {
    let label = match owner.kind {
        OwnerKind::Auction => AUCTION,
        OwnerKind::Stream => STREAM,
    };
    let mut labels = managed();
    labels.insert(label.to_owned(), names::label(&owner.name));
    labels
}

/// What a workload's Service selects: every instance of it.
pub fn selector(workload: &str) -> Labels {
    let instance = (INSTANCE.to_owned(), names::service(workload));
    [instance, (MANAGED_BY.to_owned(), MANAGER.to_owned())].into()
}

/// The label of a protected pod; nothing for one that may go.
pub fn protection(protection: Protection) -> Labels {
    match protection {
        Protection::Open => Labels::new(),
        Protection::Protected => [(PROTECTED.to_owned(), "true".to_owned())].into(),
    }
}

/// The annotations of a protected pod; nothing for one that may go.
pub fn hands_off(protection: Protection) -> Labels {
    match protection {
        Protection::Open => Labels::new(),
        Protection::Protected => {
            HANDS_OFF.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }
    }
}
