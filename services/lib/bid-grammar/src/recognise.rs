//! The grammar itself: one core (what is asked), at most one lot, and padding that cannot change either, in any order.
//!
//! ```text
//! post   = { mention | padding | lot | core }      exactly one core, at most one lot, nothing else
//! core   = "bid" amount | ether | ("max bid" | "bid max") amount | "max" ether
//!        | "bid next" | "next bid" | "+1" | "buy now" | "buy it now"
//! amount = ether | number | number"e"
//! ether  = number ("eth" | "ether" | "Ξ") | "Ξ" number
//! lot    = ["on" | "for"] ( "#"digits | "lot" [ "#" ] digits )
//! ```

use alloy_primitives::U256;

use crate::token::{Emoji, Kind, Text};
use crate::vocabulary::{Term, is_harmless_after_amount};
use crate::{Code, Reading, Reference, amount, refuse};

/// Highest lot number; a catalogue is far smaller, so a longer number is a slip.
const MAX_LOT: u32 = 999_999;

/// The first place where the text leaves the grammar: tokens `from..to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub code: Code,
    pub from: usize,
    pub to: usize,
}

impl Misfit {
    fn at(code: Code, at: usize) -> Self {
        Self { code, from: at, to: at + 1 }
    }

    fn over(code: Code, from: usize, to: usize) -> Self {
        Self { code, from, to }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Core {
    Bid(U256),
    Max(U256),
    Next,
    /// `+1`, which is also slang: it must stand alone.
    PlusOne,
    BuyNow,
}

/// Reads the whole text, or tells where it stops being a bid.
pub(crate) fn recognise(text: &Text<'_>) -> Result<Reading, Misfit> {
    check_joints(text)?;
    let mut reader = Reader { text, at: 0, core: None, lot: None, padded: false, hashtag: None };
    while reader.at < text.tokens.len() {
        reader.segment()?;
    }
    reader.finish()
}

/// Tokens may touch only where that is usual: a number and its unit, a word and its full stop, anything and an emoji.
fn check_joints(text: &Text<'_>) -> Result<(), Misfit> {
    for at in 1..text.tokens.len() {
        let (before, here) = (text.tokens[at - 1].kind, text.tokens[at].kind);
        let allowed = match (before, here) {
            (Kind::Stop, Kind::House) => at == 1,
            (Kind::Number, Kind::Word) => {
                matches!(text.term(at), Some(Term::Ether | Term::LetterE)) || text.term(at).is_none()
            }
            (Kind::Number, Kind::Xi)
            | (Kind::Xi | Kind::Plus, Kind::Number)
            | (Kind::Bang, Kind::Bang)
            | (Kind::Emoji(_), _)
            | (_, Kind::Emoji(_)) => true,
            (Kind::Stop | Kind::Bang | Kind::Comma | Kind::Plus, _) => false,
            (_, after) => matches!(after, Kind::Stop | Kind::Bang | Kind::Comma),
        };
        if text.is_glued(at) && !allowed {
            return Err(Misfit::over(Code::GluedText, at - 1, at + 1));
        }
    }
    Ok(())
}

struct Reader<'a> {
    text: &'a Text<'a>,
    at: usize,
    core: Option<Core>,
    lot: Option<u32>,
    /// Whether there is padding beyond mentions and punctuation.
    padded: bool,
    /// The first hashtag.
    hashtag: Option<usize>,
}

impl Reader<'_> {
    fn kind(&self) -> Option<Kind> {
        self.text.kind(self.at)
    }

    fn segment(&mut self) -> Result<(), Misfit> {
        if self.padding()? || self.lot()? || self.core()? {
            return Ok(());
        }
        Err(stray(self.text, self.at, self.core))
    }

    fn finish(self) -> Result<Reading, Misfit> {
        let last = self.text.tokens.len().saturating_sub(1);
        let lot = self.lot;
        match self.core {
            Some(Core::Bid(amount_wei)) => Ok(Reading::Bid { amount_wei, lot }),
            Some(Core::Max(amount_wei)) => Ok(Reading::MaxBid { amount_wei, lot }),
            Some(Core::PlusOne) if self.padded => Err(Misfit::over(Code::PlusOneNotAlone, 0, last + 1)),
            Some(Core::Next | Core::PlusOne) => Ok(Reading::NextBid { lot }),
            // `Buy now! #NFT` is how advertisements talk.
            Some(Core::BuyNow) => match self.hashtag {
                Some(hashtag) => Err(Misfit::at(Code::HashtagUnclear, hashtag)),
                None => Ok(Reading::BuyNow { lot }),
            },
            None => Err(Misfit::at(Code::AmountMissing, last)),
        }
    }

