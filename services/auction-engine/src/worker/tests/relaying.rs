//! The bus gets every durable row once, in order, whatever happens to Redis.

use std::process::Command as Process;
use std::time::Duration;

use auction_core::Intent;
use private_servers::Redis;
use tokio::time::Instant;

use super::house::{House, PATIENCE};

/// The rows of the house's stream after `after`, once `through` is among them.
async fn published(house: &House, after: u64, through: u64) -> Vec<(u64, String)> {
    let mut reader = bus::Bus::new(&house.redis).unwrap().outbox_reader(&house.shard);
    let deadline = Instant::now() + PATIENCE;
    let mut rows: Vec<(u64, String)> = Vec::new();
    while rows.last().is_none_or(|(seq, _)| *seq < through) {
        assert!(Instant::now() < deadline, "row {through} is published in time");
        let last = rows.last().map_or(after, |(seq, _)| *seq);
        // Redis may be away for a moment.
        if let Ok(page) = reader.read(last, 1_000, Duration::from_millis(100)).await {
            rows.extend(page.into_iter().map(|row| (row.seq, row.event)));
        }
    }
    rows
}

async fn bids(house: &House, name: &str, number: u64) -> u64 {
    let mut last = 0;
    for n in 0..number {
        last = house.bid(1 + n % 8, &format!("{name}-{n}"), Intent::NextBid).await.unwrap().seq;
    }
    last
}

#[tokio::test]
async fn every_row_is_published_once_under_its_own_number() {
    let house = House::open().await;
    let last = bids(&house, "a", 40).await;
    let rows = published(&house, 0, last).await;
    assert_eq!(rows.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>());
    let event: serde_json::Value = serde_json::from_str(&rows.last().unwrap().1).unwrap();
    assert_eq!(event["type"], "io.sothebais.auction.bid.accepted.v1");
    assert_eq!(event["data"]["source"]["key"], "a-39");
    assert_eq!(event["data"]["price_wei"], "1390");
    house.close().await;
}

#[tokio::test]
async fn after_a_flush_the_stream_begins_again_where_its_slowest_reader_stands() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path()).await.unwrap();
    let house = House::open_with(redis.url()).await;
    let before = bids(&house, "before", 20).await;
    published(&house, 0, before).await;
    store::reader::report(&house.pool, &house.shard, "replies", before - 5).await.unwrap();

    flush(&redis);
    let after = bids(&house, "after", 5).await;
    let rows = published(&house, 0, after).await;
    assert_eq!(rows.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (before - 4..=after).collect::<Vec<_>>());
    house.close().await;
}

#[tokio::test]
async fn bids_go_on_without_redis_and_are_published_when_it_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut redis = Redis::start(directory.path()).await.unwrap();
    let house = House::open_with(redis.url()).await;
    let first = bids(&house, "with", 5).await;
    published(&house, 0, first).await;
    redis.kill9();
    let second = bids(&house, "without", 5).await;
    redis.restart().await.unwrap();
    let rows = published(&house, first, second).await;
    assert_eq!(rows.last().map(|(seq, _)| *seq), Some(second));
    house.close().await;
}

#[tokio::test]
async fn a_stream_that_is_ahead_of_the_journal_begins_anew() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path()).await.unwrap();
    let house = House::open_with(redis.url()).await;
    let last = bids(&house, "first", 5).await;
    published(&house, 0, last).await;
    house.close().await;
    // The database is put back to an earlier state, of which the bus knows nothing.
    redis_cli(&redis, &["xadd", &format!("out:{}", house.shard), &format!("{}-0", last + 100), "event", "{}"]);

    let again = house.reopen().await;
    let last = bids(&again, "again", 5).await;
    let rows = published(&again, 0, last).await;
    assert_eq!(rows.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>());
    again.close().await;
}

#[tokio::test]
async fn a_task_that_falls_over_ends_the_term() {
    let directory = tempfile::tempdir().unwrap();
    let mut redis = Redis::start(directory.path()).await.unwrap();
    let house = House::open_with(redis.url()).await;
    redis.kill9();
    // So many batches that the relay has to read the journal, where it meets a row that is no entry.
    let last = bids(&house, "unread", 40).await;
    let (entry, hash) = (vec![0_u8; 3], [0_u8; 32]);
    let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&[&entry[..], &hash].concat()).cast_signed();
    let hex = |bytes: &[u8]| alloy_primitives::hex::encode(bytes);
    house.meddle(&format!(
        "update engine.journal set entry = '\\x{}', hash = '\\x{}', crc = {checksum} where seq = {last}",
        hex(&entry),
        hex(&hash)
    ));
    redis.restart().await.unwrap();
    house.until(|engine| engine.standing().epoch.is_none()).await;
    house.close().await;
}

fn flush(redis: &Redis) {
    assert_eq!(redis_cli(redis, &["flushall"]), "OK");
}

fn redis_cli(redis: &Redis, command: &[&str]) -> String {
    let url = redis.url();
    let (password, _) = url.trim_start_matches("redis://:").split_once('@').expect("a private Redis has a password");
    let port = redis.port().to_string();
    let output = Process::new("redis-cli").args(["-p", &port, "-a", password]).args(command).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
