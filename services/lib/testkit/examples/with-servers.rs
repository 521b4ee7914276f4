//! Runs a command with one shared test PostgreSQL: `with-servers COMMAND ARGUMENTS…`. Its exit code is the command's.

use std::process::ExitCode;

use anyhow::Context as _;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let program = words.next().context("name a command to run")?;
    let directory = tempfile::tempdir()?;
    let mut server = testkit::postgres_with_template(&directory.path().join("postgres")).await?;
    let status =
        tokio::process::Command::new(program).args(words).env(testkit::SHARED_POSTGRES, server.url()).status().await?;
    server.stop().await;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
