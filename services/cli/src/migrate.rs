//! `sothebais migrate`: brings a database's schema up to date, forward only. Safe to run twice and side by side.

use std::process::ExitCode;

use bootstrap::args::Database;
use bootstrap::secret::ExposeSecret as _;

use crate::trouble::Trouble;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: Database,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    bring_up_to_date(args.database.database_url.expose_secret()).await?;
    println!("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

/// Applies what is missing.
pub async fn bring_up_to_date(url: &str) -> anyhow::Result<()> {
    let failed = |error: store::Error| {
        let remedy = "check the URL, and that its user may create schemas";
        Trouble::new("MigrationFailed", "the database could not be brought up to date", remedy).because(error)
    };
    let pool = store::Database::new(url, "sothebais migrate").map_err(failed)?.pool();
    store::migrate(&pool).await.map_err(failed)?;
    pool.close().await;
    Ok(())
}
