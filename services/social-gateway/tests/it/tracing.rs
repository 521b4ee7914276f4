//! One trace from post to answer: a post goes through gateway and engine, and a collector of our own gets one tree of spans
//! from both.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auction_core::{BidderId, Handle, TraceContext};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;
use bootstrap::trace::{self, Origin};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Attribute;
use prost::Message as _;
use serde_json::{Value, json};

use crate::rig::{Gateway, X, eventually, open, register};

/// A span as the collector got it.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    trace_id: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    start: u64,
    end: u64,
}

type Spans = Arc<Mutex<Vec<(String, Span)>>>;

/// Takes what the services export (OTLP over HTTP), and keeps it.
struct Collector {
    url: String,
    spans: Spans,
    life: bootstrap::lifecycle::Lifecycle,
}

impl Collector {
    async fn start() -> Self {
        let (spans, life) = (Spans::default(), bootstrap::lifecycle::Lifecycle::new());
        let local = std::net::IpAddr::from([127, 0, 0, 1]);
        let (listener, port) = bootstrap::http::listen(local, 0, "").await.unwrap();
        let router = Router::new().route("/v1/traces", post(keep)).with_state(spans.clone());
        bootstrap::http::serve(&life, "collector", listener, router);
        Self { url: format!("http://127.0.0.1:{port}"), spans, life }
    }

    /// The spans of a trace, by name; each name once.
    fn trace(&self, trace_id: [u8; 16]) -> BTreeMap<String, Span> {
        let spans = self.spans.lock().unwrap();
        let own = spans.iter().filter(|(_, span)| span.trace_id == trace_id);
        let mut by_name = BTreeMap::new();
        for (name, span) in own {
            assert!(by_name.insert(name.clone(), span.clone()).is_none(), "{name} twice");
        }
        by_name
    }

    /// The traces of which there is a span of one of these names.
    fn traces_with(&self, names: &[&str]) -> Vec<Vec<u8>> {
        let spans = self.spans.lock().unwrap();
        let mut traces: Vec<_> = spans
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, span)| span.trace_id.clone())
            .collect();
        traces.sort();
        traces.dedup();
        traces
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.life.stop();
    }
}

async fn keep(State(spans): State<Spans>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for resource in request.resource_spans {
        let attributes = resource.resource.unwrap_or_default().attributes;
        let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
        let Some(Attribute::StringValue(service)) = name.and_then(|name| name.value?.value) else {
            panic!("a service without a name")
        };
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let kept = Span {
                service: service.clone(),
                trace_id: span.trace_id,
                id: span.span_id,
                parent: span.parent_span_id,
                start: span.start_time_unix_nano,
                end: span.end_time_unix_nano,
            };
            spans.lock().unwrap().push((span.name, kept));
        }
    }
}

/// The engine's program, beside the gateway's: a build of the whole workspace puts it there.
struct Engine {
    child: Child,
    directory: tempfile::TempDir,
    owner: String,
}

impl Engine {
    fn start(database: &str, redis: &str, collector: &Collector) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open(&directory.path().join("keys"), Clock::System).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_social-gateway")).with_file_name("auction-engine");
        assert!(program.exists(), "{} is not built: build the workspace", program.display());
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let child = Command::new(program)
            .args(["worker", "--shard", "traced", "--create-receipt-key", "--receipt-key"])
            .arg(directory.path().join("receipt.key"))
            .args(["--database-url", database, "--redis-url", redis, "--otlp-endpoint", &collector.url])
            .args(["--auth-issuer", issuer.issuer(), "--auth-azp", issuer.party(), "--auth-jwks"])
            .arg(issuer.jwks())
            .arg("--ports-file")
            .arg(directory.path().join("ports"))
            .envs([("AUCTION_ENGINE_PORT", "0"), ("LOG_FORMAT", "json")])
            .stdout(log.try_clone().unwrap())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let owner = issuer.token("owner", None, &[Role::Owner], Duration::from_mins(10)).unwrap();
        Self { child, directory, owner }
    }

    /// Hands it an auction that the house's posts are bids in; `None` while it does not serve.
    async fn put_show(&self) -> Option<()> {
        let ports: Value =
            serde_json::from_str(&std::fs::read_to_string(self.directory.path().join("ports")).ok()?).ok()?;
        let auction = json!({
            "apiVersion": "sothebais.io/v1alpha1", "kind": "Auction",
            "metadata": {"name": "spring", "uid": "u-1", "generation": 1},
            "spec": {
                "title": "Spring", "house": {"xHandle": "sothebais"}, "bidChannels": ["x"],
                "schedule": {"startsAt": "2026-01-01T00:00:00Z"},
                "lotDefaults": {"durationSeconds": 86400, "tick": "0"},
                "lots": [{"id": "one", "title": "One", "startingPrice": "0.1"}],
            },
        });
        let url = format!("http://127.0.0.1:{}/v1/spec", ports["api"]);
        let spec = json!({"generation": 1, "auctions": [auction]});
        let answer = reqwest::Client::new().put(url).bearer_auth(&self.owner).json(&spec).send().await.ok()?;
        let status = answer.status();
        assert!(status.is_success() || status.is_server_error(), "{}", answer.text().await.unwrap());
        status.is_success().then_some(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default());
        }
    }
}

