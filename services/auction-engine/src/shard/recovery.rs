//! From the journal to a state that serves: newest readable snapshot, then the rows after it, each link checked.

use auction_core::{Entry, Shard};
use sha2::{Digest, Sha256};
use store::PgPool;
use store::journal::StoredRow;

use super::keys::{Fingerprint, Keys};

/// A shard as the journal says it is.
pub(crate) struct Recovered {
    pub(crate) state: Shard,
    pub(crate) keys: Keys,
    /// The last row whose key a key page holds.
    pub(crate) saved_through: u64,
}

/// Why a shard cannot be served from its journal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unrecoverable {
    #[error("the journal could not be read")]
    Store(#[from] store::Error),
    #[error("row {seq} cannot be read")]
    Entry { seq: u64, source: auction_core::entry::BadEntry },
    #[error("row {seq} does not continue its chain: the journal was changed")]
    BrokenChain { seq: u64 },
}

/// Reads the whole state of `shard`. Rows are read once more only as far back as no readable snapshot reaches.
pub(crate) async fn recover(pool: &PgPool, shard: &str) -> Result<Recovered, Unrecoverable> {
    let (mut state, through) = newest_snapshot(pool, shard).await?;
    let mut keys = Keys::default();
    let paged = load_pages(pool, shard, through, &mut keys).await?;
    let mut saved_through = through;
    if paged < through {
        tracing::warn!(shard, paged, through, "key pages are missing; their keys are read from the journal");
        saved_through = paged;
        store::journal::follow(pool, shard, paged, |row| {
            if row.seq <= through {
                keys.insert(Fingerprint::of(&decode(&row)?.command.source));
            }
            Ok::<_, Unrecoverable>(())
        })
        .await?;
    }
    store::journal::follow(pool, shard, through, |row| {
        let entry = decode(&row)?;
        if state.head(&entry.decision.subject).chain(&row.entry) != row.hash {
            return Err(Unrecoverable::BrokenChain { seq: row.seq });
        }
        state.apply(&entry, row.hash);
        keys.insert(Fingerprint::of(&entry.command.source));
        Ok(())
    })
    .await?;
    Ok(Recovered { state, keys, saved_through })
}

async fn newest_snapshot(pool: &PgPool, shard: &str) -> Result<(Shard, u64), Unrecoverable> {
    for snapshot in store::snapshot::newest(pool, shard).await? {
        let digest: [u8; 32] = Sha256::digest(&snapshot.state).into();
        match Shard::from_snapshot(&snapshot.state) {
            Ok(state) if digest == snapshot.digest && state.rows() == snapshot.seq => return Ok((state, snapshot.seq)),
            Ok(_) => tracing::error!(shard, seq = snapshot.seq, "a snapshot is damaged; an older one is used"),
            Err(error) => {
                tracing::warn!(shard, seq = snapshot.seq, %error, "a snapshot cannot be read; an older one is used");
            }
        }
    }
    Ok((Shard::default(), 0))
}

/// Loads the key pages as far as they go without a gap; says how far that is.
async fn load_pages(pool: &PgPool, shard: &str, through: u64, keys: &mut Keys) -> Result<u64, Unrecoverable> {
    let pages = store::snapshot::key_pages(pool, shard, through).await?;
    keys.reserve(pages.iter().map(|page| page.fingerprints.len()).sum());
    let mut covered = 0;
    for page in pages {
        if page.first_seq > covered + 1 {
            break;
        }
        let last = page.first_seq + u64::try_from(page.fingerprints.len()).expect("a page is small") - 1;
        covered = covered.max(last.min(through));
        page.fingerprints.into_iter().for_each(|key| keys.insert_saved(Fingerprint(key)));
    }
    Ok(covered)
}

fn decode(row: &StoredRow) -> Result<Entry, Unrecoverable> {
    Entry::decode(&row.entry).map_err(|source| Unrecoverable::Entry { seq: row.seq, source })
}
