//! Where the show is set up: a cluster with the product's images, the chart in rehearsal mode, and a receiver of the stream.
//! What the demo made it also clears away, unless it is told to leave it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use bootstrap::auth::LocalIssuer;
use bootstrap::clock::Clock;
use private_servers::Rtmp;
use serde::Deserialize;
use tempfile::TempDir;

use super::commands::{Program, beside_this_one};
use crate::progress::Progress;
use crate::trouble::Trouble;
use crate::up;

/// The namespace that is the demo's own, and the release in it.
const NAMESPACE: &str = "sothebais-demo";
const RELEASE: &str = "sothebais";
const CHART: &str = "helm/sothebais";
/// Traefik's entry point for plain HTTP.
const ENTRY_POINT: &str = "web=";

/// The first time the cluster's programs are built from source.
const UP_DEADLINE: Duration = Duration::from_mins(40);
/// Nine images of up to 400 MB, built and imported.
const IMAGES_DEADLINE: Duration = Duration::from_mins(15);
const INSTALL_DEADLINE: Duration = Duration::from_mins(4);
const CLEAR_DEADLINE: Duration = Duration::from_mins(4);
/// A question to the API server.
pub(super) const ASK: Duration = Duration::from_secs(20);

/// The demo's place in a cluster.
pub(super) struct Site {
    cluster: Program,
    /// Of the demo's namespace.
    pub(super) kubectl: Program,
    directory: TempDir,
    pub(super) issuer: LocalIssuer,
    pub(super) clock: Clock,
    pub(super) progress: Progress,
    brought_up: bool,
}

/// What `cluster status --json` says, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    entry_points: Vec<String>,
}

/// What is there once the chart is installed.
pub(super) struct Installed {
    /// Where Traefik takes plain HTTP.
    pub(super) proxy: SocketAddr,
    pub(super) database_url: String,
    pub(super) receiver: Rtmp,
}

impl Site {
    /// Looks for what is needed; nothing is started.
    pub(super) fn new(progress: Progress, clock: Clock) -> anyhow::Result<Self> {
        if !PathBuf::from(CHART).join("Chart.yaml").exists() {
            let remedy = "run it in the project's folder, as `./just cluster demo`";
            return Err(Trouble::new("ChartMissing", format!("{CHART} is not here"), remedy).into());
        }
        let cluster = beside_this_one(&up::programs()?, "cluster")?;
        let kubectl = cluster.with(&["kubectl", "--namespace", NAMESPACE]);
        let directory = tempfile::tempdir().context("no temporary directory can be had")?;
        let issuer = LocalIssuer::open(&directory.path().join("keys"), clock.clone())?;
        Ok(Self { cluster, kubectl, directory, issuer, clock, progress, brought_up: false })
    }

    /// The demo's files.
    pub(super) fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Cluster, images, chart, receiver.
    pub(super) async fn set_up(&mut self) -> anyhow::Result<Installed> {
        if self.cluster.run(&["status"], ASK).await.is_err() {
            self.brought_up = true;
            self.cluster.run(&["up"], UP_DEADLINE).await?;
            self.progress.done("cluster up: a Kubernetes on this machine");
        }
        let proxy = self.proxy().await?;
        self.cluster.run(&["images"], IMAGES_DEADLINE).await?;
        self.progress.done("cluster images: built and imported");
        self.clear_release().await?;
        self.install().await?;
        self.progress.done(&format!("helm install {RELEASE} {CHART} --namespace {NAMESPACE}, in rehearsal mode"));
        let receiver = Rtmp::start(&self.directory.path().join("receiver"), proxy.ip()).await?;
        self.progress.done(&format!("nginx receives streams at {}", receiver.url()));
        Ok(Installed { proxy, database_url: self.database_url().await?, receiver })
    }

    async fn proxy(&self) -> anyhow::Result<SocketAddr> {
        let status: Status = self.cluster.read(&["status", "--json"], ASK).await?;
        let web = status.entry_points.iter().find_map(|point| point.strip_prefix(ENTRY_POINT));
        let remedy = "take `cluster down` and let the demo bring up its own";
        let none = || Trouble::new("NoEntryPoint", "this cluster has no Traefik of ours", remedy);
        web.ok_or_else(none)?.parse().context("an entry point is an address")
    }

    async fn helm(&self) -> anyhow::Result<Program> {
        let folder = Program::new("tools/build").run(&["helm"], UP_DEADLINE).await?;
        let kubeconfig = self.cluster.run(&["kubeconfig"], ASK).await?;
        let helm = Program::new(PathBuf::from(folder.trim()).join("helm"));
        Ok(helm.with(&["--kubeconfig", kubeconfig.trim(), "--namespace", NAMESPACE]))
    }

