//! Tests' servers: a real PostgreSQL with every migration applied, a real Redis. A dev-dependency only.
//!
//! `examples/with-servers.rs` starts one PostgreSQL for a whole test run and names it in [`SHARED_POSTGRES`]; a test
//! process that is run alone starts its own. Every caller of [`postgres`] gets a fresh database. [`kubernetes`] is the same
//! for an API server.

pub mod kubernetes;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, ensure};
use private_servers::{Postgres, Redis};
use tokio::sync::OnceCell;

/// Names the URL of a running server whose database [`TEMPLATE`] has all migrations applied.
pub const SHARED_POSTGRES: &str = "SOTHEBAIS_TEST_POSTGRES";
/// Fresh databases are copies of this one.
pub const TEMPLATE: &str = "sothebais_template";

static OWN_POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
static OWN_REDIS: OnceCell<Redis> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of a fresh database with every migration applied.
pub async fn postgres() -> anyhow::Result<String> {
    #[expect(clippy::disallowed_methods, reason = "the test run's own setting")]
    let shared = std::env::var(SHARED_POSTGRES).ok();
    let server = match shared {
        Some(url) => url,
        None => OWN_POSTGRES.get_or_try_init(own_postgres).await?.url(),
    };
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let output = Command::new(Postgres::program("createdb")?)
        .arg(format!("--maintenance-db={server}"))
        .args(["--template", TEMPLATE, &name])
        .output()?;
    ensure!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
    let (base, _) = server.rsplit_once('/').context("a database URL ends in a database")?;
    Ok(format!("{base}/{name}"))
}

/// The URL of this process's own Redis, empty at first.
pub async fn redis() -> anyhow::Result<String> {
    let server =
        OWN_REDIS.get_or_try_init(async || anyhow::Ok(Redis::start(&own_directory()?.join("redis")).await?)).await?;
    Ok(server.url())
}

/// Starts a server in `directory` and prepares the database that fresh ones are copied from.
pub async fn postgres_with_template(directory: &Path) -> anyhow::Result<Postgres> {
    // Test processes run side by side, each with pools of its own.
    let server = Postgres::start_with(directory, &[("max_connections", "400")]).await?;
    let output = Command::new(Postgres::program("createdb")?)
        .arg(format!("--maintenance-db={}", server.url()))
        .arg(TEMPLATE)
        .output()?;
    ensure!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
    let database = store::pool::Database::new(&server.url_of(TEMPLATE), "testkit")?;
    let pool = database.pool();
    store::pool::migrate(&pool).await?;
    // A template can only be copied while nobody is connected to it.
    pool.close().await;
    Ok(server)
}

async fn own_postgres() -> anyhow::Result<Postgres> {
    postgres_with_template(&own_directory()?.join("postgres")).await
}

/// This process's directory. Those of processes that are gone are removed first: statics are never dropped.
fn own_directory() -> anyhow::Result<PathBuf> {
    let all = std::env::temp_dir().join("sothebais-tests");
    for entry in std::fs::read_dir(&all).into_iter().flatten().flatten() {
        let alive = entry.file_name().to_str().is_some_and(|pid| Path::new("/proc").join(pid).exists());
        if !alive {
            // Another test process may be removing the same one.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let own = all.join(std::process::id().to_string());
    std::fs::create_dir_all(&own)?;
    Ok(own)
}
