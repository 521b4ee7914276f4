//! What has arrived and is not durable yet, cut into rounds that one statement can write. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use auction_core::{BidderId, Handle};
use store::social::{Committed, NewPost, Via};
use tokio::sync::oneshot;

use crate::ingest::{Arrival, Filed};
use crate::reply::wish::{Wish, wish};

/// Posts in one statement: some hundreds of KiB at most, written in a few milliseconds.
const ROUND_LIMIT: usize = 512;
/// Posts gathered before writing begins.
const BATCH_LIMIT: usize = 4096;
/// Keys of posts that were written lately; both streams bring nearly every post, seconds apart.
const RECENT_LIMIT: usize = 16_384;

/// Posts of distinct keys.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) posts: Vec<NewPost>,
}

/// A comparison that waits until its posts are durable.
#[derive(Debug)]
struct Waiter {
    ids: BTreeSet<u64>,
    missing: Vec<u64>,
    done: oneshot::Sender<Filed>,
}

/// Arrivals in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    posts: VecDeque<NewPost>,
    /// A round is at most this long; shrinks while a bad post is looked for.
    bound: Option<usize>,
    waiters: Vec<Waiter>,
    pub(super) deleted: Vec<u64>,
    /// Authors who asked for silence, or for replies again, in order.
    pub(super) wishes: Vec<(BidderId, Wish)>,
    /// New handles, in order.
    pub(super) renamed: Vec<(BidderId, Handle)>,
    /// Posts that were known to be durable when they arrived again, by source.
    repeats: BTreeMap<Via, u64>,
    /// (first id, latest id) of posts that are durable, oldest first, and the same as a set.
    recent: VecDeque<(u64, u64)>,
    known: BTreeSet<(u64, u64)>,
}

