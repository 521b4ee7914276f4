//! `cluster`: a real Kubernetes on this machine, without an engine and without systemd.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use private_cluster::cluster::{self, Cluster, NodeName, Part, Plan};
use private_cluster::tools::{Group, Tools};

#[derive(Parser)]
#[command(name = "cluster", about = "A real Kubernetes on this machine, without an engine and without systemd.")]
struct Args {
    /// Where the cluster is noted and all its files lie.
    #[arg(long, global = true, env = "SOTHEBAIS_CLUSTER_DIRECTORY")]
    directory: Option<PathBuf>,
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Brings the cluster up, or what is missing of it; returns when its nodes are ready.
    Up {
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
        nodes: u8,
        /// Seconds that a node may be silent before it counts as lost.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(8..=300))]
        node_grace: u64,
        /// Uses this cluster instead of one of ours: nothing of it is started or stopped.
        #[arg(long)]
        kubeconfig: Option<PathBuf>,
    },
    /// Takes the cluster down and leaves nothing.
    Down,
    /// Says what runs; fails unless everything does.
    Status {
        #[arg(long)]
        json: bool,
    },
    /// Prints the administrator's kubeconfig's path.
    Kubeconfig,
    /// Imports image archives (docker-archive tars) into every node; without any, builds the product's and imports those.
    Images { archives: Vec<PathBuf> },
    /// Starts a part that was stopped or killed: etcd, kube-apiserver, traefik, node2, node1/kubelet …
    Start { part: Part },
    /// Ends a part in order.
    Stop { part: Part },
    /// Kills a part at once; a node's end is a power cut.
    Kill { part: Part },
    /// Cuts a node's cable: a partition, seen from both sides.
    Cut { node: NodeName },
    /// Joins a node's cable again.
    Heal { node: NodeName },
    /// Runs kubectl as the administrator.
    #[command(disable_help_flag = true)]
    Kubectl {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Is the first process of a node.
    #[command(hide = true)]
    Hold,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    if matches!(args.command, Verb::Hold) {
        cluster::hold();
    }
    run(args).await.unwrap_or_else(|error| {
        eprintln!("cluster: {error:#}");
        ExitCode::FAILURE
    })
}

async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let directory = directory(args.directory)?;
    let found = || Cluster::read(&directory)?.context("there is no cluster; `cluster up` brings one up");
    match args.command {
        Verb::Up { nodes: _, node_grace: _, kubeconfig: Some(kubeconfig) } => {
            let cluster = cluster::adopt(&directory, &kubeconfig).await?;
            println!("{}", cluster::report(&cluster).await?);
        }
        Verb::Up { nodes, node_grace, kubeconfig: None } => {
            let begun = Instant::now();
            let plan = Plan { directory, nodes, node_grace: Duration::from_secs(node_grace) };
            let cluster = cluster::up(&plan, &mut |word| eprintln!("cluster: {word}")).await.with_context(|| {
                format!(
                    "the cluster is not up; logs are in {}/logs, `cluster down` clears it away",
                    plan.directory.display()
                )
            })?;
            eprintln!("cluster: up in {:.1} s", begun.elapsed().as_secs_f64());
            println!("{}", cluster::report(&cluster).await?);
        }
        Verb::Down => cluster::down(&directory)?,
        Verb::Status { json } => return status(&found()?, json).await,
        Verb::Kubeconfig => println!("{}", found()?.kubeconfig().display()),
        Verb::Images { archives } => {
            let cluster = found()?;
            let archives = if archives.is_empty() { cluster::build_images()? } else { archives };
            for name in cluster::import(&cluster, &archives)? {
                println!("{name}");
            }
        }
        Verb::Start { part } => cluster::start(&found()?, part).await?,
        Verb::Stop { part } => cluster::stop(&found()?, part)?,
        Verb::Kill { part } => cluster::kill(&found()?, part)?,
        Verb::Cut { node } => cluster::cut(&found()?, node)?,
        Verb::Heal { node } => cluster::heal(&found()?, node)?,
        Verb::Kubectl { arguments } => return kubectl(&found()?, &arguments),
        Verb::Hold => unreachable!("the first process of a node was decided on before"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(cluster: &Cluster, json: bool) -> anyhow::Result<ExitCode> {
    let report = cluster::report(cluster).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn kubectl(cluster: &Cluster, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let tools = Tools::of(Group::Kubernetes, &["kubectl"])?;
    let status = std::process::Command::new(tools.program("kubectl"))
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .arg("--cache-dir")
        .arg(cluster.cache())
        .args(arguments)
        .status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The given directory, or the user's own for state.
fn directory(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    if let Some(directory) = given {
        return Ok(std::path::absolute(directory)?);
    }
    #[expect(clippy::disallowed_methods, reason = "where programs keep their state is the user's own setting")]
    let (state, home) = (std::env::var("XDG_STATE_HOME"), std::env::var("HOME"));
    let base = match (state, home) {
        (Ok(state), _) if !state.is_empty() => PathBuf::from(state),
        (_, Ok(home)) if !home.is_empty() => PathBuf::from(home).join(".local/state"),
        _ => bail!("there is no home directory; name one with --directory"),
    };
    Ok(base.join("sothebais/cluster"))
}