    /// Mentions, politeness, hashtags, emoji and the punctuation around them.
    fn padding(&mut self) -> Result<bool, Misfit> {
        let taken = match self.kind() {
            Some(Kind::House) => 1,
            Some(Kind::OtherMention) => self.reply_prefix()?,
            Some(Kind::Stop | Kind::Bang | Kind::Comma) => self.punctuation()?,
            Some(Kind::Hashtag) => {
                refuse::check_hashtag(self.text.slice(self.at)).map_err(|code| Misfit::at(code, self.at))?;
                self.padded = true;
                self.hashtag = self.hashtag.or(Some(self.at));
                1
            }
            Some(Kind::Emoji(Emoji::Cheer | Emoji::Decoration)) => {
                self.padded = true;
                1
            }
            Some(Kind::Link) => self.quoted_post()?,
            Some(Kind::Word) => {
                let words = self.text.politeness(self.at);
                self.padded |= words > 0;
                words
            }
            _ => 0,
        };
        self.at += taken;
        Ok(taken > 0)
    }

    /// Other people's handles may stand only where X puts them: before everything else in a reply.
    fn reply_prefix(&self) -> Result<usize, Misfit> {
        let before = &self.text.tokens[..self.at];
        let in_prefix = before.iter().all(|token| matches!(token.kind, Kind::House | Kind::OtherMention));
        let is_reply = self.text.reference == Reference::Reply;
        if is_reply && in_prefix { Ok(1) } else { Err(Misfit::at(Code::OtherMention, self.at)) }
    }

    /// The link to the quoted post, which X puts at the end of a quote post's text.
    fn quoted_post(&self) -> Result<usize, Misfit> {
        let is_last = self.at + 1 == self.text.tokens.len();
        let is_quote = self.text.reference == Reference::Quote;
        let id = self.text.slice(self.at).strip_prefix("https://t.co/");
        let is_short = id.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()));
        if is_last && is_quote && is_short { Ok(1) } else { Err(Misfit::at(Code::Link, self.at)) }
    }

    /// `.` and `,` end a part of the text, `!` may follow anything.
    fn punctuation(&self) -> Result<usize, Misfit> {
        let text = self.text;
        let misplaced = Err(Misfit::at(Code::UnexpectedPunctuation, self.at));
        let next_is_number = text.kind(self.at + 1) == Some(Kind::Number);
        match text.tokens[self.at].kind {
            Kind::Stop if self.at == 0 && text.kind(1) == Some(Kind::House) && text.is_glued(1) => Ok(1),
            _ if self.at == 0 => misplaced,
            Kind::Bang if !text.is_glued(self.at) && self.leads_a_part() => misplaced,
            Kind::Bang => Ok(1),
            _ if !text.is_glued(self.at) => misplaced,
            // `gm, 1.5 ETH` pauses; `#12, 5 ETH` and `bid 2. 5 ETH` may be one number.
            _ if next_is_number && !self.follows_address() => {
                Err(Misfit::over(Code::UnexpectedPunctuation, self.at - 1, self.at + 2))
            }
            Kind::Stop => Ok(1),
            _ if self.at + 1 == text.tokens.len() || self.follows_amount() => misplaced,
            _ => Ok(1),
        }
    }

    /// Whether a word or number follows the marks: `! bid` may be a no in a programmer's hand.
    fn leads_a_part(&self) -> bool {
        let mut after =
            self.text.tokens[self.at..].iter().map(|token| token.kind).skip_while(|&kind| kind == Kind::Bang);
        matches!(after.next(), Some(Kind::Word | Kind::Number | Kind::Xi | Kind::Plus))
    }

    /// Whether a handle or a polite word stands right before.
    fn follows_address(&self) -> bool {
        let before = self.at - 1;
        let polite = [Term::Polite, Term::You, Term::TimeOfDay];
        matches!(self.text.kind(before), Some(Kind::House | Kind::OtherMention))
            || self.text.term(before).is_some_and(|term| polite.contains(&term))
    }

    /// Whether a number that is not a lot's stands right before.
    fn follows_amount(&self) -> bool {
        let is_lot = self.at >= 2 && matches!(self.text.term(self.at - 2), Some(Term::Lot));
        self.text.kind(self.at - 1) == Some(Kind::Number) && !is_lot
    }

    fn lot(&mut self) -> Result<bool, Misfit> {
        let text = self.text;
        let from = self.at;
        let mut at = from + usize::from(text.term(from) == Some(Term::Towards));
        let by_word = text.term(at) == Some(Term::Lot);
        at += usize::from(by_word);
        let number = match text.kind(at) {
            Some(Kind::LotMark) => &text.slice(at)[1..],
            Some(Kind::Number) if by_word => text.slice(at),
            _ if at > from => return Err(Misfit::over(Code::LotUnclear, from, at + 1)),
            _ => return Ok(false),
        };
        let number = lot_number(number).map_err(|code| Misfit::over(code, from, at + 1))?;
        if self.lot.is_some() {
            return Err(Misfit::over(Code::SeveralLots, from, at + 1));
        }
        // `lot 12 500 ETH` could be lot 12500, `lot 12Ξ 1.5` twelve ether.
        let runs_on = match text.kind(at + 1) {
            Some(Kind::Number) => true,
            Some(Kind::Xi) => {
                text.is_glued(at + 1) || text.kind(at + 2) != Some(Kind::Number) || !text.is_glued(at + 2)
            }
            _ => false,
        };
        if by_word && runs_on {
            return Err(Misfit::over(Code::SeveralAmounts, at, at + 2));
        }
        self.lot = Some(number);
        self.at = at + 1;
        Ok(true)
    }

    fn core(&mut self) -> Result<bool, Misfit> {
        let from = self.at;
        let Some((core, to)) = read_core(self.text, from)? else { return Ok(false) };
        if self.core.is_some() {
            return Err(Misfit::over(Code::SeveralBids, from, to));
        }
        self.core = Some(core);
        self.at = to;
        Ok(true)
    }
}

