//! Hashtags are tolerated as decoration, unless they could change what the bid means.

use super::concern::{self, Concern};
use crate::vocabulary;
use crate::{Code, vocabulary::Term};

/// Longest hashtag that is looked at; a longer one is a sentence.
const LONGEST: usize = 32;
/// Parts of run-together hashtags that say no, perhaps or not me.
const DOUBTFUL_PARTS: &[&str] = &[
    "not",
    "dont",
    "wont",
    "cant",
    "never",
    "joke",
    "joking",
    "kidding",
    "sarcas",
    "fake",
    "cancel",
    "retract",
    "withdraw",
    "hypothe",
    "maybe",
    "nobid",
    "noway",
    "revoke",
    "wish",
    "quote",
    "ironic",
    "irony",
    "parody",
    "satire",
    "behalf",
    "nevermind",
    "scam",
    "friend",
    "said",
    "outbid",
    "yester",
    "tomorrow",
    "throwback",
    "imagine",
    "previous",
    "lastbid",
    "almost",
    "forfun",
    "trolling",
    "poll",
    "question",
];

/// Whether `#word` may stand in a bid.
pub(crate) fn check(hashtag: &str) -> Result<(), Code> {
    let word = hashtag.strip_prefix('#').unwrap_or(hashtag);
    let mut buffer = [0_u8; LONGEST];
    let Some(word) = vocabulary::lower_case(word, &mut buffer) else { return Err(Code::HashtagUnclear) };
    if word.starts_with(|c: char| !c.is_ascii_alphabetic()) || DOUBTFUL_PARTS.iter().any(|part| word.contains(part)) {
        return Err(Code::HashtagUnclear);
    }
    match (vocabulary::term(word), concern::of_word(word)) {
        (Some(Term::Ether | Term::Polite), _) | (None, None) => {}
        (_, Some(Concern::Currency)) => return Err(Code::WrongCurrency),
        (Some(_), _) | (_, Some(_)) => return Err(Code::HashtagUnclear),
    }
    // `#max3`, `#x2`, `#plus1`: a number in a hashtag may be meant. A year is none.
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &word[letters.len()..];
    let is_year = digits.len() == 4 && digits.starts_with("20") && letters.bytes().all(|b| !b.is_ascii_digit());
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    let bids = ["bid", "max", "lot", "eth", "next", "buy"].iter().any(|part| word.starts_with(part));
    if has_digit && word != "web3" && (!is_year || bids) { Err(Code::HashtagUnclear) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_passes_and_meaning_does_not() {
        for tag in ["#NFT", "#ETH", "#SothebAIs", "#web3", "#art_2026", "#gm"] {
            assert_eq!(check(tag), Ok(()), "{tag}");
        }
        for tag in [
            "#NotABid",
            "#max",
            "#1of1",
            "#jk",
            "#lot12",
            "#max3",
            "#入札",
            "#if",
            "#2ETH",
            "#x2",
            "#eth2026",
            "#rt",
            "#ForAFriend",
        ] {
            assert_eq!(check(tag), Err(Code::HashtagUnclear), "{tag}");
        }
        assert_eq!(check("#SOL"), Err(Code::WrongCurrency));
    }
}
