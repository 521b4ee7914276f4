use auction_core::{BidderId, Hash, LotNumber, SourceKind, Wei};

use super::{Check, check, check_stuck};
use crate::drill::evidence::{
    Answer, Ask, Call, Commit, Content, Evidence, Micros, Place, Post, Replay, Row, Said, Sighting, Standing, Written,
};

const LOT: LotNumber = LotNumber(1);
const ANN: BidderId = BidderId(11);
const BOB: BidderId = BidderId(12);

fn wei(amount: u128) -> Wei {
    Wei::from(amount)
}

fn row(seq: u64, source: SourceKind, key: &str, verdict: Written) -> Row {
    Row { seq, lot: Some(LOT), lot_seq: seq, source, key: key.to_owned(), verdict }
}

fn call(bidder: BidderId, key: &str, invoked: u64, answer: Option<(u64, u64, Said)>) -> Call {
    let answers = answer
        .map(|(returned, seq, verdict)| Answer {
            returned: Micros(returned),
            place: Some(Place { epoch: 1, seq, lot_seq: seq }),
            verdict,
        })
        .into_iter()
        .collect();
    Call { bidder, key: key.to_owned(), lot: LOT, ask: Ask::NextBid, invoked: Micros(invoked), answers }
}

/// Opened; Ann bids 10; Bob's 5 is refused; Bob's post bids 20; a chat post has no row; Bob wins.
fn honest() -> Evidence {
    let refused =
        || Written::Refused { bidder: Some(BOB), ask: Some(Ask::Amount(wei(5))), code: "BelowIncrement".to_owned() };
    let mut bob = call(BOB, "b", 30, Some((40, 3, Said::Refused { code: "BelowIncrement".to_owned() })));
    bob.ask = Ask::Amount(wei(5));
    let replay = |reader| Replay { reader, lot: LOT, head: Hash([7; 32]), leader: Some((BOB, wei(20))) };
    let post = |inbox_seq, id: &str, content| Post { inbox_seq, id: id.to_owned(), content };
    Evidence {
        step: wei(10),
        calls: vec![
            call(ANN, "a", 10, Some((20, 2, Said::Accepted { price: wei(10) }))),
            bob,
            call(ANN, "lost", 45, None),
        ],
        rows: vec![
            row(1, SourceKind::House, "tick", Written::Done),
            row(2, SourceKind::Web, "a", Written::Accepted { bidder: ANN, price: wei(10) }),
            row(3, SourceKind::Web, "b", refused()),
            row(4, SourceKind::Post, "901", Written::Accepted { bidder: BOB, price: wei(20) }),
            row(5, SourceKind::House, "hammer", Written::Sold { bidder: BOB, price: wei(20) }),
        ],
        commits: vec![Commit { epoch: 1, first_seq: 1, last_seq: 3 }, Commit { epoch: 2, first_seq: 4, last_seq: 5 }],
        sightings: vec![
            Sighting { viewer: 1, lot: LOT, epoch: 1, seq: 2, price: wei(10) },
            Sighting { viewer: 1, lot: LOT, epoch: 2, seq: 4, price: wei(20) },
        ],
        posts: vec![post(1, "901", Content::Bid), post(2, "902", Content::Chat)],
        replays: vec![replay("rows"), replay("engine")],
        standings: vec![Standing { lot: LOT, price: Some(wei(20)), lot_seq: 5 }],
    }
}

/// Plants one wrong thing in an honest history and returns the checks that notice it.
fn caught(plant: impl FnOnce(&mut Evidence)) -> Vec<Check> {
    let mut evidence = honest();
    plant(&mut evidence);
    let mut checks: Vec<Check> = check(&evidence).into_iter().map(|violation| violation.check).collect();
    checks.dedup();
    checks
}

#[test]
fn an_honest_history_has_no_violation() {
    assert_eq!(check(&honest()), []);
}

