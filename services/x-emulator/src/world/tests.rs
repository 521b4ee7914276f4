use proptest::prelude::*;

use super::*;
use crate::post::MOST_EDITS;

const NOW: i64 = 1_795_500_000_000;
const HOUSE: UserId = UserId(1);
const ADA: UserId = UserId(2);
const BOB: UserId = UserId(3);

fn person(id: UserId, handle: &str) -> User {
    let (handle, name) = (handle.to_owned(), handle.to_owned());
    User { id, handle, name, kind: Kind::Crowd, created_ms: NOW, posts: 0 }
}

fn world(withheld_permille: u32) -> World {
    let at_once = Lag { least_ms: 0, most_ms: 0 };
    let nature = Nature { seed: 1, withheld_permille, activity: at_once, filtered: at_once, listing: at_once };
    let mut world = World::new(nature, person(HOUSE, "sothebais"));
    world.users.register(person(ADA, "ada")).unwrap();
    world.users.register(person(BOB, "bob")).unwrap();
    world
}

fn subscribe(world: &mut World, event_type: EventType, user: UserId) {
    let id = SubscriptionId(world.fresh_id(NOW));
    world.subscriptions.insert(id, Subscription { id, event_type, user, tag: None, created_ms: NOW });
}

fn events(made: &Made) -> Vec<EventType> {
    let mut types: Vec<EventType> =
        made.parcels.iter().filter_map(|p| p.subscription.as_ref().map(|s| s.event_type)).collect();
    types.sort();
    types
}

fn post(world: &mut World, author: UserId, text: &str) -> Made {
    world.create(&Draft::plain(author, text), NOW).unwrap()
}

fn whole() -> Window {
    Window { since: None, until: None, start_ms: None, end_ms: None, page: 100, below: None }
}

#[test]
fn a_mention_in_the_body_is_an_event_and_one_in_the_reply_prefix_is_none() {
    let mut world = world(0);
    for event_type in [EventType::Mention, EventType::Reply] {
        subscribe(&mut world, event_type, HOUSE);
    }
    let lot = post(&mut world, HOUSE, "Lot 1 is open");
    assert_eq!(events(&post(&mut world, ADA, "@SothebAIs bid 1 ETH")), [EventType::Mention]);
    let reply = Draft { reply_to: Some(lot.id), ..Draft::plain(ADA, "bid 2 ETH") };
    let reply = world.create(&reply, NOW).unwrap();
    assert_eq!(events(&reply), [EventType::Reply]);
    let reply = world.post(reply.id).unwrap();
    assert_eq!((reply.text.as_str(), reply.hidden), ("@sothebais bid 2 ETH", 11));
}

#[test]
fn a_quote_with_a_mention_is_two_events_of_one_post() {
    let mut world = world(0);
    for event_type in [EventType::Mention, EventType::Quote] {
        subscribe(&mut world, event_type, HOUSE);
    }
    let lot = post(&mut world, HOUSE, "Lot 1 is open");
    let quote = Draft { quote: Some(lot.id), ..Draft::plain(ADA, "@sothebais bid 1 ETH") };
    assert_eq!(events(&world.create(&quote, NOW).unwrap()), [EventType::Mention, EventType::Quote]);
}

#[test]
fn the_house_answers_only_who_called_and_addresses_nobody_unasked() {
    let mut world = world(0);
    let aside = post(&mut world, ADA, "what a night").id;
    let call = post(&mut world, ADA, "@sothebais bid 1 ETH").id;
    let reply = |id, text| Draft { reply_to: Some(id), ..Draft::plain(HOUSE, text) };
    assert_eq!(world.create(&reply(aside, "welcome"), NOW), Err(Refused::NotSummoned));
    assert_eq!(world.create(&reply(call, "heard, and @bob was outbid"), NOW), Err(Refused::Unsolicited));
    assert!(world.create(&reply(call, "heard"), NOW).is_ok());
    assert_eq!(world.create(&reply(call, "heard"), NOW), Err(Refused::Duplicate));
    assert_eq!(world.create(&Draft::plain(HOUSE, "@bob you were outbid"), NOW), Err(Refused::Unsolicited));
    let quote = Draft { quote: Some(call), ..Draft::plain(HOUSE, "look") };
    assert_eq!(world.create(&quote, NOW), Err(Refused::Unsolicited));
}

#[test]
fn people_may_repeat_themselves_and_write_long_posts_but_the_house_may_not() {
    let mut world = world(0);
    post(&mut world, ADA, "@sothebais bid 1 ETH");
    post(&mut world, ADA, "@sothebais bid 1 ETH");
    let long = "long ".repeat(100);
    let note = post(&mut world, ADA, &long).id;
    assert!(world.post(note).unwrap().note);
    assert_eq!(world.create(&Draft::plain(HOUSE, &long), NOW), Err(Refused::TooLong(500)));
}

