//! Cuts a text into tokens. Total: every character ends up in a token, is whitespace, or is a mark that cannot matter.
//!
//! Nothing is folded or repaired here: a fullwidth digit stays a foreign digit, an invisible character a token of its
//! own. Dropped are only zero-width marks that touch nothing but space or the text's edge, and the isolates that some
//! of X's clients put around a handle.

mod emoji;
mod number;
mod word;

use crate::character;
use crate::token::{Foreign, Kind, Token};

/// Cuts `source` into tokens; `house` is the handle without `@`.
pub(crate) fn lex(source: &str, house: &str) -> Vec<Token> {
    let mut lexer = Lexer { source, house, at: 0, tokens: Vec::with_capacity(16), isolates: 0 };
    while let Some(c) = lexer.rest().chars().next() {
        lexer.step(c);
    }
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    house: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// Isolates opened directly before the last handle and not closed yet.
    isolates: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: Kind, len: usize) {
        self.tokens.push(Token { kind, start: self.at, end: self.at + len });
        self.at += len;
    }

    fn step(&mut self, c: char) {
        match c {
            c if c.is_whitespace() => self.at += c.len_utf8(),
            '@' => self.mention(),
            '#' => self.hash(),
            '$' => self.dollar(),
            '&' => self.ampersand(),
            'Ξ' => self.push(Kind::Xi, c.len_utf8()),
            '.' => self.stop(),
            c if c.is_ascii_digit() => self.number(),
            c if c.is_ascii_alphabetic() => self.word(),
            c if c.is_ascii() => self.push(character::symbol(c), 1),
            c if character::is_zero_width(c) => self.zero_width(c),
            c if character::is_bidirectional(c) => self.bidirectional(c),
            c => self.beyond_ascii(c),
        }
    }

    fn beyond_ascii(&mut self, c: char) {
        if let Some((len, class)) = emoji::sequence(self.rest()) {
            return self.push(Kind::Emoji(class), len);
        }
        let symbol = character::symbol(c);
        let next_is_letter = self.rest()[c.len_utf8()..].chars().next().is_some_and(char::is_alphabetic);
        if symbol == Kind::EtherSignLookalike && !next_is_letter {
            self.push(symbol, c.len_utf8());
        } else if c.is_alphabetic() && !character::is_blank(c) {
            self.word();
        } else if c.is_numeric() {
            let len = self.rest().find(|c: char| c.is_ascii() || !c.is_numeric()).unwrap_or(self.rest().len());
            self.push(Kind::Foreign(number::foreign_digits(&self.rest()[..len])), len);
        } else {
            self.push(symbol, c.len_utf8());
        }
    }

    fn number(&mut self) {
        let (len, kind) = number::run(self.rest());
        self.push(kind, len);
    }

    fn word(&mut self) {
        let (len, kind) = word::run(self.rest());
        self.push(kind, len);
    }

    /// A full stop, the dot of `.5`, or dots that trail off.
    fn stop(&mut self) {
        let dots = self.rest().bytes().take_while(|&b| b == b'.').count();
        if dots > 1 {
            self.push(Kind::Ellipsis, dots);
        } else if self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            self.number();
        } else {
            self.push(Kind::Stop, 1);
        }
    }

    /// A handle, where X would see one: not after a letter, a digit or another sigil.
    fn mention(&mut self) {
        let before = self.source[..self.at].chars().next_back();
        let blocked =
            before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$' | '%' | '&' | '*' | '!'));
        let handle_len = self.rest()[1..].bytes().take_while(|&b| b.is_ascii_alphanumeric() || b == b'_').count();
        let after = self.rest()[1 + handle_len..].chars().next();
        let runs_on =
            after.is_some_and(|c| c == '@' || (!c.is_ascii() && (c.is_alphanumeric() || character::is_combining(c))));
        if blocked || handle_len == 0 || runs_on {
            return self.push(Kind::Symbol, 1);
        }
        let is_house = self.rest()[1..=handle_len].eq_ignore_ascii_case(self.house);
        self.push(if is_house { Kind::House } else { Kind::OtherMention }, 1 + handle_len);
        while self.isolates > 0 && self.rest().starts_with('\u{2069}') {
            self.isolates -= 1;
            self.at += '\u{2069}'.len_utf8();
        }
    }

    /// `#12`, `#word`, or a lone sign.
    fn hash(&mut self) {
        let body = &self.rest()[1..];
        let body_len = body
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || (!c.is_ascii() && character::is_combining(c))))
            .unwrap_or(body.len());
        let body = &body[..body_len];
        let kind = if body.is_empty() {
            Kind::Symbol
        } else if body.bytes().all(|b| b.is_ascii_digit()) {
            Kind::LotMark
        } else {
            Kind::Hashtag
        };
        self.push(kind, 1 + body_len);
    }

    fn dollar(&mut self) {
        let letters = self.rest()[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
        self.push(if letters > 0 { Kind::Cashtag } else { Kind::CurrencySign }, 1 + letters);
    }

    fn ampersand(&mut self) {
        let name = self.rest()[1..].bytes().take_while(|&b| b.is_ascii_alphanumeric() || b == b'#').count();
        let closed = self.rest().as_bytes().get(1 + name) == Some(&b';');
        if name > 0 && closed { self.push(Kind::Entity, name + 2) } else { self.push(Kind::Symbol, 1) }
    }

    /// Drops a run of zero-width marks between spaces or at an edge; keeps it as a token anywhere else.
    fn zero_width(&mut self, c: char) {
        let len = self.rest().find(|c| !character::is_zero_width(c)).unwrap_or(self.rest().len());
        let before = self.source[..self.at].chars().next_back();
        let after = self.rest()[len..].chars().next();
        let at_edge = before.is_none() || after.is_none();
        let between_spaces = before.is_some_and(char::is_whitespace) && after.is_some_and(char::is_whitespace);
        if at_edge || between_spaces { self.at += len } else { self.push(Kind::Invisible, c.len_utf8()) }
    }

    /// Drops the isolates that open directly before a handle (they close directly after it); keeps any other.
    fn bidirectional(&mut self, c: char) {
        const ISOLATES: [char; 2] = ['\u{2066}', '\u{2068}'];
        let opened = self.rest().chars().take_while(|c| ISOLATES.contains(c)).count();
        let len = opened * '\u{2066}'.len_utf8();
        let handle = &self.rest()[len..];
        let handle_len = handle.bytes().skip(1).take_while(|&b| b.is_ascii_alphanumeric() || b == b'_').count();
        let closes = handle
            .get(1 + handle_len..)
            .is_some_and(|rest| rest.chars().take_while(|&c| c == '\u{2069}').count() == opened);
        if opened > 0 && handle.starts_with('@') && closes {
            self.isolates = opened;
            self.at += len;
        } else {
            self.push(Kind::Bidirectional, c.len_utf8());
        }
    }
}