fn lot_number(digits: &str) -> Result<u32, Code> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Code::LotUnclear);
    }
    match digits.parse() {
        Ok(number @ 1..=MAX_LOT) if !digits.starts_with('0') => Ok(number),
        _ => Err(Code::LotOutOfRange),
    }
}

/// The core that begins at `from`, with the index after it.
fn read_core(text: &Text<'_>, from: usize) -> Result<Option<(Core, usize)>, Misfit> {
    let read = match (text.term(from), text.term(from + 1), text.term(from + 2)) {
        (Some(Term::Bid), Some(Term::Next), _) | (Some(Term::Next), Some(Term::Bid), _) => (Core::Next, from + 2),
        (Some(Term::Buy), Some(Term::Now), _) => (Core::BuyNow, from + 2),
        (Some(Term::Buy), Some(Term::It), Some(Term::Now)) => (Core::BuyNow, from + 3),
        (Some(Term::Bid), Some(Term::Max), _) | (Some(Term::Max), Some(Term::Bid), _) => {
            let (wei, to) = amount(text, from, from + 2, Unit::Optional)?;
            (Core::Max(wei), to)
        }
        (Some(Term::Max), ..) => {
            let (wei, to) = amount(text, from, from + 1, Unit::Required)?;
            (Core::Max(wei), to)
        }
        (Some(Term::Bid), ..) => {
            let (wei, to) = amount(text, from, from + 1, Unit::Optional)?;
            (Core::Bid(wei), to)
        }
        _ => match text.kind(from) {
            Some(Kind::Number | Kind::Xi) => {
                let (wei, to) = amount(text, from, from, Unit::Required)?;
                (Core::Bid(wei), to)
            }
            Some(Kind::Plus) => (plus_one(text, from)?, from + 2),
            _ => return Ok(None),
        },
    };
    Ok(Some(read))
}