#[test]
fn an_edit_is_a_new_version_with_the_old_ones_as_history() {
    let mut world = world(0);
    subscribe(&mut world, EventType::Mention, HOUSE);
    let first = post(&mut world, ADA, "@sothebais bid 1 ETH").id;
    let edit = |id| Draft { edits: Some(id), ..Draft::plain(ADA, "@sothebais bid 2 ETH") };
    let second = world.create(&edit(first), NOW).unwrap();
    assert_eq!(events(&second), [EventType::Mention]);
    assert_eq!(world.versions(first), [first, second.id]);
    assert_eq!(world.mentions(HOUSE, &whole(), NOW).posts, [second.id]);
    assert_eq!(world.create(&edit(first), NOW), Err(Refused::NotEditable));
    let other = Draft { author: BOB, ..edit(second.id) };
    assert_eq!(world.create(&other, NOW), Err(Refused::NotYours));
    let mut newest = second.id;
    for _ in 1..MOST_EDITS {
        newest = world.create(&edit(newest), NOW).unwrap().id;
    }
    assert_eq!(world.create(&edit(newest), NOW), Err(Refused::NotEditable));
    let late = NOW + 61 * 60 * 1000;
    let fresh = post(&mut world, ADA, "@sothebais bid 3 ETH").id;
    assert_eq!(world.create(&edit(fresh), late), Err(Refused::NotEditable));
}

#[test]
fn a_deletion_takes_every_version_and_tells_who_subscribed_to_the_author() {
    let mut world = world(0);
    subscribe(&mut world, EventType::Delete, ADA);
    let first = post(&mut world, ADA, "@sothebais bid 1 ETH").id;
    let edit = Draft { edits: Some(first), ..Draft::plain(ADA, "@sothebais bid 2 ETH") };
    let second = world.create(&edit, NOW).unwrap().id;
    assert_eq!(world.delete(first, BOB, NOW), Err(Refused::NotYours));
    let parcels = world.delete(second, ADA, NOW).unwrap();
    assert_eq!(parcels[0].event, Event::Deleted { id: second, author: ADA });
    assert!(world.living(first).is_none() && world.mentions(HOUSE, &whole(), NOW).posts.is_empty());
    assert_eq!(world.delete(second, ADA, NOW), Err(Refused::NoSuchPost(second)));
}

#[test]
fn a_known_id_is_delivered_again_and_not_made_again() {
    let mut world = world(0);
    subscribe(&mut world, EventType::Mention, HOUSE);
    let id = PostId(Mint::of_crowd().mint(NOW - 5000));
    let draft = Draft { id: Some(id), ..Draft::plain(ADA, "@sothebais bid 1 ETH") };
    let (first, second) = (world.create(&draft, NOW).unwrap(), world.create(&draft, NOW + 100).unwrap());
    assert!(!first.again && second.again);
    assert_eq!((events(&second).len(), world.kept()), (1, 1));
    assert_eq!(world.post(id).unwrap().made_at_ms, NOW - 5000);
}

#[test]
fn a_withheld_post_is_in_no_parcel_and_in_the_timeline() {
    let mut world = world(1000);
    subscribe(&mut world, EventType::Mention, HOUSE);
    let made = post(&mut world, ADA, "@sothebais bid 1 ETH");
    assert!(made.parcels.is_empty());
    assert_eq!(world.withheld, [made.id]);
    assert_eq!(world.mentions(HOUSE, &whole(), NOW).posts, [made.id]);
}

#[test]
fn one_of_each_hundred_posts_that_name_the_house_is_withheld() {
    let mut world = world(10);
    for n in 0..1000 {
        post(&mut world, ADA, &format!("@sothebais bid {n} ETH"));
        post(&mut world, BOB, "an aside");
        post(&mut world, HOUSE, &format!("@sothebais talks to itself {n}"));
    }
    assert_eq!(world.withheld.len(), 10);
}

#[test]
fn timelines_page_backwards_within_their_window() {
    let mut world = world(0);
    let ids: Vec<PostId> =
        (0..10).map(|n| world.create(&Draft::plain(ADA, &format!("@sothebais {n}")), NOW + n).unwrap().id).collect();
    let first = world.mentions(HOUSE, &Window { page: 4, ..whole() }, NOW + 10);
    assert_eq!(first, Page { posts: vec![ids[9], ids[8], ids[7], ids[6]], more: true });
    let second =
        world.mentions(HOUSE, &Window { page: 4, below: Some(ids[6]), since: Some(ids[3]), ..whole() }, NOW + 10);
    assert_eq!(second, Page { posts: vec![ids[5], ids[4]], more: false });
    let timed = Window { start_ms: Some(NOW + 2), end_ms: Some(NOW + 5), ..whole() };
    assert_eq!(world.mentions(HOUSE, &timed, NOW + 10).posts, [ids[4], ids[3], ids[2]]);
}

#[test]
fn a_post_is_listed_only_when_its_lag_has_passed() {
    let mut world = world(0);
    let at_once = Lag { least_ms: 0, most_ms: 0 };
    world.slow(at_once, at_once, Lag { least_ms: 500, most_ms: 500 });
    let id = post(&mut world, ADA, "@sothebais bid 1 ETH").id;
    assert!(world.mentions(HOUSE, &whole(), NOW + 499).posts.is_empty());
    assert_eq!(world.mentions(HOUSE, &whole(), NOW + 500).posts, [id]);
}

proptest! {
    #[test]
    fn every_post_that_names_the_house_is_either_carried_or_withheld(texts in prop::collection::vec("[a-z ]{0,20}", 1..120)) {
        let mut world = world(100);
        subscribe(&mut world, EventType::Mention, HOUSE);
        let mut carried = 0;
        for text in &texts {
            carried += world.create(&Draft::plain(ADA, &format!("@sothebais {text}")), NOW).unwrap().parcels.len();
        }
        prop_assert_eq!(carried + world.withheld.len(), texts.len());
    }
}
