use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::bed::{BEARER, Bed, HOUSE_TOKEN, answer};

#[tokio::test]
async fn a_post_is_answered_with_id_and_text_and_can_be_looked_up() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let (status, made) = bed.post("/2/tweets", &ada, json!({"text": "gm <all>"})).await;
    assert_eq!(status, StatusCode::CREATED);
    let id = made["data"]["id"].as_str().unwrap();
    assert_eq!(made, json!({"data": {"id": id, "text": "gm &lt;all&gt;", "edit_history_tweet_ids": [id]}}));
    let (_, found) = bed.get(&format!("/2/tweets/{id}?tweet.fields=conversation_id,lang"), BEARER).await;
    assert_eq!(found["data"]["conversation_id"], json!(id));
    let (status, found) = bed.get(&format!("/2/tweets?ids={id},77"), BEARER).await;
    assert_eq!((status, &found["data"][0]["id"]), (StatusCode::OK, &json!(id)));
    assert_eq!(
        found["errors"],
        json!([{
            "value": "77", "detail": "Could not find tweet with ids: [77].", "title": "Not Found Error",
            "resource_type": "tweet", "parameter": "ids", "resource_id": "77",
            "type": "https://api.x.com/2/problems/resource-not-found",
        }])
    );
}

#[tokio::test]
async fn the_house_meets_x_refusals_in_x_words() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let refused = async |body| {
        let (status, problem) = bed.post("/2/tweets", HOUSE_TOKEN, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!((&problem["title"], &problem["type"]), (&json!("Forbidden"), &json!("about:blank")));
        problem["detail"].as_str().unwrap().to_owned()
    };
    bed.tweet(HOUSE_TOKEN, json!({"text": "Lot 1 is open"})).await;
    assert_eq!(
        refused(json!({"text": "Lot 1 is open"})).await,
        "You are not allowed to create a Tweet with duplicate content."
    );
    let aside = bed.tweet(&ada, json!({"text": "what a night"})).await;
    let reply = json!({"text": "welcome", "reply": {"in_reply_to_tweet_id": aside}});
    assert!(refused(reply).await.starts_with("Reply to this conversation is not allowed because you have not been"));
    assert!(refused(json!({"text": "x".repeat(281)})).await.starts_with("Your Tweet text is too long"));
    assert!(refused(json!({"text": "@ada you were outbid"})).await.starts_with("You are not permitted"));
    let gone = json!({"text": "hi", "reply": {"in_reply_to_tweet_id": "1"}});
    assert!(refused(gone).await.contains("deleted or not visible"));
}

#[tokio::test]
async fn a_reply_to_who_called_carries_prefix_reference_and_conversation() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let call = bed.tweet(&ada, json!({"text": "@sothebais bid 1 ETH"})).await;
    let reply = json!({"text": "heard: 1 ETH", "reply": {"in_reply_to_tweet_id": call}});
    let id = bed.tweet(HOUSE_TOKEN, reply).await;
    let fields = "tweet.fields=conversation_id,in_reply_to_user_id,referenced_tweets,display_text_range";
    let (_, found) =
        bed.get(&format!("/2/tweets/{id}?{fields}&expansions=referenced_tweets.id,in_reply_to_user_id"), BEARER).await;
    let data = &found["data"];
    assert_eq!(data["text"], "@ada heard: 1 ETH");
    assert_eq!(data["display_text_range"], json!([5, 17]));
    assert_eq!(data["referenced_tweets"], json!([{"type": "replied_to", "id": call}]));
    assert_eq!((&data["conversation_id"], &found["includes"]["tweets"][0]["id"]), (&json!(call), &json!(call)));
    assert_eq!(found["includes"]["users"][0]["username"], "ada");
}

