//! What a reconcile is for: one resource, or what its namespace has once. Every object that we write has exactly one key
//! that writes it.

use std::fmt;

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use operator_plan::OwnerKind;

use crate::object::{AUCTION, STREAM};

/// One unit of work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// What a namespace has once.
    House(String),
    Auction(String, String),
    Stream(String, String),
}

impl Key {
    pub fn namespace(&self) -> &str {
        match self {
            Self::House(namespace) | Self::Auction(namespace, _) | Self::Stream(namespace, _) => namespace,
        }
    }

    /// The controller's name in metrics.
    pub const fn controller(&self) -> &'static str {
        match self {
            Self::House(_) => "house",
            Self::Auction(_, _) => "auction",
            Self::Stream(_, _) => "stream",
        }
    }

    pub(crate) fn of_owner(namespace: &str, kind: OwnerKind, name: &str) -> Self {
        match kind {
            OwnerKind::Auction => Self::Auction(namespace.to_owned(), name.to_owned()),
            OwnerKind::Stream => Self::Stream(namespace.to_owned(), name.to_owned()),
        }
    }

    /// Whose an object is: its owners; by its labels when somebody took those away; or the namespace's.
    pub(crate) fn of_object(namespace: &str, object: &DynamicObject) -> Vec<Self> {
        let owners = object.metadata.owner_references.iter().flatten();
        let ours = owners.filter(|owner| owner.api_version.split('/').next() == Some(operator_api::GROUP));
        let keys: Vec<_> = ours
            .filter_map(|owner| match owner.kind.as_str() {
                "Auction" => Some(Self::of_owner(namespace, OwnerKind::Auction, &owner.name)),
                "Stream" => Some(Self::of_owner(namespace, OwnerKind::Stream, &owner.name)),
                _ => None,
            })
            .collect();
        if !keys.is_empty() {
            return keys;
        }
        // What a stream has may also name the auction that it shows.
        let labels = [(STREAM, OwnerKind::Stream), (AUCTION, OwnerKind::Auction)];
        let named = labels.into_iter().find_map(|(label, kind)| Some((kind, object.labels().get(label)?)));
        vec![
            named.map_or_else(
                || Self::House(namespace.to_owned()),
                |(kind, name)| Self::of_owner(namespace, kind, name),
            ),
        ]
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House(namespace) => write!(f, "namespace {namespace}"),
            Self::Auction(namespace, name) => write!(f, "auction {namespace}/{name}"),
            Self::Stream(namespace, name) => write!(f, "stream {namespace}/{name}"),
        }
    }
}
