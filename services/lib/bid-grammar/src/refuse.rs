//! Finds the code and the words that explain best why a text is not taken: the author's meaning first, then the
//! characters, then the numbers. Also draws the border between a refused bid and conversation.

mod concern;
mod hashtag;
mod signal;
mod words;

use crate::code::Finding;
use crate::excerpt::quote;
use crate::recognise::Misfit;
use crate::skeleton::handle_distance;
use crate::token::{Emoji, Foreign, Kind, OddNumber, Text};
use crate::vocabulary::Term;
use crate::{Code, Reference};
use concern::Concern;

pub(crate) use hashtag::check as check_hashtag;

/// Handles this near to the house's are probably meant to be taken for it.
const LOOKALIKE_DISTANCE: usize = 2;
/// How many words a quotation of leftover text spans.
const QUOTED_TOKENS: usize = 4;

/// Whether the post speaks to the house at all.
pub(crate) fn check_addressed(text: &Text<'_>, house: &str) -> Result<(), Finding> {
    if text.tokens.is_empty() {
        return Err(Code::Empty.plain());
    }
    if text.word(0).eq_ignore_ascii_case("rt") {
        return Err(Code::Repost.plain());
    }
    if text.tokens.iter().any(|token| token.kind == Kind::House) {
        return Ok(());
    }
    let handles: Vec<&str> = (0..text.tokens.len()).filter_map(|at| handle_like(text, at)).collect();
    let limit = LOOKALIKE_DISTANCE.min(house.len() / 3);
    let is_near = |handle: &str| !handle.eq_ignore_ascii_case(house) && handle_distance(handle, house, limit) <= limit;
    match handles.iter().find(|handle| is_near(handle)) {
        Some(handle) => Err(Finding { code: Code::LookalikeHandle, read: quote(handle) }),
        None if handles.is_empty() && text.reference == Reference::Reply => Ok(()),
        None => Err(Code::NotAddressed.plain()),
    }
}

/// A handle, or a word after an `@` that is none for X.
fn handle_like<'a>(text: &Text<'a>, at: usize) -> Option<&'a str> {
    match text.kind(at)? {
        Kind::OtherMention => Some(&text.slice(at)[1..]),
        Kind::Foreign(_) | Kind::Word if at > 0 && matches!(text.slice(at - 1), "@" | "＠") && text.is_glued(at) => {
            Some(text.slice(at))
        }
        _ => None,
    }
}

/// The finding for an addressed text that the recogniser turned down.
pub(crate) fn explain(text: &Text<'_>, misfit: Misfit, too_long: bool) -> Finding {
    if !signal::looks_like_bid(text) {
        let silent = text.tokens.iter().all(|token| matches!(token.kind, Kind::House | Kind::OtherMention));
        return if silent { Code::OnlyMention.plain() } else { Code::Chat.plain() };
    }
    if too_long {
        return Code::TooLong.plain();
    }
    hidden_characters(text)
        .or_else(|| quotation(text))
        .or_else(|| meaning(text))
        .or_else(|| foreign_letters(text))
        .or_else(|| numbers(text))
        .or_else(|| money_and_marks(text))
        .or_else(|| leftovers(text))
        .unwrap_or_else(|| Finding { code: misfit.code, read: quote(span(text, misfit.from, misfit.to)) })
}

fn span<'a>(text: &Text<'a>, from: usize, to: usize) -> &'a str {
    let last = to.max(from + 1).min(text.tokens.len()) - 1;
    let from = from.min(last);
    text.source.get(text.tokens[from].start..text.tokens[last].end).unwrap_or("")
}

fn find(text: &Text<'_>, wanted: impl Fn(Kind) -> bool) -> Option<usize> {
    text.tokens.iter().position(|token| wanted(token.kind))
}

fn first(text: &Text<'_>, code: Code, wanted: impl Fn(Kind) -> bool) -> Option<Finding> {
    find(text, wanted).map(|at| Finding { code, read: quote(text.slice(at)) })
}

fn hidden_characters(text: &Text<'_>) -> Option<Finding> {
    first(text, Code::ControlCharacter, |kind| kind == Kind::Control)
        .or_else(|| first(text, Code::BidirectionalControl, |kind| kind == Kind::Bidirectional))
        .or_else(|| first(text, Code::InvisibleCharacter, |kind| kind == Kind::Invisible))
        .or_else(|| first(text, Code::CombiningMark, |kind| kind == Kind::Combining))
        .or_else(|| first(text, Code::StyledCharacters, |kind| kind == Kind::Foreign(Foreign::Styled)))
        .or_else(|| first(text, Code::LookalikeLetters, |kind| kind == Kind::Foreign(Foreign::Lookalike)))
}

