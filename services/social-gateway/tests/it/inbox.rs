//! The inbox's one statement, against the real schema.

use auction_core::{BidderId, Handle, Span, Timestamp};
use store::PgPool;
use store::social::{self, Audit, Lease, NewPost, Reference, Via};

use crate::rig::{database, register};

const NOW: Timestamp = Timestamp(1_795_500_000_000);
const TTL: i64 = 60_000;

fn handle() -> Handle {
    Handle::new("sothebais").unwrap()
}

fn post(id: u64, author: u64) -> NewPost {
    NewPost {
        id,
        latest_id: id,
        author: BidderId(author),
        author_handle: Handle::new(&format!("Person{author}")).ok(),
        text: format!("@sothebais bid {id}"),
        text_sha256: [7; 32],
        reference: Reference::None,
        created_at: NOW,
        received_at: NOW + Span(500),
        via: Via::Activity,
        raw: serde_json::json!({"id": id.to_string()}),
        trace: None,
    }
}

async fn ready() -> (PgPool, Lease) {
    let pool = database().await;
    register(&pool, &[1, 2, 3]).await;
    let lease = social::lease_inbox(&pool, &handle(), "first", TTL).await.unwrap().unwrap();
    (pool, lease)
}

async fn commit(pool: &PgPool, lease: &mut Lease, posts: &[NewPost]) -> social::Committed {
    let committed = social::commit_posts(pool, lease, posts, TTL).await.unwrap().expect("the lease holds");
    lease.last_seq = committed.last_seq;
    committed
}

async fn inbox(pool: &PgPool) -> Vec<store::inbox::InboxPost> {
    store::inbox::read(pool, &handle(), 0, 1000).await.unwrap()
}

#[tokio::test]
async fn posts_get_dense_numbers_in_the_order_of_arrival_and_strangers_none() {
    let (pool, mut lease) = ready().await;
    let committed = commit(&pool, &mut lease, &[post(30, 1), post(10, 99), post(20, 2)]).await;
    assert_eq!((committed.last_seq, committed.queued, committed.strangers), (2, vec![30, 20], vec![10]));
    let committed = commit(&pool, &mut lease, &[post(20, 2), post(40, 3)]).await;
    assert_eq!((committed.last_seq, committed.queued), (3, vec![40]));
    let read: Vec<_> = inbox(&pool).await.into_iter().map(|post| (post.seq, post.id)).collect();
    assert_eq!(read, [(1, "30".into()), (2, "20".into()), (3, "40".into())]);
}

#[tokio::test]
async fn a_registered_stranger_is_taken_the_next_time() {
    let (pool, mut lease) = ready().await;
    assert_eq!(commit(&pool, &mut lease, &[post(10, 99)]).await.strangers, [10]);
    register(&pool, &[99]).await;
    assert_eq!(commit(&pool, &mut lease, &[post(10, 99)]).await.queued, [10]);
}

#[tokio::test]
async fn a_writer_that_was_overtaken_can_write_nothing() {
    let (pool, mut old) = ready().await;
    commit(&pool, &mut old, &[post(10, 1)]).await;
    assert_eq!(social::lease_inbox(&pool, &handle(), "second", TTL).await.unwrap(), None);
    social::release_inbox(&pool, &old).await.unwrap();
    let mut new = social::lease_inbox(&pool, &handle(), "second", TTL).await.unwrap().unwrap();
    assert_eq!((new.epoch, new.last_seq), (old.epoch + 1, 1));

    assert_eq!(social::commit_posts(&pool, &old, &[post(20, 1)], TTL).await.unwrap(), None);
    assert!(!social::renew_inbox(&pool, &old, TTL).await.unwrap());
    assert_eq!(social::complete_audit(&pool, &old, NOW).await.unwrap(), None);
    assert_eq!(commit(&pool, &mut new, &[post(30, 1)]).await.last_seq, 2);
    assert_eq!(inbox(&pool).await.len(), 2);
}

