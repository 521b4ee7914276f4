use auction_core::Wei;
use bid_grammar::{Post, Reading, Reference};

use super::*;
use crate::crowd::people;
use crate::crowd::phrase::MILLI;

const LOT: Planned = Planned { open_ms: 30_000, pause_ms: 3_000, opening_milli: 100 };

fn play(seed: u64) -> Vec<(i64, Step)> {
    let planned = [LOT; 3];
    let board = crate::crowd::watch::Board::new(planned.to_vec());
    let mut director = Director::new(seed, "sothebais", people(seed, 200), 2_000, &planned);
    let mut steps = Vec::new();
    let mut now = 0;
    while !director.is_done() {
        for step in director.due(&board.lots(0), now) {
            director.learn(&step, Some(PostId(u64::try_from(steps.len()).unwrap() + 1)));
            steps.push((now, step));
        }
        now += 25;
        assert!(now < 200_000, "the crowd never ends");
    }
    steps
}

#[test]
fn the_same_seed_plays_the_same_show() {
    assert_eq!(play(3), play(3));
    assert_ne!(play(3), play(4));
}

#[test]
fn a_show_has_the_asked_posts_gathered_towards_the_ends() {
    let steps = play(1);
    assert!((2_000..=2_003).contains(&steps.len()), "{}", steps.len());
    let last_fifth = steps.iter().filter(|(at, _)| (27_000..33_000).contains(at)).count();
    let first_fifth = steps.iter().filter(|(at, _)| (3_000..9_000).contains(at)).count();
    assert!(last_fifth > 3 * first_fifth, "{last_fifth} at the end, {first_fifth} at the beginning");
    assert!(steps.iter().any(|(at, _)| (33_000..36_000).contains(at)));
}

#[test]
fn a_show_has_everything_that_people_do() {
    let steps = play(1);
    let some = |fits: &dyn Fn(&Step) -> bool| steps.iter().any(|(_, step)| fits(step));
    assert!(some(&|s| matches!(s.act, Act::Edit(_))));
    assert!(some(&|s| matches!(s.act, Act::Delete(_))));
    assert!(some(&|s| matches!(s.act, Act::Repost(_))));
    assert!(some(&|s| matches!(s.act, Act::Quote(_))));
    assert!(some(&|s| matches!(s.act, Act::Reply(_))));
    for words in ["max", "next", "buy now", "maybe", "ignore all previous", "ich biete", "popcorn", "bid Ξ"] {
        assert!(some(&|s| s.text.contains(words)), "nobody wrote {words:?}");
    }
    let texts: Vec<(&str, &str)> = steps.iter().map(|(_, s)| (s.author.handle.as_str(), s.text.as_str())).collect();
    assert!(texts.iter().enumerate().any(|(n, t)| texts[..n].contains(t)), "nobody wrote the same again");
}

/// What a simple house makes of a show: prices on the default ladder, a price page that is behind by `page_ms`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    accepted: usize,
    too_low: usize,
    slips: usize,
    late_or_early: usize,
    not_understood: usize,
    no_bid: usize,
}

fn judged(seed: u64, page_ms: i64) -> Outcome {
    let planned = [LOT; 3];
    let board = crate::crowd::watch::Board::new(planned.to_vec());
    let mut director = Director::new(seed, "sothebais", people(seed, 200), 2_000, &planned);
    let (mut outcome, ladder) = (Outcome::default(), Ladder::default_v1());
    let mut prices: Vec<Vec<(i64, u128)>> = vec![Vec::new(); 3];
    let next = |price: Option<u128>| {
        price.map_or(100, |price| price + u128::try_from(ladder.step_at(Wei::from(price * MILLI)).0).unwrap() / MILLI)
    };
    for now in (0..200_000).step_by(25) {
        let mut lots = board.lots(0);
        for (lot, prices) in lots.iter_mut().zip(&prices) {
            let shown = prices.iter().rev().find(|(at, _)| at + page_ms <= now).map(|(_, price)| *price);
            (lot.price_milli, lot.least_milli) = (shown, (now >= lot.opens_ms).then(|| next(shown)));
        }
        for step in director.due(&lots, now) {
            director.learn(&step, Some(PostId(u64::try_from(now).unwrap() + 1)));
            let open = lots.iter().position(|lot| (lot.opens_ms..lot.ends_ms).contains(&now));
            let reference = match step.act {
                Act::Post | Act::Slip => Reference::None,
                Act::Reply(_) => Reference::Reply,
                Act::Quote(_) => Reference::Quote,
                Act::Repost(_) | Act::Edit(_) | Act::Delete(_) => continue,
            };
            let reading = bid_grammar::read(&Post { text: &step.text, reference }, "sothebais");
            let Some(open) = open.filter(|_| !matches!(reading, Reading::Refused(_) | Reading::NotABid(_))) else {
                match reading {
                    Reading::Refused(_) => outcome.not_understood += 1,
                    Reading::NotABid(_) => outcome.no_bid += 1,
                    Reading::Bid { .. } | Reading::MaxBid { .. } | Reading::NextBid { .. } | Reading::BuyNow { .. } => {
                        outcome.late_or_early += 1;
                    }
                }
                continue;
            };
            let least = next(prices[open].last().map(|(_, price)| *price));
            let milli = match reading {
                Reading::Bid { amount_wei, .. } => u128::try_from(amount_wei).unwrap() / MILLI,
                Reading::NextBid { .. } | Reading::MaxBid { .. } => least,
                Reading::BuyNow { .. } | Reading::Refused(_) | Reading::NotABid(_) => continue,
            };
            if milli < least {
                outcome.too_low += 1;
            } else if milli > 10 * least {
                outcome.slips += 1;
            } else {
                outcome.accepted += 1;
                prices[open].push((now, milli));
            }
        }
    }
    outcome
}

#[test]
fn most_bids_of_a_crowd_that_watches_count_however_far_the_page_is_behind() {
    let shows = [(1, 0), (1, 300), (2, 300), (3, 900)];
    let outcomes: Vec<Outcome> = shows.iter().map(|(seed, page_ms)| judged(*seed, *page_ms)).collect();
    for Outcome { accepted, too_low, slips, late_or_early, not_understood, no_bid } in &outcomes {
        assert!(*accepted > 120 && 4 * accepted > 5 * (too_low + slips + late_or_early), "{outcomes:#?}");
        assert!(*accepted > 3 * too_low, "{outcomes:#?}");
        assert!(*too_low > 5 && *slips > 3 && *late_or_early > 20, "{outcomes:#?}");
        assert!(*not_understood > 100 && *no_bid > 500, "{outcomes:#?}");
    }
}

#[test]
fn the_crowd_stops_when_a_lot_costs_more_than_it_is_worth() {
    let bids: Vec<String> = play(2)
        .into_iter()
        .map(|(_, s)| s.text)
        .filter(|t| t.contains("bid 999") && !t.contains("assistant"))
        .collect();
    assert!(bids.is_empty(), "{bids:?}");
}
