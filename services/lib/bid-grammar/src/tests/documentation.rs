//! `docs/bid-grammar.md` says what the code does: its examples are read, its table of codes is compared.

use std::fmt::Write as _;

use crate::{Code, Outcome, Post, Reading, Reference, read};

const PAGE: &str = include_str!("../../../../../docs/bid-grammar.md");

/// Rows of the tables under a heading: the first two columns, without backticks.
fn rows(heading: &str) -> Vec<(String, String)> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading exists");
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split(" | ");
            Some((cell(cells.next()?), cell(cells.next()?)))
        })
        .collect()
}

fn in_words(reading: Reading) -> String {
    let lot = |lot: Option<u32>| lot.map_or(String::new(), |lot| format!(" on lot {lot}"));
    match reading {
        Reading::Bid { amount_wei, lot: on } => format!("a bid of {amount_wei} wei{}", lot(on)),
        Reading::MaxBid { amount_wei, lot: on } => format!("a maximum of {amount_wei} wei{}", lot(on)),
        Reading::NextBid { lot: on } => format!("the next step{}", lot(on)),
        Reading::BuyNow { lot: on } => format!("buy now{}", lot(on)),
        Reading::Refused(why) | Reading::NotABid(why) => why.code.to_string(),
    }
}

/// `a bid of 1.5 ETH` with the amount in wei.
fn in_wei(words: &str) -> String {
    let Some((before, rest)) = words.split_once(" of ") else { return words.to_owned() };
    let (amount, after) = rest.split_once(" ETH").expect("an amount in ETH");
    let wei = crate::amount::wei(amount).expect("a plain amount");
    format!("{before} of {wei} wei{after}")
}

#[test]
fn every_example_is_read_as_the_page_says() {
    for heading in ["What you can ask for", "What may stand beside it", "What is not a bid"] {
        let rows = rows(heading);
        assert!(rows.len() >= 6, "{heading}: {} examples", rows.len());
        for (text, words) in rows {
            let got = in_words(read(&Post { text: &text, reference: Reference::None }, "sothebais"));
            assert_eq!(got, in_wei(&words), "{text}");
        }
    }
}

#[test]
fn the_table_of_codes_is_complete() {
    let mut table = String::from("| code | what it says | what to do |\n|---|---|---|\n");
    let shown = |text: &str| text.replace("{read}", "…").replace("{house}", "sothebais");
    for outcome in [Outcome::Refused, Outcome::NotABid] {
        for code in Code::ALL.iter().filter(|code| code.outcome() == outcome) {
            let mark = if outcome == Outcome::NotABid { " (no bid)" } else { "" };
            let _ = writeln!(table, "| {code}{mark} | {} | {} |", shown(code.sentence()), shown(code.remedy()));
        }
    }
    let (_, rest) = PAGE.split_once("<!-- codes -->\n").expect("the page marks its table of codes");
    let (page_table, _) = rest.split_once("<!-- end of codes -->").expect("the page marks the table's end");
    assert_eq!(page_table.trim(), table.trim(), "the table should be:\n{table}");
}
