//! The custom resources of SothebAIs, and what makes one of them right.
//!
//! Types and pure functions only: no client, no runtime. The controller, the engine and `sothebais up` read the same types
//! and call the same [`validate`], so a manifest means one thing everywhere.

#[expect(unreachable_pub, reason = "the KubeSchema derive repeats each struct in a private scope")]
pub mod auction;
mod validate;

pub use auction::{Auction, AuctionSpec};
pub use validate::{FieldCode, FieldError, validate};

/// The API group.
pub const GROUP: &str = "sothebais.io";

/// The API version served and stored.
pub const VERSION: &str = "v1alpha1";

/// Renders the `CustomResourceDefinition` of [`Auction`] as the API server takes it.
pub fn auction_crd() -> k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition {
    use kube::CustomResourceExt as _;
    Auction::crd()
}
