//! A whole cluster with nodes, by the program that everybody uses. As root, one at a time: `./just test-cluster`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// Enough for pods on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(200);

const PROBES: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: probe}
spec:
  replicas: 2
  selector: {matchLabels: {app: probe}}
  template:
    metadata: {labels: {app: probe}}
    spec:
      tolerations:
      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 300}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: probe}}}
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: probe
        image: localhost/sothebais/probe:1
        args: [serve, ":8080"]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: probe}
spec: {selector: {app: probe}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: probe}
spec:
  entryPoints: [web]
  routes: [{kind: Rule, match: Host(`probe.example`), services: [{name: probe, port: 80}]}]
"#;

/// A cluster in a directory of its own, taken down at the end, however a test ends.
struct Cluster {
    directory: PathBuf,
}

impl Cluster {
    fn up(nodes: u8) -> anyhow::Result<Self> {
        let directory = std::env::temp_dir().join(format!("sothebais-cluster-{}", std::process::id()));
        let cluster = Self { directory };
        let begun = Instant::now();
        cluster.say(&["up", "--node-grace=8", &format!("--nodes={nodes}")])?;
        println!("{nodes} nodes ready in {:.1} s", begun.elapsed().as_secs_f64());
        Ok(cluster)
    }

    fn say(&self, words: &[&str]) -> anyhow::Result<String> {
        let output =
            Command::new(env!("CARGO_BIN_EXE_cluster")).arg("--directory").arg(&self.directory).args(words).output()?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cluster {}: {told}{errors}", words.join(" "));
        Ok(told)
    }

    fn kubectl(&self, words: &[&str]) -> anyhow::Result<String> {
        self.say(&[&["kubectl", "--request-timeout=10s"], words].concat())
    }

    fn apply(&self, manifest: &str) -> anyhow::Result<()> {
        let file = self.directory.join("manifest.yaml");
        std::fs::write(&file, manifest)?;
        self.kubectl(&["apply", "--server-side", "-f", &file.display().to_string()]).map(drop)
    }

    /// Asks from inside a pod and returns the answer.
    fn ask_from_a_pod(&self, name: &str, question: &[&str]) -> anyhow::Result<String> {
        let run =
            ["run", name, "--image=localhost/sothebais/probe:1", "--image-pull-policy=Never", "--restart=Never", "--"];
        self.kubectl(&[&run, question].concat())?;
        eventually(|| {
            let phase = self.kubectl(&["get", "pod", name, "-o", "jsonpath={.status.phase}"])?;
            ensure!(phase == "Succeeded", "{phase}: {}", self.kubectl(&["logs", name]).unwrap_or_default());
            Ok(())
        })?;
        self.kubectl(&["logs", name])
    }

    fn wait_for_probes(&self) -> anyhow::Result<()> {
        eventually(|| {
            let ready = self.kubectl(&["get", "deployment", "probe", "-o", "jsonpath={.status.readyReplicas}"])?;
            ensure!(ready == "2", "{ready} ready");
            Ok(())
        })
    }

    fn down(&self) -> anyhow::Result<()> {
        self.say(&["down"]).map(drop)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A test that failed has said why; what is left is what the next one complains about.
        drop(self.down());
    }
}