fn quotation(text: &Text<'_>) -> Option<Finding> {
    let begins_block =
        |at: usize| text.slice(at) == ">" && (at == 0 || text.source[..text.tokens[at].start].ends_with('\n'));
    if (0..text.tokens.len()).any(begins_block) || find(text, |kind| kind == Kind::QuoteMark).is_some() {
        return Some(Code::Quoted.plain());
    }
    first(text, Code::CodeBlock, |kind| kind == Kind::CodeMark)
        .or_else(|| first(text, Code::HtmlEntity, |kind| kind == Kind::Entity))
}

/// What the words say, the gravest first.
fn meaning(text: &Text<'_>) -> Option<Finding> {
    let gravest = (0..text.tokens.len()).filter_map(|at| concern::at(text, at).map(|concern| (concern, at))).min()?;
    let (concern, at) = gravest;
    let asks = find(text, |kind| matches!(kind, Kind::Question | Kind::Emoji(Emoji::Doubtful))).is_some();
    if asks && concern > Concern::Negation {
        return Some(Code::Question.plain());
    }
    concern.code().map(|code| Finding { code, read: quote(text.slice(at)) })
}

/// A handle that neither is the house's nor stands in the prefix of a reply.
fn other_mention(text: &Text<'_>) -> Option<Finding> {
    let is_mention = |kind| matches!(kind, Kind::House | Kind::OtherMention);
    let prefix = if text.reference == Reference::Reply { find(text, |kind| !is_mention(kind)).unwrap_or(0) } else { 0 };
    let others = text.tokens.iter().skip(prefix).any(|token| token.kind == Kind::OtherMention);
    others.then(|| Code::OtherMention.plain())
}

fn foreign_letters(text: &Text<'_>) -> Option<Finding> {
    if find(text, |kind| kind == Kind::Question).is_some() {
        return Some(Code::Question.plain());
    }
    other_mention(text)
        .or_else(|| first(text, Code::FractionNumber, |kind| kind == Kind::Foreign(Foreign::Fraction)))
        .or_else(|| first(text, Code::ForeignDigits, |kind| kind == Kind::Foreign(Foreign::Digits)))
        .or_else(|| first(text, Code::OtherLanguage, crate::lex::is_plain_foreign))
}

fn numbers(text: &Text<'_>) -> Option<Finding> {
    for at in 0..text.tokens.len() {
        let code = match text.tokens[at].kind {
            Kind::OddNumber(odd) => odd_number(odd),
            Kind::Emoji(Emoji::Number) => Code::EmojiUnclear,
            Kind::Number if comes_after(text, at, Kind::Minus) => Code::NegativeAmount,
            Kind::Number if is_raise(text, at) => Code::RelativeAmount,
            Kind::Number if comes_after(text, at, Kind::Comparison) => Code::ApproximateAmount,
            Kind::Number if follows_glued(text, at, Kind::Plus) => Code::ApproximateAmount,
            Kind::Number if text.kind(at + 1) == Some(Kind::Percent) => Code::Percentage,
            Kind::Number if is_group_of_three(text, at) => Code::GroupedNumber,
            Kind::Number if text.kind(at + 1) == Some(Kind::Minus) && text.kind(at + 2) == Some(Kind::Number) => {
                Code::AmountRange
            }
            Kind::Number if text.kind(at + 1) == Some(Kind::Comma) && text.kind(at + 2) == Some(Kind::Number) => {
                Code::CommaInNumber
            }
            Kind::Number if text.kind(at + 1) == Some(Kind::Ellipsis) => Code::MalformedNumber,
            _ => continue,
        };
        let (from, to) = numeric_span(text, at, code);
        return Some(Finding { code, read: quote(span(text, from, to)) });
    }
    None
}

fn odd_number(odd: OddNumber) -> Code {
    match odd {
        OddNumber::Comma => Code::CommaInNumber,
        OddNumber::Grouped => Code::GroupedNumber,
        OddNumber::Exponent => Code::ExponentNumber,
        OddNumber::Hex => Code::HexNumber,
        OddNumber::Fraction => Code::FractionNumber,
        OddNumber::Range => Code::AmountRange,
        OddNumber::Malformed => Code::MalformedNumber,
    }
}

/// The tokens that show the problem of the number at `at`: itself, a sign before it, what it runs into.
fn numeric_span(text: &Text<'_>, at: usize, code: Code) -> (usize, usize) {
    let plain = text.kind(at) == Some(Kind::Number);
    match code {
        Code::NegativeAmount | Code::RelativeAmount => (at - 1, at + 1),
        Code::ApproximateAmount if comes_after(text, at, Kind::Comparison) => (at - 1, at + 1),
        Code::ApproximateAmount | Code::GroupedNumber | Code::MalformedNumber if plain => (at, at + 2),
        Code::AmountRange | Code::CommaInNumber if plain => (at, at + 3),
        _ => (at, at + 1),
    }
}