#[test]
fn an_answer_without_its_row_is_caught() {
    let checks = caught(|e| e.rows[1].key = "somebody-else".to_owned());
    assert_eq!(checks, [Check::AnsweredIsDurable]);
}

#[test]
fn an_answer_with_another_price_is_caught() {
    let checks = caught(|e| e.calls[0].answers[0].verdict = Said::Accepted { price: wei(11) });
    assert_eq!(checks, [Check::AnsweredIsDurable]);
}

#[test]
fn a_refusal_that_the_journal_accepted_is_caught() {
    let checks = caught(|e| e.calls[0].answers[0].verdict = Said::Refused { code: "AlreadyLeading".to_owned() });
    assert_eq!(checks, [Check::AnsweredIsDurable]);
}

#[test]
fn a_hole_in_the_journal_is_caught() {
    let checks = caught(|e| drop(e.rows.remove(2)));
    assert!(checks.contains(&Check::SequenceHasNoGaps) && checks.contains(&Check::AnsweredIsDurable), "{checks:?}");
}

#[test]
fn an_older_epoch_that_writes_after_a_newer_one_is_caught() {
    let checks = caught(|e| {
        e.commits = vec![
            Commit { epoch: 1, first_seq: 1, last_seq: 2 },
            Commit { epoch: 2, first_seq: 3, last_seq: 4 },
            Commit { epoch: 1, first_seq: 5, last_seq: 5 },
        ];
        e.calls[1].answers[0].place = Some(Place { epoch: 2, seq: 3, lot_seq: 3 });
    });
    assert_eq!(checks, [Check::OneWriterAtATime]);
}

#[test]
fn a_writer_that_answers_for_a_later_epochs_row_is_caught() {
    let checks = caught(|e| {
        e.commits = vec![Commit { epoch: 2, first_seq: 1, last_seq: 5 }];
        e.sightings.clear();
    });
    assert_eq!(checks, [Check::OneWriterAtATime]);
}

#[test]
fn a_later_epoch_may_repeat_an_earlier_ones_answer() {
    let checks = caught(|e| {
        let mut again = e.calls[0].answers[0].clone();
        again.place = Some(Place { epoch: 2, seq: 2, lot_seq: 2 });
        e.calls[0].answers.push(again);
    });
    assert_eq!(checks, []);
}

#[test]
fn two_bids_that_were_promised_the_same_place_are_caught() {
    let checks = caught(|e| e.calls[2].answers = e.calls[0].answers.clone());
    assert!(checks.contains(&Check::OneWriterAtATime), "{checks:?}");
}

#[test]
fn rows_that_no_commit_covers_are_caught() {
    let checks = caught(|e| e.commits[1].last_seq = 4);
    assert_eq!(checks, [Check::OneWriterAtATime]);
}

#[test]
fn a_retry_that_counted_twice_is_caught() {
    let checks = caught(|e| {
        e.rows.truncate(4);
        e.rows.push(row(5, SourceKind::Web, "a", Written::Accepted { bidder: ANN, price: wei(30) }));
        e.replays.iter_mut().for_each(|replay| replay.leader = Some((ANN, wei(30))));
        e.standings[0].price = Some(wei(30));
        let mut again = e.calls[0].answers[0].clone();
        again.place = Some(Place { epoch: 2, seq: 5, lot_seq: 5 });
        again.verdict = Said::Accepted { price: wei(30) };
        e.calls[0].answers.push(again);
    });
    assert!(checks.contains(&Check::OneEffectByKey), "{checks:?}");
}

#[test]
fn a_price_that_does_not_rise_by_a_step_is_caught() {
    assert_eq!(caught(|e| e.step = wei(11)), [Check::PriceRises]);
}

#[test]
fn a_refusal_that_names_no_place_is_found_by_its_key() {
    assert_eq!(caught(|e| e.calls[1].answers[0].place = None), []);
    let ranked_earlier = caught(|e| {
        e.calls[1].answers[0].place = None;
        e.calls[0].invoked = Micros(50);
        e.calls[0].answers[0].returned = Micros(60);
    });
    assert_eq!(ranked_earlier, [Check::RealTimeOrder]);
}

