//! Reads journals from PostgreSQL: a URL, or the data directory of a machine that is not running.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::Address;
use anyhow::Context as _;
use auction_core::Hash;
use private_servers::Postgres;
use store::evidence::{self, LeaseClaim};
use store::seal::StoredCommit;
use store::{Database, PgPool, receipt_key, seal};

use super::audit::Claim;
use super::{Asked, Audit, Fault, JournalFile, Trust, Verified, anchor, at_least_one_row, unreadable};
use crate::machine::data_dir::DataDir;
use crate::trouble::Trouble;

/// Rows or commits read at once: some megabytes at most.
const PAGE: u32 = 5_000;

/// Checks every journal of a database. Without pinned keys the published ones are trusted, which proves less.
pub(super) async fn check(
    url: &str,
    asked: Asked<'_>,
    export: Option<&Path>,
) -> anyhow::Result<Result<Vec<Verified>, Fault>> {
    let database = Database::new(url, "sothebais verify").map_err(|error| unreadable("the URL is wrong", error))?;
    let pool = database.pool();
    let failed = |error| unreadable("the database cannot be read", error);
    let published = evidence::keys(&pool).await.map_err(failed)?;
    let mut file = export.map(JournalFile::create).transpose()?;
    if let Some(file) = &mut file {
        file.keys(&published)?;
    }
    let trust = Trust::within(asked.pinned, published);
    let shards = evidence::shards(&pool).await.map_err(failed)?;
    let names: Vec<&str> = shards.keys().map(String::as_str).collect();
    let mut anchors = match anchor::by_shard(asked.anchors, &names) {
        Ok(anchors) => anchors,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut verified = Vec::new();
    for (name, lease) in &shards {
        let Some(LeaseClaim { last_seq, epoch }) = *lease else {
            let what = "it has rows, commits or closes, but no lease that counts them";
            return Ok(Err(Fault::of_shard(name, what)));
        };
        let shard = Read { name, claim: Claim { last_seq, epoch: Some(epoch) } };
        let expected = anchors.remove(name).unwrap_or_default();
        match check_shard(&pool, shard, &trust, expected, file.as_mut()).await? {
            Ok(shard) => verified.push(shard),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    if let Some(file) = file {
        file.finish()?;
    }
    pool.close().await;
    Ok(at_least_one_row(verified))
}

/// A shard to read, and how far it says that it goes.
#[derive(Debug, Clone, Copy)]
struct Read<'a> {
    name: &'a str,
    claim: Claim,
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
    shard: Read<'_>,
    trust: &Trust,
    expected: BTreeMap<u64, Hash>,
    mut file: Option<&mut JournalFile>,
) -> anyhow::Result<Result<Verified, Fault>> {
    let Read { name, claim } = shard;
    let commits = commits(pool, name).await?;
    if let Some(file) = &mut file {
        file.shard(name, claim)?;
        file.commits(&commits)?;
    }
    let mut audit = Audit::new(name, trust, commits).anchored_at(expected);
    let mut after = 0;
    loop {
        let page = match evidence::page(pool, name, after, PAGE).await {
            Ok(page) => page,
            Err(store::Error::Damaged { shard, seq }) => {
                let what = "its bytes do not match their checksum".to_owned();
                return Ok(Err(Fault { shard: Some(shard), seq, what }));
            }
            Err(error) => return Err(unreadable(format!("the journal of {name} cannot be read"), error).into()),
        };
        let Some((last, _)) = page.last() else { break };
        after = last.seq;
        for (row, columns) in &page {
            if let Err(fault) = audit.row(row, Some(columns)) {
                return Ok(Err(fault));
            }
        }
        if let Some(file) = &mut file {
            file.rows(page.iter().map(|(row, _)| row))?;
        }
    }
    let closes = evidence::closes(pool, name).await.context("the closes cannot be read")?;
    if let Some(file) = &mut file {
        file.closes(&closes)?;
    }
    Ok(audit.finish(claim, &closes))
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
