//! Runs a command with a test run's shared servers: `with-servers [--control-plane] COMMAND ARGUMENTS…`: a PostgreSQL
//! always, a Kubernetes control plane when asked for. Its exit code is the command's.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use private_cluster::ControlPlane;

#[derive(Parser)]
struct Args {
    /// Starts an API server too, with this repository's definitions; `TEST_KUBECONFIG` names it to the command.
    #[arg(long)]
    control_plane: bool,
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let directory = tempfile::tempdir()?;
    let mut server = testkit::postgres_with_template(&directory.path().join("postgres")).await?;
    let plane = if args.control_plane { Some(testkit::kubernetes::control_plane().await?) } else { None };

    let (program, words) = args.command.split_first().context("name a command to run")?;
    let mut command = tokio::process::Command::new(program);
    command.args(words).env(testkit::SHARED_POSTGRES, server.url());
    if let Some(plane) = &plane {
        command.env(testkit::kubernetes::KUBECONFIG, plane.kubeconfig());
        command.env(testkit::kubernetes::AUDIT_LOG, plane.audit_log());
    }
    let status = command.status().await?;

    if let Some(plane) = plane {
        ControlPlane::stop(plane).await;
    }
    server.stop().await;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
