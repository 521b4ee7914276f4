//! Keys that want a reconcile: each at most once in the line, each worked on by one at a time, some only later.
//!
//! A key that is added while it is worked on is worked on again: no change is lost between reading and finishing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::key::Key;

/// The line. Its bound is the number of resources: a key is never in it twice.
#[derive(Debug, Default)]
pub struct Queue {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    line: VecDeque<(Key, Instant)>,
    waiting: BTreeSet<Key>,
    running: BTreeSet<Key>,
    /// Added while they were worked on.
    again: BTreeSet<Key>,
    due: BTreeMap<Key, Instant>,
    timers: BTreeSet<(Instant, Key)>,
    added: u64,
}

/// A key to work on, and how long it has waited.
#[derive(Debug)]
pub struct Taken {
    pub key: Key,
    pub since: Instant,
}

impl Queue {
    /// Wants `key` reconciled as soon as possible.
    pub fn add(&self, key: Key) {
        self.with(|inner| inner.add(key, Instant::now()));
        self.changed.notify_one();
    }

    /// Wants `key` reconciled at `at`, if nothing asks for it earlier.
    pub fn add_at(&self, key: Key, at: Instant) {
        self.with(|inner| {
            if let Some(known) = inner.due.get(&key).copied() {
                if known <= at {
                    return;
                }
                inner.timers.remove(&(known, key.clone()));
            }
            inner.due.insert(key.clone(), at);
            inner.timers.insert((at, key));
        });
        self.changed.notify_one();
    }

    /// The next key. It must be given to [`Self::done`] afterwards, even when nothing came of it.
    pub async fn take(&self) -> Taken {
        loop {
            let changed = self.changed.notified();
            let (taken, more, next) = self.with(|inner| {
                inner.wake(Instant::now());
                let taken = inner.take();
                (taken, !inner.line.is_empty(), inner.timers.first().map(|(at, _)| *at))
            });
            if let Some(taken) = taken {
                if more {
                    self.changed.notify_one();
                }
                return taken;
            }
            match next {
                Some(at) => tokio::select! { () = changed => {}, () = tokio::time::sleep_until(at) => {} },
                None => changed.await,
            }
        }
    }

    /// Ends the work on `key`.
    pub fn done(&self, key: &Key) {
        self.with(|inner| {
            inner.running.remove(key);
            if inner.again.remove(key) {
                inner.add(key.clone(), Instant::now());
            }
        });
        self.changed.notify_one();
    }

    /// Keys in the line now.
    pub fn depth(&self) -> usize {
        self.with(|inner| inner.line.len())
    }

    /// Keys ever put into the line.
    pub fn added(&self) -> u64 {
        self.with(|inner| inner.added)
    }

    /// Whether nothing waits and nothing is worked on; timers do not count.
    pub fn is_idle(&self) -> bool {
        self.with(|inner| inner.line.is_empty() && inner.running.is_empty())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Inner) -> T) -> T {
        use_it(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn add(&mut self, key: Key, now: Instant) {
        if self.running.contains(&key) {
            self.again.insert(key);
        } else if self.waiting.insert(key.clone()) {
            self.added += 1;
            self.line.push_back((key, now));
        }
    }

    /// Puts what is due into the line.
    fn wake(&mut self, now: Instant) {
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            let Some((at, key)) = self.timers.pop_first() else { return };
            self.due.remove(&key);
            self.add(key, at);
        }
    }

    fn take(&mut self) -> Option<Taken> {
        let (key, since) = self.line.pop_front()?;
        self.waiting.remove(&key);
        self.running.insert(key.clone());
        // What it was to be woken for is seen now.
        if let Some(at) = self.due.remove(&key) {
            self.timers.remove(&(at, key.clone()));
        }
        Some(Taken { key, since })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key(name: &str) -> Key {
        Key::Auction("ns".to_owned(), name.to_owned())
    }

    #[tokio::test]
    async fn a_key_added_while_it_is_worked_on_comes_again_once() {
        let queue = Queue::default();
        queue.add(key("a"));
        let taken = queue.take().await.key;
        queue.add(key("a"));
        queue.add(key("a"));
        assert_eq!(queue.depth(), 0, "nobody else may work on it");
        queue.done(&taken);
        assert_eq!(queue.depth(), 1);
        let again = queue.take().await.key;
        queue.done(&again);
        assert!(queue.is_idle());
    }

    #[tokio::test]
    async fn the_earlier_of_two_times_counts_and_an_earlier_reason_replaces_both() {
        let queue = Queue::default();
        let start = Instant::now();
        queue.add_at(key("a"), start + Duration::from_mins(10));
        queue.add_at(key("a"), start + Duration::from_millis(30));
        let taken = queue.take().await.key;
        assert!(start.elapsed() >= Duration::from_millis(30));
        queue.done(&taken);
        let again = tokio::time::timeout(Duration::from_millis(50), queue.take()).await;
        assert!(again.is_err(), "the later time went with the earlier");
    }
}
