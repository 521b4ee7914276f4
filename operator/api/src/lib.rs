//! The custom resources of SothebAIs, and what makes one of them right.
//!
//! Types and pure functions only: no client, no runtime. The controller, the engine, the compositor and `sothebais up` read the
//! same types and call the same [`validate`], so a manifest means one thing everywhere.
//!
//! A spec is read strictly: a word that this version does not know may be a rule that it would break. Whoever watches many
//! objects reads each as [`Guarded`], so that one that cannot be read stalls alone. A status is read leniently: an unknown word
//! becomes `Unknown`.

#[expect(unreachable_pub, reason = "the KubeSchema derive repeats each struct in a private scope")]
pub mod auction;
pub mod conditions;
mod definition;
pub mod disruption;
pub mod labels;
pub mod reference;
#[expect(unreachable_pub, reason = "the KubeSchema derive repeats each struct in a private scope")]
pub mod resources;
#[expect(unreachable_pub, reason = "the KubeSchema derive repeats each struct in a private scope")]
pub mod stream;
mod validate;

pub use auction::{Auction, AuctionSpec, AuctionStatus};
pub use definition::{auction_crd, definitions, stream_crd};
pub use stream::{Stream, StreamSpec, StreamStatus};
pub use validate::{FieldCode, FieldError, validate};

/// An object of a list or watch: read, or its metadata and why not.
pub type Guarded<K> = kube::core::DeserializeGuard<K>;

/// The API group.
pub const GROUP: &str = "sothebais.io";

/// The API version served and stored.
pub const VERSION: &str = "v1alpha1";
