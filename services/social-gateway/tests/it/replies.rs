//! Replies in the database: one for each post, held until the hammer falls, silent for who said "stop".

use auction_core::{BidderId, Handle, Span, Timestamp};
use store::PgPool;
use store::social::{self, NewReply, ReplyLot, ReplyState};

use crate::rig::{database, register};

const NOW: Timestamp = Timestamp(1_795_500_000_000);

fn handle() -> Handle {
    Handle::new("sothebais").unwrap()
}

fn lot() -> ReplyLot {
    ReplyLot { auction: "friday".into(), lot: 2 }
}

fn reply(post: u64, author: u64, state: ReplyState) -> NewReply {
    let lot = (state == ReplyState::Held).then(lot);
    NewReply { post, author: BidderId(author), code: "accepted".into(), text: "t".into(), state, lot, planned_at: NOW }
}

async fn states(pool: &PgPool) -> Vec<(u64, ReplyState, String)> {
    let mut all = social::replies(pool, &handle(), 100).await.unwrap();
    all.sort_by_key(|reply| reply.post);
    all.into_iter().map(|reply| (reply.post, reply.state, reply.code)).collect()
}

#[tokio::test]
async fn a_post_is_answered_once() {
    let pool = database().await;
    assert!(social::plan_reply(&pool, &handle(), &reply(1, 7, ReplyState::Planned)).await.unwrap());
    assert!(!social::plan_reply(&pool, &handle(), &reply(1, 7, ReplyState::Planned)).await.unwrap());
    let lease = social::lease_inbox(&pool, &handle(), "first", 60_000).await.unwrap().unwrap();
    assert!(social::start_reply(&pool, &lease, 1, "words").await.unwrap());
    assert!(!social::start_reply(&pool, &lease, 1, "words").await.unwrap(), "a call is made once");
    social::finish_reply(&pool, 1, ReplyState::Sent, Some(u64::MAX >> 1), None).await.unwrap();
    assert!(!social::start_reply(&pool, &lease, 1, "words").await.unwrap());
    let stored = social::replies(&pool, &handle(), 1).await.unwrap().remove(0);
    assert_eq!((stored.state, stored.attempts, stored.text.as_str()), (ReplyState::Sent, 1, "words"));
    assert_eq!(stored.reply_id.as_deref(), Some("9223372036854775807"));
    assert_eq!(social::planned_replies(&pool, &handle(), 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_call_that_another_writer_began_is_not_made_again() {
    let pool = database().await;
    for post in [1, 2] {
        social::plan_reply(&pool, &handle(), &reply(post, 7, ReplyState::Planned)).await.unwrap();
    }
    let first = social::lease_inbox(&pool, &handle(), "first", 0).await.unwrap().unwrap();
    assert!(social::start_reply(&pool, &first, 1, "words").await.unwrap());
    let second = social::lease_inbox(&pool, &handle(), "second", 60_000).await.unwrap().unwrap();
    assert!(!social::start_reply(&pool, &first, 2, "words").await.unwrap(), "fenced");
    assert_eq!(social::give_up_replies_in_doubt(&pool, &first).await.unwrap(), 0, "fenced");
    assert_eq!(social::give_up_replies_in_doubt(&pool, &second).await.unwrap(), 1);
    let left: Vec<_> = states(&pool).await.into_iter().map(|(post, state, _)| (post, state)).collect();
    assert_eq!(left, [(1, ReplyState::Failed), (2, ReplyState::Planned)]);
    assert!(social::start_reply(&pool, &second, 2, "words").await.unwrap());
}

#[tokio::test]
async fn a_winner_who_was_outbid_by_a_voided_bid_hears_the_hammer_once() {
    let pool = database().await;
    for (post, author) in [(1, 7), (2, 8)] {
        social::plan_reply(&pool, &handle(), &reply(post, author, ReplyState::Held)).await.unwrap();
    }
    let winner = Some((BidderId(7), "won", "Sold!"));
    assert!(social::release_held(&pool, &handle(), &lot(), winner, ReplyState::Planned).await.unwrap());
    let told: Vec<_> = states(&pool).await.into_iter().map(|(post, state, _)| (post, state)).collect();
    assert_eq!(told, [(1, ReplyState::Planned), (2, ReplyState::Dropped)]);
    assert!(!social::release_held(&pool, &handle(), &lot(), winner, ReplyState::Planned).await.unwrap());
}

#[tokio::test]
async fn only_the_last_leader_hears_the_hammer() {
    let pool = database().await;
    for (post, author) in [(1, 7), (2, 8), (3, 7)] {
        social::plan_reply(&pool, &handle(), &reply(post, author, ReplyState::Held)).await.unwrap();
    }
    let winner = Some((BidderId(7), "won", "Sold!"));
    assert!(social::release_held(&pool, &handle(), &lot(), winner, ReplyState::Planned).await.unwrap());
    let code = |text: &str| text.to_owned();
    assert_eq!(
        states(&pool).await,
        [
            (1, ReplyState::Dropped, code("accepted")),
            (2, ReplyState::Dropped, code("accepted")),
            (3, ReplyState::Planned, code("won")),
        ]
    );
    assert!(!social::release_held(&pool, &handle(), &lot(), winner, ReplyState::Planned).await.unwrap());
}

#[tokio::test]
async fn a_lot_that_is_not_sold_says_nothing() {
    let pool = database().await;
    social::plan_reply(&pool, &handle(), &reply(1, 7, ReplyState::Held)).await.unwrap();
    assert!(!social::release_held(&pool, &handle(), &lot(), None, ReplyState::Planned).await.unwrap());
    assert_eq!(states(&pool).await[0].1, ReplyState::Dropped);
}

#[tokio::test]
async fn a_deleted_post_is_not_answered() {
    let pool = database().await;
    social::plan_reply(&pool, &handle(), &reply(1, 7, ReplyState::Planned)).await.unwrap();
    social::erase_posts(&pool, &[1], NOW + Span(1)).await.unwrap();
    assert_eq!(states(&pool).await[0].1, ReplyState::Failed);
}

#[tokio::test]
async fn a_post_that_was_deleted_by_the_id_of_an_edit_is_not_answered_whether_planned_or_held() {
    for state in [ReplyState::Planned, ReplyState::Held] {
        let pool = database().await;
        register(&pool, &[7]).await;
        let lease = social::lease_inbox(&pool, &handle(), "first", 60_000).await.unwrap().unwrap();
        let post = social::NewPost {
            id: 1,
            latest_id: 5,
            author: BidderId(7),
            author_handle: None,
            text: "bid".into(),
            text_sha256: [0; 32],
            reference: social::Reference::None,
            created_at: NOW,
            received_at: NOW,
            via: social::Via::Activity,
            raw: serde_json::Value::Null,
            trace: None,
        };
        social::commit_posts(&pool, &lease, &[post], 60_000).await.unwrap().unwrap();
        social::plan_reply(&pool, &handle(), &reply(1, 7, state)).await.unwrap();
        social::erase_posts(&pool, &[5], NOW + Span(1)).await.unwrap();
        assert_eq!(states(&pool).await[0].1, ReplyState::Failed, "{state:?}");
    }
}

#[tokio::test]
async fn silence_holds_until_it_is_lifted() {
    let pool = database().await;
    social::set_silence(&pool, BidderId(7), Some(NOW)).await.unwrap();
    social::set_silence(&pool, BidderId(7), Some(NOW)).await.unwrap();
    assert!(social::is_silent(&pool, BidderId(7)).await.unwrap());
    social::set_silence(&pool, BidderId(7), None).await.unwrap();
    assert!(!social::is_silent(&pool, BidderId(7)).await.unwrap());
}
