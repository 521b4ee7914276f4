//! The front door with a whole worker behind it, on a real PostgreSQL and Redis.

mod described;
mod outside;

use alloy_primitives::{Address, B256};
use auction_core::receipt::{CommitStatement, Leaf, Receipt, VerdictCode};
use auction_core::{Round, Timestamp};
use bootstrap::auth::Role;
use wire::rest::ReceiptBody;

use crate::testing::{Answer, Request, house, next, say, until, working_house};

const OPENING: &str = r#"{"lot":1,"kind":"bid","amount_wei":"100000000000000000"}"#;

async fn show() -> crate::testing::House {
    let house = working_house(&testkit::postgres().await.unwrap(), "s1").await;
    house.open_show().await;
    house
}

/// Checks the receipt of an accepted bid.
fn verify(body: &serde_json::Value, keys: &serde_json::Value) {
    assert_eq!(body["verdict"], VerdictCode::Accepted as u8);
    check(body, keys);
}

/// Checks a receipt as anybody can who has the published addresses.
fn check(body: &serde_json::Value, keys: &serde_json::Value) {
    let receipt: ReceiptBody = serde_json::from_value(body.clone()).unwrap();
    let hash = |text: &str| text.parse::<B256>().unwrap();
    let verdicts = [VerdictCode::Accepted, VerdictCode::Parked, VerdictCode::Done, VerdictCode::Refused];
    let leaf = Leaf {
        lot_key: hash(&receipt.lot_key),
        round: Round(receipt.round),
        lot_seq: receipt.lot_seq,
        verdict: verdicts[usize::from(receipt.verdict) - 1],
        mandate_hash: hash(&receipt.mandate_hash),
        all_in: receipt.all_in_wei.0,
        source_id: hash(&receipt.source_id),
        time: receipt.at.0,
        hash: hash(&receipt.hash),
    };
    let commit = CommitStatement {
        root: hash(&receipt.root),
        shard: receipt.shard,
        first_seq: receipt.first_seq,
        last_seq: receipt.last_seq,
    };
    let path = receipt.path.iter().map(|step| hash(step)).collect();
    let signature = alloy_primitives::hex::decode(&receipt.signature).unwrap();
    let key: Address = keys[0]["address"].as_str().unwrap().parse().unwrap();
    Receipt { leaf, path, commit, signature }.verify(key).unwrap();
}

#[tokio::test]
async fn a_bid_is_accepted_shown_and_proved() {
    let house = show().await;
    let bid = house.bid(1, "k1", OPENING).await;
    assert_eq!((bid.status, &bid.body["verdict"], &bid.body["leading"]), (200, &"accepted".into(), &true.into()));
    let lot = house.get("/v1/auctions/spring/lots/1").await.body;
    assert_eq!((&lot["price_wei"], &lot["leader_paddle"]), (&"100000000000000000".into(), &bid.body["leader_paddle"]));
    let history = house.get("/v1/auctions/spring/lots/1/history").await.body;
    let line = history["items"].as_array().unwrap().iter().find(|line| line["verdict"] == "accepted").unwrap();
    assert_eq!(line["lot_seq"], bid.body["lot_seq"]);
    let receipt = house.get(bid.body["receipt"].as_str().unwrap()).await.body;
    assert_eq!(receipt["hash"], line["hash"]);
    store_key(&house).await;
    verify(&receipt, &house.get("/v1/receipt-keys").await.body);
    let token = house.bidder_token(1);
    let own = Request { path: "/v1/receipts/web/k1", token: Some(&token), ..Request::default() };
    assert_eq!(house.ask(own).await.body, receipt);
}

/// Gives a clerk's command, which must be carried out.
async fn command(house: &crate::testing::House, key: &str, body: &str) -> serde_json::Value {
    let clerk = house.token(&[Role::Auctioneer]);
    let path = "/v1/auctions/spring/commands";
    let post = Request { method: "POST", path, token: Some(&clerk), key: Some(key), body, ..Request::default() };
    let done = house.ask(post).await;
    assert_eq!(done.status, 200, "{}", done.body);
    done.body
}

