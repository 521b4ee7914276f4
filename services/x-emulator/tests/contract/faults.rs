use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::bed::{BEARER, Bed, HOUSE, HOUSE_TOKEN, Said, Wish};

#[tokio::test]
async fn a_disconnect_ends_the_stream_with_x_reason_or_without() {
    let bed = Bed::new().await;
    let mut stream = bed.stream("/2/activity/stream").await;
    bed.fault(json!({"kind": "disconnect", "stream": "activity"})).await;
    let line = stream.line().await;
    assert_eq!(line["errors"][0]["title"], "operational-disconnect");
    assert_eq!(stream.next().await, Said::End);
    let mut stream = bed.stream("/2/activity/stream").await;
    bed.fault(json!({"kind": "disconnect", "stream": null, "abrupt": true})).await;
    assert_eq!(stream.next().await, Said::Cut);
}

#[tokio::test]
async fn a_silent_stream_says_nothing_for_its_time() {
    let bed = Bed::with(Wish { keep_alive: Duration::from_millis(20), ..Wish::default() }).await;
    let mut stream = bed.stream("/2/activity/stream").await;
    assert_eq!(stream.next().await, Said::KeepAlive);
    bed.fault(json!({"kind": "silence", "stream": "activity", "ms": 60_000})).await;
    // What was on its way may still come; then nothing does.
    let mut quiet = false;
    for _ in 0..5 {
        quiet = tokio::time::timeout(Duration::from_millis(200), stream.next()).await.is_err();
        if quiet {
            break;
        }
    }
    assert!(quiet);
}

#[tokio::test]
async fn doubled_lines_come_twice() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    bed.subscribe().await;
    bed.fault(json!({"kind": "duplicate", "permille": 1000})).await;
    let mut stream = bed.stream("/2/activity/stream").await;
    bed.tweet(&ada, json!({"text": "@sothebais bid 1 ETH"})).await;
    let first = stream.line().await;
    bed.emulator.clock.advance(1000);
    assert_eq!(stream.line().await, first);
}

#[tokio::test]
async fn delayed_lines_wait_for_their_time() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    bed.subscribe().await;
    bed.fault(json!({"kind": "delay", "ms": 5000})).await;
    let mut stream = bed.stream("/2/activity/stream").await;
    bed.tweet(&ada, json!({"text": "@sothebais bid 1 ETH"})).await;
    bed.emulator.clock.advance(4999);
    assert!(!bed.emulator.carry_due().is_zero());
    assert_eq!(bed.state().await["waiting"], 1);
    bed.emulator.clock.advance(1);
    assert_eq!(stream.line().await["data"]["event_type"], "post.mention.create");
}

#[tokio::test]
async fn reordered_lines_change_places() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    bed.subscribe().await;
    bed.fault(json!({"kind": "reorder", "permille": 500, "ms": 3000})).await;
    let mut stream = bed.stream("/2/activity/stream").await;
    let mut posted = Vec::new();
    for n in 0..20 {
        posted.push(bed.tweet(&ada, json!({"text": format!("@sothebais bid {n} ETH")})).await);
    }
    let mut came = Vec::new();
    for _ in 0..20 {
        bed.emulator.clock.advance(200);
        came.push(stream.line().await["data"]["payload"]["id"].as_str().unwrap().to_owned());
    }
    assert_ne!(came, posted);
    came.sort();
    posted.sort();
    assert_eq!(came, posted);
}

#[tokio::test]
async fn answers_go_wrong_as_often_as_asked_and_then_right() {
    let bed = Bed::new().await;
    let path = format!("/2/users/{HOUSE}/mentions");
    bed.fault(json!({"kind": "503", "endpoint": "mentions", "times": 1})).await;
    bed.fault(json!({"kind": "429", "endpoint": "mentions", "times": 1, "legacy": true})).await;
    let (status, problem) = bed.get(&path, HOUSE_TOKEN).await;
    assert_eq!((status, &problem["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(503)));
    let (status, problem) = bed.get(&path, HOUSE_TOKEN).await;
    assert_eq!((status, &problem["errors"][0]["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!(88)));
    assert_eq!(bed.get(&path, HOUSE_TOKEN).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_used_up_month_is_told_apart_from_a_used_up_window() {
    let bed = Bed::new().await;
    bed.fault(json!({"kind": "usage_capped", "endpoint": "mentions", "times": 1})).await;
    let (status, problem) = bed.get(&format!("/2/users/{HOUSE}/mentions"), HOUSE_TOKEN).await;
    assert_eq!((status, &problem["title"]), (StatusCode::TOO_MANY_REQUESTS, &json!("UsageCapExceeded")));
    assert_eq!(bed.get(&format!("/2/users/{HOUSE}/mentions"), HOUSE_TOKEN).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_partial_answer_lacks_one_thing_and_names_it() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let first = bed.tweet(&ada, json!({"text": "@sothebais one"})).await;
    bed.emulator.clock.advance(1);
    let second = bed.tweet(&ada, json!({"text": "@sothebais two"})).await;
    bed.fault(json!({"kind": "partial_errors", "endpoint": "mentions", "times": 1})).await;
    let (status, page) = bed.get(&format!("/2/users/{HOUSE}/mentions"), HOUSE_TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((page["data"].as_array().unwrap().len(), &page["data"][0]["id"]), (1, &json!(second)));
    assert_eq!(
        (&page["errors"][0]["title"], &page["errors"][0]["resource_id"]),
        (&json!("Internal Error"), &json!(first))
    );
}

#[tokio::test]
async fn unusable_faults_are_refused_with_a_code() {
    let bed = Bed::new().await;
    let (status, problem) = bed.post("/_emulator/faults", "", json!({"kind": "duplicate", "permille": 1001})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("unusable_fault")));
    let (status, _) = bed.post("/_emulator/faults", "", json!({"kind": "invented"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bed.get("/2/activity/subscriptions", BEARER).await.0, StatusCode::OK);
}
