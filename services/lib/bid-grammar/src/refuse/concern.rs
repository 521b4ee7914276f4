//! What a word outside the grammar makes of a text: a question, a condition, somebody else's bid, another currency.

use super::words;
use crate::Code;
use crate::token::{Foreign, Kind, Text};
use crate::vocabulary;

/// Longest word that is looked up, in bytes.
const LONGEST: usize = 24;

/// What a word makes of the text, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concern {
    Cancellation,
    Edit,
    Instruction,
    Negation,
    Condition,
    Joke,
    Question,
    Behalf,
    Past,
    Future,
    Reported,
    Maximum,
    Range,
    Approximate,
    NumberWord,
    Multiplier,
    Wrapped,
    SmallUnit,
    Currency,
    OtherLanguage,
    /// Words of the grammar run together.
    Glued,
    /// Forms of bidding that are not the verb of the grammar: they tell no code, only that bidding is meant.
    BidLike,
}

impl Concern {
    pub(super) fn code(self) -> Option<Code> {
        let code = match self {
            Self::Cancellation => Code::Cancellation,
            Self::Edit => Code::Edited,
            Self::Instruction => Code::Instruction,
            Self::Negation => Code::Negated,
            Self::Question => Code::Question,
            Self::Condition => Code::Conditional,
            Self::Joke => Code::NotSerious,
            Self::Behalf | Self::Reported => Code::Reported,
            Self::Past => Code::PastTense,
            Self::Future => Code::FutureTense,
            Self::Range => Code::AmountRange,
            Self::Approximate => Code::ApproximateAmount,
            Self::Maximum => Code::MaximumUnclear,
            Self::NumberWord => Code::NumberWord,
            Self::Multiplier => Code::Multiplied,
            Self::Wrapped => Code::WrappedEther,
            Self::SmallUnit => Code::SmallUnit,
            Self::Currency => Code::WrongCurrency,
            Self::OtherLanguage => Code::OtherLanguage,
            Self::Glued => Code::GluedText,
            Self::BidLike => return None,
        };
        Some(code)
    }
}

/// The concern of the token at `at`, if it is a word that raises one.
pub(super) fn at(text: &Text<'_>, at: usize) -> Option<Concern> {
    let word = text.slice(at);
    match text.kind(at)? {
        Kind::Word if text.term(at).is_some() => None,
        Kind::Word => {
            let after_number = at > 0 && text.kind(at - 1) == Some(Kind::Number);
            let mut buffer = [0_u8; LONGEST];
            let lower = vocabulary::lower_case(word, &mut buffer)?;
            let concern = if after_number { unit(lower).or_else(|| of_word(lower)) } else { of_word(lower) };
            // `Sent from my phone` is no range.
            if lower == "from" && !comes_before_number(text, at) { None } else { concern }
        }
        Kind::Foreign(Foreign::Word) => foreign(word),
        _ => None,
    }
}

fn comes_before_number(text: &Text<'_>, at: usize) -> bool {
    matches!(text.kind(at + 1), Some(Kind::Number | Kind::OddNumber(_) | Kind::Xi))
}

/// Letters that count only right after a number.
fn unit(word: &str) -> Option<Concern> {
    match word {
        "k" | "m" | "mm" | "b" | "bn" | "t" | "mil" | "mio" | "mn" | "lakh" | "crore" | "x" => {
            Some(Concern::Multiplier)
        }
        "to" | "or" => Some(Concern::Range),
        _ => None,
    }
}

fn foreign(word: &str) -> Option<Concern> {
    let plain = word.to_lowercase().replace(['’', '‘', 'ʼ', '＇'], "'");
    if plain.is_ascii() {
        return of_word(&plain);
    }
    if words::FOREIGN_STEMS.split_ascii_whitespace().any(|stem| plain.contains(stem)) {
        Some(Concern::OtherLanguage)
    } else if words::FOREIGN_NUMBERS.split_ascii_whitespace().any(|number| plain == number) {
        Some(Concern::NumberWord)
    } else {
        None
    }
}

/// The concern of an ASCII word in lower case.
pub(super) fn of_word(word: &str) -> Option<Concern> {
    if word.ends_with("n't") { Some(Concern::Negation) } else { words::concern_of(word).or_else(|| glued(word)) }
}

/// `bid2`, `max3eth`, `bid_2`: a verb with its amount.
fn glued(word: &str) -> Option<Concern> {
    let rest = word.strip_prefix("bid").or_else(|| word.strip_prefix("max"))?;
    rest.starts_with(|c: char| c.is_ascii_digit() || c == '_').then_some(Concern::Glued)
}