/// The published event of a post's bid.
async fn event(redis: &str, post: u64) -> Option<Value> {
    let mut reader = bus::Bus::new(redis).unwrap().outbox_reader("traced");
    let rows = reader.read(0, 1_000, Duration::from_millis(50)).await.ok()?;
    let mut events = rows.iter().map(|row| serde_json::from_str::<Value>(&row.event).unwrap());
    let key = post.to_string();
    events.find(|event| event["data"]["source"]["key"] == key.as_str())
}

/// Every span of an answered post, and the one that it stands below.
const TREE: [(&str, &str, Option<&str>); 8] = [
    (trace::POST_INGEST, "social-gateway", None),
    (trace::BUS_PUBLISH, "social-gateway", Some(trace::POST_INGEST)),
    (trace::BID_CHECK, "auction-engine", Some(trace::BUS_PUBLISH)),
    (trace::BID_DECIDE, "auction-engine", Some(trace::BID_CHECK)),
    (trace::JOURNAL_COMMIT, "auction-engine", Some(trace::BID_DECIDE)),
    (trace::PRICE_BROADCAST, "auction-engine", Some(trace::BID_DECIDE)),
    (trace::EVENT_PUBLISH, "auction-engine", Some(trace::BID_DECIDE)),
    (trace::REPLY_PLAN, "social-gateway", Some(trace::BID_DECIDE)),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_sampled_post_is_one_trace_through_gateway_and_engine_and_an_unsampled_one_is_none() {
    let (database, redis) = (testkit::postgres().await.unwrap(), testkit::redis().await.unwrap());
    let pool = open(&database);
    register(&pool, &[101, 102]).await;
    let (x, collector) = (X::start().await, Collector::start().await);
    let engine = Engine::start(&database, &redis, &collector);

    // A gateway that traces nothing.
    let mut quiet = Gateway::start(&x, &database, &redis, &[]);
    quiet.connected().await;
    eventually("the engine takes the show", &quiet, async || engine.put_show().await).await;
    let unsampled = x.person(101).say("@sothebais bid 0.5 ETH").await;
    let untraced = eventually("the first bid is published", &quiet, async || event(&redis, unsampled).await).await;
    assert_eq!((untraced["data"]["verdict"].as_str(), untraced.get("traceparent")), (Some("accepted"), None));
    assert!(quiet.stop().await);

    let gateway = Gateway::start(&x, &database, &redis, &["--otlp-endpoint", &collector.url]);
    gateway.connected().await;
    x.person(999).say("@sothebais bid 9 ETH").await;
    let sampled = x.person(102).say("@sothebais bid 1 ETH").await;
    let published = eventually("the second bid is published", &gateway, async || event(&redis, sampled).await).await;
    assert_eq!(published["data"]["verdict"], "accepted", "{published}");
    let origin = Origin::post(sampled);
    eventually("the trace is whole", &gateway, async || {
        (collector.trace(origin.trace_id()).len() >= TREE.len()).then_some(())
    })
    .await;

    let spans = collector.trace(origin.trace_id());
    assert_eq!(spans.len(), TREE.len(), "{:?}", spans.keys());
    for (name, service, parent) in TREE {
        let span = spans.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", spans.keys()));
        assert_eq!(span.service, service, "{name}");
        assert_eq!(span.parent, parent.map_or(Vec::new(), |parent| spans[parent].id.clone()), "{name}");
        assert!(span.start <= span.end, "{name} ends before it begins");
        assert!(parent.is_none_or(|parent| spans[parent].start <= span.start), "{name} begins before its cause");
    }
    let root = TraceContext::sampled(origin.trace_id(), origin.span_id(trace::POST_INGEST));
    assert_eq!(published["traceparent"], root.to_string());
    let stored =
        store::social::reply_subject(&pool, &Handle::new("sothebais").unwrap(), sampled).await.unwrap().unwrap();
    assert_eq!((stored.author, stored.trace), (BidderId(102), Some(root)));
    // Neither the unsampled post nor the stranger's has a span by sampling.
    let chosen = [trace::POST_INGEST, trace::BUS_PUBLISH, trace::BID_CHECK, trace::REPLY_PLAN];
    assert_eq!(collector.traces_with(&chosen), [origin.trace_id().to_vec()]);
}
