//! The whole program against the X emulator: whatever X does to a stream, every registered bidder's post is in the inbox
//! exactly once before an audit says so.

use std::collections::BTreeSet;
use std::time::Duration;

use auction_core::{Handle, Timestamp};
use bootstrap::clock::Clock;
use serde_json::json;
use store::PgPool;
use store::inbox::InboxPost;

use crate::rig::{Gateway, X, eventually, open, register};

struct Show {
    x: X,
    pool: PgPool,
    database: String,
    redis: String,
}

impl Show {
    async fn prepare(bidders: &[u64]) -> Self {
        let database = testkit::postgres().await.unwrap();
        let pool = open(&database);
        register(&pool, bidders).await;
        Self { x: X::start().await, pool, database, redis: testkit::redis().await.unwrap() }
    }

    fn gateway(&self, more: &[&str]) -> Gateway {
        Gateway::start(&self.x, &self.database, &self.redis, more)
    }

    async fn inbox(&self) -> Vec<InboxPost> {
        store::inbox::read(&self.pool, &handle(), 0, 10_000).await.unwrap()
    }

    /// Asks for an audit up to now and waits for it.
    async fn audited(&self, gateway: &Gateway) -> u64 {
        let through = Timestamp(Clock::System.now_ms());
        // The timeline shows a post 100 ms after it was made, at the latest.
        tokio::time::sleep(Duration::from_millis(150)).await;
        store::inbox::request_audit(&self.pool, &handle(), through).await.unwrap();
        eventually("audit complete", gateway, async || {
            let audit = store::inbox::audit(&self.pool, &handle()).await.unwrap();
            (audit.completed_through >= Some(through)).then_some(audit.completed_seq)
        })
        .await
    }

    /// The inbox holds exactly these posts, each once, densely numbered.
    async fn assert_inbox(&self, wanted: &[u64], completed_seq: u64) {
        let inbox = self.inbox().await;
        let numbers: Vec<u64> = inbox.iter().map(|post| post.seq).collect();
        assert_eq!(numbers, (1..=inbox.len() as u64).collect::<Vec<_>>());
        let held: Vec<u64> = inbox.iter().map(|post| post.id.parse().unwrap()).collect();
        let distinct: BTreeSet<u64> = held.iter().copied().collect();
        assert_eq!(distinct.len(), held.len(), "a post has two numbers");
        let wanted: BTreeSet<u64> = wanted.iter().copied().collect();
        let missing: Vec<_> = wanted.difference(&distinct).collect();
        let surplus: Vec<_> = distinct.difference(&wanted).collect();
        assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
        assert!(completed_seq >= held.len() as u64, "the audit claims {completed_seq} of {}", held.len());
    }
}

fn handle() -> Handle {
    Handle::new("sothebais").unwrap()
}

const BIDDERS: [u64; 5] = [101, 102, 103, 104, 105];

