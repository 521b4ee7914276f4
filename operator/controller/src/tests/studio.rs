//! A stand-in for a compositor: it goes dark and on air as it is told, renews the lease while that names it, and notes
//! whenever two of one stream are on air.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, put};
use axum::{Json, Router};
use bootstrap::clock::Clock;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

/// As the contract has it.
const RENEW_EVERY: Duration = Duration::from_millis(500);

/// Who is on air, by stream: `namespace/stream` to the pods that are.
#[derive(Debug, Clone, Default)]
pub(super) struct Air(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    on_air: BTreeMap<String, BTreeMap<String, u64>>,
    violations: Vec<String>,
}

impl Air {
    fn tell(&self, stream: &str, pod: &str, epoch: Option<u64>) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pods = heard.on_air.entry(stream.to_owned()).or_default();
        match epoch {
            Some(epoch) => pods.insert(pod.to_owned(), epoch),
            None => pods.remove(pod),
        };
        let text = (pods.len() > 1).then(|| format!("{stream}: {pods:?}"));
        heard.violations.extend(text);
    }

    /// Every moment at which two of one stream were on air.
    pub(super) fn violations(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).violations.clone()
    }
}

#[derive(Clone)]
pub(super) struct Studio {
    air: Air,
    stream: String,
    pod: String,
    told: Arc<Mutex<Value>>,
}

impl Studio {
    pub(super) fn new(air: &Air, stream: String, pod: String) -> Self {
        Self { air: air.clone(), stream, pod, told: Arc::new(Mutex::new(json!({"generation": 0}))) }
    }

    pub(super) fn router(&self) -> Router {
        Router::new().route("/v1/status", get(status)).route("/v1/spec", put(spec)).with_state(self.clone())
    }

    /// The pod is gone, and with it what it sent.
    pub(super) fn ended(&self) {
        self.air.tell(&self.stream, &self.pod, None);
    }

    /// Renews the lease while it names this pod.
    pub(super) async fn renew(self, leases: Api<Lease>, lease: String) {
        loop {
            if let Ok(Some(mut read)) = leases.get_opt(&lease).await
                && let Some(spec) = read.spec.as_mut()
                && spec.holder_identity.as_ref() == Some(&self.pod)
            {
                spec.renew_time = Some(MicroTime(Clock::System.now()));
                // Somebody who wrote at the same moment has named another, or is read next time.
                let _ = leases.replace(&lease, &PostParams::default(), &read).await;
            }
            tokio::time::sleep(RENEW_EVERY).await;
        }
    }
}

async fn status(State(studio): State<Studio>) -> Json<Value> {
    let told = studio.told.lock().unwrap_or_else(PoisonError::into_inner);
    let on_air = told["publish"]["mode"] == "on_air";
    let outputs = told["stream"]["spec"]["outputs"].as_array().into_iter().flatten();
    let last = on_air.then(|| wire::Time(auction_core::Timestamp(Clock::System.now_ms())).to_string());
    let outputs = outputs.map(|output| {
        json!({"name": output["name"], "required": true, "state": if on_air { "live" } else { "idle" },
            "frames_sent": 1, "last_frame_at": last, "reconnects": 0, "last_error": null})
    });
    let outputs: Vec<Value> = outputs.collect();
    Json(json!({"generation": told["generation"], "observed_generation": told["generation"],
        "epoch": told["publish"]["epoch"], "state": if on_air { "on_air" } else { "dark" }, "frames": 1,
        "outputs": outputs}))
}

async fn spec(State(studio): State<Studio>, Json(body): Json<Value>) -> Json<Value> {
    studio.air.tell(&studio.stream, &studio.pod, body["publish"]["epoch"].as_u64());
    let answer = json!({"generation": body["generation"]});
    *studio.told.lock().unwrap_or_else(PoisonError::into_inner) = body;
    Json(answer)
}
