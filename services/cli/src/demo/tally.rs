//! What the journal says of a show: per lot, per refusal, and how long bids took from post to durable.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use auction_core::{BidderId, Entry, Event, Handle, SourceKind, Verdict};
use bid_grammar::{Post, Reading, Reference};
use hdrhistogram::Histogram;
use store::inbox::InboxPost;
use store::social::Reference as PostReference;
use store::{Database, PgPool, inbox, journal};

/// Rows read at once.
const PAGE: u32 = 5_000;
/// Longer than any post can be late.
const LONGEST_MS: u64 = 24 * 3600 * 1000;

/// The sums of a show.
#[derive(Debug)]
pub(super) struct Tally {
    /// Posts that have a row of their own, by their number in the inbox: bids, and posts that wanted to bid.
    rows: BTreeMap<Handle, BTreeSet<u64>>,
    /// How far the engine has read each inbox.
    cursors: BTreeMap<Handle, u64>,
    /// Posts that the engine has judged: they have a row, or lie before its cursor and are no bids by the grammar.
    pub(super) judged: u64,
    pub(super) refusals: BTreeMap<String, u64>,
    /// From X's own time of a post to the commit of its accepted bid, in milliseconds.
    pub(super) post_to_accepted: Histogram<u64>,
    pub(super) handles: BTreeMap<BidderId, String>,
}

/// Reads every journal of a database.
pub(super) async fn of(url: &str) -> anyhow::Result<Tally> {
    let pool = Database::new(url, "sothebais demo")?.pool();
    let mut tally = Tally::new()?;
    for shard in journal::shards(&pool).await.context("the journal cannot be read")? {
        let durable_at: BTreeMap<u64, i64> = journal::commit_times(&pool, &shard.shard)
            .await
            .context("the commit times cannot be read")?
            .into_iter()
            .collect();
        let mut after = 0;
        loop {
            let page = journal::page(&pool, &shard.shard, after, PAGE).await.context("the journal cannot be read")?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for row in &page {
                let entry = row.decode().with_context(|| format!("row {} cannot be read", row.seq))?;
                tally.note(&entry, durable_at.get(&row.seq).copied().unwrap_or(entry.now.0))?;
            }
        }
    }
    let handles: Vec<Handle> = tally.cursors.keys().cloned().collect();
    for handle in &handles {
        tally.note_inbox(&pool, handle).await?;
    }
    let mut after = BidderId(0);
    loop {
        let page = store::bidder::list(&pool, after, PAGE).await.context("the bidders cannot be read")?;
        let Some(last) = page.last() else { break };
        after = last.terms.bidder;
        tally.handles.extend(page.iter().map(|bidder| (bidder.terms.bidder, bidder.handle.to_string())));
    }
    pool.close().await;
    Ok(tally)
}

impl Tally {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            rows: BTreeMap::new(),
            cursors: BTreeMap::new(),
            judged: 0,
            refusals: BTreeMap::new(),
            post_to_accepted: Histogram::new_with_max(LONGEST_MS, 3).context("the histogram's bounds are wrong")?,
            handles: BTreeMap::new(),
        })
    }

    /// Counts one row, which was durable at `durable_at` (milliseconds since the Unix epoch).
    fn note(&mut self, entry: &Entry, durable_at: i64) -> anyhow::Result<()> {
        let Entry { command, now: _, decision } = entry;
        for event in &decision.events {
            if let Some(post) = event.post() {
                self.rows.entry(post.handle.clone()).or_default().insert(post.seq);
                self.move_cursor(&post.handle, post.seq);
            }
            if let Event::InboxAdvanced { handle, seq, .. } = event {
                self.move_cursor(handle, *seq);
            }
            if let Event::BidRefused { refusal, .. } = event {
                *self.refusals.entry(refusal.code().to_owned()).or_default() += 1;
            }
        }
        if let (Verdict::Accepted { .. }, SourceKind::Post) = (&decision.verdict, command.source.kind) {
            let took = u64::try_from(durable_at - command.at.0).unwrap_or(0).min(LONGEST_MS);
            self.post_to_accepted.record(took).context("the time is out of the histogram's range")?;
        }
        Ok(())
    }

    fn move_cursor(&mut self, handle: &Handle, seq: u64) {
        let cursor = self.cursors.entry(handle.clone()).or_default();
        *cursor = seq.max(*cursor);
    }

    /// Counts the posts of an inbox that were judged. The engine's word that a post is no bid is not taken: it is read
    /// again here.
    async fn note_inbox(&mut self, pool: &PgPool, handle: &Handle) -> anyhow::Result<()> {
        let cursor = self.cursors.get(handle).copied().unwrap_or(0);
        let rows = self.rows.entry(handle.clone()).or_default();
        let mut after = 0;
        while after < cursor {
            let page = inbox::read(pool, handle, after, PAGE).await.context("the inbox cannot be read")?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            let before_cursor = page.iter().filter(|post| post.seq <= cursor);
            let judged = before_cursor.filter(|post| rows.contains(&post.seq) || is_no_bid(post, handle)).count();
            self.judged += judged as u64;
        }
        Ok(())
    }
}

/// Whether a post without a row may have none: it was deleted before it was read, or the grammar reads no bid in it.
fn is_no_bid(post: &InboxPost, house: &Handle) -> bool {
    let Some(text) = &post.text else { return true };
    let reference = match post.reference {
        PostReference::None => Reference::None,
        PostReference::Reply => Reference::Reply,
        PostReference::Quote => Reference::Quote,
        PostReference::Repost => Reference::Repost,
    };
    match bid_grammar::read(&Post { text, reference }, house.as_str()) {
        Reading::NotABid(_) => true,
        Reading::Bid { .. }
        | Reading::MaxBid { .. }
        | Reading::NextBid { .. }
        | Reading::BuyNow { .. }
        | Reading::Refused(_) => false,
    }
}
