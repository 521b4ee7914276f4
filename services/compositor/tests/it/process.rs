//! The compositor as a process, steered over its API.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;
use bootstrap::ports::Ports;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use wire::compositor::{CompositorStatus, OutputState, OutputStatus};

/// Longer than anything takes on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

const GLANCE: Duration = Duration::from_millis(50);

/// A running compositor.
pub(crate) struct Compositor {
    child: Child,
    ports: Ports,
    owner: String,
    http: reqwest::Client,
}

impl Compositor {
    pub(crate) async fn start(directory: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        bootstrap::install_crypto();
        let issuer = LocalIssuer::open(&directory.join("issuer"), Clock::System)?;
        let owner = issuer.token("owner", None, &[Role::Owner], Duration::from_hours(1))?;
        let ports_file = directory.join("compositor.json");
        let log = std::fs::File::create(directory.join("compositor.log"))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_compositor"));
        command.env("COMPOSITOR_PORT", "0").env("STREAM", "show").env("PORTS_FILE", &ports_file);
        command.env("AUTH_JWKS", issuer.jwks()).env("AUTH_ISSUER", issuer.issuer()).env("AUTH_AZP", issuer.party());
        command.env("STREAM_KEYS", directory.join("keys")).env("RECORDINGS", directory).envs(settings.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let begun = Instant::now();
        while !ports_file.exists() {
            ensure!(begun.elapsed() < PATIENCE, "no ports; see {}", directory.join("compositor.log").display());
            tokio::time::sleep(GLANCE).await;
        }
        let ports = serde_json::from_slice(&std::fs::read(&ports_file)?)?;
        Ok(Self { child, ports, owner, http: reqwest::Client::new() })
    }

    /// Puts a spec; the answer's status and body.
    pub(crate) async fn put(&self, spec: &Value) -> anyhow::Result<(u16, Value)> {
        let request = self.http.put(self.url("/v1/spec")).bearer_auth(&self.owner).json(spec);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    pub(crate) async fn status(&self) -> anyhow::Result<CompositorStatus> {
        Ok(self.http.get(self.url("/v1/status")).send().await?.error_for_status()?.json().await?)
    }

    pub(crate) async fn output(&self, name: &str) -> anyhow::Result<OutputStatus> {
        let outputs = self.status().await?.outputs;
        outputs.into_iter().find(|output| output.name == name).context("no such output")
    }

    /// Waits for a state of an output.
    pub(crate) async fn until(&self, name: &str, state: OutputState) -> anyhow::Result<OutputStatus> {
        let begun = Instant::now();
        loop {
            let output = self.output(name).await?;
            if output.state == state {
                return Ok(output);
            }
            if begun.elapsed() > PATIENCE {
                bail!("{name} is not {state:?}: {output:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let url = format!("http://127.0.0.1:{}/metrics", self.ports.metrics);
        let text = self.http.get(url).send().await?.text().await?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.context("no such metric")?.parse()?)
    }

    /// SIGTERM; how long it took to end well.
    pub(crate) async fn stop(mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the compositor ended with {status}");
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(GLANCE).await;
        }
        bail!("the compositor did not stop")
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports.api)
    }
}

impl Drop for Compositor {
    fn drop(&mut self) {
        // One that has ended is as good as killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A spec for 720p30 with these outputs.
pub(crate) fn spec(generation: i64, engine: &str, outputs: &[(&str, &str)], publish: &Value) -> Value {
    let outputs: Vec<Value> = outputs
        .iter()
        .map(|(name, url)| json!({"name": name, "type": "RTMP", "url": format!("{url}/{name}")}))
        .collect();
    json!({
        "generation": generation,
        "stream": {"apiVersion": "sothebais.io/v1alpha1", "kind": "Stream", "metadata": {"name": "show"}, "spec": {"outputs": outputs}},
        "source": {"auction": "spring", "engine_url": engine},
        "publish": publish,
    })
}
