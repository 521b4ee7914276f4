//! The chart in many shapes, rendered once for all tests of this process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use packaging::kustomize;
use serde_json::Value;

/// A set of values, and what it is for.
pub(super) struct Permutation {
    name: &'static str,
    settings: &'static [&'static str],
}

const fn with(name: &'static str, settings: &'static [&'static str]) -> Permutation {
    Permutation { name, settings }
}

/// The shapes that users ask for, and every switch in both positions.
pub(super) const PERMUTATIONS: [Permutation; 23] = [
    with("defaults", &[]),
    with("cluster scope", &["operator.scope=Cluster"]),
    with(
        "cluster scope with trial servers",
        &["operator.scope=Cluster", "trial.postgres.enabled=true", "trial.redis.enabled=true"],
    ),
    with("one replica", &["operator.replicas=1"]),
    with("no budget", &["operator.podDisruptionBudget=false"]),
    with("no sight of the cluster", &["operator.watchCluster=false"]),
    with(
        "placed",
        &[
            "operator.nodeSelector.disk=ssd",
            "operator.tolerations[0].key=dedicated",
            "operator.tolerations[0].operator=Exists",
        ],
    ),
    with(
        "annotated",
        &[
            "operator.podAnnotations.team=auctions",
            "operator.extraEnv[0].name=RUST_BACKTRACE",
            "operator.extraEnv[0].value=full",
        ],
    ),
    with(
        "a registry of one's own",
        &[
            "image.repository=registry.example/team/sothebais",
            "image.tag=0.9.0",
            "image.pullPolicy=Always",
            "image.pullSecrets[0]=registry",
        ],
    ),
    with("a rehearsal", &["rehearsal.enabled=true", "rehearsal.jwks=the-keys"]),
    with("a rehearsal with keys of another Secret", &["rehearsal.enabled=true", "rehearsal.keysSecret=issuer"]),
    with(
        "a trial",
        &[
            "trial.postgres.enabled=true",
            "trial.redis.enabled=true",
            "operatorKey.create=true",
            "receiptKey.create=true",
        ],
    ),
    with(
        "a trial that keeps its data",
        &["trial.postgres.enabled=true", "trial.postgres.storage=5Gi", "trial.postgres.password=secret"],
    ),
    with(
        "monitoring",
        &[
            "monitoring.podMonitors=true",
            "monitoring.rules=true",
            "monitoring.dashboards=true",
            "monitoring.labels.release=prometheus",
        ],
    ),
    with(
        "monitoring of a cluster",
        &["operator.scope=Cluster", "monitoring.podMonitors=true", "monitoring.intervalSeconds=15"],
    ),
    with("no network policies", &["networkPolicies.enabled=false"]),
    with(
        "a known API server",
        &["networkPolicies.apiServerCidrs[0]=10.0.0.1/32", "networkPolicies.apiServerPorts[0]=6443"],
    ),
    with(
        "behind a balancer",
        &["traefik.proxiesBefore=1", "traefik.namespace=edge", "auth.allowOrigins={https://a.example}"],
    ),
    with("traces", &["tracing.endpoint=http://collector.monitoring:4318"]),
    with("definitions by others", &["crds.install=false", "priorityClass.create=false", "aggregatedRoles=false"]),
    with("definitions that go", &["crds.keep=false"]),
    with("migrations by others", &["migrations.enabled=false"]),
    with(
        "people's tokens",
        &[
            "auth.jwksUrl=https://id.example/jwks.json",
            "auth.issuer=https://id.example",
            "auth.azp={https://a.example,https://b.example}",
        ],
    ),
];

/// Overlays, each with what its files lack in the repository.
pub(super) const OVERLAYS: [&str; 3] = ["kind", "staging", "production"];

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

pub(super) fn chart() -> PathBuf {
    root().join("helm/sothebais")
}

/// A program of `.ci/chart-tools`, or the one that the environment names.
pub(super) fn tool(name: &str) -> PathBuf {
    let named = std::env::var_os(name.to_uppercase()).map(PathBuf::from);
    let path = named.unwrap_or_else(|| root().join(".cache/chart-tools/bin").join(name));
    assert!(path.exists(), "{} is not there: run .ci/chart-tools first", path.display());
    path
}

/// Runs a program to its end; its output if it succeeded, else its complaint.
pub(super) fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr) + &text(&output.stdout)) }
}

pub(super) fn render(settings: &[&str]) -> Vec<Value> {
    kustomize::render(&tool("helm"), &chart(), settings).unwrap()
}

/// Every permutation with its objects.
pub(super) fn all() -> &'static [(&'static str, Vec<Value>)] {
    static ALL: LazyLock<Vec<(&str, Vec<Value>)>> =
        LazyLock::new(|| PERMUTATIONS.iter().map(|Permutation { name, settings }| (*name, render(settings))).collect());
    &ALL
}

/// An overlay, built in a copy of the tree that has the files which users put there.
pub(super) fn overlay(name: &str) -> Vec<Value> {
    let copy = tempfile::tempdir().unwrap();
    let tree = copy.path().join("kustomize");
    run(Command::new("cp").arg("-r").arg(root().join("kustomize")).arg(&tree)).unwrap();
    for file in ["jwks.json", "key.pem", "receipt-key"] {
        std::fs::write(tree.join("overlays/kind").join(file), "of a user").unwrap();
    }
    let built = run(Command::new(tool("kubectl")).arg("kustomize").arg(tree.join("overlays").join(name))).unwrap();
    kustomize::documents(&built).unwrap()
}
