use reqwest::StatusCode;
use serde_json::json;

use crate::bed::{BEARER, Bed, HOUSE, HOUSE_TOKEN, NOW_MS, Wish};

fn mentions(query: &str) -> String {
    format!("/2/users/{HOUSE}/mentions?{query}")
}

async fn ten_posts(bed: &Bed) -> Vec<String> {
    let ada = bed.person("ada");
    let mut ids = Vec::new();
    for n in 0..10 {
        bed.emulator.clock.advance(1000);
        ids.push(bed.tweet(&ada, json!({"text": format!("@sothebais bid {n} ETH")})).await);
    }
    ids
}

#[tokio::test]
async fn mentions_page_newest_first_with_tokens() {
    let bed = Bed::new().await;
    let ids = ten_posts(&bed).await;
    let (_, first) = bed.get(&mentions("max_results=6"), HOUSE_TOKEN).await;
    assert_eq!(first["meta"]["result_count"], 6);
    assert_eq!((&first["meta"]["newest_id"], &first["meta"]["oldest_id"]), (&json!(ids[9]), &json!(ids[4])));
    let token = first["meta"]["next_token"].as_str().unwrap();
    let (_, second) = bed.get(&mentions(&format!("max_results=6&pagination_token={token}")), HOUSE_TOKEN).await;
    let shown: Vec<&str> = second["data"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert_eq!(shown, [&ids[3], &ids[2], &ids[1], &ids[0]]);
    assert_eq!(second["meta"].get("next_token"), None);
}

#[tokio::test]
async fn mentions_keep_to_ids_and_times() {
    let bed = Bed::new().await;
    let ids = ten_posts(&bed).await;
    let (_, page) = bed.get(&mentions(&format!("since_id={}&until_id={}", ids[2], ids[5])), HOUSE_TOKEN).await;
    assert_eq!((&page["data"][0]["id"], &page["meta"]["result_count"]), (&json!(ids[4]), &json!(2)));
    let at = |ms: i64| jiff::Timestamp::from_millisecond(NOW_MS + ms).unwrap();
    let (_, page) = bed.get(&mentions(&format!("start_time={}&end_time={}", at(2000), at(4000))), HOUSE_TOKEN).await;
    assert_eq!((&page["data"][0]["id"], &page["meta"]["result_count"]), (&json!(ids[2]), &json!(2)));
    let (status, none) = bed.get(&mentions(&format!("since_id={}", ids[9])), HOUSE_TOKEN).await;
    assert_eq!((status, none), (StatusCode::OK, json!({"meta": {"result_count": 0}})));
}

#[tokio::test]
async fn bad_parameters_are_x_400_one_entry_each() {
    let bed = Bed::new().await;
    let bad = "max_results=4&since_id=x&start_time=yesterday&colour=red&pagination_token=zz&tweet.fields=colour";
    let (status, problem) = bed.get(&mentions(bad), HOUSE_TOKEN).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["detail"], "One or more parameters to your request was invalid.");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 6, "{problem}");
    assert!(errors.contains(&json!({
        "parameters": {"max_results": ["4"]},
        "message": "The `max_results` query parameter value [4] is not between 5 and 100",
    })));
}

#[tokio::test]
async fn withheld_posts_are_only_in_the_timeline() {
    let bed = Bed::with(Wish { withheld_permille: 1000, ..Wish::default() }).await;
    let ada = bed.person("ada");
    bed.subscribe().await;
    let _stream = bed.stream("/2/activity/stream").await;
    let id = bed.tweet(&ada, json!({"text": "@sothebais bid 1 ETH"})).await;
    let (_, page) = bed.get(&mentions("max_results=5"), HOUSE_TOKEN).await;
    assert_eq!(page["data"][0]["id"], json!(id));
    let state = bed.state().await;
    assert_eq!(
        (&state["withheld"], &state["delivered"]["activity"], &state["waiting"]),
        (&json!([id]), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn only_the_newest_eight_hundred_mentions_are_listed() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    for n in 0..810 {
        bed.emulator.clock.advance(1);
        bed.tweet(&ada, json!({"text": format!("@sothebais {n}")})).await;
    }
    let (mut seen, mut token) = (0, String::new());
    loop {
        let (_, page) = bed.get(&mentions(&format!("max_results=100{token}")), HOUSE_TOKEN).await;
        seen += page["meta"]["result_count"].as_u64().unwrap();
        match page["meta"]["next_token"].as_str() {
            Some(next) => token = format!("&pagination_token={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 800);
}

#[tokio::test]
async fn recent_search_takes_the_grammar_of_rules() {
    let bed = Bed::new().await;
    let ids = ten_posts(&bed).await;
    let (_, found) = bed.get("/2/tweets/search/recent?query=from%3Aada%20%22bid%203%22&max_results=10", BEARER).await;
    assert_eq!(
        found["data"],
        json!([{"id": ids[3], "text": "@sothebais bid 3 ETH", "edit_history_tweet_ids": [ids[3]]}])
    );
    let (status, problem) = bed.get("/2/tweets/search/recent?query=%28broken", BEARER).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("missing ')'"));
    assert_eq!(bed.get("/2/tweets/search/recent", BEARER).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn accounts_are_found_by_id_and_handle_and_missing_ones_are_errors_in_a_200() {
    let bed = Bed::new().await;
    bed.person("ada");
    let ada = x_emulator::crowd::author_id("ada").to_string();
    let (_, by_name) = bed.get("/2/users/by/username/ADA", BEARER).await;
    assert_eq!(by_name["data"], json!({"id": ada, "name": "ada", "username": "ada"}));
    let (_, by_id) = bed.get(&format!("/2/users/{ada}?user.fields=created_at"), BEARER).await;
    assert_eq!(by_id["data"]["created_at"], "2026-11-24T06:00:00.000Z");
    let (status, missing) = bed.get("/2/users/by/username/nobody", BEARER).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(missing["errors"][0]["detail"], "Could not find user with username: [nobody].");
    assert_eq!(bed.get("/2/users/by/username/not%20a%20name", BEARER).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(bed.get("/2/users/abc", BEARER).await.0, StatusCode::BAD_REQUEST);
}
