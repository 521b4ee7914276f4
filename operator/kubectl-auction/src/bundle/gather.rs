//! Reads what goes into a bundle. What may not be read is noted, and the rest goes on.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Event, Pod, Secret, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, LogParams};
use kube::{Client, Resource, ResourceExt as _};
use operator_api::{Auction, Stream, labels};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Gathered;
use crate::cluster::Cluster;

/// The last lines of each container; a bundle is sent by mail.
const LOG_LINES: i64 = 5000;

/// The most events of a namespace.
const MOST_EVENTS: u32 = 1000;

/// The values of the namespace's Secrets, and a note where they could not be read.
pub(super) struct Secrets {
    pub(super) values: Vec<String>,
    pub(super) note: Option<String>,
}

/// Gathers everything about one auction.
pub(super) async fn everything(cluster: &Cluster, auction: &Auction) -> anyhow::Result<(Gathered, Secrets)> {
    let mut gathered = Gathered::default();
    gathered.resources.insert("auction.yaml".to_owned(), serde_json::to_value(auction)?);
    let stream: Option<Stream> = cluster.stream_of(auction).await?;
    if let Some(stream) = stream {
        gathered.resources.insert("stream.yaml".to_owned(), serde_json::to_value(stream)?);
    }
    let pods = cluster.pods_of(auction).await?;
    for pod in &pods {
        gathered.resources.insert(format!("pods/{}.yaml", pod.name_any()), serde_json::to_value(pod)?);
        logs(cluster, pod, &mut gathered).await;
    }
    let (client, namespace) = (&cluster.client, cluster.namespace.as_str());
    let ours = ListParams::default().labels(&format!("{}={}", labels::PART_OF_LABEL, labels::PART_OF));
    list::<Service>(client, namespace, "services", &ours, &mut gathered).await;
    list::<Lease>(client, namespace, "leases", &ListParams::default(), &mut gathered).await;
    list::<PodDisruptionBudget>(client, namespace, "budgets", &ListParams::default(), &mut gathered).await;
    list::<Event>(client, namespace, "events", &ListParams::default().limit(MOST_EVENTS), &mut gathered).await;
    list::<Deployment>(client, namespace, "deployments", &ours, &mut gathered).await;
    for kind in ["IngressRoute", "IngressRouteTCP", "Middleware"] {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("traefik.io", "v1alpha1", kind));
        let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource);
        let found = api.list(&ListParams::default()).await;
        note(&format!("routes/{}", resource.plural), found.map(|list| list.items), &mut gathered);
    }
    Ok((gathered, secrets(client, namespace).await))
}

async fn logs(cluster: &Cluster, pod: &Pod, gathered: &mut Gathered) {
    let api = Api::<Pod>::namespaced(cluster.client.clone(), &cluster.namespace);
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers).map(|container| container.name.clone());
    for container in containers {
        for previous in [false, true] {
            let wanted = LogParams {
                container: Some(container.clone()),
                previous,
                tail_lines: Some(LOG_LINES),
                ..LogParams::default()
            };
            let ending = if previous { ".previous" } else { "" };
            let name = format!("logs/{}-{container}{ending}.log", pod.name_any());
            match api.logs(&pod.name_any(), &wanted).await {
                Ok(text) => drop(gathered.logs.insert(name, text)),
                // Most containers have had no life before this one.
                Err(_) if previous => {}
                Err(error) => gathered.missing.push(format!("{name}: {error}")),
            }
        }
    }
}

async fn list<K>(client: &Client, namespace: &str, name: &str, wanted: &ListParams, gathered: &mut Gathered)
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Serialize + std::fmt::Debug,
    K::DynamicType: Default,
{
    let found = Api::<K>::namespaced(client.clone(), namespace).list(wanted).await;
    note(name, found.map(|list| list.items), gathered);
}

fn note<K: Serialize>(name: &str, found: kube::Result<Vec<K>>, gathered: &mut Gathered) {
    let found = found.map_err(anyhow::Error::from).and_then(|items| Ok(serde_json::to_value(items)?));
    match found {
        Ok(Value::Array(items)) if items.is_empty() => {}
        Ok(value) => drop(gathered.resources.insert(format!("{name}.yaml"), value)),
        Err(error) => gathered.missing.push(format!("{name}: {error}")),
    }
}

/// Reads the Secrets in order to strike their values out; they go no further than the redactor.
async fn secrets(client: &Client, namespace: &str) -> Secrets {
    match Api::<Secret>::namespaced(client.clone(), namespace).list(&ListParams::default()).await {
        Ok(list) => {
            let values = list.items.into_iter().flat_map(|secret| secret.data.unwrap_or_default().into_values());
            Secrets { values: values.filter_map(|value| String::from_utf8(value.0).ok()).collect(), note: None }
        }
        Err(error) => Secrets {
            values: Vec::new(),
            note: Some(format!(
                "Secrets could not be read ({error}), so only what looks like one was struck out: look through it before you send it."
            )),
        },
    }
}
