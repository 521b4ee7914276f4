//! Posts of the drill: bids and chat that go into the house's inbox as the social gateway puts them there.
//!
//! It keeps trying each batch until the inbox has it, so every post that it writes down must be judged.

use std::time::Duration;

use anyhow::{Context as _, bail};
use auction_core::{BidderId, Handle, SourceKind, Timestamp, Wei};
use bootstrap::clock::Clock;
use rand::RngExt as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};
use store::PgPool;
use store::social::{Committed, Lease, NewPost, Reference, Via, commit_posts, lease_inbox};
use tokio::sync::watch;

use super::bidder::{Heard, Phase};
use super::evidence::{Content, Post};
use crate::rig::{Bidders, STEP_WEI};

/// Nobody else wants the inbox, so its lease may outlast every round.
const LEASE_MS: i64 = 3_600_000;
const PAUSE_AT_MOST: Duration = Duration::from_millis(60);
const POSTS_AT_ONCE: u64 = 3;
/// Restart of PostgreSQL, take-over and recovery come before the last post is judged.
const JUDGED_DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

pub(super) struct Poster {
    pub(super) pool: PgPool,
    pub(super) handle: Handle,
    pub(super) bidders: Bidders,
    pub(super) lots: u32,
    pub(super) heard: Heard,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) clock: Clock,
    pub(super) dice: StdRng,
}

impl Poster {
    /// Posts until bidding ends; returns what the inbox holds.
    pub(super) async fn run(mut self) -> anyhow::Result<Vec<Post>> {
        let lease = lease_inbox(&self.pool, &self.handle, "drill", LEASE_MS).await?;
        let mut lease = lease.context("somebody else has the drill's inbox")?;
        let mut posted = Vec::new();
        let mut minted = 0;
        while *self.phase.borrow() == Phase::Bidding {
            let batch = self.write(&mut minted);
            let posts: Vec<NewPost> = batch.iter().map(|(post, _)| post.clone()).collect();
            let Committed { last_seq, queued, .. } = self.commit(&mut lease, &posts).await?;
            let first = last_seq + 1 - u64::try_from(queued.len())?;
            for (inbox_seq, id) in (first..).zip(&queued) {
                let content = batch.iter().find(|(post, _)| post.id == *id).map(|&(_, content)| content);
                let content = content.context("the inbox queued a post that was not in the batch")?;
                posted.push(Post { inbox_seq, id: id.to_string(), content });
            }
            let pause = self.dice.random_range(Duration::ZERO..=PAUSE_AT_MOST);
            tokio::time::sleep(pause).await;
        }
        Ok(posted)
    }

    fn write(&mut self, minted: &mut u64) -> Vec<(NewPost, Content)> {
        let now = Timestamp(self.clock.now_ms());
        let count = self.dice.random_range(1..=POSTS_AT_ONCE);
        (0..count).map(|_| self.write_one(now, minted)).collect()
    }

    fn write_one(&mut self, now: Timestamp, minted: &mut u64) -> (NewPost, Content) {
        *minted += 1;
        let id = now.first_post_id() + *minted;
        let authors: Vec<u64> = self.bidders.ids().collect();
        let author = authors[self.dice.random_range(0..authors.len())];
        let (text, content) = if self.dice.random_ratio(1, 5) {
            (format!("@{} what a lovely frame", self.handle), Content::Chat)
        } else {
            let lot = self.dice.random_range(1..=self.lots);
            let steps = self.heard.steps(auction_core::LotNumber(lot)) + self.dice.random_range(0..=4);
            (bid_text(&self.handle, u128::from(steps.max(1)) * STEP_WEI, lot), Content::Bid)
        };
        let post = NewPost {
            id,
            latest_id: id,
            author: BidderId(author),
            author_handle: None,
            text_sha256: Sha256::digest(&text).into(),
            text,
            reference: Reference::None,
            created_at: now,
            received_at: now,
            via: Via::Activity,
            raw: serde_json::json!({}),
            trace: None,
        };
        (post, content)
    }

    /// Commits the batch, again and again until the inbox has it.
    async fn commit(&self, lease: &mut Lease, posts: &[NewPost]) -> anyhow::Result<Committed> {
        loop {
            match commit_posts(&self.pool, lease, posts, LEASE_MS).await {
                Ok(Some(committed)) => {
                    lease.last_seq = committed.last_seq;
                    return Ok(committed);
                }
                // The answer of an attempt was lost with its connection, and the attempt counted: lease again, then the
                // posts that are there already get their numbers from the inbox itself.
                Ok(None) => return self.recover(lease, posts).await,
                Err(_down) if *self.phase.borrow() != Phase::Over => tokio::time::sleep(POLL).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn recover(&self, lease: &mut Lease, posts: &[NewPost]) -> anyhow::Result<Committed> {
        let before = lease.last_seq;
        let again = lease_inbox(&self.pool, &self.handle, "drill", LEASE_MS).await?;
        *lease = again.context("somebody else took the drill's inbox")?;
        let queued: Vec<u64> = posts.iter().map(|post| post.id).collect();
        if lease.last_seq != before + u64::try_from(queued.len())? {
            bail!("the inbox is at {} after {before} and {} posts", lease.last_seq, queued.len());
        }
        Ok(Committed { last_seq: lease.last_seq, queued, strangers: Vec::new() })
    }
}

/// A bid as people write it.
fn bid_text(handle: &Handle, wei: u128, lot: u32) -> String {
    format!("@{handle} bid {} ETH on lot {lot}", Wei::from(wei).main_units())
}

/// Waits until the last post that bids has its row, so that the lots may be ended.
pub(super) async fn wait_judged(pool: &PgPool, shard: &str, posts: &[Post]) {
    let Some(last) = posts.iter().rev().find(|post| post.content == Content::Bid) else { return };
    let wait = async {
        loop {
            // PostgreSQL may just be starting again.
            if let Ok(Some(_)) = store::journal::by_key(pool, shard, SourceKind::Post, &last.id).await {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    // A post that is never judged is a violation that the checker names, so the round goes on.
    let _late = tokio::time::timeout(JUDGED_DEADLINE, wait).await;
}

#[cfg(test)]
mod tests {
    use bid_grammar::Reading;

    use super::*;

    #[test]
    fn the_grammar_reads_the_drills_bids_and_passes_over_its_chat() {
        let handle = Handle::new("drill1").unwrap();
        let text = bid_text(&handle, 12 * STEP_WEI, 2);
        let post = bid_grammar::Post { text: &text, reference: bid_grammar::Reference::None };
        let expected = Reading::Bid { amount_wei: Wei::from(12 * STEP_WEI).0, lot: Some(2) };
        assert_eq!(bid_grammar::read(&post, handle.as_str()), expected, "{text}");
        let chat = bid_grammar::Post { text: "@drill1 what a lovely frame", reference: bid_grammar::Reference::None };
        assert!(matches!(bid_grammar::read(&chat, handle.as_str()), Reading::NotABid(_)));
    }
}