#[tokio::test]
async fn the_same_owner_leases_again_at_once_and_finds_what_it_wrote() {
    let (pool, mut lease) = ready().await;
    commit(&pool, &mut lease, &[post(10, 1)]).await;
    let again = social::lease_inbox(&pool, &handle(), "first", TTL).await.unwrap().unwrap();
    assert_eq!((again.epoch, again.last_seq), (lease.epoch + 1, 1));
}

#[tokio::test]
async fn an_edit_never_becomes_a_second_row_nor_changes_the_words() {
    let (pool, mut lease) = ready().await;
    commit(&pool, &mut lease, &[post(10, 1)]).await;
    let edit = NewPost { latest_id: 15, text: "@sothebais bid 999".into(), ..post(10, 1) };
    assert_eq!(commit(&pool, &mut lease, &[edit]).await.queued, Vec::<u64>::new());
    let read = inbox(&pool).await;
    assert_eq!((read.len(), read[0].text.as_deref()), (1, Some("@sothebais bid 10")));
}

#[tokio::test]
async fn a_deletion_erases_the_text_before_and_after() {
    let (pool, mut lease) = ready().await;
    commit(&pool, &mut lease, &[post(10, 1), NewPost { latest_id: 25, ..post(20, 1) }]).await;
    assert_eq!(social::erase_posts(&pool, &[10, 25, 30], NOW).await.unwrap(), 2);
    // The post that was deleted before it came.
    assert_eq!(commit(&pool, &mut lease, &[post(30, 2)]).await.queued, [30]);
    let texts: Vec<_> = inbox(&pool).await.into_iter().map(|post| post.text).collect();
    assert_eq!(texts, [None, None, None]);
    assert_eq!(social::erase_posts(&pool, &[10], NOW).await.unwrap(), 0);
}

#[tokio::test]
async fn new_handles_reach_the_registry_with_posts_and_by_themselves() {
    let (pool, mut lease) = ready().await;
    commit(&pool, &mut lease, &[post(10, 1)]).await;
    let label = |linked: Vec<social::Linked>| linked.into_iter().find(|one| one.bidder == BidderId(1)).unwrap().handle;
    assert_eq!(label(social::linked_bidders(&pool).await.unwrap()), "person1");
    assert!(social::rename_bidder(&pool, BidderId(1), &Handle::new("Renamed").unwrap()).await.unwrap());
    assert_eq!(label(social::linked_bidders(&pool).await.unwrap()), "renamed");
    assert!(!social::rename_bidder(&pool, BidderId(77), &Handle::new("Nobody").unwrap()).await.unwrap());
}

#[tokio::test]
async fn bad_data_is_told_from_a_bad_database() {
    let (pool, lease) = ready().await;
    let bad = NewPost { text: "nul \0".into(), ..post(10, 1) };
    let error = social::commit_posts(&pool, &lease, &[bad], TTL).await.unwrap_err();
    assert!(social::is_about_data(&error), "{error:?}");
    pool.close().await;
    let error = social::commit_posts(&pool, &lease, &[post(10, 1)], TTL).await.unwrap_err();
    assert!(!social::is_about_data(&error), "{error:?}");
}

#[tokio::test]
async fn an_audit_is_pending_until_it_covers_what_was_asked() {
    let (pool, mut lease) = ready().await;
    assert_eq!(social::pending_audit(&pool, &handle()).await.unwrap(), None);
    store::inbox::request_audit(&pool, &handle(), NOW).await.unwrap();
    let pending = social::pending_audit(&pool, &handle()).await.unwrap().unwrap();
    assert_eq!(pending.through, NOW);
    social::request_audit(&pool, &handle(), Audit { through: Timestamp(NOW.0 - 1), not_before: None }).await.unwrap();
    assert_eq!(social::pending_audit(&pool, &handle()).await.unwrap(), Some(pending));

    commit(&pool, &mut lease, &[post(10, 1), post(20, 1)]).await;
    social::complete_audit(&pool, &lease, Timestamp(NOW.0 - 1)).await.unwrap().unwrap();
    assert!(social::pending_audit(&pool, &handle()).await.unwrap().is_some());
    let done = social::complete_audit(&pool, &lease, NOW).await.unwrap().unwrap();
    assert_eq!((done.through, done.seq), (NOW, 2));
    assert_eq!(social::pending_audit(&pool, &handle()).await.unwrap(), None);
    let seen = store::inbox::audit(&pool, &handle()).await.unwrap();
    assert_eq!((seen.completed_through, seen.completed_seq), (Some(NOW), 2));
}

