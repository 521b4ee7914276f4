use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::testing::{NO_DATABASE, closed, house, next, say};

const SUBSCRIBE: &str = r#"{"type":"subscribe","auction":"spring"}"#;

/// The status and code of a refused handshake.
fn refused(error: Error) -> (u16, String) {
    match error {
        Error::Http(response) => {
            let body: serde_json::Value =
                serde_json::from_slice(response.body().as_deref().unwrap_or(b"{}")).unwrap_or_default();
            (response.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
        }
        other => panic!("not refused by HTTP: {other}"),
    }
}

#[tokio::test]
async fn a_viewer_is_greeted_gets_a_snapshot_and_then_each_new_price() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    house.publish(1, &[100, 200]);
    let mut viewer = house.connect(&[]).await.unwrap();
    let hello = next(&mut viewer).await;
    assert_eq!(
        (&hello["type"], &hello["auctions"][0], &hello["max_in_flight"]),
        (&"hello".into(), &"spring".into(), &0.into())
    );
    say(&mut viewer, SUBSCRIBE).await;
    let snapshot = next(&mut viewer).await;
    assert_eq!((&snapshot["type"], &snapshot["lots"][0]["price_wei"]), (&"snapshot".into(), &"100".into()));
    house.publish(2, &[110, 200]);
    let delta = next(&mut viewer).await;
    assert_eq!((&delta["type"], &delta["lot"], &delta["price_wei"]), (&"delta".into(), &1.into(), &"110".into()));
    say(&mut viewer, r#"{"type":"ping"}"#).await;
    assert_eq!(next(&mut viewer).await["type"], "pong");
}

#[tokio::test]
async fn a_viewer_that_does_not_read_gets_the_newest_price_and_nothing_is_queued() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    let lots = 200;
    house.publish(1, &vec![1; lots]);
    let mut viewer = house.connect(&[]).await.unwrap();
    next(&mut viewer).await;
    say(&mut viewer, SUBSCRIBE).await;
    assert_eq!(next(&mut viewer).await["type"], "snapshot");
    // Each edition is some 70 KB; the kernel's buffers hold a few of them at most.
    let editions = 300_u64;
    for seq in 2..=editions {
        house.publish(seq, &vec![u128::from(seq); lots]);
        tokio::time::sleep(super::press::EDITION_GAP).await;
    }
    let mut seen = 0_u64;
    let mut last = vec![0; lots];
    while last.iter().any(|&seq| seq != editions) {
        let delta = next(&mut viewer).await;
        let (lot, seq) = (delta["lot"].as_u64().unwrap(), delta["seq"].as_u64().unwrap());
        let index = usize::try_from(lot - 1).unwrap();
        assert!(seq > last[index], "a price came twice or went back");
        last[index] = seq;
        seen += 1;
    }
    assert!(seen < editions * 200 / 2, "{seen} prices were queued for somebody who did not read");
}

