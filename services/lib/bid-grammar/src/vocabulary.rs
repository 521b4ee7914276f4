//! The words that a bid may be made of. Closed: a word that is not here is not understood.

use crate::token::{Kind, Text};

/// Longest word of the grammar, in bytes.
const LONGEST: usize = 9;

/// A word of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Term {
    Bid,
    Max,
    Next,
    Buy,
    It,
    Now,
    Lot,
    /// `on` or `for`, before a lot.
    Towards,
    Ether,
    /// `e`, glued to a number after the verb.
    LetterE,
    Polite,
    Thank,
    You,
    Good,
    TimeOfDay,
}

/// The term that an ASCII word is, in any letter case.
pub(crate) fn term(word: &str) -> Option<Term> {
    let mut buffer = [0_u8; LONGEST];
    let lower = lower_case(word, &mut buffer)?;
    let term = match lower {
        "bid" => Term::Bid,
        "max" => Term::Max,
        "next" => Term::Next,
        "buy" => Term::Buy,
        "it" => Term::It,
        "now" => Term::Now,
        "lot" => Term::Lot,
        "on" | "for" => Term::Towards,
        "eth" | "ether" => Term::Ether,
        "e" => Term::LetterE,
        "please" | "pls" | "plz" | "thanks" | "thx" | "ty" | "gm" | "hi" | "hello" | "hey" | "cheers" => Term::Polite,
        "thank" => Term::Thank,
        "you" => Term::You,
        "good" => Term::Good,
        "morning" | "afternoon" | "evening" | "day" => Term::TimeOfDay,
        _ => return None,
    };
    Some(term)
}

/// `word` in ASCII lower case within `buffer`; `None` when it is empty, too long or not ASCII.
pub(crate) fn lower_case<'b>(word: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let lower = buffer.get_mut(..word.len()).filter(|_| !word.is_empty() && word.is_ascii())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).ok()
}

impl Text<'_> {
    /// The grammar's word at `at`, if it is one.
    pub(crate) fn term(&self, at: usize) -> Option<Term> {
        if self.kind(at) == Some(Kind::Word) { term(self.slice(at)) } else { None }
    }

    /// How many tokens from `at` on are a polite word or phrase.
    pub(crate) fn politeness(&self, at: usize) -> usize {
        let words = match (self.term(at), self.term(at + 1)) {
            (Some(Term::Polite), _) => 1,
            (Some(Term::Thank), Some(Term::You)) | (Some(Term::Good), Some(Term::TimeOfDay)) => 2,
            _ => 0,
        };
        // `thanks for #12` gives thanks; it names no lot to bid on.
        if self.term(at + words) == Some(Term::Towards) { 0 } else { words }
    }
}

/// Hashtags that decorate and say nothing of a bid, in lower case without `_`. Closed: one that is not here is not
/// understood. Each may end in a year of this century (`#art2026`) unless it names the currency.
const HARMLESS_HASHTAGS: [&str; 32] = [
    "abstractart",
    "aiart",
    "art",
    "artcollector",
    "arte",
    "artist",
    "artnft",
    "auction",
    "auctions",
    "blockchain",
    "contemporaryart",
    "crypto",
    "cryptoart",
    "digitalart",
    "digitalartist",
    "fineart",
    "generativeart",
    "gm",
    "liveauction",
    "nft",
    "nftart",
    "nftartist",
    "nftauction",
    "nftcollection",
    "nftcollector",
    "nftcommunity",
    "nftdrop",
    "nfts",
    "painting",
    "photography",
    "pixelart",
    "sothebais",
];
/// Hashtags that are harmless without a year only: with digits they could be an amount.
const HARMLESS_PLAIN_HASHTAGS: [&str; 4] = ["eth", "ether", "ethereum", "web3"];

/// Whether the hashtag (without `#`) is known to be decoration.
pub(crate) fn is_harmless_hashtag(hashtag: &str) -> bool {
    let word: String = hashtag.chars().filter(|&c| c != '_').map(|c| c.to_ascii_lowercase()).collect();
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let year = &word[stem.len()..];
    let dated = year.is_empty() || (year.len() == 4 && year.starts_with("20"));
    HARMLESS_PLAIN_HASHTAGS.contains(&word.as_str()) || (dated && HARMLESS_HASHTAGS.contains(&stem))
}

/// Whether it may also follow an amount without a unit: `2 #gm` may be grams, `2 #NFTs` two of them.
pub(crate) fn is_harmless_after_amount(hashtag: &str) -> bool {
    const COUNTABLE: [&str; 3] = ["gm", "nfts", "auctions"];
    is_harmless_hashtag(hashtag) && !COUNTABLE.iter().any(|tag| tag.eq_ignore_ascii_case(hashtag))
}