/// `bid +1`: a sign between the verb and the number.
fn is_raise(text: &Text<'_>, at: usize) -> bool {
    comes_after(text, at, Kind::Plus) && at >= 2 && matches!(text.term(at - 2), Some(Term::Bid | Term::Max))
}

fn comes_after(text: &Text<'_>, at: usize, kind: Kind) -> bool {
    at > 0 && text.tokens[at - 1].kind == kind
}

fn follows_glued(text: &Text<'_>, at: usize, kind: Kind) -> bool {
    text.kind(at + 1) == Some(kind) && text.is_glued(at + 1)
}

/// `1 500`: a short number, then exactly three digits, not the number of a lot.
fn is_group_of_three(text: &Text<'_>, at: usize) -> bool {
    let is_lot = at > 0 && text.term(at - 1) == Some(Term::Lot);
    let next = text.slice(at + 1);
    let three = text.kind(at + 1) == Some(Kind::Number) && next.split('.').next().is_some_and(|whole| whole.len() == 3);
    three && !is_lot && text.slice(at).len() <= 3 && text.slice(at).bytes().all(|b| b.is_ascii_digit())
}

fn money_and_marks(text: &Text<'_>) -> Option<Finding> {
    let lone_hash = (0..text.tokens.len()).find(|&at| text.slice(at) == "#");
    first(text, Code::WrongCurrency, |kind| kind == Kind::CurrencySign)
        .or_else(|| first(text, Code::Cashtag, |kind| kind == Kind::Cashtag))
        .or_else(|| first(text, Code::EtherSignLookalike, |kind| kind == Kind::EtherSignLookalike))
        .or_else(|| first(text, Code::WrongCurrency, |kind| kind == Kind::Emoji(Emoji::Money)))
        .or_else(|| lone_hash.map(|at| Finding { code: Code::LotUnclear, read: quote(span(text, at, at + 2)) }))
        .or_else(|| first(text, Code::Percentage, |kind| kind == Kind::Percent))
}

fn leftovers(text: &Text<'_>) -> Option<Finding> {
    let hashtag = (0..text.tokens.len()).find_map(|at| {
        let tag = text.slice(at);
        let code = (text.kind(at) == Some(Kind::Hashtag)).then(|| check_hashtag(tag).err()).flatten()?;
        let is_unit = code == Code::HashtagUnclear && may_be_unit(text, at);
        (!is_unit).then(|| Finding { code, read: quote(tag) })
    });
    let unclear = |kind| matches!(kind, Kind::Emoji(Emoji::Negative | Emoji::Doubtful | Emoji::Sign));
    let is_unknown_emoji = |&at: &usize| text.kind(at) == Some(Kind::Emoji(Emoji::Unknown)) && !may_be_unit(text, at);
    let unknown_emoji = (0..text.tokens.len()).find(is_unknown_emoji);
    let unknown_word = (0..text.tokens.len()).find(|&at| text.kind(at) == Some(Kind::Word) && text.term(at).is_none());
    hashtag
        .or_else(|| first(text, Code::EmojiUnclear, unclear))
        .or_else(|| unknown_emoji.map(|at| Finding { code: Code::EmojiUnclear, read: quote(text.slice(at)) }))
        .or_else(|| first(text, Code::Link, |kind| kind == Kind::Link).filter(|_| text.reference != Reference::Quote))
        .or_else(|| unknown_word.map(|at| unknown(text, at)))
        .or_else(|| {
            first(text, Code::UnexpectedPunctuation, |kind| {
                matches!(kind, Kind::Symbol | Kind::Ellipsis | Kind::Comparison | Kind::Minus)
            })
        })
}

/// Whether it stands where the unit of an amount would: `3 🍌`, `3 #pizza`.
fn may_be_unit(text: &Text<'_>, at: usize) -> bool {
    let is_lot = at > 1 && text.term(at - 2) == Some(Term::Lot);
    comes_after(text, at, Kind::Number) && !is_lot
}

/// A word that is not in the grammar: a unit if it follows the number, else simply too much.
fn unknown(text: &Text<'_>, at: usize) -> Finding {
    if may_be_unit(text, at) {
        return Finding { code: Code::UnitUnclear, read: quote(span(text, at - 1, at + 1)) };
    }
    let words = (at..text.tokens.len().min(at + QUOTED_TOKENS))
        .take_while(|&at| text.kind(at) == Some(Kind::Word) && text.term(at).is_none())
        .count();
    Finding { code: Code::UnexpectedWords, read: quote(span(text, at, at + words)) }
}