#[tokio::test]
async fn wrong_frames_get_coded_errors_and_the_connection_stays() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    let mut viewer = house.connect(&[]).await.unwrap();
    next(&mut viewer).await;
    for (frame, code) in [
        ("{", "MalformedJson"),
        ("\u{1F600}", "MalformedJson"),
        (r#"{"type":"shout"}"#, "UnknownType"),
        (r#"{"type":"subscribe","auction":"nowhere"}"#, "UnknownAuction"),
        (r#"{"type":"command","id":"k","auction":"spring","kind":"next_bid"}"#, "NotABidder"),
        (r#"{"type":"range","auction":"spring","lot":1,"limit":-4}"#, "InvalidField"),
    ] {
        say(&mut viewer, frame).await;
        let error = next(&mut viewer).await;
        assert_eq!((&error["type"], &error["code"]), (&"error".into(), &code.into()), "{frame}");
        assert!(!error["remedy"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_client_that_is_wrong_all_the_time_is_shown_the_door() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    let mut viewer = house.connect(&[]).await.unwrap();
    for _ in 0..20 {
        if viewer.send(Message::text("{")).await.is_err() {
            break;
        }
    }
    assert_eq!(closed(&mut viewer).await, 1008);
}

#[tokio::test]
async fn a_broken_protocol_is_told_and_closed() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    for (message, code, close) in [
        (Message::binary(vec![1, 2, 3]), "BinaryFrame", 1003),
        (Message::text("x".repeat(5000)), "FrameTooLarge", 1009),
    ] {
        let mut viewer = house.connect(&[]).await.unwrap();
        next(&mut viewer).await;
        viewer.send(message).await.unwrap();
        assert_eq!(next(&mut viewer).await["code"], code);
        assert_eq!(closed(&mut viewer).await, close);
    }
}

#[tokio::test]
async fn only_our_own_pages_and_programs_may_open_a_socket() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    assert!(house.connect(&[("origin", "https://sothebais.io")]).await.is_ok());
    let error = house.connect(&[("origin", "https://evil.example")]).await.unwrap_err();
    assert_eq!(refused(error), (403, "OriginNotAllowed".into()));
}

/// The token with one letter of its signature changed.
fn tamper(token: &str) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let middle = bytes.len() - 100;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_wrong_token_is_refused_at_the_handshake() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    let good = house.bidder_token(7);
    let clerk = house.token(&[bootstrap::auth::Role::Auctioneer]);
    let tampered = tamper(&good);
    for (token, status, code) in [
        ("nonsense".to_owned(), 401, "TokenMalformed"),
        (tampered, 401, "TokenSignature"),
        (clerk, 403, "RoleMissing"),
        ("a".repeat(9000), 401, "TokenTooLong"),
    ] {
        let error = house.connect(&[("authorization", &format!("Bearer {token}"))]).await.unwrap_err();
        assert_eq!(refused(error), (status, code.into()));
    }
    let mut bidder = house.bidder(7).await;
    let hello = next(&mut bidder).await;
    assert_eq!((&hello["bidder"], &hello["max_in_flight"]), (&"7".into(), &64.into()));
}

#[tokio::test]
async fn commands_beyond_the_bound_are_busy_and_bad_amounts_are_refused_at_once() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    let mut bidder = house.bidder(7).await;
    next(&mut bidder).await;
    say(&mut bidder, r#"{"type":"command","id":"x","auction":"spring","kind":"bid"}"#).await;
    let result = next(&mut bidder).await;
    assert_eq!((&result["verdict"], &result["code"]), (&"refused".into(), &"AmountMissing".into()));
    say(&mut bidder, r#"{"type":"command","id":"","auction":"spring","kind":"next_bid"}"#).await;
    assert_eq!(next(&mut bidder).await["code"], "InvalidField");
    // Nobody answers behind the mailbox, so all of these stay in flight.
    for index in 0..=super::commands::MAX_IN_FLIGHT {
        say(&mut bidder, &format!(r#"{{"type":"command","id":"k{index}","auction":"spring","kind":"next_bid"}}"#))
            .await;
    }
    let result = next(&mut bidder).await;
    assert_eq!((&result["type"], &result["id"], &result["verdict"]), (&"result".into(), &"k64".into(), &"busy".into()));
    assert!(result["retry_after_ms"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn an_idle_connection_is_one_small_task() {
    let (life, engine) = (bootstrap::lifecycle::Lifecycle::new(), crate::engine::EngineHandle::new("s1"));
    let pool = store::Database::new(NO_DATABASE, "test").unwrap().pool();
    let entrance =
        super::Entrance { origins: Vec::new(), sockets: prometheus_client::metrics::gauge::Gauge::default() };
    let hub = super::Hub::new(engine, pool, bootstrap::clock::Clock::System, &life, entrance);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let seat = hub.seat().unwrap();
    let connection = super::connection::run(stream, bytes::Bytes::new(), None, hub, seat);
    let size = std::mem::size_of_val(&connection);
    assert!(size <= 1600, "the task has {size} bytes");
    life.stop();
}

#[tokio::test]
async fn a_stop_says_good_bye() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    let mut viewer = house.connect(&[]).await.unwrap();
    next(&mut viewer).await;
    house.life.stop();
    assert_eq!(closed(&mut viewer).await, 1001);
}

#[tokio::test]
async fn a_worker_that_does_not_hold_the_shard_says_so() {
    let house = house(NO_DATABASE).await;
    let error = house.connect(&[]).await.unwrap_err();
    assert_eq!(refused(error), (503, "NotHere".into()));
}

#[tokio::test]
async fn viewers_of_a_worker_that_lost_its_lease_are_told_to_come_back_and_see_no_old_price() {
    let house = house(NO_DATABASE).await;
    let _mailbox = house.hold();
    house.publish(1, &[100]);
    let mut viewer = house.connect(&[]).await.unwrap();
    next(&mut viewer).await;
    say(&mut viewer, r#"{"type":"subscribe","auction":"spring"}"#).await;
    assert_eq!(next(&mut viewer).await["type"], "snapshot");
    assert_eq!(house.get("/v1/auctions/spring").await.status, 200);
    house.engine.switch(crate::engine::Serving::Elsewhere { address: None });
    assert_eq!(closed(&mut viewer).await, 1012);
    assert_eq!(house.get("/v1/auctions/spring").await.status, 503);
}
