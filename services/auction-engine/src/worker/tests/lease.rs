//! One writer at a time: fencing, standing by, lost connections.

use std::time::Duration;

use auction_core::{Intent, Refusal, SourceKind, Verdict, Wei};
use futures_util::future::join_all;

use super::house::{House, bid, sale};
use crate::engine::SubmitError;

#[tokio::test]
async fn a_writer_whose_epoch_is_superseded_answers_nobody_and_writes_nothing() {
    let house = House::open().await;
    house.meddle(
        "update engine.shard_lease set epoch = epoch + 1, owner = gen_random_uuid(), until = now() + interval '1 hour'",
    );
    let answer = house.bid(1, "late", Intent::NextBid).await;
    assert_eq!(answer.unwrap_err(), SubmitError::InDoubt);
    let row = store::journal::by_key(&house.pool, &house.shard, SourceKind::Web, "late").await.unwrap();
    assert_eq!(row, None);
    house.until(|engine| engine.standing().epoch.is_none()).await;
    let answer = house.bid(1, "later", Intent::NextBid).await;
    assert!(matches!(answer, Err(SubmitError::NotHere { .. })), "{answer:?}");
    house.close().await;
}

#[tokio::test]
async fn a_second_worker_stands_by_and_takes_over_when_the_first_one_stops() {
    let house = House::open().await;
    let first = house.bid(1, "before", Intent::NextBid).await.unwrap();
    let standby = House::start(&house.shard, &house.url, &house.redis);
    let refused = |engine: &crate::engine::EngineHandle| {
        let answer = engine.submit(bid(1, 1, "too-soon", Intent::NextBid));
        matches!(answer, Err(SubmitError::NotHere { address: Some(_) }))
    };
    standby.until(refused).await;
    house.close().await;
    standby.until(|engine| engine.standing().epoch.is_some()).await;
    let second = standby.bid(2, "after", Intent::NextBid).await.unwrap();
    assert!(second.epoch > first.epoch);
    assert_eq!(standby.engine.view(&sale()).unwrap().lots[0].price, Some(Wei::from(1_010)));
    standby.close().await;
}

#[tokio::test]
async fn lost_connections_lose_no_answered_bid_and_double_none() {
    let house = House::open().await;
    let (mut accepted, mut leading) = (0_u128, 0_u128);
    for round in 0..5 {
        let keys: Vec<_> = (0..200).map(|n| format!("{round}-{n}")).collect();
        let bids = keys.iter().zip(0..).map(|(key, n)| house.bid(1 + n % 8, key, Intent::NextBid));
        let cut = async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            house.meddle(
                "select pg_terminate_backend(pid) from pg_stat_activity
                  where application_name = 'worker-test' and datname = current_database()",
            );
        };
        let (answers, ()) = tokio::join!(join_all(bids), cut);
        for answer in answers {
            match &answer.unwrap().decision.verdict {
                Verdict::Accepted { .. } => accepted += 1,
                // Bids side by side come in any order, so two of one bidder may follow each other.
                Verdict::Refused(Refusal::AlreadyLeading { .. }) => leading += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(accepted + leading, 1_000);
    let rows = "select count(*) from engine.journal where idem_source = 2 and doc->>'verdict' =";
    assert_eq!(house.meddle(&format!("{rows} 'accepted'")), accepted.to_string());
    let price = house.engine.view(&sale()).unwrap().lots[0].price;
    assert_eq!(price, Some(Wei::from(1_000 + (accepted - 1) * 10)));
    house.close().await;
}

#[tokio::test]
async fn a_database_that_cannot_commit_is_waited_for_without_a_new_epoch() {
    let house = House::open().await;
    let before = house.bid(1, "before", Intent::NextBid).await.unwrap();
    house.meddle(
        "create function engine.full() returns trigger language plpgsql as
           $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
         create trigger full_disk before insert on engine.commit execute function engine.full()",
    );
    let space = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        house.meddle("drop trigger full_disk on engine.commit");
    };
    let (answer, ()) = tokio::join!(house.bid(2, "full", Intent::NextBid), space);
    let answer = answer.unwrap();
    assert!(matches!(answer.decision.verdict, Verdict::Accepted { .. }), "{answer:?}");
    assert_eq!(answer.epoch, before.epoch);
    house.close().await;
}
