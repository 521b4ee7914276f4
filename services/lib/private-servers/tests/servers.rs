//! The private servers, really started, killed and stopped.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use private_servers::{Death, Identity, Output, Postgres, Redis, Tie, spawn_tied};

fn select_one(postgres: &Postgres) -> anyhow::Result<String> {
    let output = Command::new("psql").arg(postgres.url()).args(["-Atc", "select 1 + 41"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[tokio::test]
async fn postgres_answers_again_after_kill_9_and_leaves_no_process() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut postgres = Postgres::start(&directory.path().join("postgres")).await?;
    assert_eq!(select_one(&postgres)?, "42");
    postgres.kill9().await;
    assert_ne!(select_one(&postgres)?, "42");
    postgres.restart().await?;
    assert_eq!(select_one(&postgres)?, "42");
    let pids = postgres.pids();
    postgres.stop().await;
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} is left");
    }
    Ok(())
}

#[tokio::test]
async fn redis_answers_again_on_the_same_port_after_kill_9() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let mut redis = Redis::start(&directory.path().join("redis")).await?;
    let port = redis.port();
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", redis.pid()))?;
    let url = redis.url();
    let (password, _) = url.trim_start_matches("redis://:").split_once('@').expect("a password");
    assert!(!arguments.contains(password), "everybody may read a process's arguments");
    redis.kill9();
    redis.restart().await?;
    assert_eq!(redis.port(), port);
    redis.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_child_is_reaped_with_its_exit_status() -> anyhow::Result<()> {
    let tie = Tie { death: Death::Kill, identity: Identity::Same, output: Output::Discard };
    let mut child = spawn_tied(Command::new("sh").args(["-c", "exit 7"]), tie)?;
    let status = child.wait(Duration::from_secs(10)).await?.expect("it ends");
    assert_eq!(status.code(), Some(7));
    Ok(())
}
