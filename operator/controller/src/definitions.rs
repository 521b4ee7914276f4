//! Whether the cluster serves our resources as this operator knows them. Asked once, before anything is watched: an operator
//! that knows fields which the cluster drops would fight for ever over them.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use axum::http::Request;
use kube::Client;
use serde_json::Value;

/// Refuses to run over definitions that are absent or lack fields.
pub async fn check(client: &Client) -> anyhow::Result<()> {
    let path = format!("/openapi/v3/apis/{}/{}", operator_api::GROUP, operator_api::VERSION);
    let request =
        Request::get(path).body(Vec::new()).context("the question for the served definitions cannot be put")?;
    let served: Value = match client.request(request).await {
        Ok(served) => served,
        Err(kube::Error::Api(status)) if status.code == 404 => {
            bail!(
                "the cluster does not know Auction and Stream: apply the definitions in crds/ (kubectl apply --server-side -f crds/)"
            )
        }
        Err(error) => return Err(error).context("the served definitions cannot be read"),
    };
    for crd in operator_api::definitions() {
        let kind = crd.spec.names.kind.clone();
        let wanted = crd.spec.versions.first().and_then(|version| version.schema.as_ref()?.open_api_v3_schema.as_ref());
        let wanted = serde_json::to_value(wanted).context("our own definition is no JSON")?;
        let name = format!("io.sothebais.{}.{kind}", operator_api::VERSION);
        let Some(found) = served.pointer(&format!("/components/schemas/{name}")) else {
            bail!(
                "the cluster does not serve {kind}: apply the definitions that came with this operator, then restart it"
            );
        };
        let missing = missing(&wanted, found);
        if let Some(first) = missing.first() {
            bail!(
                "the cluster's definition of {kind} lacks {first} and {} other fields: apply the definitions that came with \
                 this operator, then restart it",
                missing.len() - 1
            );
        }
    }
    Ok(())
}

/// The fields that one schema has and another has not, by their paths.
fn missing(wanted: &Value, found: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    collect(wanted, found, "", &mut paths);
    paths
}

fn collect(wanted: &Value, found: &Value, path: &str, missing: &mut BTreeSet<String>) {
    let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    if let Some(fields) = properties(wanted) {
        let known = properties(found).unwrap_or_default();
        for (name, schema) in &fields {
            let inner = format!("{path}.{name}");
            // Metadata is the API server's own, and it spells it out by itself.
            match known.get(name) {
                _ if path.is_empty() && !["spec", "status"].contains(&name.as_str()) => {}
                Some(found) => collect(schema, found, &inner, missing),
                None => {
                    missing.insert(inner);
                }
            }
        }
    }
    if let (Some(wanted), Some(found)) = (wanted.get("items"), found.get("items")) {
        collect(wanted, found, &format!("{path}[]"), missing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_the_cluster_would_drop_is_named() {
        let crd = operator_api::auction_crd();
        let schema = crd.spec.versions[0].schema.clone().unwrap().open_api_v3_schema;
        let wanted = serde_json::to_value(schema).unwrap();
        assert_eq!(missing(&wanted, &wanted), BTreeSet::new());
        let mut older = wanted.clone();
        older["properties"]["spec"]["properties"].as_object_mut().unwrap().remove("rollout");
        older["properties"]["spec"]["properties"]["lots"]["items"]["properties"]
            .as_object_mut()
            .unwrap()
            .remove("title");
        assert_eq!(missing(&wanted, &older), [".spec.lots[].title", ".spec.rollout"].map(str::to_owned).into());
    }
}
