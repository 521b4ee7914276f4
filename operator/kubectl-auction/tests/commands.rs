//! The commands against a real API server. No kubelet runs there, so pods never start.
#![expect(clippy::unwrap_used, reason = "a show that cannot be set up fails its test")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use clap::Parser as _;
use flate2::read::GzDecoder;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, PostParams};
use kube::{Client, ResourceExt as _};
use kubectl_auction::args::Args;
use operator_api::auction::RunState;
use operator_api::{Auction, Stream, labels};
use serde_json::{Value, json};

/// A secret that must not leave the cluster, in the places where one is found by mistake.
const PLANTED: &str = "live_9f3k-planted-stream-key";

/// A show with a stream of its own, in a namespace of its own.
struct Show {
    client: Client,
    namespace: String,
}

impl Show {
    async fn set_up() -> Self {
        let client = testkit::kubernetes::admin_client().await.unwrap();
        let namespace = testkit::kubernetes::namespace(&client).await.unwrap();
        let show = Self { client, namespace };
        let auction = json!({
            "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction", "metadata": {"name": "spring"},
            "spec": {
                "title": "Spring", "house": {"xHandle": "sothebais"}, "schedule": {"startsAt": "2026-12-01T20:00:00Z"},
                "lots": [{"id": "one", "title": "One", "startingPrice": "1"}], "stream": {"ref": {"name": "channel"}},
            },
        });
        let stream = json!({
            "apiVersion": "sothebais.io/v1alpha1", "kind": "Stream", "metadata": {"name": "channel"},
            "spec": {"outputs": [{"name": "x", "type": "RTMP", "url": "rtmp://127.0.0.1/live"}]},
        });
        show.create::<Auction>(auction).await;
        show.create::<Stream>(stream).await;
        show
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn create<K>(&self, object: Value)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope> + Clone + std::fmt::Debug,
        K: serde::de::DeserializeOwned + serde::Serialize,
        K::DynamicType: Default,
    {
        let object: K = serde_json::from_value(object).unwrap();
        self.api::<K>().create(&PostParams::default(), &object).await.unwrap();
    }

    /// What a command prints, or what it fails with.
    async fn says(&self, words: &[&str]) -> Result<String, String> {
        let kubeconfig = testkit::kubernetes::kubeconfig().unwrap();
        let mut arguments =
            vec!["kubectl-auction", "--namespace", &self.namespace, "--kubeconfig", kubeconfig.to_str().unwrap()];
        arguments.extend(words);
        let mut out = Vec::new();
        let done = kubectl_auction::run::run(Args::parse_from(arguments), &mut out).await;
        done.map(|()| String::from_utf8(out).unwrap()).map_err(|error| format!("{error:#}"))
    }
}

#[tokio::test]
async fn status_tells_of_an_auction_that_no_operator_has_seen() {
    let show = Show::set_up().await;
    let all = show.says(&["status"]).await.unwrap();
    assert!(all.contains("spring") && all.contains("Pending") && all.contains("Unknown"), "{all}");
    let one = show.says(&["status", "spring"]).await.unwrap();
    assert!(one.contains("Waiting for operator") && one.contains("next: no operator has seen this auction"), "{one}");
    let none = show.says(&["status", "autumn"]).await.unwrap_err();
    assert!(none.contains("there is no auction autumn"), "{none}");
}

#[tokio::test]
async fn pause_and_resume_write_the_run_state_until_the_auction_is_cancelled() {
    let show = Show::set_up().await;
    let state = async || show.api::<Auction>().get("spring").await.unwrap().spec.run_state;
    show.says(&["pause", "spring"]).await.unwrap();
    assert_eq!(state().await, RunState::Paused);
    assert!(show.says(&["pause", "spring"]).await.unwrap().contains("already"));
    show.says(&["resume", "spring"]).await.unwrap();
    assert_eq!(state().await, RunState::Running);
    let mut auction = show.api::<Auction>().get("spring").await.unwrap();
    auction.spec.run_state = RunState::Cancelled;
    show.api::<Auction>().replace("spring", &PostParams::default(), &auction).await.unwrap();
    let refused = show.says(&["resume", "spring"]).await.unwrap_err();
    assert!(refused.contains("final"), "{refused}");
}

#[tokio::test]
async fn handover_marks_the_stream_and_says_when_it_will_be() {
    let show = Show::set_up().await;
    let said = show.says(&["handover", "spring"]).await.unwrap();
    assert!(said.contains("BetweenLots"), "{said}");
    let stream = show.api::<Stream>().get("channel").await.unwrap();
    assert!(stream.annotations().contains_key(labels::HANDOVER_REQUESTED));
}

#[tokio::test]
async fn logs_say_that_no_pod_runs() {
    let show = Show::set_up().await;
    let said = show.says(&["logs", "spring"]).await.unwrap_err();
    assert!(said.contains("no pod of spring runs"), "{said}");
}

#[tokio::test]
async fn a_support_bundle_holds_everything_but_the_planted_secret() {
    let show = Show::set_up().await;
    show.create::<Secret>(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x-live"}, "stringData": {"stream-key": format!("{PLANTED}\n")},
    }))
    .await;
    show.create::<Pod>(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "compositor-channel-1", "labels": {labels::STREAM: "channel"}, "annotations": {"note": PLANTED}},
        "spec": {"containers": [{
            "name": "compositor", "image": "sothebais/compositor:0.1.0", "args": [format!("--url=rtmp://127.0.0.1/live/{PLANTED}")],
            "env": [{"name": "DATABASE_URL", "value": "postgres://app:hunter22@db/app"}],
        }]},
    }))
    .await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spring.tar.gz");
    show.says(&["support-bundle", "spring", "--output", path.to_str().unwrap()]).await.unwrap();
    let files = unpacked(&path);
    for (name, text) in &files {
        assert!(!text.contains(PLANTED) && !text.contains("hunter22"), "{name} holds a secret: {text}");
    }
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    for wanted in
        ["spring/auction.yaml", "spring/stream.yaml", "spring/pods/compositor-channel-1.yaml", "spring/ABOUT.txt"]
    {
        assert!(names.contains(&wanted), "{wanted} is not among {names:?}");
    }
    let pod = &files["spring/pods/compositor-channel-1.yaml"];
    assert!(
        pod.contains("rtmp://127.0.0.1/live/") && pod.contains("sothebais/compositor"),
        "what is not secret stays: {pod}"
    );
}

fn unpacked(path: &Path) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(path).unwrap()));
    let entry = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name, text)
    };
    archive.entries().unwrap().map(entry).collect()
}
