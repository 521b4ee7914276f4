use std::sync::Arc;

use bootstrap::clock::Clock;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use x_emulator::crowd::client::Client;
use x_emulator::crowd::direct::Director;
use x_emulator::crowd::watch::{Board, Planned};
use x_emulator::crowd::{file, people, perform};

use crate::bed::{Bed, HOUSE_TOKEN, Wish};

async fn replayed(bed: &Bed, lines: &str) {
    let posts = file::read(lines).unwrap();
    for person in file::authors(&posts) {
        bed.emulator.register(person.id, &person.handle).unwrap();
    }
    let client = Client::new(&bed.base, "crowd", 1).unwrap();
    perform::replay(posts, client, Arc::clone(&bed.emulator), CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn recorded_posts_come_through_the_front_door_with_their_own_times() {
    let bed = Bed::with(Wish { clock: Clock::System, ..Wish::default() }).await;
    let start = bed.emulator.clock.now_ms() - 60_000;
    bed.emulator.show.send_replace(Some(start));
    let lines = [
        r#"{"author":"ada","text":"@sothebais bid 1 ETH","at":1000}"#,
        r#"{"author":"bob","text":"@sothebais bid 2 ETH","at":1000}"#,
        r#"{"author":"ada","text":"@sothebais bid 1 ETH","at":2500}"#,
    ];
    replayed(&bed, &lines.join("\n")).await;
    let (_, posts) = bed.get("/_emulator/posts", "").await;
    let told: Vec<_> =
        posts["data"].as_array().unwrap().iter().map(|p| (p["author"].clone(), p["at"].clone())).collect();
    assert_eq!(told, [(json!("ada"), json!(1000)), (json!("bob"), json!(1000)), (json!("ada"), json!(2500))]);
    assert_eq!(bed.state().await["crowd"]["tally"]["posted"], 3);
    let (_, authors) = bed.get("/_emulator/authors", "").await;
    assert_eq!(authors["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_crowd_outlasts_an_x_that_is_down_and_slow() {
    let bed = Bed::with(Wish { clock: Clock::System, ..Wish::default() }).await;
    bed.emulator.show.send_replace(Some(bed.emulator.clock.now_ms() - 60_000));
    bed.fault(json!({"kind": "503", "endpoint": "create_post", "times": 3})).await;
    bed.fault(json!({"kind": "429", "endpoint": "create_post", "times": 1})).await;
    replayed(&bed, r#"{"author":"ada","text":"@sothebais bid 1 ETH","at":0}"#).await;
    let tally = bed.state().await["crowd"]["tally"].clone();
    assert_eq!((&tally["posted"], &tally["retried"], &tally["given_up"]), (&json!(1), &json!(4), &json!(0)));
}

#[tokio::test]
async fn a_made_up_crowd_plays_a_whole_show() {
    let bed = Bed::with(Wish { clock: Clock::System, withheld_permille: 10, ..Wish::default() }).await;
    let lot = Planned { open_ms: 300, pause_ms: 0, opening_milli: 100 };
    let crowd = people(1, 50);
    for person in &crowd {
        bed.emulator.register(person.id, &person.handle).unwrap();
    }
    bed.emulator.show.send_replace(Some(bed.emulator.clock.now_ms()));
    let director = Director::new(1, "sothebais", crowd, 500, &[lot]);
    let client = Client::new(&bed.base, "crowd", 1).unwrap();
    let board = Board::new(vec![lot]);
    perform::improvise(director, client, board, Arc::clone(&bed.emulator), CancellationToken::new()).await.unwrap();
    let state = bed.state().await;
    assert_eq!(state["crowd"]["done"], true);
    let tally = &state["crowd"]["tally"];
    // Who answers a post that has just been deleted is refused, as on X; nobody else is.
    let sentences = tally["sentences"].as_array().unwrap();
    assert!(sentences.iter().all(|said| said.as_str().unwrap().contains("Tweet that is deleted")), "{state}");
    let acts = ["posted", "deleted", "refused"].map(|act| tally[act].as_u64().unwrap());
    assert_eq!(acts.iter().sum::<u64>(), 500, "{state}");
    assert!(acts[2] <= 5, "{state}");
    let naming = state["posts_naming_house"].as_u64().unwrap();
    let withheld = state["withheld"].as_array().unwrap().len() as u64;
    assert!((naming / 150..=naming / 80).contains(&withheld), "{withheld} of {naming}");
    assert!(bed.get("/2/users/me", HOUSE_TOKEN).await.0.is_success());
}
