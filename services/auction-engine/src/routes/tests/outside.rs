//! What comes from outside and is not what it looks like.

use std::time::Duration;

use bootstrap::auth::Role;

use super::{OPENING, all_are_refused, show};
use crate::testing::{Request, house, next, say};

#[tokio::test]
async fn a_list_of_values_is_taken_for_an_object_nowhere() {
    let house = show().await;
    let (bidder, owner) = (house.bidder_token(1), house.token(&[Role::Owner]));
    let bid = Request { method: "POST", path: "/v1/auctions/spring/bids", token: Some(&bidder), ..Request::default() };
    let commands =
        Request { method: "POST", path: "/v1/auctions/spring/commands", token: Some(&owner), ..Request::default() };
    let put = Request { method: "PUT", token: Some(&owner), ..Request::default() };
    let import = Request { kind: "application/x-ndjson", path: "/v1/bidders/import", ..commands };
    let wrong = [
        (Request { key: Some("l1"), body: r#"[1,"bid","100000000000000000"]"#, ..bid }, 422, "InvalidField"),
        (Request { key: Some("l2"), body: r#"["pause","a reason"]"#, ..commands }, 422, "InvalidField"),
        (Request { path: "/v1/bidders/72", body: r#"["arr",null,null,"active",null]"#, ..put }, 422, "InvalidField"),
        (Request { path: "/v1/spec", body: "[9,[]]", ..put }, 422, "InvalidField"),
        (Request { body: r#"["74"]"#, ..import }, 422, "ImportInvalid"),
        (Request { body: r#"{"x_id":"0"}"#, ..import }, 422, "ImportInvalid"),
        (Request { kind: "text/csv", body: "x_id,handle\n60,\"un\n", ..import }, 422, "ImportInvalid"),
        (
            Request { key: Some("l3"), body: "{\"command\":\"pause\",\"reason\":\"a\\u202eb\"}", ..commands },
            422,
            "InvalidField",
        ),
    ];
    all_are_refused(&house, &wrong).await;
    assert_eq!(house.get("/v1/auctions/spring/lots/1").await.body["bids"], 0);
}

#[tokio::test]
async fn two_keys_are_no_key() {
    let house = show().await;
    let path = format!("http://{}/v1/auctions/spring/bids", house.api);
    let asked = reqwest::Client::new().post(path).bearer_auth(house.bidder_token(1)).header("idempotency-key", "a");
    let asked = asked.header("idempotency-key", "b").header("content-type", "application/json").body(OPENING);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], "IdempotencyKeyInvalid");
}

#[tokio::test]
async fn nobody_bids_or_commands_as_somebody_else() {
    let house = show().await;
    let as_somebody = |roles: &[Role]| {
        let mut claims = house.issuer.claims("x:1", Some(1), roles, Duration::from_mins(5));
        claims.act = Some(serde_json::json!({"sub": "staff"}));
        house.issuer.sign(&claims).unwrap()
    };
    let (bidder, owner) = (as_somebody(&[Role::Bidder]), as_somebody(&[Role::Owner]));
    let post = Request { method: "POST", key: Some("k"), ..Request::default() };
    let wrong = [
        (
            Request { path: "/v1/auctions/spring/bids", token: Some(&bidder), body: OPENING, ..post },
            403,
            "Impersonation",
        ),
        (
            Request {
                path: "/v1/auctions/spring/commands",
                token: Some(&owner),
                body: r#"{"command":"resume"}"#,
                ..post
            },
            403,
            "Impersonation",
        ),
        (Request { method: "PUT", path: "/v1/spec", token: Some(&owner), ..post }, 403, "Impersonation"),
    ];
    all_are_refused(&house, &wrong).await;
    assert!(house.connect(&[("authorization", &format!("Bearer {bidder}"))]).await.is_err());
    let looking = Request { path: "/v1/bidders", token: Some(&owner), ..Request::default() };
    assert_eq!(house.ask(looking).await.status, 200);
}

#[tokio::test]
async fn a_range_of_a_lot_that_is_not_there_is_an_error() {
    let house = house(crate::testing::NO_DATABASE).await;
    let _mailbox = house.hold();
    house.publish(1, &[100]);
    let mut viewer = house.connect(&[]).await.unwrap();
    next(&mut viewer).await;
    for (frame, code) in [
        (r#"{"type":"range","auction":"nowhere","lot":1}"#, "UnknownAuction"),
        (r#"{"type":"range","auction":"spring","lot":99}"#, "UnknownLot"),
        (r#"["ping"]"#, "MalformedJson"),
    ] {
        say(&mut viewer, frame).await;
        let error = next(&mut viewer).await;
        assert_eq!((&error["type"], &error["code"]), (&"error".into(), &code.into()), "{frame}");
    }
}

#[tokio::test]
async fn a_socket_port_answers_what_is_no_handshake_with_a_problem() {
    let house = house(crate::testing::NO_DATABASE).await;
    let answer = reqwest::Client::new().post(format!("http://{}/v1/ws", house.ws)).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], "MethodNotAllowed");
}

#[tokio::test]
async fn what_is_not_there_and_who_may_not_is_told_apart() {
    let house = show().await;
    let clerk = house.token(&[Role::Auctioneer]);
    let get = Request::default();
    let put = Request { method: "PUT", token: Some(&clerk), ..get };
    let wrong = [
        (Request { path: "/v1/auctions/spring/lots/7", ..get }, 404, "UnknownLot"),
        (Request { path: "/v1/auctions/spring/lots/-1", ..get }, 404, "UnknownLot"),
        (Request { path: "/v1/auctions/spring/lots/1/receipts/999999", ..get }, 404, "UnknownReceipt"),
        (Request { path: "/v1/auctions/spring/lots/1/history?limit=x", ..get }, 422, "InvalidQuery"),
        (Request { path: "/v1/receipts/post/1", ..get }, 404, "UnknownReceipt"),
        (Request { path: "/v1/receipts/post/%00", ..get }, 404, "UnknownReceipt"),
        (Request { path: "/v1/bidders", ..get }, 401, "TokenMissing"),
        (Request { path: "/v1/nothing", ..get }, 404, "UnknownRoute"),
        (Request { method: "DELETE", path: "/v1/auctions/spring/bids", ..get }, 405, "MethodNotAllowed"),
        (Request { path: "/v1/bidders/9223372036854775808", body: r#"{"handle":"a"}"#, ..put }, 422, "XIdInvalid"),
        (Request { path: "/v1/bidders/5", body: r#"{"paddle":1}"#, ..put }, 409, "PaddleTaken"),
        (Request { path: "/v1/bidders/5", body: r#"{"handle":"not ok"}"#, ..put }, 422, "BidderInvalid"),
    ];
    all_are_refused(&house, &wrong).await;
}

#[tokio::test]
async fn a_refused_spec_uses_up_no_generation() {
    let house = show().await;
    let owner = house.token(&[Role::Owner]);
    let put = Request { method: "PUT", path: "/v1/spec", token: Some(&owner), ..Request::default() };
    let wrong = house.ask(Request { body: r#"{"generation":99,"auctions":[{}]}"#, ..put }).await;
    assert_eq!((wrong.status, wrong.code()), (422, "SpecInvalid"));
    assert_eq!(house.get("/v1/status").await.body["generation"], 1);
    assert_eq!(house.ask(Request { body: r#"{"generation":2,"auctions":[]}"#, ..put }).await.status, 200);
}