fn plus_one(text: &Text<'_>, from: usize) -> Result<Core, Misfit> {
    let is_one = text.slice(from + 1) == "1" && text.is_glued(from + 1);
    let has_unit = text.term(from + 2) == Some(Term::Ether) || text.kind(from + 2) == Some(Kind::Xi);
    if is_one && !has_unit { Ok(Core::PlusOne) } else { Err(Misfit::over(Code::RelativeAmount, from, from + 2)) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Required,
    /// After the verb.
    Optional,
}

/// The amount at `at` of a core that begins at `from`; with the index after it.
fn amount(text: &Text<'_>, from: usize, at: usize, unit: Unit) -> Result<(U256, usize), Misfit> {
    let (number, to) = match (text.kind(at), text.kind(at + 1)) {
        (Some(Kind::Xi), Some(Kind::Number)) => (at + 1, at + 2),
        (Some(Kind::Number), Some(Kind::Xi)) => (at, at + 2),
        (Some(Kind::Number), _) if text.term(at + 1) == Some(Term::Ether) => (at, at + 2),
        (Some(Kind::Number), _) if unit == Unit::Optional && is_glued_e(text, at + 1) => (at, at + 2),
        (Some(Kind::Number), _) if unit == Unit::Optional => {
            check_end_of_bare(text, at)?;
            (at, at + 1)
        }
        (Some(Kind::Number), _) if is_glued_e(text, at + 1) => {
            return Err(Misfit::over(Code::UnitMissing, at, at + 2));
        }
        (Some(Kind::Number), _) => return Err(Misfit::at(Code::UnitMissing, at)),
        (Some(Kind::Stop | Kind::Bang | Kind::Comma), Some(Kind::Number | Kind::Xi)) => {
            return Err(Misfit::over(Code::UnexpectedPunctuation, at - 1, at + 1));
        }
        _ => return Err(Misfit::over(Code::AmountMissing, from, at)),
    };
    let wei = amount::wei(text.slice(number)).map_err(|code| Misfit::at(code, number))?;
    // `1 500 ETH`, `1.5 2 ETH`
    if text.kind(to) == Some(Kind::Number) {
        return Err(Misfit::over(Code::SeveralAmounts, number, to + 1));
    }
    Ok((wei, to))
}

fn is_glued_e(text: &Text<'_>, at: usize) -> bool {
    text.term(at) == Some(Term::LetterE) && text.is_glued(at)
}

/// What may follow a number without a unit: nothing that could be meant as its unit or its continuation.
fn check_end_of_bare(text: &Text<'_>, number: usize) -> Result<(), Misfit> {
    let after = number + 1;
    let is_glued_word = text.kind(after) == Some(Kind::Word) && text.is_glued(after);
    let fine = match text.kind(after) {
        Some(Kind::Stop) => after + 1 == text.tokens.len(),
        Some(Kind::Emoji(class)) => class == Emoji::Cheer,
        Some(Kind::Hashtag) => is_harmless_after_amount(&text.slice(after)[1..]),
        // `2 gm` may be grams.
        Some(Kind::Word) if text.slice(after).eq_ignore_ascii_case("gm") => false,
        Some(Kind::Word) => !is_glued_word && (text.politeness(after) > 0 || is_lot_word(text, after)),
        _ => true,
    };
    if fine { Ok(()) } else { Err(Misfit::over(Code::UnitUnclear, number, after + 1)) }
}

fn is_lot_word(text: &Text<'_>, at: usize) -> bool {
    matches!(text.term(at), Some(Term::Lot | Term::Towards))
}

/// The misfit of a token that begins nothing, after this core.
fn stray(text: &Text<'_>, at: usize, core: Option<Core>) -> Misfit {
    match text.tokens[at].kind {
        // `bid 2 🚀 ETH`, `Ξ1.5 ETH`: the amount was there, its unit stands apart or twice.
        Kind::Word if text.term(at) == Some(Term::Ether) && core.is_some() => {
            let emoji = text.tokens[..at].iter().rev().take_while(|token| matches!(token.kind, Kind::Emoji(_))).count();
            Misfit::over(Code::UnexpectedWords, at - emoji, at + 1)
        }
        Kind::Word if text.term(at) == Some(Term::Ether) => Misfit::at(Code::AmountMissing, at),
        Kind::Foreign(_) | Kind::Word => Misfit::at(Code::UnexpectedWords, at),
        Kind::OddNumber(_) | Kind::Number => Misfit::at(Code::MalformedNumber, at),
        _ => Misfit::at(Code::UnexpectedPunctuation, at),
    }
}