#[test]
fn a_later_bid_that_was_ranked_earlier_is_caught() {
    let checks = caught(|e| {
        e.calls[0].invoked = Micros(50);
        e.calls[0].answers[0].returned = Micros(60);
    });
    assert_eq!(checks, [Check::RealTimeOrder]);
}

#[test]
fn calls_that_overlap_may_come_in_either_order() {
    let checks = caught(|e| {
        e.calls[0].invoked = Micros(35);
        e.calls[0].answers[0].returned = Micros(60);
    });
    assert_eq!(checks, []);
}

#[test]
fn a_refusal_below_a_price_that_never_stood_is_caught() {
    let checks = caught(|e| {
        let ask = Some(Ask::Amount(wei(25)));
        e.rows[2].verdict = Written::Refused { bidder: Some(BOB), ask, code: "BelowIncrement".to_owned() };
    });
    assert_eq!(checks, [Check::RefusalsAreTrue]);
}

#[test]
fn telling_a_follower_that_he_leads_is_caught() {
    let checks = caught(|e| {
        let code = "AlreadyLeading".to_owned();
        e.rows[2].verdict = Written::Refused { bidder: Some(BOB), ask: Some(Ask::NextBid), code: code.clone() };
        e.calls[1].answers[0].verdict = Said::Refused { code };
    });
    assert_eq!(checks, [Check::RefusalsAreTrue]);
}

#[test]
fn a_hammer_for_anyone_but_the_last_bidder_is_caught() {
    let checks = caught(|e| e.rows[4].verdict = Written::Sold { bidder: ANN, price: wei(20) });
    assert_eq!(checks, [Check::OneWinner]);
}

#[test]
fn an_engine_that_serves_another_price_is_caught() {
    assert_eq!(caught(|e| e.standings[0].price = Some(wei(10))), [Check::OneWinner]);
}

#[test]
fn replays_that_differ_are_caught() {
    assert_eq!(caught(|e| e.replays[1].head = Hash([8; 32])), [Check::SameHash]);
}

#[test]
fn a_price_shown_but_not_durable_is_caught() {
    assert_eq!(caught(|e| e.sightings[1].seq = 6), [Check::ShownIsDurable]);
}

#[test]
fn a_price_shown_before_a_later_epoch_wrote_it_is_caught() {
    assert_eq!(caught(|e| e.sightings[1].epoch = 1), [Check::ShownIsDurable]);
}

#[test]
fn a_price_that_falls_before_a_viewers_eyes_is_caught() {
    assert_eq!(caught(|e| e.sightings.swap(0, 1)), [Check::ShownIsDurable]);
}

#[test]
fn a_post_that_was_not_judged_is_caught() {
    let lost = Post { inbox_seq: 3, id: "903".to_owned(), content: Content::Bid };
    assert_eq!(caught(|e| e.posts.push(lost)), [Check::PostsAreJudgedOnce]);
}

#[test]
fn a_row_for_chat_is_caught() {
    assert_eq!(caught(|e| e.posts[0].content = Content::Chat), [Check::PostsAreJudgedOnce]);
}

#[test]
fn a_round_that_got_stuck_is_caught_and_its_journal_judged() {
    let mut evidence = Evidence { calls: Vec::new(), posts: Vec::new(), standings: Vec::new(), ..honest() };
    let checks = |evidence: &Evidence| -> Vec<Check> {
        check_stuck("nobody serves".to_owned(), evidence).into_iter().map(|violation| violation.check).collect()
    };
    assert_eq!(checks(&evidence), [Check::ServesAgain]);
    evidence.replays[1].head = Hash([8; 32]);
    assert_eq!(checks(&evidence), [Check::ServesAgain, Check::SameHash]);
}