#[tokio::test]
async fn long_posts_hold_their_text_in_a_note_and_edits_their_history() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let long = format!("@sothebais {}", "word ".repeat(80));
    let id = bed.tweet(&ada, json!({"text": long})).await;
    let (_, found) = bed.get(&format!("/2/tweets/{id}?tweet.fields=note_tweet,edit_controls"), BEARER).await;
    assert_eq!(found["data"]["note_tweet"]["text"], json!(long));
    assert!(found["data"]["text"].as_str().unwrap().ends_with('…'));
    let edit = json!({"text": "@sothebais bid 2 ETH", "edit_options": {"previous_post_id": id}});
    let second = bed.tweet(&ada, edit).await;
    let (_, found) = bed.get(&format!("/2/tweets/{second}?expansions=edit_history_tweet_ids"), BEARER).await;
    assert_eq!(found["data"]["edit_history_tweet_ids"], json!([id, second]));
    assert_eq!(found["includes"]["tweets"][0]["id"], json!(id));
    let again = json!({"text": "x", "edit_options": {"previous_post_id": id}});
    let (status, problem) = bed.post("/2/tweets", &ada, again).await;
    assert_eq!((status, &problem["detail"]), (StatusCode::FORBIDDEN, &json!("This Tweet is not editable.")));
}

#[tokio::test]
async fn malformed_posts_are_400_and_nothing_is_made() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    for body in [
        json!({"text": ""}),
        json!({"text": 5}),
        json!({"text": "x", "colour": "red"}),
        json!({"text": "x", "reply": {"in_reply_to_tweet_id": 12}}),
        json!([]),
    ] {
        let (status, problem) = bed.post("/2/tweets", &ada, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        assert_eq!(problem["title"], "Invalid Request");
    }
    let raw = bed.request(Method::POST, "/2/tweets", &ada).header("content-type", "application/json").body("{");
    assert_eq!(answer(raw.send().await.unwrap()).await.0, StatusCode::BAD_REQUEST);
    let xml = bed.request(Method::POST, "/2/tweets", &ada).header("content-type", "text/xml").body("<a/>");
    assert_eq!(answer(xml.send().await.unwrap()).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = bed.request(Method::POST, "/2/tweets", &ada).body("x".repeat(3 * 1024 * 1024));
    assert_eq!(huge.send().await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(bed.state().await["posts"], 0);
}

#[tokio::test]
async fn only_the_author_deletes_and_nobody_forges_recorded_posts() {
    let bed = Bed::new().await;
    let (ada, bob) = (bed.person("ada"), bed.person("bob"));
    let id = bed.tweet(&ada, json!({"text": "mine"})).await;
    assert_eq!(bed.delete(&format!("/2/tweets/{id}"), &bob).await.0, StatusCode::FORBIDDEN);
    assert_eq!(bed.delete(&format!("/2/tweets/{id}"), &ada).await.1, json!({"data": {"deleted": true}}));
    assert_eq!(bed.delete(&format!("/2/tweets/{id}"), &ada).await.1, json!({"data": {"deleted": false}}));
    let as_recorded = |token: &str| {
        let request = bed.request(Method::POST, "/2/tweets", token).json(&json!({"text": "dated"}));
        request.header("x-emulator-as", r#"{"id":"2080765813578191303"}"#).send()
    };
    let (_, forged) = answer(as_recorded(HOUSE_TOKEN).await.unwrap()).await;
    assert_ne!(forged["data"]["id"], "2080765813578191303");
    let (_, recorded) = answer(as_recorded(&ada).await.unwrap()).await;
    assert_eq!(recorded["data"]["id"], "2080765813578191303");
}

#[tokio::test]
async fn reads_are_counted_for_the_bill() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let id = bed.tweet(&ada, json!({"text": "@sothebais bid 1 ETH"})).await;
    bed.get(&format!("/2/tweets/{id}"), BEARER).await;
    bed.get(&format!("/2/tweets/{id}"), BEARER).await;
    let (_, usage) = bed.get("/2/usage/tweets", BEARER).await;
    assert_eq!(usage["data"]["project_usage"], "1");
    assert_eq!(
        usage["data"]["daily_project_usage"]["usage"],
        json!([{"date": "2026-11-24T00:00:00.000Z", "usage": "1"}])
    );
    assert_eq!(bed.state().await["billed_micros"], 5_000);
}

#[tokio::test]
async fn what_is_too_large_or_asked_the_wrong_way_is_answered_in_xs_form() {
    let bed = Bed::new().await;
    let ada = bed.person("ada");
    let (status, problem) = bed.post("/2/tweets", &ada, json!({"text": "x".repeat(3 << 20)})).await;
    assert_eq!(
        (status, &problem["status"], &problem["type"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!(413), &json!("about:blank"))
    );
    let (status, problem) = bed.post("/2/users/me", &ada, json!({})).await;
    assert_eq!((status, &problem["title"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("Method Not Allowed")));
}