/// Everybody posts in turn; the ids of the bidders' posts.
async fn chatter(x: &X, rounds: usize, salt: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    for round in 0..rounds {
        for bidder in BIDDERS {
            ids.push(x.person(bidder).say(&format!("@sothebais bid {round}.{bidder} ETH {salt}")).await);
        }
        x.person(999).say(&format!("@sothebais am I heard? {round} {salt}")).await;
        x.person(101).say(&format!("nothing about you {round} {salt}")).await;
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bidders_post_is_in_the_inbox_once_whatever_x_does() {
    let show = Show::prepare(&BIDDERS).await;
    let gateway = show.gateway(&[]);
    gateway.connected().await;
    show.x.fault(json!({"kind": "withhold", "permille": 200})).await;
    show.x.fault(json!({"kind": "duplicate", "permille": 300})).await;
    show.x.fault(json!({"kind": "reorder", "permille": 300, "ms": 400})).await;
    let mut wanted = chatter(&show.x, 4, "one").await;
    show.x.fault(json!({"kind": "disconnect", "abrupt": true})).await;
    show.x.fault(json!({"kind": "503", "endpoint": "activity_stream", "times": 2})).await;
    wanted.extend(chatter(&show.x, 4, "two").await);
    show.x.fault(json!({"kind": "429", "endpoint": "filtered_stream", "times": 1})).await;
    show.x.fault(json!({"kind": "disconnect"})).await;
    show.x.fault(json!({"kind": "partial_errors", "endpoint": "mentions", "times": 3})).await;
    wanted.extend(chatter(&show.x, 4, "three").await);
    let completed = show.audited(&gateway).await;
    show.assert_inbox(&wanted, completed).await;
    let status = gateway.get("/v1/status").await.unwrap();
    assert!(status["audit"]["found"].as_u64().unwrap() > 0, "nothing was withheld: {status}");
    assert!(status["inbox"]["strangers"].as_u64().unwrap() > 0, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_loses_nothing() {
    let show = Show::prepare(&BIDDERS).await;
    let mut first = show.gateway(&[]);
    first.connected().await;
    let mut wanted = chatter(&show.x, 3, "before").await;
    first.kill();
    wanted.extend(chatter(&show.x, 3, "meanwhile").await);
    let mut second = show.gateway(&[]);
    wanted.extend(chatter(&show.x, 3, "after").await);
    second.connected().await;
    let completed = show.audited(&second).await;
    show.assert_inbox(&wanted, completed).await;
    assert!(second.stop().await, "{}", second.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_posts_than_xs_timeline_keeps_are_found_by_the_search() {
    let show = Show::prepare(&BIDDERS).await;
    // 5 of 7 name the house for a bidder, so 170 rounds are 1,020 mentions of 800 that the timeline keeps.
    let mut wanted = chatter(&show.x, 170, "long ago").await;
    show.x.fault(json!({"kind": "withhold", "permille": 1000})).await;
    let gateway = show.gateway(&[]);
    // While the timeline is read, new posts push old ones out of it.
    wanted.extend(chatter(&show.x, 100, "meanwhile").await);
    gateway.connected().await;
    let completed = show.audited(&gateway).await;
    show.assert_inbox(&wanted, completed).await;
    let status = gateway.get("/v1/status").await.unwrap();
    let searched = |limit: &serde_json::Value| limit["endpoint"] == "search_recent";
    assert!(status["rate_limits"].as_array().unwrap().iter().any(searched), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_two_gateways_writes_and_the_other_takes_over() {
    let show = Show::prepare(&BIDDERS).await;
    let mut first = show.gateway(&[]);
    first.connected().await;
    let second = show.gateway(&[]);
    let held = async |gateway: &Gateway| gateway.get("/v1/status").await.map(|status| status["inbox"]["held"] == true);
    assert!(!eventually("the second serves", &second, async || held(&second).await).await);
    let mut wanted = chatter(&show.x, 2, "both").await;
    first.kill();
    wanted.extend(chatter(&show.x, 2, "one").await);
    eventually("the second takes over", &second, async || held(&second).await?.then_some(())).await;
    let completed = show.audited(&second).await;
    show.assert_inbox(&wanted, completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_deletions_and_new_handles_are_followed() {
    let show = Show::prepare(&BIDDERS).await;
    let gateway = show.gateway(&[]);
    gateway.connected().await;
    let ann = show.x.person(101);
    let kept = ann.say("@sothebais bid 1 ETH").await;
    let gone = ann.say("@sothebais bid 2 ETH").await;
    ann.post(json!({"text": "@sothebais bid 900 ETH", "edit_options": {"previous_post_id": kept.to_string()}})).await;
    eventually("ann is watched", &gateway, async || {
        let core = show.x.emulator.core();
        let watched = core.world.subscriptions.values().filter(|one| one.user.0 == 101).count();
        (watched == 2).then_some(())
    })
    .await;
    ann.delete(gone).await;
    show.x.rename(101, "ann_renamed").await;
    eventually("the text is erased", &gateway, async || {
        let inbox = show.inbox().await;
        inbox.iter().any(|post| post.id == gone.to_string() && post.text.is_none()).then_some(())
    })
    .await;
    eventually("the label follows", &gateway, async || {
        let linked = store::social::linked_bidders(&show.pool).await.unwrap();
        linked.iter().any(|one| one.handle == "ann_renamed").then_some(())
    })
    .await;
    let completed = show.audited(&gateway).await;
    show.assert_inbox(&[kept, gone], completed).await;
    let inbox = show.inbox().await;
    let kept = inbox.iter().find(|post| post.id == kept.to_string()).unwrap();
    assert_eq!(kept.text.as_deref(), Some("@sothebais bid 1 ETH"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_leaves_the_audit_and_the_audit_finds_everything() {
    let show = Show::prepare(&BIDDERS).await;
    // One question who we are, and two posts' worth of reads.
    let gateway = show.gateway(&["--spend-ceiling", "0.02"]);
    gateway.connected().await;
    let wanted = chatter(&show.x, 4, "dear").await;
    eventually("the streams are off", &gateway, async || {
        let status = gateway.get("/v1/status").await?;
        status["sources"].as_array()?.iter().all(|source| source["state"] == "off").then_some(())
    })
    .await;
    let completed = show.audited(&gateway).await;
    show.assert_inbox(&wanted, completed).await;
    let spend = gateway.get("/v1/spend").await.unwrap();
    assert_eq!(spend["level"], "audit_only", "{spend}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_shown_while_x_does_not_say_who_we_are() {
    let show = Show::prepare(&BIDDERS).await;
    show.x.fault(json!({"kind": "503", "endpoint": "me", "times": 1_000_000})).await;
    let gateway = show.gateway(&[]);
    let status = eventually("the reason is shown", &gateway, async || {
        let status = gateway.get("/v1/status").await?;
        (status["account"]["problem"] == "server").then_some(status)
    })
    .await;
    assert_eq!((&status["account"]["running"], &status["user_id"]), (&json!(false), &json!(null)));
    show.x.fault(json!({"kind": "clear"})).await;
    gateway.connected().await;
    let status = gateway.get("/v1/status").await.unwrap();
    assert_eq!((&status["account"]["running"], &status["user_id"]), (&json!(true), &json!("42")));
}

/// The engine's event that a bid by post was refused.
fn refused(post: u64, bidder: u64) -> String {
    json!({"data": {"auction": "friday", "lot": 1, "verdict": "refused", "bidder": bidder.to_string(),
        "source": {"kind": "post", "key": post.to_string()},
        "refusal": {"code": "below_increment", "message": "1 ETH is below 2 ETH.", "remedy": "Bid at least 2 ETH."}}})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_x_may_have_taken_is_not_sent_again() {
    let show = Show::prepare(&BIDDERS).await;
    let gateway = show.gateway(&[]);
    gateway.connected().await;
    let heard = show.x.person(101).say("@sothebais bid 1 ETH").await;
    eventually("the post is stored", &gateway, async || (show.inbox().await.len() == 1).then_some(())).await;
    show.x.fault(json!({"kind": "503", "endpoint": "create_post", "times": 1})).await;
    let outbox = bus::outbox::Outbox::new(bus::Bus::new(&show.redis).unwrap());
    let shard = format!("shard-{heard}");
    outbox.append(&shard, 1, &[refused(heard, 101)], bus::outbox::Absent::Begin).await.unwrap();
    outbox.announce(&shard).await.unwrap();
    let reply = eventually("the reply is given up", &gateway, async || {
        let replies = gateway.get("/v1/replies").await?;
        (replies[0]["state"] == "failed").then(|| replies[0].clone())
    })
    .await;
    assert_eq!((&reply["problem"], &reply["attempts"]), (&json!("server"), &json!(1)));
    assert_eq!(store::social::planned_replies(&show.pool, &handle(), 10).await.unwrap(), []);
    assert_eq!(show.x.house_posts().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_bidder_is_answered_once_across_a_restart_and_never_after_stop() {
    let show = Show::prepare(&BIDDERS).await;
    let mut gateway = show.gateway(&[]);
    gateway.connected().await;
    let heard = show.x.person(101).say("@sothebais bid 1 ETH").await;
    show.x.person(102).say("@sothebais stop").await;
    let silent = show.x.person(102).say("@sothebais bid 1,5 ETH").await;
    eventually("the posts are stored", &gateway, async || (show.inbox().await.len() == 3).then_some(())).await;
    eventually("the wish is stored", &gateway, async || {
        store::social::is_silent(&show.pool, auction_core::BidderId(102)).await.unwrap().then_some(())
    })
    .await;
    let outbox = bus::outbox::Outbox::new(bus::Bus::new(&show.redis).unwrap());
    let events = [refused(heard, 101), refused(silent, 102), refused(heard, 101)];
    let shard = format!("shard-{heard}");
    outbox.append(&shard, 1, &events, bus::outbox::Absent::Begin).await.unwrap();
    outbox.announce(&shard).await.unwrap();
    eventually("the reply is sent", &gateway, async || {
        let replies = gateway.get("/v1/replies").await?;
        (replies[0]["state"] == "sent").then_some(())
    })
    .await;
    assert!(gateway.stop().await);
    let again = show.gateway(&[]);
    again.connected().await;
    outbox.append(&shard, 4, &[refused(heard, 101)], bus::outbox::Absent::Refuse).await.unwrap();
    eventually("the repeated event is read", &again, async || {
        let seq = store::reader::position(&show.pool, &shard, "social-gateway:sothebais").await.unwrap();
        (seq == 4).then_some(())
    })
    .await;
    let posts = show.x.house_posts().await;
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert_eq!(posts[0].1, heard.to_string());
    assert!(posts[0].0.contains("Bid at least 2 ETH."), "{posts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_of_a_post_that_was_not_understood_is_told_what_was_read() {
    let show = Show::prepare(&BIDDERS).await;
    let gateway = show.gateway(&[]);
    gateway.connected().await;
    let post = show.x.person(101).say("@sothebais bid 1,5 ETH").await;
    eventually("the post is stored", &gateway, async || (show.inbox().await.len() == 1).then_some(())).await;
    let refused = json!({"data": {"auction": "friday", "verdict": "refused", "bidder": "101",
        "source": {"kind": "post", "key": post.to_string()},
        "refusal": {"code": "CommaInNumber", "message": "A general sentence.", "remedy": "A general remedy."}}});
    let outbox = bus::outbox::Outbox::new(bus::Bus::new(&show.redis).unwrap());
    let shard = format!("shard-{post}");
    outbox.append(&shard, 1, &[refused.to_string()], bus::outbox::Absent::Begin).await.unwrap();
    outbox.announce(&shard).await.unwrap();
    eventually("the reply is sent", &gateway, async || {
        let replies = gateway.get("/v1/replies").await?;
        (replies[0]["state"] == "sent").then_some(())
    })
    .await;
    let posts = show.x.house_posts().await;
    assert!(posts[0].0.contains("Read \"1,5\"") && posts[0].0.contains("1500.5 ETH"), "{posts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_dies_and_a_redis_that_is_not_there_cost_no_post() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = testkit::postgres_with_template(directory.path()).await.unwrap();
    let database = server.url_of(testkit::TEMPLATE);
    let show = Show {
        x: X::start().await,
        pool: open(&database),
        database: database.clone(),
        redis: "redis://127.0.0.1:1/0".into(),
    };
    register(&show.pool, &BIDDERS).await;
    let gateway = show.gateway(&[]);
    gateway.connected().await;
    let mut wanted = chatter(&show.x, 2, "before").await;
    server.kill9().await;
    wanted.extend(chatter(&show.x, 3, "without").await);
    server.restart().await.unwrap();
    wanted.extend(chatter(&show.x, 2, "after").await);
    gateway.connected().await;
    let completed = show.audited(&gateway).await;
    show.assert_inbox(&wanted, completed).await;
}