fn eventually(mut holds: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        match holds() {
            Ok(()) => return Ok(()),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

fn ask(url: &str, host: &str) -> anyhow::Result<String> {
    let output = Command::new("curl").args(["-sf", "--max-time", "3", "-H", &format!("Host: {host}"), url]).output()?;
    ensure!(output.status.success(), "{url}: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// What of this machine a cluster could change.
fn machine() -> anyhow::Result<Vec<String>> {
    let told = |program: &str, words: &[&str]| -> anyhow::Result<String> {
        let output = Command::new(program).args(words).output().with_context(|| program.to_owned())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut facts = vec![
        told("ip", &["-brief", "link"])?,
        told("ip", &["route"])?,
        told("nft", &["list", "ruleset"])?,
        told("sh", &["-c", "cut -d' ' -f5 /proc/self/mountinfo | sort"])?,
        told("sh", &["-c", "find /sys/fs/cgroup -type d | grep sothebais || true"])?,
        told("sh", &["-c", "ls /run/netns /run/containerd /var/lib/kubelet /var/log/pods /var/lib/cni 2>&1"])?,
    ];
    for setting in ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"] {
        facts.push(std::fs::read_to_string(Path::new("/proc/sys").join(setting))?);
    }
    Ok(facts)
}

fn processes(directory: &Path) -> Vec<String> {
    let mark = format!("SOTHEBAIS_CLUSTER={}", directory.display());
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            environment.split(|&byte| byte == 0).any(|word| word == mark.as_bytes())
        })
        .map(|entry| std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default())
        .collect()
}

fn assert_nothing_left(cluster: &Cluster, before: &[String]) -> anyhow::Result<()> {
    assert_eq!(processes(&cluster.directory), Vec::<String>::new());
    for (before, after) in before.iter().zip(machine()?) {
        assert_eq!(*before, after);
    }
    assert!(!cluster.directory.exists());
    Ok(())
}

#[test]
#[ignore = "needs root and a machine without another cluster: ./just test-cluster"]
fn pods_run_names_resolve_and_routes_lead_in_on_a_node_that_leaves_nothing() -> anyhow::Result<()> {
    let before = machine()?;
    let cluster = Cluster::up(1)?;
    cluster.apply(PROBES)?;
    cluster.wait_for_probes()?;
    let answer = cluster.ask_from_a_pod("asks-by-name", &["get", "http://probe.default.svc.cluster.local"])?;
    assert!(answer.starts_with("probe-"), "{answer}");
    let api = cluster.ask_from_a_pod("resolves", &["resolve", "kubernetes.default.svc"])?;
    assert_eq!(api.trim(), "10.96.0.1");
    let service = cluster.kubectl(&["get", "service", "probe", "-o", "jsonpath={.spec.clusterIP}"])?;
    assert!(
        ask(&format!("http://{service}"), "anybody")?.starts_with("probe-"),
        "Services are reached from the machine"
    );
    eventually(|| ask("http://10.89.0.1", "probe.example").map(drop)).context("a route leads in")?;
    println!("{}", cluster.say(&["status"])?);

    cluster.say(&["kill", "kube-apiserver"])?;
    assert!(ask("http://10.89.0.1", "probe.example").is_ok(), "pods and routes go on without an API server");
    cluster.say(&["start", "kube-apiserver"])?;
    eventually(|| cluster.say(&["status"]).map(drop))?;
    cluster.say(&["kill", "node1"])?;
    assert!(ask("http://10.89.0.1", "probe.example").is_err(), "the node is gone with everything");
    cluster.say(&["start", "node1"])?;
    eventually(|| ask("http://10.89.0.1", "probe.example").map(drop)).context("a node comes back with its pods")?;

    cluster.down()?;
    assert_nothing_left(&cluster, &before)
}

#[test]
#[ignore = "needs root and a machine without another cluster: ./just test-cluster"]
fn a_lost_node_is_noticed_its_pods_move_and_what_was_killed_is_taken_down_too() -> anyhow::Result<()> {
    let before = machine()?;
    let cluster = Cluster::up(2)?;
    cluster.apply(PROBES)?;
    cluster.wait_for_probes()?;
    let nodes = cluster.kubectl(&["get", "pods", "-l", "app=probe", "-o", "jsonpath={.items[*].spec.nodeName}"])?;
    assert!(nodes.contains("node1") && nodes.contains("node2"), "{nodes}");
    for name in ["first", "second", "third", "fourth"] {
        cluster.ask_from_a_pod(name, &["get", "http://probe.default.svc.cluster.local"])?;
    }

    cluster.say(&["cut", "node2"])?;
    eventually(|| {
        let path = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
        let ready = cluster.kubectl(&["get", "node", "node2", "-o", path])?;
        ensure!(ready == "Unknown", "{ready}");
        Ok(())
    })?;
    cluster.say(&["heal", "node2"])?;
    eventually(|| cluster.say(&["status"]).map(drop))?;
    cluster.kubectl(&["drain", "node2", "--ignore-daemonsets", "--force", "--timeout=60s"])?;
    cluster.wait_for_probes()?;
    let nodes = cluster.kubectl(&["get", "pods", "-l", "app=probe", "-o", "jsonpath={.items[*].spec.nodeName}"])?;
    assert!(!nodes.contains("node2"), "{nodes}");

    for part in ["node1/containerd", "node2", "etcd", "kube-apiserver", "traefik"] {
        cluster.say(&["kill", part])?;
    }
    std::fs::remove_dir_all(cluster.directory.join("processes")).context("the notes are lost")?;
    if processes(&cluster.directory).is_empty() {
        bail!("something still runs, or this shows nothing");
    }
    cluster.down()?;
    assert_nothing_left(&cluster, &before)
}