    async fn install(&self) -> anyhow::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        let keys = format!("rehearsal.jwks={}", self.directory.path().join("keys/jwks.json").display());
        let postgres = format!("trial.postgres.image=docker.io/sothebais/trial-postgres:{version}");
        let redis = format!("trial.redis.image=docker.io/sothebais/trial-redis:{version}");
        let values = [
            "rehearsal.enabled=true",
            "trial.postgres.enabled=true",
            "trial.redis.enabled=true",
            "operatorKey.create=true",
            "receiptKey.create=true",
            // Definitions that outlive the demo would belong to a release that is gone.
            "crds.keep=false",
            &postgres,
            &redis,
        ];
        let mut arguments = vec!["install", RELEASE, CHART, "--create-namespace", "--wait", "--timeout", "3m"];
        arguments.extend(values.iter().flat_map(|value| ["--set", value]));
        // The closing table measures until a bid is durable, and only the server knows when that was.
        arguments.extend(["--set-string", "trial.postgres.settings.track_commit_timestamp=on"]);
        arguments.extend(["--set-file", &keys]);
        self.helm().await?.run(&arguments, INSTALL_DEADLINE).await?;
        let job = ["wait", "--for=condition=Complete", "job", "--all", "--timeout=2m"];
        self.kubectl.run(&job, INSTALL_DEADLINE).await?;
        Ok(())
    }

    /// The chart once more, with pods of the operator that differ.
    pub(super) async fn upgrade(&self) -> anyhow::Result<()> {
        let change = ["--reuse-values", "--set", "operator.podAnnotations.demo=upgraded"];
        let mut arguments = vec!["upgrade", RELEASE, CHART, "--wait", "--timeout", "3m"];
        arguments.extend(change);
        self.helm().await?.run(&arguments, INSTALL_DEADLINE).await?;
        Ok(())
    }

    /// Back to the release before.
    pub(super) async fn roll_back(&self) -> anyhow::Result<()> {
        let arguments = ["rollback", RELEASE, "--wait", "--timeout", "3m"];
        self.helm().await?.run(&arguments, INSTALL_DEADLINE).await?;
        Ok(())
    }

    /// Takes a part of the cluster away for a while; `verb` is `stop` or `kill`.
    pub(super) async fn without(&self, part: &str, verb: &str, away: Duration) -> anyhow::Result<()> {
        self.cluster.run(&[verb, part], INSTALL_DEADLINE).await?;
        tokio::time::sleep(away).await;
        self.cluster.run(&["start", part], INSTALL_DEADLINE).await?;
        Ok(())
    }

    /// The URL that the pods have, with the Service's address for its name: this machine does not ask the cluster's DNS.
    async fn database_url(&self) -> anyhow::Result<String> {
        let secret = ["get", "secret", "sothebais-database", "-o", "go-template={{.data.url | base64decode}}"];
        let url = self.kubectl.run(&secret, ASK).await?;
        let mut url = reqwest::Url::parse(url.trim()).context("the database's Secret holds no URL")?;
        let service = url.host_str().and_then(|host| host.split('.').next()).context("the URL has a host")?.to_owned();
        let address = ["get", "service", &service, "-o", "jsonpath={.spec.clusterIP}"];
        let ip: IpAddr = self.kubectl.run(&address, ASK).await?.trim().parse().context("a Service has an address")?;
        url.set_ip_host(ip).map_err(|()| anyhow::anyhow!("the database's URL takes no address"))?;
        Ok(url.into())
    }

    /// Takes away what the demo set up.
    pub(super) async fn clear(&self) -> anyhow::Result<()> {
        if self.brought_up {
            self.cluster.run(&["down"], CLEAR_DEADLINE).await?;
            self.progress.done("cluster down: nothing is left");
            return Ok(());
        }
        self.clear_release().await?;
        self.progress.done(&format!("the namespace {NAMESPACE} is gone; the cluster was there before and is left"));
        Ok(())
    }

    /// Removes this or an earlier demo's auctions, release and namespace. Auctions go first: their finalizer is the
    /// operator's to take off.
    async fn clear_release(&self) -> anyhow::Result<()> {
        let there = ["get", "namespace", NAMESPACE, "--ignore-not-found", "-o", "name"];
        if self.kubectl.run(&there, ASK).await?.trim().is_empty() {
            return Ok(());
        }
        let auctions = ["delete", "auctions,streams", "--all", "--ignore-not-found", "--timeout=2m"];
        // Without the definitions there is nothing to delete either.
        drop(self.kubectl.run(&auctions, CLEAR_DEADLINE).await);
        let helm = self.helm().await?;
        helm.run(&["uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout", "2m"], CLEAR_DEADLINE).await?;
        self.kubectl.run(&["delete", "namespace", NAMESPACE, "--timeout=2m"], CLEAR_DEADLINE).await?;
        Ok(())
    }
}