#[tokio::test]
async fn spending_adds_up_by_day_and_kind() {
    let pool = database().await;
    let spent = |units, micros| social::Spent { day: "2026-11-24".into(), kind: "post_read".into(), units, micros };
    social::add_spend(&pool, &handle(), "show", &[spent(1, 5000)]).await.unwrap();
    social::add_spend(&pool, &handle(), "show", &[spent(2, 10_000)]).await.unwrap();
    assert_eq!(social::load_spend(&pool, &handle(), "show").await.unwrap(), [spent(3, 15_000)]);
    assert_eq!(social::load_spend(&pool, &handle(), "another").await.unwrap(), []);
}

#[tokio::test]
async fn a_deletion_by_the_id_of_an_edit_that_came_later_erases_the_first_text() {
    let (pool, mut lease) = ready().await;
    commit(&pool, &mut lease, &[post(10, 1), post(20, 2)]).await;
    commit(&pool, &mut lease, &[NewPost { latest_id: 15, ..post(10, 1) }]).await;
    assert_eq!(social::erase_posts(&pool, &[15], NOW).await.unwrap(), 1);
    let texts: Vec<_> = inbox(&pool).await.into_iter().map(|post| post.text.is_some()).collect();
    assert_eq!(texts, [false, true]);
}

#[tokio::test]
async fn old_texts_are_let_go_and_their_posts_stay() {
    let (pool, mut lease) = ready().await;
    let young = NewPost { received_at: NOW + Span(10_000), ..post(30, 3) };
    commit(&pool, &mut lease, &[post(10, 1), post(20, 2), young]).await;
    let (before, at) = (NOW + Span(5_000), NOW + Span(20_000));
    assert_eq!(social::expire_texts(&pool, before, at, 1).await.unwrap(), 1);
    assert_eq!(social::expire_texts(&pool, before, at, 10).await.unwrap(), 1);
    assert_eq!(social::expire_texts(&pool, before, at, 10).await.unwrap(), 0);
    let read: Vec<_> = inbox(&pool).await.into_iter().map(|post| (post.id, post.text.is_some())).collect();
    assert_eq!(read, [("10".to_owned(), false), ("20".to_owned(), false), ("30".to_owned(), true)]);
    // What is gone needs no look-up and no watch; whoever deletes it still finds it.
    let received = NOW..NOW + Span(60_000);
    let checked: Vec<_> = social::posts_to_check(&pool, received, 0, 10).await.unwrap();
    assert_eq!(checked.iter().map(|post| post.id).collect::<Vec<_>>(), [30]);
    assert_eq!(social::authors_since(&pool, NOW).await.unwrap(), [BidderId(3)]);
    assert_eq!(social::erase_posts(&pool, &[10], at).await.unwrap(), 1);
}

#[tokio::test]
async fn where_a_trace_began_goes_with_the_post() {
    let (pool, mut lease) = ready().await;
    let trace = Some(auction_core::TraceContext::sampled([7; 16], [3; 8]));
    commit(&pool, &mut lease, &[NewPost { trace, ..post(10, 1) }, post(20, 2)]).await;
    let traces: Vec<_> = inbox(&pool).await.into_iter().map(|post| post.trace).collect();
    assert_eq!(traces, [trace, None]);
    let subject = social::reply_subject(&pool, &handle(), 10).await.unwrap().unwrap();
    assert_eq!(subject.trace, trace);
}
