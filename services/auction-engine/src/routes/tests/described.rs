//! The description is true: what a running worker answers is what `/v1/openapi.json` says that it answers.

use bootstrap::auth::Role;
use serde_json::{Value, json};

use super::{OPENING, command, show, store_key};
use crate::testing::{Answer, House, Request, next, say};

struct Description(Value);

impl Description {
    async fn of(house: &House) -> Self {
        Self(house.get("/v1/openapi.json").await.body)
    }

    /// Asks, and checks status, media type and body of the answer against the operation at `template`.
    async fn ask(&self, house: &House, template: &str, request: Request<'_>) -> Answer {
        let answer = house.ask(request).await;
        let method = request.method.to_lowercase();
        let response = &self.0["paths"][template][method]["responses"][answer.status.to_string()];
        let what = format!("{} {} -> {} {}", request.method, request.path, answer.status, answer.body);
        assert!(response.is_object(), "the status is not described: {what}");
        let schema = &response["content"][answer.headers["content-type"].to_str().unwrap()]["schema"];
        assert!(schema.is_object(), "the media type is not described: {what}");
        self.holds(schema, &answer.body);
        answer
    }

    fn holds(&self, schema: &Value, body: &Value) {
        let mut root = schema.clone();
        root["components"] = self.0["components"].clone();
        let validator = jsonschema::validator_for(&root).unwrap();
        let wrong: Vec<String> = validator.iter_errors(body).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {body}");
    }
}

const AUCTION: &str = "/v1/auctions/{auction}";
const LOT: &str = "/v1/auctions/{auction}/lots/{lot}";
const HISTORY: &str = "/v1/auctions/{auction}/lots/{lot}/history";
const LOT_RECEIPT: &str = "/v1/auctions/{auction}/lots/{lot}/receipts/{lot_seq}";
const RECEIPT: &str = "/v1/receipts/{source}/{key}";
const BIDDER: &str = "/v1/bidders/{x_id}";

