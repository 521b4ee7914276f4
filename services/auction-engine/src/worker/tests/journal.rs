//! What was answered is in the journal, and a key has one effect.

use std::time::Duration;

use auction_core::{BidderId, Entry, Intent, Paddle, Shard, SourceKind, Verdict, Wei};
use futures_util::future::join_all;
use store::bidder::{Change, LimitChange};
use tokio::time::Instant;

use super::house::{House, PATIENCE, sale};
use crate::engine::First;
use crate::shard::recovery;

#[tokio::test]
async fn an_answered_bid_is_a_row_that_continues_its_chain() {
    let house = House::open().await;
    let outcome = house.bid(1, "first", Intent::Bid(Wei::from(1_000))).await.unwrap();
    assert!(matches!(outcome.decision.verdict, Verdict::Accepted { .. }), "{:?}", outcome.decision.verdict);

    let row = store::journal::by_key(&house.pool, &house.shard, SourceKind::Web, "first").await.unwrap().unwrap();
    assert_eq!((row.seq, row.hash), (outcome.seq, outcome.hash));
    assert_eq!(row.decode().unwrap().decision, *outcome.decision);
    assert_eq!(house.engine.view(&sale()).unwrap().lots[0].price, Some(Wei::from(1_000)));
    house.close().await;
}

#[tokio::test]
async fn a_key_has_one_effect_at_once_later_and_after_a_restart() {
    let house = House::open().await;
    let (first, second) = tokio::join!(
        house.bid(1, "same", Intent::Bid(Wei::from(1_000))),
        house.bid(1, "same", Intent::Bid(Wei::from(9_000)))
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.first, second.first), (First::Decided, First::Repeated));
    assert_eq!((first.seq, &first.decision), (second.seq, &second.decision));

    let later = house.bid(1, "same", Intent::Bid(Wei::from(9_000))).await.unwrap();
    assert_eq!((later.first, later.seq), (First::Repeated, first.seq));
    house.close().await;

    let again = house.reopen().await;
    let restarted = again.bid(1, "same", Intent::Bid(Wei::from(9_000))).await.unwrap();
    assert_eq!((restarted.first, restarted.seq, restarted.hash), (First::Repeated, first.seq, first.hash));
    assert_eq!(again.engine.view(&sale()).unwrap().lots[0].price, Some(Wei::from(1_000)));
    again.close().await;
}

#[tokio::test]
async fn snapshot_and_tail_come_to_what_the_whole_journal_comes_to() {
    let house = House::open().await;
    for round in 0..12 {
        let keys: Vec<_> = (0..1_000).map(|n| format!("{round}-{n}")).collect();
        let bids = keys.iter().zip(0..).map(|(key, n)| house.bid(1 + n % 8, key, Intent::NextBid));
        for outcome in join_all(bids).await {
            outcome.unwrap();
        }
    }
    // The snapshot is written beside the bids.
    let deadline = Instant::now() + PATIENCE;
    while store::snapshot::newest(&house.pool, &house.shard).await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "a snapshot is written after 10,000 rows");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    house.bid(3, "tail", Intent::NextBid).await.unwrap();

    let snapshot = store::snapshot::newest(&house.pool, &house.shard).await.unwrap().remove(0);
    let recovered = recovery::recover(&house.pool, &house.shard).await.unwrap();
    assert!(snapshot.seq < recovered.state.rows(), "there is a tail after the snapshot");
    let mut whole = Shard::default();
    let fold = |row: store::journal::StoredRow| {
        let entry: Entry = row.decode()?;
        whole.apply(&entry, row.hash);
        Ok::<_, store::Error>(())
    };
    store::journal::follow(&house.pool, &house.shard, 0, fold).await.unwrap();
    assert_eq!(whole.digest(), recovered.state.digest());
    house.close().await;
}

#[tokio::test]
async fn a_row_that_the_database_refuses_takes_no_other_with_it() {
    let house = House::open().await;
    house.bid(1, "first", Intent::NextBid).await.unwrap();
    // The worker's memory does not know this key; only the database's index does.
    house.meddle("update engine.journal set idem_key = 'taken' where idem_key = 'first'");

    let bids = [("a", 2), ("b", 3), ("taken", 4), ("c", 5), ("d", 6)];
    let answers = join_all(bids.map(|(key, bidder)| house.bid(bidder, key, Intent::NextBid))).await;
    for (answer, (key, _)) in answers.iter().zip(bids) {
        let answer = answer.as_ref().unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(answer.first == First::Repeated, key == "taken", "{key}");
    }
    let price = house.engine.view(&sale()).unwrap().lots[0].price;
    assert_eq!(price, Some(Wei::from(1_040)), "the first and four more counted, from 1,000 by 10");
    house.close().await;
}

#[tokio::test]
async fn a_rows_doc_does_not_tell_a_maximum() {
    let house = House::open().await;
    house.bid(1, "max", Intent::MaxBid(Wei::from(912_345))).await.unwrap();
    let docs = house.meddle("select string_agg(doc::text, ' ') from engine.journal");
    assert!(docs.contains("accepted") && !docs.contains("912345"), "{docs}");
    house.close().await;
}

#[tokio::test]
async fn paddles_that_go_round_in_a_circle_are_all_taken_in() {
    let house = House::open().await;
    let moved = |id, paddle| Change {
        bidder: BidderId(id),
        handle: None,
        paddle: Some(Paddle(paddle)),
        limit: LimitChange::None,
        status: None,
        subject: None,
    };
    for (id, paddle) in [(1, 900), (2, 101), (1, 102)] {
        store::bidder::change(&house.pool, &[moved(id, paddle)]).await.unwrap();
    }
    house.engine.note_bidders();
    let swapped = async {
        let mut paddles = (0, 0);
        for attempt in 0.. {
            for id in [1, 2] {
                let outcome = house.bid(id, &format!("{id}-{attempt}"), Intent::NextBid).await.unwrap();
                let Verdict::Accepted { standing, .. } = &outcome.decision.verdict else { continue };
                if id == 1 { paddles.0 = standing.paddle.0 } else { paddles.1 = standing.paddle.0 }
            }
            if paddles == (102, 101) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), swapped).await.expect("both paddles come into force");
    house.close().await;
}
