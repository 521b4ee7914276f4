//! The border between a refused bid and conversation: whether a text that is no bid looks like one.

use std::collections::BTreeSet;

use super::concern::{self, Concern};
use crate::token::{Emoji, Foreign, Kind, Text};
use crate::vocabulary::Term;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    /// A number that is not a lot's, in whatever form.
    Number,
    /// A verb or noun of bidding, in any language we know.
    Verb,
    /// A unit, currency or sign of one.
    Money,
    /// Letters in disguise.
    Disguise,
    /// A whole phrase without amount, such as `bid next`.
    Phrase,
    /// A wish to take a bid back.
    Cancellation,
    /// A piece of a bid that is no verb and no amount: `next`, `buy`.
    Piece,
    /// A word that has nothing to do with bidding.
    OtherWord,
}

/// Whether the author seems to ask for a bid, so that a refusal with its reason is owed.
pub(super) fn looks_like_bid(text: &Text<'_>) -> bool {
    let signs: BTreeSet<Sign> = (0..text.tokens.len()).flat_map(|at| signs_at(text, at)).flatten().collect();
    let has = |sign| signs.contains(&sign);
    let any = |wanted: &[Sign]| wanted.iter().any(|&sign| has(sign));
    begins_with_bid(text)
        || has(Sign::Phrase)
        || (has(Sign::Number) && any(&[Sign::Verb, Sign::Money, Sign::Disguise]))
        || (has(Sign::Verb) && any(&[Sign::Money, Sign::Disguise, Sign::Cancellation]))
        || (!has(Sign::OtherWord) && any(&[Sign::Number, Sign::Verb, Sign::Money, Sign::Disguise, Sign::Piece]))
}

/// `bid higher`, `gm @house, bid the next`: the first word is the verb, said to the house.
fn begins_with_bid(text: &Text<'_>) -> bool {
    let mut at = 0;
    while at < text.tokens.len() {
        at += match text.tokens[at].kind {
            Kind::Word if text.politeness(at) > 0 => text.politeness(at),
            Kind::Word => return text.term(at) == Some(Term::Bid) && !is_noun(text, at),
            _ => 1,
        };
    }
    false
}

/// `bid wars`, `bid is in`: the word after it makes it a thing.
fn is_noun(text: &Text<'_>, at: usize) -> bool {
    const AFTER_NOUN: [&str; 8] = ["is", "are", "was", "were", "war", "wars", "history", "increment"];
    AFTER_NOUN.iter().any(|word| text.word(at + 1).eq_ignore_ascii_case(word))
}

fn signs_at(text: &Text<'_>, at: usize) -> [Option<Sign>; 2] {
    let one = |sign| [Some(sign), None];
    match text.tokens[at].kind {
        Kind::Number if at > 0 && text.term(at - 1) == Some(Term::Lot) => [None; 2],
        Kind::Number
        | Kind::OddNumber(_)
        | Kind::Emoji(Emoji::Number)
        | Kind::Foreign(Foreign::Digits | Foreign::Fraction) => one(Sign::Number),
        Kind::Xi | Kind::EtherSignLookalike | Kind::CurrencySign | Kind::Cashtag | Kind::Emoji(Emoji::Money) => {
            one(Sign::Money)
        }
        Kind::Foreign(Foreign::Styled | Foreign::Lookalike) => one(Sign::Disguise),
        Kind::Word | Kind::Foreign(Foreign::Word) => signs_of_word(text, at),
        Kind::Hashtag if text.slice(at).eq_ignore_ascii_case("#bid") => one(Sign::Verb),
        _ => [None; 2],
    }
}

fn signs_of_word(text: &Text<'_>, at: usize) -> [Option<Sign>; 2] {
    let Some(term) = text.term(at) else {
        let begins_as_bid = text.slice(at).get(..3).is_some_and(|start| start.eq_ignore_ascii_case("bid"));
        return match signs_of_concern(concern::at(text, at)) {
            [Some(Sign::OtherWord), None] if begins_as_bid => [Some(Sign::OtherWord), Some(Sign::Verb)],
            signs => signs,
        };
    };
    match (term, text.term(at + 1)) {
        (Term::Bid, Some(Term::Next)) | (Term::Next, Some(Term::Bid)) | (Term::Buy, Some(Term::Now)) => {
            [Some(Sign::Phrase), None]
        }
        (Term::Buy, Some(Term::It)) if text.term(at + 2) == Some(Term::Now) => [Some(Sign::Phrase), None],
        (Term::Bid | Term::Max, _) => [Some(Sign::Verb), None],
        (Term::Ether, _) => [Some(Sign::Money), None],
        (Term::Next | Term::Buy, _) => [Some(Sign::Piece), None],
        _ => [None; 2],
    }
}

fn signs_of_concern(concern: Option<Concern>) -> [Option<Sign>; 2] {
    match concern {
        Some(Concern::BidLike) => [Some(Sign::Verb), None],
        Some(Concern::NumberWord) => [Some(Sign::Number), None],
        Some(Concern::Multiplier) => [None; 2],
        Some(Concern::Currency) => [Some(Sign::Money), None],
        Some(Concern::Glued) => [Some(Sign::Phrase), None],
        Some(Concern::OtherLanguage) => [Some(Sign::Verb), Some(Sign::OtherWord)],
        Some(Concern::Wrapped | Concern::SmallUnit) => [Some(Sign::Money), Some(Sign::OtherWord)],
        Some(Concern::Cancellation) => [Some(Sign::Cancellation), Some(Sign::OtherWord)],
        _ => [Some(Sign::OtherWord), None],
    }
}