impl Batch {
    pub(super) fn add(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Post(post) => self.push(*post),
            Arrival::Compared { posts, done } => {
                let ids = posts.iter().map(|post| post.id).collect();
                self.waiters.push(Waiter { ids, missing: Vec::new(), done });
                for post in posts {
                    self.push(post);
                }
            }
            Arrival::Deleted { post } => self.deleted.push(post),
            Arrival::Renamed { bidder, handle } => self.renamed.push((bidder, handle)),
        }
    }

    fn push(&mut self, post: NewPost) {
        if self.known.contains(&(post.id, post.latest_id)) {
            *self.repeats.entry(post.via).or_default() += 1;
        } else {
            self.posts.push_back(post);
        }
    }

    /// How many posts came again since the last call, by source.
    pub(super) fn take_repeats(&mut self) -> BTreeMap<Via, u64> {
        std::mem::take(&mut self.repeats)
    }

    pub(super) fn len(&self) -> usize {
        self.posts.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.posts.len() >= BATCH_LIMIT
    }

    /// The next posts to write: distinct keys, in order of arrival. A second edit of a key waits for the round after.
    pub(super) fn next_round(&mut self) -> Option<Round> {
        let bound = self.bound.unwrap_or(ROUND_LIMIT);
        let (mut posts, mut later) = (Vec::new(), VecDeque::new());
        let (mut keys, mut whole) = (BTreeSet::new(), BTreeSet::new());
        while let Some(post) = self.posts.pop_front() {
            if !whole.insert((post.id, post.latest_id)) || self.known.contains(&(post.id, post.latest_id)) {
                continue;
            }
            if posts.len() < bound && keys.insert(post.id) {
                posts.push(post);
            } else {
                later.push_back(post);
            }
        }
        self.posts = later;
        (!posts.is_empty()).then_some(Round { posts })
    }

    /// A round could not be written now.
    pub(super) fn put_back(&mut self, round: Round) {
        for post in round.posts.into_iter().rev() {
            self.posts.push_front(post);
        }
    }

    /// A round failed because of its data: halves follow. A single post that fails is the culprit, and is given out.
    pub(super) fn bisect(&mut self, mut round: Round) -> Option<NewPost> {
        if round.posts.len() == 1 {
            self.bound = None;
            return round.posts.pop();
        }
        self.bound = Some(round.posts.len().div_ceil(2));
        self.put_back(round);
        None
    }

    /// A round is durable.
    pub(super) fn filed(&mut self, round: &Round, committed: &Committed) {
        let by_comparison = round.posts.iter().filter(|post| post.via == Via::Mentions).map(|post| post.id);
        let missing: BTreeSet<u64> = by_comparison.filter(|id| committed.queued.contains(id)).collect();
        for waiter in &mut self.waiters {
            waiter.missing.extend(waiter.ids.intersection(&missing));
        }
        for post in round.posts.iter().filter(|post| committed.queued.contains(&post.id)) {
            self.wishes.extend(wish(&post.text).map(|wish| (post.author, wish)));
        }
        // A stranger may be registered in the next second: then the post must be looked at again.
        for post in round.posts.iter().filter(|post| !committed.strangers.contains(&post.id)) {
            let key = (post.id, post.latest_id);
            if self.known.insert(key) {
                self.recent.push_back(key);
            }
        }
        while self.recent.len() > RECENT_LIMIT {
            if let Some(oldest) = self.recent.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// Everything is durable: tells those who wait.
    pub(super) fn answer(&mut self) {
        for waiter in self.waiters.drain(..) {
            // Whoever asked may have given up; the posts are stored all the same.
            let _ = waiter.done.send(Filed { missing: waiter.missing });
        }
    }
}

#[cfg(test)]
mod tests {
    use auction_core::Timestamp;
    use store::social::Reference;

    use super::*;

    fn post(id: u64, latest_id: u64) -> NewPost {
        NewPost {
            id,
            latest_id,
            author: BidderId(1),
            author_handle: None,
            text: String::new(),
            text_sha256: [0; 32],
            reference: Reference::None,
            created_at: Timestamp(0),
            received_at: Timestamp(0),
            via: Via::Activity,
            raw: serde_json::Value::Null,
            trace: None,
        }
    }

    fn batch(posts: &[(u64, u64)]) -> Batch {
        let mut batch = Batch::default();
        for &(id, latest) in posts {
            batch.add(Arrival::Post(Box::new(post(id, latest))));
        }
        batch
    }

    fn ids(round: &Round) -> Vec<(u64, u64)> {
        round.posts.iter().map(|post| (post.id, post.latest_id)).collect()
    }

    #[test]
    fn the_same_post_twice_is_written_once_and_an_edit_waits_for_the_next_round() {
        let mut batch = batch(&[(1, 1), (2, 2), (1, 1), (1, 5), (3, 3)]);
        assert_eq!(ids(&batch.next_round().unwrap()), [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(ids(&batch.next_round().unwrap()), [(1, 5)]);
        assert!(batch.next_round().is_none());
    }

    #[test]
    fn what_could_not_be_written_comes_first_the_next_time() {
        let mut batch = batch(&[(1, 1), (2, 2)]);
        let round = batch.next_round().unwrap();
        batch.add(Arrival::Post(Box::new(post(3, 3))));
        batch.put_back(round);
        assert_eq!(ids(&batch.next_round().unwrap()), [(1, 1), (2, 2), (3, 3)]);
    }

    #[test]
    fn one_bad_post_is_found_and_the_others_are_kept() {
        let mut batch = batch(&(1..=9).map(|id| (id, id)).collect::<Vec<_>>());
        let (mut written, mut dropped) = (Vec::new(), Vec::new());
        while let Some(round) = batch.next_round() {
            if round.posts.iter().any(|post| post.id == 4) {
                dropped.extend(batch.bisect(round).map(|post| post.id));
            } else {
                written.extend(ids(&round).into_iter().map(|(id, _)| id));
            }
        }
        assert_eq!((written, dropped), (vec![1, 2, 3, 5, 6, 7, 8, 9], vec![4]));
    }

    #[test]
    fn a_comparison_hears_what_the_streams_had_not_brought() {
        let mut batch = batch(&[(1, 1)]);
        let (done, mut answer) = oneshot::channel();
        let compared = [1, 2, 3].map(|id| NewPost { via: Via::Mentions, ..post(id, id) });
        batch.add(Arrival::Compared { posts: compared.to_vec(), done });
        let round = batch.next_round().unwrap();
        let committed = Committed { last_seq: 2, queued: vec![1, 2], strangers: vec![3] };
        batch.filed(&round, &committed);
        assert!(answer.try_recv().is_err());
        batch.answer();
        assert_eq!(answer.try_recv().unwrap(), Filed { missing: vec![2] });
    }

    #[test]
    fn a_stranger_is_looked_at_again_and_a_known_post_is_not() {
        let mut batch = batch(&[(1, 1), (2, 2)]);
        let round = batch.next_round().unwrap();
        batch.filed(&round, &Committed { last_seq: 1, queued: vec![1], strangers: vec![2] });
        batch.add(Arrival::Post(Box::new(post(1, 1))));
        batch.add(Arrival::Post(Box::new(post(2, 2))));
        assert_eq!(ids(&batch.next_round().unwrap()), [(2, 2)]);
    }
}
