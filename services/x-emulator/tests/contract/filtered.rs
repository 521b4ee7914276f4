use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bed::{BEARER, Bed, HOUSE_TOKEN};

const RULES: &str = "/2/tweets/search/stream/rules";
const STREAM: &str = "/2/tweets/search/stream";

async fn add(bed: &Bed, value: &str) -> (StatusCode, Value) {
    bed.post(RULES, BEARER, json!({"add": [{"value": value, "tag": "house"}]})).await
}

#[tokio::test]
async fn the_stream_needs_a_rule_and_one_connection_is_all() {
    let bed = Bed::new().await;
    let (status, problem) = bed.get(STREAM, BEARER).await;
    assert_eq!((status, &problem["connection_issue"]), (StatusCode::CONFLICT, &json!("RuleConfigurationIssue")));
    add(&bed, "@sothebais -is:retweet").await;
    let _first = bed.stream(STREAM).await;
    let (status, problem) = bed.get(STREAM, BEARER).await;
    assert_eq!((status, &problem["connection_issue"]), (StatusCode::TOO_MANY_REQUESTS, &json!("TooManyConnections")));
}

#[tokio::test]
async fn matching_posts_come_with_their_rules_and_the_asked_fields() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let (status, made) = add(&bed, "(@sothebais OR from:sothebais) -is:retweet").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(made["meta"]["summary"], json!({"created": 1, "not_created": 0, "valid": 1, "invalid": 0}));
    let rule = made["data"][0]["id"].clone();
    let path = format!("{STREAM}?tweet.fields=author_id,created_at&expansions=author_id&user.fields=verified");
    let mut stream = bed.stream(&path).await;
    bed.tweet(&ada, json!({"text": "nothing for anybody"})).await;
    let id = bed.tweet(&ada, json!({"text": "@sothebais bid 1 ETH"})).await;
    let line = stream.line().await;
    let author = x_emulator::crowd::author_id("ada").to_string();
    assert_eq!(
        line,
        json!({
            "data": {
                "id": id, "text": "@sothebais bid 1 ETH", "edit_history_tweet_ids": [id], "author_id": author,
                "created_at": "2026-11-24T06:00:00.000Z",
            },
            "includes": {"users": [{"id": author, "name": "ada", "username": "ada", "verified": false}]},
            "matching_rules": [{"id": rule, "tag": "house"}],
        })
    );
}

#[tokio::test]
async fn malformed_and_doubled_rules_are_answered_as_x_does() {
    let bed = Bed::new().await;
    let (status, refused) = add(&bed, "(@sothebais").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        refused["errors"],
        json!([{
            "value": "(@sothebais",
            "details": ["missing ')' at '<EOF>' (at position 12)"],
            "title": "UnprocessableEntity",
            "type": "https://api.x.com/2/problems/invalid-rules",
        }])
    );
    assert_eq!(refused["meta"]["summary"], json!({"created": 0, "not_created": 1, "valid": 0, "invalid": 1}));
    let (_, made) = add(&bed, "@sothebais").await;
    let (_, again) = add(&bed, "@sothebais").await;
    assert_eq!(again["errors"][0]["title"], "DuplicateRule");
    assert_eq!(again["errors"][0]["id"], made["data"][0]["id"]);
}

#[tokio::test]
async fn rules_are_listed_and_deleted_and_a_dry_run_changes_nothing() {
    let bed = Bed::new().await;
    let dry = format!("{RULES}?dry_run=true");
    bed.post(&dry, BEARER, json!({"add": [{"value": "@sothebais"}]})).await;
    let (_, none) = bed.get(RULES, BEARER).await;
    assert_eq!((none.get("data"), &none["meta"]["result_count"]), (None, &json!(0)));
    let (_, made) = add(&bed, "@sothebais").await;
    let (_, listed) = bed.get(RULES, BEARER).await;
    assert_eq!(listed["data"], made["data"]);
    let (_, gone) = bed.post(RULES, BEARER, json!({"delete": {"ids": [made["data"][0]["id"], "1"]}})).await;
    assert_eq!(gone["meta"]["summary"], json!({"deleted": 1, "not_deleted": 1}));
    assert_eq!(gone["errors"][0]["title"], "Not Found Error");
}

#[tokio::test]
async fn bad_bodies_are_400() {
    let bed = Bed::new().await;
    for body in [json!({}), json!({"add": [{"value": 5}]}), json!([]), json!({"add": [], "colour": 1})] {
        let (status, problem) = bed.post(RULES, BEARER, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(problem["type"], "https://api.x.com/2/problems/invalid-request");
    }
    assert_eq!(bed.post(RULES, HOUSE_TOKEN, json!({})).await.0, StatusCode::FORBIDDEN);
}
