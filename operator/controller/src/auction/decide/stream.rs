//! The stream that an auction owns by a template: an object of our own, whose pods are the stream's own affair.

use kube::ResourceExt as _;
use serde_json::json;

use crate::auction::read::Read;
use crate::object::{AUCTION, Kind, MANAGED_BY, MANAGER, Object};
use crate::render::names;

/// The stream of an auction that runs and has a template.
pub(super) fn object(read: &Read, runs: bool) -> Option<Object> {
    let template = read.auction.spec.stream.as_ref()?.template.as_ref().filter(|_| runs)?;
    let manifest = json!({
        "metadata": {
            "name": read.name,
            "namespace": read.namespace,
            "labels": {
                MANAGED_BY: MANAGER,
                "app.kubernetes.io/part-of": operator_api::labels::PART_OF,
                AUCTION: names::label(&read.name),
            },
            "ownerReferences": [{
                "apiVersion": format!("{}/{}", operator_api::GROUP, operator_api::VERSION),
                "kind": "Auction",
                "name": read.name,
                "uid": read.auction.uid(),
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": template,
    });
    Some(Object::new(Kind::Stream, &manifest))
}
