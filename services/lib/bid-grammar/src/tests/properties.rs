//! What holds for every text.

use alloy_primitives::U256;
use proptest::prelude::*;

use crate::{Post, Reading, Reference, read};

const HOUSE: &str = "sothebais";
/// Pieces of bids, and of what must not be taken for one.
const PIECES: [&str; 74] = [
    "@sothebais",
    "@SothebAIs",
    "@alice",
    "bid",
    "BID",
    "max",
    "next",
    "buy",
    "it",
    "now",
    "lot",
    "on",
    "for",
    "ETH",
    "eth",
    "ether",
    "Ξ",
    "e",
    "please",
    "thanks",
    "gm",
    "1.5",
    "2",
    ".5",
    "0",
    "12",
    "500",
    "01",
    "1,5",
    "1e3",
    "0x1",
    "1-2",
    "+1",
    "+",
    "-",
    "~",
    "#12",
    "#3",
    "#0",
    "#",
    "#NFT",
    "#not",
    "$ETH",
    "$",
    "€",
    "k",
    "gwei",
    "USD",
    "not",
    "if",
    "?",
    "!",
    ".",
    "...",
    ",",
    "🔥",
    "💯",
    "❌",
    "½",
    "٣",
    "５",
    "bіd",
    "\u{200B}",
    "\u{202E}",
    "\u{FE0F}",
    "\u{301}",
    "\"",
    "`",
    "&amp;",
    "https://t.co/a",
    "he",
    "\n",
    "\u{A0}",
    "RT",
];

/// Bids that pieces are thrown into.
const BIDS: [&[&str]; 6] = [
    &["@sothebais", "bid", "1.5", "ETH"],
    &["bid", ".5", "@sothebais"],
    &["@sothebais", "max", "2.50", "eth", "#12"],
    &["@sothebais", "lot", "12", "bid", "0.25"],
    &["@sothebais", "Ξ", "1.5"],
    &["@sothebais", "next", "bid"],
];

/// A bid with up to three pieces put into it anywhere, mostly apart.
fn soup() -> impl Strategy<Value = String> {
    let thrown = (prop::sample::select(&PIECES[..]), any::<prop::sample::Index>());
    let gap = prop_oneof![9 => Just(" "), 1 => Just("")];
    let gaps = prop::collection::vec(gap, 8);
    (prop::sample::select(&BIDS[..]), prop::collection::vec(thrown, 0..=3), gaps).prop_map(|(bid, thrown, gaps)| {
        let mut pieces = bid.to_vec();
        for (piece, place) in thrown {
            pieces.insert(place.index(pieces.len() + 1), piece);
        }
        pieces.iter().zip(gaps.iter().cycle()).flat_map(|(piece, gap)| [*piece, *gap]).collect()
    })
}

fn reference() -> impl Strategy<Value = Reference> {
    prop::sample::select(&[Reference::None, Reference::Reply, Reference::Quote, Reference::Repost][..])
}

/// The amount in ether as a person writes it shortest.
fn in_ether(wei: U256) -> String {
    let digits = format!("{:0>19}", wei.to_string());
    let (whole, fraction) = digits.split_at(digits.len() - 18);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Numbers of a text, found without the grammar: runs of digits and dots that no `#` or `lot` marks as a lot's.
fn amounts_in(text: &str) -> Vec<String> {
    let mut amounts = Vec::new();
    let mut before = String::new();
    let apart = |c: char| c.is_whitespace() || !(c.is_ascii() || c == 'Ξ');
    for word in text.split(apart).filter(|word| !word.is_empty()) {
        let run: String = word.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let run = run.trim_end_matches('.');
        let is_lot = word.starts_with('#') || before.eq_ignore_ascii_case("lot");
        if run.contains(|c: char| c.is_ascii_digit()) && !is_lot && !word.starts_with(['@', 'h']) {
            amounts.push(run.to_owned());
        }
        word.clone_into(&mut before);
    }
    amounts
}

/// The shortest form of a written number.
fn shortest(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

fn check(text: &str, reference: Reference) -> Result<(), TestCaseError> {
    let reading = read(&Post { text, reference }, HOUSE);
    let amount = match &reading {
        Reading::Bid { amount_wei, .. } | Reading::MaxBid { amount_wei, .. } => Some(*amount_wei),
        Reading::NextBid { .. } | Reading::BuyNow { .. } => None,
        Reading::Refused(_) | Reading::NotABid(_) => return Ok(()),
    };
    prop_assert!(
        !text.contains(['?', '"', '`', '~', '-', '$', '€', '&', '½', '٣', '５', '\u{202E}']),
        "{text:?} as {reading:?}"
    );
    prop_assert!(reference == Reference::Reply || text.to_lowercase().contains("@sothebais"), "{text:?}");
    prop_assert!(reference == Reference::Reply || !text.contains("@alice"), "{text:?}");
    prop_assert!(reference != Reference::Repost && !text.contains("RT"), "{text:?}");
    if let Some(amount) = amount {
        let written: Vec<String> = amounts_in(text).iter().map(|number| shortest(number)).collect();
        prop_assert_eq!(written, vec![in_ether(amount)], "{:?}", text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_a_reading(text in ".*", reference in reference()) {
        check(&text, reference)?;
    }

    #[test]
    fn whatever_is_accepted_says_its_one_amount(text in soup(), reference in reference()) {
        check(&text, reference)?;
    }

    #[test]
    fn a_plain_bid_always_works(
        letters in prop::collection::vec(any::<bool>(), 20),
        gaps in prop::collection::vec(prop::sample::select(&[" ", "  ", "\t", "\n", "\u{A0}", " \n "][..]), 6),
        whole in 0_u64..120_000_000,
        fraction in "[0-9]{0,17}[1-9]",
        lot in prop::option::of(1_u32..=999_999),
    ) {
        let amount = format!("{whole}.{fraction}");
        let mut flips = letters.into_iter().cycle();
        let mut cased = |word: &str| -> String {
            word.chars().map(|c| if flips.next() == Some(true) { c.to_ascii_uppercase() } else { c }).collect()
        };
        let mut text = [cased("@sothebais"), cased("bid"), amount.clone(), cased("eth")]
            .iter().zip(&gaps).fold(gaps[5].to_owned(), |text, (word, gap)| text + word + gap);
        if let Some(lot) = lot {
            text = format!("{text}#{lot}{}", gaps[4]);
        }
        match read(&Post { text: &text, reference: Reference::None }, HOUSE) {
            Reading::Bid { amount_wei, lot: on } => {
                prop_assert_eq!(in_ether(amount_wei), amount);
                prop_assert_eq!(on, lot);
            }
            other => prop_assert!(false, "{:?}: {:?}", text, other),
        }
    }
}
