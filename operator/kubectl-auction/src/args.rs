//! The commands.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Shows and steers auctions of SothebAIs. Call it as `kubectl auction`.
#[derive(Debug, Parser)]
#[command(name = "kubectl-auction", bin_name = "kubectl auction", version, arg_required_else_help = true)]
pub struct Args {
    #[command(flatten)]
    pub place: Place,
    #[command(subcommand)]
    pub command: Command,
}

/// Which cluster and namespace.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Place {
    /// Namespace; left out, the context's.
    #[arg(long, short, global = true)]
    pub namespace: Option<String>,
    /// Path of the kubeconfig; left out, kubectl's own rules.
    #[arg(long, global = true)]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig.
    #[arg(long, global = true)]
    pub context: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows auctions, or one of them with what is wrong and what to do next.
    Status {
        /// Left out, all of the namespace.
        name: Option<String>,
        /// Of all namespaces.
        #[arg(long, short = 'A', conflicts_with = "name")]
        all_namespaces: bool,
    },
    /// Lets bids wait; the show stays on air.
    Pause { name: String },
    /// Lets bids count again.
    Resume { name: String },
    /// Asks the operator to move the show's compositor to another pod, as its policy allows.
    Handover { name: String },
    /// Prints the logs of the auction's pods.
    Logs(Logs),
    /// Writes everything that helps to find a fault into one file, without secrets.
    SupportBundle {
        name: String,
        /// Left out, `<name>-support.tar.gz` here.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
}

/// Which logs, and how much of them.
#[derive(Debug, Clone, clap::Args)]
pub struct Logs {
    pub name: String,
    /// Only of these parts.
    #[arg(long, value_enum)]
    pub part: Vec<Part>,
    /// Goes on until Ctrl-C.
    #[arg(long, short)]
    pub follow: bool,
    /// How many lines of each pod to begin with.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub tail: i64,
}

/// The programs of a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    Engine,
    Gateway,
    Compositor,
}

impl Part {
    /// The value of `app.kubernetes.io/name` on its pods.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Engine => "auction-engine",
            Self::Gateway => "social-gateway",
            Self::Compositor => "compositor",
        }
    }
}
