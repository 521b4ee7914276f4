use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::bed::{BEARER, Bed, HOUSE, HOUSE_TOKEN, Said, Wish};

#[tokio::test]
async fn a_mention_comes_as_x_documents_it() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    bed.subscribe().await;
    let mut stream = bed.stream("/2/activity/stream").await;
    let id = bed.tweet(&ada, json!({"text": "hey @SothebAIs bid 1.5 ETH & more"})).await;
    let line = stream.line().await;
    let data = &line["data"];
    assert_eq!(data["event_type"], "post.mention.create");
    assert_eq!(data["filter"], json!({"user_id": HOUSE}));
    assert_eq!((&data["tag"], &data["event_uuid"]), (&json!("house"), &json!(id)));
    let payload = &data["payload"];
    assert_eq!((&payload["id"], &payload["edit_history_tweet_ids"]), (&json!(id), &json!([id])));
    assert_eq!(payload["text"], "hey @SothebAIs bid 1.5 ETH &amp; more");
    assert_eq!(payload["created_at"], "2026-11-24T06:00:00.000Z");
    assert_eq!(payload["display_text_range"], json!([0, 33]));
    assert_eq!(
        payload["entities"]["mentions"],
        json!([{"start": 4, "start_str": "4", "end": 14, "end_str": "14", "username": "SothebAIs", "id": HOUSE}])
    );
    assert_eq!(
        payload["edit_controls"],
        json!({
            "edits_remaining": 5, "edits_remaining_str": "5", "is_edit_eligible": true,
            "editable_until": "2026-11-24T07:00:00.000Z",
        })
    );
    let author = &data["includes"]["users"][0];
    assert_eq!((&author["id"], &author["username"]), (&payload["author_id"], &json!("ada")));
    assert_eq!(data["includes"]["tweets"][0]["id"], json!(id));
}

#[tokio::test]
async fn subscriptions_are_made_listed_and_deleted() {
    let bed = Bed::new().await;
    let body = json!({"event_type": "post.mention.create", "filter": {"user_id": HOUSE}, "tag": "mentions"});
    let (status, made) = bed.post("/2/activity/subscriptions", HOUSE_TOKEN, body.clone()).await;
    assert_eq!((status, &made["meta"]["total_subscriptions"]), (StatusCode::OK, &json!(1)));
    let subscription = made["data"]["subscription"].clone();
    assert_eq!(subscription["event_type"], "post.mention.create");
    assert_eq!(bed.post("/2/activity/subscriptions", HOUSE_TOKEN, body).await.0, StatusCode::CONFLICT);
    let (_, listed) = bed.get("/2/activity/subscriptions", BEARER).await;
    assert_eq!(listed, json!({"data": [subscription], "meta": {"total_subscriptions": 1}}));
    let path = format!("/2/activity/subscriptions/{}", subscription["subscription_id"].as_str().unwrap());
    let (_, deleted) = bed.delete(&path, BEARER).await;
    assert_eq!(deleted, json!({"data": {"deleted": true}, "meta": {"total_subscriptions": 0}}));
    assert_eq!(bed.delete(&path, BEARER).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn private_events_need_the_accounts_own_token_and_public_ones_do_not() {
    let bed = Bed::new().await;
    bed.person("ada");
    let ada = x_emulator::crowd::author_id("ada").to_string();
    let subscribe = |event_type: &str, user: &str| json!({"event_type": event_type, "filter": {"user_id": user}});
    let house = HOUSE.to_string();
    let path = "/2/activity/subscriptions";
    let status = |outcome: (StatusCode, serde_json::Value)| outcome.0;
    assert_eq!(status(bed.post(path, BEARER, subscribe("post.mention.create", &house)).await), StatusCode::FORBIDDEN);
    assert_eq!(status(bed.post(path, HOUSE_TOKEN, subscribe("post.quote.create", &ada)).await), StatusCode::FORBIDDEN);
    assert_eq!(status(bed.post(path, BEARER, subscribe("post.delete", &ada)).await), StatusCode::OK);
    assert_eq!(status(bed.post(path, BEARER, subscribe("post.invented", &ada)).await), StatusCode::BAD_REQUEST);
    assert_eq!(status(bed.post(path, BEARER, json!({"event_type": "post.delete"})).await), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn deletions_and_new_handles_of_subscribed_people_are_told() {
    let bed = Bed::new().await;
    let token = bed.person("ada");
    let ada = x_emulator::crowd::author_id("ada").to_string();
    for event_type in ["post.delete", "profile.update.handle"] {
        let body = json!({"event_type": event_type, "filter": {"user_id": ada}});
        assert_eq!(bed.post("/2/activity/subscriptions", BEARER, body).await.0, StatusCode::OK);
    }
    let mut stream = bed.stream("/2/activity/stream").await;
    let id = bed.tweet(&token, json!({"text": "hello"})).await;
    let (_, deleted) = bed.delete(&format!("/2/tweets/{id}"), &token).await;
    assert_eq!(deleted, json!({"data": {"deleted": true}}));
    assert_eq!(stream.line().await["data"]["payload"], json!({"id": id, "author_id": ada}));
    bed.post(&format!("/_emulator/users/{ada}/handle"), "", json!({"handle": "lovelace"})).await;
    let line = stream.line().await;
    assert_eq!(line["data"]["event_type"], "profile.update.handle");
    assert_eq!(line["data"]["payload"], json!({"before": "ada", "after": "lovelace"}));
}

#[tokio::test]
async fn two_connections_are_allowed_and_a_third_is_too_many() {
    let bed = Bed::new().await;
    let first = bed.stream("/2/activity/stream").await;
    let _second = bed.stream("/2/activity/stream").await;
    let (status, problem) = bed.get("/2/activity/stream", BEARER).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        problem,
        json!({
            "title": "ConnectionException",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "connection_issue": "TooManyConnections",
            "type": "https://api.x.com/2/problems/streaming-connection",
        })
    );
    let (_, killed) = bed.delete("/2/connections/all", BEARER).await;
    assert_eq!(killed["data"], json!({"successful_kills": 2, "failed_kills": 0, "results": []}));
    drop(first);
    let _third = bed.stream("/2/activity/stream").await;
}

#[tokio::test]
async fn a_quiet_stream_gives_signs_of_life() {
    let bed = Bed::with(Wish { keep_alive: Duration::from_millis(30), ..Wish::default() }).await;
    let mut stream = bed.stream("/2/activity/stream").await;
    assert_eq!(stream.next().await, Said::KeepAlive);
    assert_eq!(stream.next().await, Said::KeepAlive);
}