/// Whether a foreign word token is only a word.
pub(crate) fn is_plain_foreign(kind: Kind) -> bool {
    kind == Kind::Foreign(Foreign::Word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<Kind> {
        lex(source, "sothebais").iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_plain_bid_is_five_tokens() {
        assert_eq!(
            kinds("@SothebAIs bid 1.5 ETH #12"),
            [Kind::House, Kind::Word, Kind::Number, Kind::Word, Kind::LotMark]
        );
    }

    #[test]
    fn isolates_around_a_handle_vanish_and_others_stay() {
        assert_eq!(kinds("\u{2066}@sothebais\u{2069} bid"), [Kind::House, Kind::Word]);
        assert_eq!(kinds("\u{2066}bid\u{2069}"), [Kind::Bidirectional, Kind::Word, Kind::Bidirectional]);
    }

    #[test]
    fn a_zero_width_mark_inside_a_number_stays() {
        assert_eq!(kinds("1\u{200B}5"), [Kind::Number, Kind::Invisible, Kind::Number]);
        assert_eq!(kinds("\u{FEFF}bid \u{200B} 5"), [Kind::Word, Kind::Number]);
    }

    #[test]
    fn every_token_lies_on_character_boundaries_in_order() {
        for source in ["é\u{301}1½️⃣🏴\u{E0067}x", "#١٢ @a@b..5…。", "\u{202e}@sothebais\u{2069}"] {
            let mut end = 0;
            for token in lex(source, "sothebais") {
                assert!(token.start >= end && token.end > token.start && source.get(token.start..token.end).is_some());
                end = token.end;
            }
        }
    }
}
