use std::num::NonZeroU64;

use reqwest::header::AUTHORIZATION;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::bed::{BEARER, Bed, HOUSE, HOUSE_TOKEN, NOW_MS, Wish, answer};

fn signed(bed: &Bed, path: &str, query: &[(&str, &str)], secret: &str, nonce: &str) -> String {
    let token = oauth1_request::Token::from_parts("api-key", secret, "access-token", "access-secret");
    let mut builder = oauth1_request::Builder::with_token(token, oauth1_request::HMAC_SHA1);
    let at_s = u64::try_from(NOW_MS / 1000).unwrap();
    builder.nonce(nonce).timestamp(NonZeroU64::new(at_s).unwrap());
    builder.get(format!("{}{path}", bed.base), &oauth1_request::ParameterList::new(query.to_vec()))
}

#[tokio::test]
async fn missing_and_wrong_credentials_are_x_401() {
    let bed = Bed::new().await;
    let expected = json!({"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"});
    let bare = answer(bed.http.get(format!("{}/2/users/me", bed.base)).send().await.unwrap()).await;
    assert_eq!(bare, (StatusCode::UNAUTHORIZED, expected.clone()));
    assert_eq!(bed.get("/2/users/me", "wrong").await, (StatusCode::UNAUTHORIZED, expected));
}

#[tokio::test]
async fn the_wrong_sort_of_credentials_is_x_403_with_the_right_sorts() {
    let bed = Bed::new().await;
    let (status, problem) = bed.get("/2/users/me", BEARER).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        problem,
        json!({
            "title": "Unsupported Authentication",
            "detail": "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported \
                       authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
            "type": "https://api.x.com/2/problems/unsupported-authentication",
            "status": 403,
        })
    );
    let (status, problem) = bed.get("/2/activity/stream", HOUSE_TOKEN).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(problem["detail"].as_str().unwrap().contains("[OAuth 2.0 Application-Only]"));
}

#[tokio::test]
async fn a_signed_request_speaks_for_the_house_once() {
    let bed = Bed::new().await;
    let query = [("user.fields", "created_at,verified")];
    let header = signed(&bed, "/2/users/me", &query, "api-secret", "n1");
    let url = format!("{}/2/users/me?user.fields=created_at%2Cverified", bed.base);
    let send = || async { answer(bed.http.get(&url).header(AUTHORIZATION, &header).send().await.unwrap()).await };
    let (status, me) = send().await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((me["data"]["id"].clone(), me["data"]["username"].clone()), (json!(HOUSE), json!("SothebAIs")));
    assert_eq!(send().await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_signature_with_another_secret_or_query_is_refused() {
    let bed = Bed::new().await;
    let wrong = signed(&bed, "/2/users/me", &[], "other-secret", "n1");
    let request = bed.http.get(format!("{}/2/users/me", bed.base)).header(AUTHORIZATION, wrong);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let header = signed(&bed, "/2/users/me", &[], "api-secret", "n2");
    let request = bed.http.get(format!("{}/2/users/me?user.fields=verified", bed.base)).header(AUTHORIZATION, header);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn limits_are_told_in_headers_and_a_spent_window_is_429() {
    let bed = Bed::with(Wish { house_posts: 2, ..Wish::default() }).await;
    let post = |text: &str| bed.request(Method::POST, "/2/tweets", HOUSE_TOKEN).json(&json!({"text": text})).send();
    let first = post("one").await.unwrap();
    let header = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-rate-limit-limit"), "2");
    assert_eq!(header("x-rate-limit-remaining"), "1");
    assert_eq!(header("x-rate-limit-reset"), ((NOW_MS + 15 * 60 * 1000) / 1000).to_string());
    assert_eq!(post("two").await.unwrap().status(), StatusCode::CREATED);
    let spent = answer(post("three").await.unwrap()).await;
    assert_eq!(
        spent,
        (
            StatusCode::TOO_MANY_REQUESTS,
            json!({"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429})
        )
    );
    bed.emulator.clock.advance(15 * 60 * 1000);
    assert_eq!(post("four").await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_spent_window_can_answer_in_the_older_form() {
    let bed = Bed::with(Wish { house_posts: 0, legacy_limits: true, ..Wish::default() }).await;
    let spent = bed.post("/2/tweets", HOUSE_TOKEN, json!({"text": "one"})).await;
    let body = json!({"errors": [{"code": 88, "message": "Rate limit exceeded"}]});
    assert_eq!(spent, (StatusCode::TOO_MANY_REQUESTS, body));
}

#[tokio::test]
async fn unknown_paths_are_404() {
    let bed = Bed::new().await;
    let (status, problem) = bed.get("/2/nothing", BEARER).await;
    assert_eq!((status, problem["title"].clone()), (StatusCode::NOT_FOUND, json!("Not Found")));
}
