use super::*;
use crate::crowd::people;

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

#[test]
fn the_crowd_stops_when_a_lot_costs_more_than_it_is_worth() {
    let bids: Vec<String> = play(2)
        .into_iter()
        .map(|(_, s)| s.text)
        .filter(|t| t.contains("bid 999") && !t.contains("assistant"))
        .collect();
    assert!(bids.is_empty(), "{bids:?}");
}
