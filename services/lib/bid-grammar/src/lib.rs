//! Reads the text of a post and says what it asks of the house: a bid, or why it is none.
//!
//! Pure and total: any text gives a [`Reading`], never a panic. The whole text must be understood; what is left over
//! refuses the post. The grammar for bidders is `docs/bid-grammar.md`, its cases `conformance.jsonl`. In the flow of
//! a post this crate is the first half of *check*: text → tokens (`lex`) → core, lot, padding (`recognise`) → a
//! reading, or the code, sentence and remedy that fit best (`refuse`).

mod amount;
mod character;
mod code;
mod excerpt;
mod lex;
mod recognise;
mod refuse;
mod skeleton;
mod token;
mod vocabulary;

use alloy_primitives::U256;

pub use code::{Code, Outcome};

/// Longest text that can be a bid, in characters: a post of 280, and the mentions that X puts before a reply.
pub const MAX_BID_CHARACTERS: usize = 1_000;
/// Longest text that is read at all, in bytes: X's longest post (25,000 characters) at four bytes each.
pub const MAX_READ_BYTES: usize = 100_000;

/// How a post refers to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    #[default]
    None,
    /// A reply within the house's conversation: the house may go unnamed, other people may stand in X's own prefix.
    Reply,
    /// A quote post: the house must be named in its own text; the link that X puts at the end is dropped.
    Quote,
    /// A repost. Never a bid.
    Repost,
}

impl Reference {
    /// The reference of this name, as it serialises.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "reply" => Some(Self::Reply),
            "quote" => Some(Self::Quote),
            "repost" => Some(Self::Repost),
            _ => None,
        }
    }
}

/// What of a post matters to the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post<'a> {
    /// The author's own text, as X delivers it (`&`, `<` and `>` as entities).
    pub text: &'a str,
    pub reference: Reference,
}

/// What a post asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Exactly this amount. `lot` is `None` when the post names none.
    Bid { amount_wei: U256, lot: Option<u32> },
    /// As little as needed, up to this amount.
    MaxBid { amount_wei: U256, lot: Option<u32> },
    /// The next step of the ladder.
    NextBid { lot: Option<u32> },
    /// The buy-now price.
    BuyNow { lot: Option<u32> },
    /// It looks like a bid and is not wholly understood. The author deserves the sentence and the remedy.
    Refused(Explanation),
    /// It is no bid: chat, or not for this house. Nobody needs an answer.
    NotABid(Explanation),
}

/// Why a post is not taken as a bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub code: Code,
    /// One sentence that says what was read. Names no handle and no link, so that it can be posted.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// Reads one post addressed to `house` (a handle, with or without `@`, in any letter case).
pub fn read(post: &Post<'_>, house: &str) -> Reading {
    let house = house.strip_prefix('@').unwrap_or(house);
    match judge(post, house) {
        Ok(reading) => reading,
        Err(finding) => finding.explain(house),
    }
}

/// Says again why a post was refused under `code`: with what was read if its text is still there and still reads so, in
/// general otherwise. `None` if the code is not one of the grammar's.
///
/// Verdicts keep the code alone: a post's words must go when their author deletes them, and a journal forgets nothing. The
/// text decides nothing here; whatever it says now, the code stands.
pub fn explain_again(code: &str, post: Option<&Post<'_>>, house: &str) -> Option<Explanation> {
    let code = Code::named(code)?;
    let house = house.strip_prefix('@').unwrap_or(house);
    match post.map(|post| read(post, house)) {
        Some(Reading::Refused(again)) if again.code == code => Some(again),
        Some(
            Reading::Bid { .. }
            | Reading::MaxBid { .. }
            | Reading::NextBid { .. }
            | Reading::BuyNow { .. }
            | Reading::Refused(_)
            | Reading::NotABid(_),
        )
        | None => Some(code.in_general(house)),
    }
}

fn judge(post: &Post<'_>, house: &str) -> Result<Reading, code::Finding> {
    if post.reference == Reference::Repost {
        return Err(Code::Repost.plain());
    }
    if post.text.len() > MAX_READ_BYTES {
        return Err(Code::TooLong.plain());
    }
    let tokens = lex::lex(post.text, house);
    let text = token::Text { source: post.text, tokens: &tokens, reference: post.reference };
    refuse::check_addressed(&text, house)?;
    let too_long = post.text.len() > MAX_BID_CHARACTERS && post.text.chars().count() > MAX_BID_CHARACTERS;
    match recognise::recognise(&text) {
        Ok(reading) if !too_long => Ok(reading),
        Ok(_) => Err(Code::TooLong.plain()),
        Err(misfit) => Err(refuse::explain(&text, misfit, too_long)),
    }
}

#[cfg(test)]
mod tests;
