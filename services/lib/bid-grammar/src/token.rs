//! The alphabet of the recogniser: what the lexer makes of a text, each token with its place in it.

use crate::Reference;

/// One token. `start..end` are byte offsets into the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The house's own handle after `@`.
    House,
    /// Somebody else's handle after `@`.
    OtherMention,
    /// ASCII letters, with digits, `_` and apostrophes inside.
    Word,
    /// A word with letters that are not ASCII.
    Foreign(Foreign),
    /// `digits`, `digits.digits` or `.digits`, all ASCII.
    Number,
    /// A run that begins like a number and is not a plain one.
    OddNumber(OddNumber),
    /// `#` and ASCII digits.
    LotMark,
    /// `#` and letters.
    Hashtag,
    /// `$` and letters.
    Cashtag,
    /// Ξ, U+039E and nothing that looks like it.
    Xi,
    EtherSignLookalike,
    Emoji(Emoji),
    Stop,
    Bang,
    Comma,
    Question,
    Plus,
    /// Any dash or minus sign.
    Minus,
    /// `~`, `≈`, `<`, `>`, `±` and the like.
    Comparison,
    Percent,
    /// A currency sign other than Ξ.
    CurrencySign,
    QuoteMark,
    CodeMark,
    Ellipsis,
    Link,
    Entity,
    Invisible,
    Bidirectional,
    Control,
    Combining,
    Symbol,
}

/// Letters beyond ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// An honest word of another alphabet or with accents.
    Word,
    /// Styled forms of ASCII letters or digits: fullwidth, mathematical, circled, raised.
    Styled,
    /// Letters of several alphabets mixed, or a word of the grammar in another alphabet's letters.
    Lookalike,
    /// Digits of another script.
    Digits,
    /// ½ and its kind.
    Fraction,
}

/// Runs that begin with a digit and are not plain numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OddNumber {
    Comma,
    Grouped,
    Exponent,
    Hex,
    Fraction,
    Range,
    Malformed,
}

/// What an emoji does to a bid beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emoji {
    /// Applause: may follow an amount that has no unit.
    Cheer,
    /// Decoration that is known to say nothing.
    Decoration,
    /// A number: 🔟, 💯, 🥈, 🕐.
    Number,
    /// Money of another kind: 💵, 💶.
    Money,
    /// ❌, 🚫, 👎: no.
    Negative,
    /// ❓, 🤔, 🤷: not sure.
    Doubtful,
    /// ➕, ➖ and other arithmetic.
    Sign,
    /// Any other: what it says of a bid is not known.
    Unknown,
}

/// A text with its tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub source: &'a str,
    pub tokens: &'a [Token],
    pub reference: Reference,
}

impl<'a> Text<'a> {
    pub(crate) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    pub(crate) fn slice(&self, at: usize) -> &'a str {
        self.tokens.get(at).and_then(|token| self.source.get(token.start..token.end)).unwrap_or("")
    }

    /// Whether nothing stands between this token and the one before it.
    pub(crate) fn is_glued(&self, at: usize) -> bool {
        at > 0 && self.tokens[at - 1].end == self.tokens[at].start
    }

    /// The ASCII word at `at`; empty for anything else.
    pub(crate) fn word(&self, at: usize) -> &'a str {
        if self.kind(at) == Some(Kind::Word) { self.slice(at) } else { "" }
    }
}
