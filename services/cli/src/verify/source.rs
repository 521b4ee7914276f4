//! Reads journals from PostgreSQL: a URL, or the data directory of a machine that is not running.

use std::path::Path;

use alloy_primitives::Address;
use anyhow::Context as _;
use private_servers::Postgres;
use store::journal::ShardRows;
use store::seal::{CloseSeal, StoredCommit};
use store::{Database, PgPool, journal, receipt_key, seal};

use super::{Audit, Fault, JournalFile, Trust, Verified, unreadable};
use crate::machine::data_dir::DataDir;
use crate::trouble::Trouble;

/// Rows or commits read at once: some megabytes at most.
const PAGE: u32 = 5_000;

/// Checks every journal of a database. Without pinned keys the published ones are trusted, which proves less.
pub(super) async fn check(
    url: &str,
    pinned: Option<Trust>,
    export: Option<&Path>,
) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
    let database = Database::new(url, "sothebais verify").map_err(|error| unreadable("the URL is wrong", error))?;
    let pool = database.pool();
    let failed = |error| unreadable("the database cannot be read", error);
    let published: Vec<Address> =
        receipt_key::list(&pool).await.map_err(failed)?.iter().map(|key| Address::new(key.address)).collect();
    let mut file = export.map(JournalFile::create).transpose()?;
    if let Some(file) = &mut file {
        file.keys(&published)?;
    }
    let trust = pinned.unwrap_or_else(|| {
        eprintln!("note: the receipt keys are those that the database names; pin one with --receipt-key");
        Trust::new(published)
    });
    let mut verified = Vec::new();
    for shard in journal::shards(&pool).await.map_err(failed)? {
        match check_shard(&pool, &shard, &trust, file.as_mut()).await? {
            Ok(shard) => verified.push(shard),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    if let Some(file) = file {
        file.finish()?;
    }
    pool.close().await;
    Ok(Ok(verified))
}

/// Pins the published keys at a machine's first start; returns later ones, which are not pinned.
pub async fn pin_published_keys(directory: &Path, url: &str) -> anyhow::Result<Vec<Address>> {
    let pool = Database::new(url, "sothebais").context("the database's URL is wrong")?.pool();
    let published = receipt_key::list(&pool).await.context("the receipt keys cannot be read")?;
    pool.close().await;
    let keys: Vec<Address> = published.iter().map(|key| Address::new(key.address)).collect();
    super::trust::pin_first_keys(directory, &keys)
}

async fn check_shard(
    pool: &PgPool,
    shard: &ShardRows,
    trust: &Trust,
    mut file: Option<&mut JournalFile>,
) -> anyhow::Result<Result<Verified, Fault>> {
    let ShardRows { shard: name, last_seq } = shard;
    let commits = commits(pool, name).await?;
    if let Some(file) = &mut file {
        file.shard(name, *last_seq)?;
        file.commits(&commits)?;
    }
    let mut audit = Audit::new(name, trust, commits);
    let mut lots = std::collections::BTreeSet::new();
    let mut after = 0;
    loop {
        let page = match journal::page(pool, name, after, PAGE).await {
            Ok(page) => page,
            Err(store::Error::Damaged { shard, seq }) => {
                let what = "its bytes do not match their checksum".to_owned();
                return Ok(Err(Fault { shard, seq, what }));
            }
            Err(error) => return Err(unreadable(format!("the journal of {name} cannot be read"), error).into()),
        };
        let Some(last) = page.last() else { break };
        after = last.seq;
        for row in &page {
            match audit.row(row) {
                Ok(entry) => lots.extend(entry.decision.subject.auction.zip(entry.decision.subject.lot)),
                Err(fault) => return Ok(Err(fault)),
            }
        }
        if let Some(file) = &mut file {
            file.rows(&page)?;
        }
    }
    let mut closes: Vec<CloseSeal> = Vec::new();
    for (auction, lot) in lots {
        closes.extend(seal::closes(pool, name, &auction, lot).await.context("the closes cannot be read")?);
    }
    if let Some(file) = &mut file {
        file.closes(&closes)?;
    }
    Ok(audit.finish(*last_seq, &closes))
}

async fn commits(pool: &PgPool, shard: &str) -> anyhow::Result<Vec<StoredCommit>> {
    let mut all: Vec<StoredCommit> = Vec::new();
    loop {
        let after = all.last().map_or(0, |commit| commit.last_seq);
        let page = seal::commits(pool, shard, after, PAGE).await.context("the commits cannot be read")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Starts the PostgreSQL of a data directory for as long as `work` needs it.
pub async fn with_data_directory<T>(
    directory: &Path,
    work: impl AsyncFnOnce(&str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if !directory.join("postgres").exists() {
        let message = format!("{} is not the data directory of a machine", directory.display());
        return Err(Trouble::new("NotADataDirectory", message, "name the directory given to `up --data`").into());
    }
    let data = DataDir::open(Some(directory))?;
    let mut postgres =
        Postgres::start(&data.postgres()).await.context("the directory's PostgreSQL cannot be started")?;
    let worked = work(&postgres.url()).await;
    postgres.stop().await;
    worked
}