#[tokio::test]
async fn what_is_read_is_as_described() {
    let house = show().await;
    store_key(&house).await;
    let described = Description::of(&house).await;
    let accepted = house.bid(1, "k1", OPENING).await;
    house.bid(2, "k2", OPENING).await;
    command(&house, "hold", r#"{"command":"hold_lot","lot":2,"reason":"a crack"}"#).await;
    let receipt = accepted.body["receipt"].as_str().unwrap();
    let (bidder, owner) = (house.bidder_token(1), house.token(&[Role::Owner]));
    for (template, path, token, status) in [
        ("/v1/auctions", "/v1/auctions", None, 200),
        ("/v1/auctions", "/v1/auctions?limit=x", None, 422),
        (AUCTION, "/v1/auctions/spring", None, 200),
        (AUCTION, "/v1/auctions/nowhere", None, 404),
        (LOT, "/v1/auctions/spring/lots/1", None, 200),
        (LOT, "/v1/auctions/spring/lots/2", None, 200),
        (LOT, "/v1/auctions/spring/lots/9", None, 404),
        (HISTORY, "/v1/auctions/spring/lots/1/history?after=0&limit=500", None, 200),
        (HISTORY, "/v1/auctions/spring/lots/1/history?limit=-1", None, 422),
        (LOT_RECEIPT, receipt, None, 200),
        (LOT_RECEIPT, "/v1/auctions/spring/lots/1/receipts/9999", None, 404),
        (RECEIPT, "/v1/receipts/web/k1", Some(&bidder), 200),
        (RECEIPT, "/v1/receipts/web/k1", None, 401),
        (RECEIPT, "/v1/receipts/clerk/k1", Some(&bidder), 403),
        (RECEIPT, "/v1/receipts/post/1", None, 404),
        ("/v1/receipt-keys", "/v1/receipt-keys", None, 200),
        ("/v1/status", "/v1/status", None, 200),
        ("/v1/bidders", "/v1/bidders", Some(&owner), 200),
        ("/v1/bidders", "/v1/bidders", None, 401),
        ("/v1/bidders", "/v1/bidders", Some(&bidder), 403),
        ("/v1/bidders", "/v1/bidders?after=x", Some(&owner), 422),
        (BIDDER, "/v1/bidders/1", Some(&owner), 200),
        (BIDDER, "/v1/bidders/1", None, 401),
        (BIDDER, "/v1/bidders/0", Some(&owner), 422),
        (BIDDER, "/v1/bidders/99", Some(&owner), 404),
    ] {
        let request = Request { path, token: token.map(String::as_str), ..Request::default() };
        assert_eq!(described.ask(&house, template, request).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn what_is_asked_for_is_answered_as_described() {
    let house = show().await;
    let described = Description::of(&house).await;
    let (bidder, owner) = (house.bidder_token(1), house.token(&[Role::Owner]));
    let huge = " ".repeat(20_000);
    let bids = Request {
        method: "POST",
        path: "/v1/auctions/spring/bids",
        token: Some(&bidder),
        key: Some("d1"),
        body: OPENING,
        ..Request::default()
    };
    let clerk = Request {
        path: "/v1/auctions/spring/commands",
        token: Some(&owner),
        body: r#"{"command":"pause","reason":"a break"}"#,
        ..bids
    };
    let put = Request { method: "PUT", key: None, token: Some(&owner), ..bids };
    let import = Request { path: "/v1/bidders/import", kind: "text/csv", body: "x_id\n", key: None, ..clerk };
    let (at_bids, at_commands) = ("/v1/auctions/{auction}/bids", "/v1/auctions/{auction}/commands");
    for (template, request, status) in [
        (at_bids, bids, 200),
        (at_bids, Request { key: Some("d2"), ..bids }, 409),
        (at_bids, Request { token: None, ..bids }, 401),
        (at_bids, Request { token: Some(&owner), ..bids }, 403),
        (at_bids, Request { key: None, ..bids }, 400),
        (at_bids, Request { body: "{", ..bids }, 400),
        (at_bids, Request { kind: "text/plain", ..bids }, 415),
        (at_bids, Request { body: &huge, ..bids }, 413),
        (at_bids, Request { body: "{}", ..bids }, 422),
        (at_bids, Request { path: "/v1/auctions/nowhere/bids", key: Some("d4"), ..bids }, 404),
        (at_commands, clerk, 200),
        (at_commands, Request { key: Some("d3"), ..clerk }, 409),
        (at_commands, Request { token: Some(&bidder), ..clerk }, 403),
        (at_commands, Request { body: r#"["pause"]"#, ..clerk }, 422),
        (BIDDER, Request { path: "/v1/bidders/5", body: r#"{"handle":"eve"}"#, ..put }, 200),
        (BIDDER, Request { path: "/v1/bidders/5", body: r#"{"paddle":1}"#, ..put }, 409),
        (BIDDER, Request { path: "/v1/bidders/5", token: Some(&bidder), body: "{}", ..put }, 403),
        ("/v1/bidders/import", import, 200),
        ("/v1/bidders/import", Request { token: None, ..import }, 401),
        ("/v1/bidders/import", Request { token: Some(&bidder), ..import }, 403),
        ("/v1/bidders/import", Request { kind: "text/html", ..import }, 415),
        ("/v1/bidders/import", Request { body: "x_id\n0\n", ..import }, 422),
        ("/v1/spec", Request { path: "/v1/spec", body: r#"{"generation":2,"auctions":[]}"#, ..put }, 200),
        ("/v1/spec", Request { path: "/v1/spec", body: r#"{"generation":1,"auctions":[]}"#, ..put }, 409),
        ("/v1/spec", Request { path: "/v1/spec", body: r#"{"generation":3,"auctions":[{}]}"#, ..put }, 422),
        ("/v1/spec", Request { path: "/v1/spec", token: None, ..put }, 401),
        ("/v1/spec", Request { path: "/v1/spec", token: Some(&bidder), ..put }, 403),
    ] {
        let answer = described.ask(&house, template, request).await;
        assert_eq!(answer.status, status, "{} {}: {}", request.path, request.body, answer.body);
    }
}

#[tokio::test]
async fn every_frame_is_as_described() {
    let house = show().await;
    let described = Description::of(&house).await;
    let schema = json!({"$ref": "#/components/schemas/ServerMessage"});
    let mut client = house.bidder(1).await;
    let mut seen = std::collections::BTreeSet::new();
    for frame in [
        r#"{"type":"subscribe","auction":"spring"}"#,
        r#"{"type":"command","id":"a","auction":"spring","lot":1,"kind":"bid","amount_wei":"100000000000000000"}"#,
        r#"{"type":"command","id":"b","auction":"spring","lot":1,"kind":"next_bid"}"#,
        r#"{"type":"range","auction":"spring","lot":1}"#,
        r#"{"type":"shout"}"#,
        r#"{"type":"ping"}"#,
    ] {
        say(&mut client, frame).await;
    }
    let every = ["hello", "snapshot", "delta", "result accepted", "result refused", "bids", "error", "pong"];
    while !every.iter().all(|kind| seen.contains(*kind)) {
        let frame = next(&mut client).await;
        described.holds(&schema, &frame);
        let verdict = frame["verdict"].as_str().map(|verdict| format!(" {verdict}")).unwrap_or_default();
        seen.insert(format!("{}{verdict}", frame["type"].as_str().unwrap()));
    }
}

#[test]
fn a_paths_parameters_are_those_of_its_template() {
    let document: Value = serde_json::from_str(&crate::routes::openapi_document()).unwrap();
    for (template, operations) in document["paths"].as_object().unwrap() {
        let mut named: Vec<&str> =
            template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
        named.sort_unstable();
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            let mut given: Vec<&str> = in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            given.sort_unstable();
            assert_eq!(given, named, "{method} {template}");
        }
    }
}