#[tokio::test]
async fn every_row_of_every_round_has_a_receipt() {
    let house = show().await;
    store_key(&house).await;
    let state = async |wanted: &str| {
        for _ in 0..500 {
            if house.get("/v1/auctions/spring/lots/1").await.body["state"] == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the lot is not {wanted} in time");
    };
    for round in 1..=3 {
        let key = |what: &str| format!("{what}-{round}");
        if round > 1 {
            command(&house, &key("reoffer"), r#"{"command":"reoffer_lot","lot":1}"#).await;
            state("open").await;
        }
        assert_eq!(house.bid(1, &key("bid"), OPENING).await.body["verdict"], "accepted");
        assert_eq!(house.bid(2, &key("low"), OPENING).await.code(), "BelowIncrement");
        match round {
            1 => drop(command(&house, "void", &void_of(&house, &key("bid")).await).await),
            _ => drop(command(&house, &key("out"), r#"{"command":"withdraw_lot","lot":1,"reason":"a crack"}"#).await),
        }
        if round == 1 {
            command(&house, "end", r#"{"command":"end_lot","lot":1}"#).await;
            state("passed").await;
        }
        let late = house.bid(2, &key("late"), r#"{"lot":1,"kind":"next_bid"}"#).await;
        assert_eq!(late.status, 409, "{}", late.body);
    }
    let keys = house.get("/v1/receipt-keys").await.body;
    let first = house.bid(1, "bid-1", OPENING).await.body["lot_seq"].as_u64().unwrap();
    let history = house.get(&format!("/v1/auctions/spring/lots/1/history?limit=100&after={}", first - 1)).await.body;
    let lines = history["items"].as_array().unwrap();
    assert_eq!(lines.len(), 18, "{history}");
    let mut rounds = std::collections::BTreeMap::<u64, usize>::new();
    for line in lines {
        let path = format!("/v1/auctions/spring/lots/1/receipts/{}", line["lot_seq"]);
        let receipt = house.get(&path).await;
        assert_eq!(receipt.status, 200, "{line}: {}", receipt.body);
        check(&receipt.body, &keys);
        *rounds.entry(receipt.body["round"].as_u64().unwrap()).or_default() += 1;
    }
    assert_eq!(rounds.len(), 3, "{rounds:?}");
    let late = house.bidder_token(2);
    let late = Request { path: "/v1/receipts/web/late-1", token: Some(&late), ..Request::default() };
    assert_eq!(house.ask(late).await.body["round"], 1, "refused after the hammer of the first round");
}

/// The command that voids the bid with this key.
async fn void_of(house: &crate::testing::House, key: &str) -> String {
    let lot_seq = house.bid(1, key, OPENING).await.body["lot_seq"].clone();
    format!(r#"{{"command":"void_bid","lot":1,"lot_seq":{lot_seq},"reason":"a slip"}}"#)
}

#[tokio::test]
async fn a_clerk_takes_half_a_step_once_and_everybody_sees_the_next_bid() {
    let house = show().await;
    house.bid(1, "first", r#"{"lot":1,"kind":"bid","amount_wei":"500000000000000000"}"#).await;
    let shown = async || {
        let lot = house.get("/v1/auctions/spring/lots/1").await.body;
        (lot["min_next_wei"].as_str().unwrap().to_owned(), lot["half_cut"].as_str().unwrap().to_owned())
    };
    assert_eq!(shown().await, ("550000000000000000".to_owned(), "unused".to_owned()));
    let body = r#"{"command":"half_cut","lot":1}"#;
    assert_eq!(command(&house, "cut", body).await["events"][0], "IncrementHalved");
    assert_eq!(shown().await, ("525000000000000000".to_owned(), "standing".to_owned()));
    let next = house.bid(2, "second", r#"{"lot":1,"kind":"next_bid"}"#).await;
    assert_eq!(next.body["price_wei"], "525000000000000000");
    assert_eq!(shown().await, ("575000000000000000".to_owned(), "used".to_owned()));
    let clerk = house.token(&[Role::Auctioneer]);
    let path = "/v1/auctions/spring/commands";
    let again = Request { method: "POST", path, token: Some(&clerk), key: Some("cut-2"), body, ..Request::default() };
    let again = house.ask(again).await;
    assert_eq!((again.status, again.code()), (409, "HalfCutGiven"));
}

/// Publishes the test worker's receipt key, as a worker's start does.
async fn store_key(house: &crate::testing::House) {
    let address =
        crate::shard::signer::Signer::new("s1".into(), k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap());
    store::receipt_key::publish(&house.pool, "s1", address.address().into()).await.unwrap();
}

#[tokio::test]
async fn a_key_always_gets_the_first_decision_and_belongs_to_its_bidder() {
    let house = show().await;
    let first = house.bid(1, "same", OPENING).await;
    let again = house.bid(1, "same", r#"{"lot":1,"kind":"next_bid"}"#).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let elsewhere = house.bid(1, "same", r#"{"lot":2,"kind":"next_bid"}"#).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (422, "KeyReused"));
    let other = house.bid(2, "same", r#"{"lot":1,"kind":"next_bid"}"#).await;
    assert_eq!((other.status, &other.body["verdict"]), (200, &"accepted".into()));
    assert_ne!(other.body["seq"], first.body["seq"]);
    let refused = house.bid(1, "low", OPENING).await;
    let refused_again = house.bid(1, "low", OPENING).await;
    assert_eq!((refused.status, refused.code()), (409, "BelowIncrement"));
    assert_eq!(refused.body, refused_again.body);
}

#[tokio::test]
async fn a_maximum_stays_sealed_for_everybody_else_while_the_lot_is_open() {
    let house = show().await;
    let max = house.bid(1, "m", r#"{"lot":1,"kind":"max_bid","amount_wei":"912345678900000000"}"#).await;
    assert_eq!(max.body["amount_wei"], "912345678900000000");
    let receipt = max.body["receipt"].as_str().unwrap();
    assert_eq!(house.get(receipt).await.code(), "ReceiptSealed");
    let (own, other) = (house.bidder_token(1), house.bidder_token(2));
    assert_eq!(house.ask(Request { path: receipt, token: Some(&other), ..Request::default() }).await.status, 403);
    assert_eq!(house.ask(Request { path: receipt, token: Some(&own), ..Request::default() }).await.status, 200);
    for path in
        ["/v1/auctions/spring/lots/1", "/v1/auctions/spring/lots/1/history", "/v1/auctions/spring", "/v1/status"]
    {
        let shown = house.get(path).await.body.to_string();
        assert!(!shown.contains("9123456789"), "{path} tells the maximum");
    }
}

#[tokio::test]
async fn a_maximum_that_is_refused_first_is_not_told_by_the_bid_log() {
    let house = show().await;
    let body = r#"{"lot":2,"kind":"max_bid","amount_wei":"98765432100000000000"}"#;
    let refused = house.bid(1, "m1", body).await;
    assert_eq!(refused.code(), "JumpNeedsConfirmation");
    assert!(refused.body["detail"].as_str().unwrap().contains("98.7654321"), "{}", refused.body);
    assert_eq!(house.bid(1, "m2", body).await.status, 200);
    let shown = house.get("/v1/auctions/spring/lots/2/history").await.body.to_string();
    assert!(shown.contains("JumpNeedsConfirmation"), "{shown}");
    assert!(!shown.contains("98.7654321") && !shown.contains("987654321"), "{shown}");
}

/// Each request with the status and the code that it must be answered with.
type Wrong<'a> = (Request<'a>, u16, &'static str);

async fn all_are_refused(house: &crate::testing::House, wrong: &[Wrong<'_>]) {
    for (request, status, code) in wrong {
        let answer = house.ask(*request).await;
        let what = format!("{} {} {}", request.method, request.path, request.body);
        assert_eq!((answer.status, answer.code()), (*status, *code), "{what}");
    }
}

#[tokio::test]
async fn wrong_bids_are_problems_with_codes_and_change_nothing() {
    let house = show().await;
    let (bidder, clerk) = (house.bidder_token(1), house.token(&[Role::Auctioneer]));
    let huge = format!(r#"{{"kind":"bid","amount_wei":"{}"}}"#, "9".repeat(20_000));
    let two_to_300 = "2037035976334486086268445688409378161051468393665936250636140449354381299763336706183397376";
    let two_to_300 = format!(r#"{{"kind":"bid","lot":1,"amount_wei":"{two_to_300}"}}"#);
    let path = "/v1/auctions/spring/bids";
    let post = Request { method: "POST", path, token: Some(&bidder), key: Some("w"), ..Request::default() };
    let before = house.get("/v1/auctions/spring/lots/1").await.body["price_wei"].clone();
    let wrong = [
        (Request { token: None, body: OPENING, ..post }, 401, "TokenMissing"),
        (Request { token: Some("x.y.z"), body: OPENING, ..post }, 401, "TokenMalformed"),
        (Request { token: Some(&clerk), body: OPENING, ..post }, 403, "RoleMissing"),
        (Request { key: None, body: OPENING, ..post }, 400, "IdempotencyKeyMissing"),
        (Request { key: Some("with space"), body: OPENING, ..post }, 400, "IdempotencyKeyInvalid"),
        (Request { body: "{", ..post }, 400, "MalformedJson"),
        (Request { body: r#"{"kind":"next_bid"}{}"#, ..post }, 400, "MalformedJson"),
        (Request { kind: "text/plain", body: OPENING, ..post }, 415, "NotJson"),
        (Request { body: &huge, ..post }, 413, "BodyTooLarge"),
        (Request { body: &two_to_300, ..post }, 422, "InvalidField"),
        (Request { body: r#"{"kind":"bid","amount_wei":"1e3"}"#, ..post }, 422, "InvalidField"),
        (Request { body: r#"{"kind":"bid","amount_wei":-1}"#, ..post }, 422, "InvalidField"),
        (Request { body: r#"{"kind":"bid","amount_wei":0.5}"#, ..post }, 422, "InvalidField"),
        (Request { body: r#"{"kind":"bid","amount_wei":"1","tip":"2"}"#, ..post }, 422, "InvalidField"),
        (Request { body: r#"{"kind":"bid"}"#, ..post }, 422, "AmountMissing"),
        (Request { body: r#"{"kind":"next_bid","amount_wei":"5"}"#, ..post }, 422, "AmountNotAllowed"),
        (Request { body: r#"{"kind":"bid","lot":1,"amount_wei":"0"}"#, ..post }, 422, "ZeroAmount"),
        (
            Request { body: r#"{"kind":"bid","lot":4294967295,"amount_wei":"1"}"#, key: Some("w2"), ..post },
            404,
            "UnknownLot",
        ),
        (Request { path: "/v1/auctions/nowhere/bids", key: Some("w3"), body: OPENING, ..post }, 404, "UnknownAuction"),
        (Request { path: "/v1/auctions/NO-LABEL/bids", body: OPENING, ..post }, 404, "UnknownAuction"),
    ];
    all_are_refused(&house, &wrong).await;
    assert_eq!(house.get("/v1/auctions/spring/lots/1").await.body["price_wei"], before);
}

#[tokio::test]
async fn what_a_put_of_a_bidder_leaves_out_stays() {
    let house = show().await;
    let clerk = house.token(&[Role::Auctioneer]);
    let put = Request { method: "PUT", path: "/v1/bidders/77", token: Some(&clerk), ..Request::default() };
    let body = r#"{"handle":"eve","limit_wei":"5","status":"barred","subject":"s"}"#;
    let first = house.ask(Request { body, ..put }).await;
    let again = house.ask(Request { body: r#"{"handle":"mallory"}"#, ..put }).await;
    assert_eq!((again.status, &again.body["handle"]), (200, &"mallory".into()));
    for kept in ["paddle", "limit_wei", "status", "subject"] {
        assert_eq!(again.body[kept], first.body[kept], "{kept}");
    }
    let lifted = house.ask(Request { body: r#"{"limit_wei":null}"#, ..put }).await;
    assert_eq!((&lifted.body["limit_wei"], &lifted.body["status"]), (&serde_json::Value::Null, &"barred".into()));
    let shown = house.ask(Request { method: "GET", ..put }).await;
    assert_eq!(house.ask(Request { body: &bodied(&shown.body), ..put }).await.body, shown.body);
}

/// What a list shows of a bidder, as a body.
fn bodied(shown: &serde_json::Value) -> String {
    let mut body = shown.clone();
    body.as_object_mut().unwrap().remove("x_id");
    body.to_string()
}

#[tokio::test]
async fn a_clerk_pauses_and_resumes_and_a_bidder_may_not() {
    let house = show().await;
    let (bidder, clerk) = (house.bidder_token(1), house.token(&[Role::Auctioneer]));
    let path = "/v1/auctions/spring/commands";
    let pause = r#"{"command":"pause","reason":"the stream is down"}"#;
    let post = Request { method: "POST", path, token: Some(&clerk), key: Some("p"), body: pause, ..Request::default() };
    assert_eq!(house.ask(Request { token: Some(&bidder), ..post }).await.code(), "RoleMissing");
    let done = house.ask(post).await;
    assert_eq!((done.status, &done.body["events"][0]), (200, &"AuctionPaused".into()));
    assert_eq!(house.bid(1, "k", OPENING).await.code(), "AuctionPaused");
    assert_eq!(house.ask(Request { key: Some("p2"), ..post }).await.code(), "AlreadyPaused");
    let resume = r#"{"command":"resume"}"#;
    assert_eq!(house.ask(Request { key: Some("r"), body: resume, ..post }).await.status, 200);
    assert_eq!(house.bid(1, "k2", OPENING).await.status, 200);
}

#[tokio::test]
async fn a_worker_passes_on_once_what_another_one_holds() {
    let database = testkit::postgres().await.unwrap();
    let (one, two) = (working_house(&database, "s1").await, working_house(&database, "s2").await);
    one.open_show().await;
    let auction = two.get("/v1/auctions/spring").await;
    assert_eq!((auction.status, &auction.body["title"]), (200, &"Spring".into()));
    // Each house has an issuer of its own here, so a bid that arrives at the holder is refused by its token, not before.
    let bid = two.bid(1, "k", OPENING).await;
    assert_eq!((bid.status, bid.code()), (401, "TokenSignature"));
    assert_eq!(two.get("/v1/auctions/nowhere").await.code(), "UnknownAuction");
    let client = reqwest::Client::new();
    let looped = client.get(format!("http://{}/v1/auctions/spring", two.api)).header("x-sothebais-forwarded", "1");
    assert_eq!(looped.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_bidders_socket_answers_every_command_and_viewers_see_the_price() {
    let house = show().await;
    let mut viewer = house.connect(&[]).await.unwrap();
    next(&mut viewer).await;
    say(&mut viewer, r#"{"type":"subscribe","auction":"spring"}"#).await;
    assert_eq!(next(&mut viewer).await["type"], "snapshot");
    let mut bidder = house.bidder(1).await;
    next(&mut bidder).await;
    for index in 0..40 {
        let kind = if index == 0 { r#""bid","amount_wei":"100000000000000000""# } else { r#""next_bid""# };
        say(&mut bidder, &format!(r#"{{"type":"command","id":"c{index}","auction":"spring","lot":1,"kind":{kind}}}"#))
            .await;
    }
    for index in 0..40 {
        let result = next(&mut bidder).await;
        assert_eq!((&result["type"], &result["id"]), (&"result".into(), &format!("c{index}").into()));
        let verdict = if index == 0 { "accepted" } else { "refused" };
        assert_eq!(result["verdict"], verdict, "{result}");
        assert!(index == 0 || result["code"] == "AlreadyLeading");
    }
    let delta = next(&mut viewer).await;
    assert_eq!((&delta["price_wei"], &delta["bids"]), (&"100000000000000000".into(), &1.into()));
    say(&mut viewer, r#"{"type":"range","auction":"spring","lot":1,"after":0,"limit":2}"#).await;
    let mut bids = next(&mut viewer).await;
    while bids["type"] == "delta" {
        bids = next(&mut viewer).await;
    }
    assert_eq!(
        (&bids["type"], bids["bids"].as_array().unwrap().len(), &bids["next_after"]),
        (&"bids".into(), 2, &2.into())
    );
}

#[tokio::test]
async fn a_database_that_is_gone_is_a_503_with_retry_after() {
    let house = house(crate::testing::NO_DATABASE).await;
    let _mailbox = house.hold();
    let Answer { status, headers, .. } = house.get("/v1/receipt-keys").await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (503, "1"));
}

#[tokio::test]
async fn a_restarted_worker_shows_the_same_prices() {
    let database = testkit::postgres().await.unwrap();
    let house = working_house(&database, "s1").await;
    house.open_show().await;
    let bid = house.bid(1, "k1", OPENING).await;
    house.life.stop();
    house.life.drained(std::time::Duration::from_secs(15)).await.unwrap();
    let again = working_house(&database, "s1").await;
    until(|| again.engine.view(&auction_core::AuctionId::new("spring").unwrap()).is_some()).await;
    let lot = again.get("/v1/auctions/spring/lots/1").await.body;
    assert_eq!((&lot["price_wei"], &lot["epoch"]), (&bid.body["price_wei"], &2.into()));
    assert!(
        Timestamp(0) < again.engine.view(&auction_core::AuctionId::new("spring").unwrap()).unwrap().terms.starts_at
    );
}
