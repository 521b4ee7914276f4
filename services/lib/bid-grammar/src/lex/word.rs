//! Runs that begin with a letter of any alphabet.

use crate::character;
use crate::skeleton::skeleton;
use crate::token::{Foreign, Kind};
use crate::vocabulary;

/// Length and kind of the run at the start of `rest`, whose first character is a letter.
pub(super) fn run(rest: &str) -> (usize, Kind) {
    if begins_link(rest) {
        return (to_space(rest), Kind::Link);
    }
    let len = letters(rest);
    let word = &rest[..len];
    let mut after = rest[len..].chars();
    match (after.next(), after.next()) {
        (Some('.'), Some(c)) if c.is_alphabetic() => (to_space(rest), Kind::Link),
        (Some('@'), Some(c)) if c.is_alphanumeric() => (to_space(rest), Kind::Link),
        _ if word.is_ascii() => (len, Kind::Word),
        _ => (len, Kind::Foreign(foreign(word))),
    }
}

fn begins_link(rest: &str) -> bool {
    ["http://", "https://", "www.", "t.co/", "ipfs://", "hxxp"]
        .iter()
        .any(|prefix| rest.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

fn to_space(rest: &str) -> usize {
    rest.find(char::is_whitespace).unwrap_or(rest.len())
}

/// Letters, and inside them apostrophes; digits and `_` while all is ASCII; marks and joiners once it is not.
fn letters(rest: &str) -> usize {
    let mut ascii = true;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, c)| c);
        let belongs = if c.is_ascii() {
            c.is_ascii_alphabetic() || (ascii && (c.is_ascii_digit() || c == '_')) || inside(c, next)
        } else {
            let joins = !ascii && matches!(c, '\u{200C}' | '\u{200D}') && next.is_some_and(|c| !c.is_ascii());
            let marks = !ascii && character::is_combining(c);
            let letter = c.is_alphabetic() && !character::is_blank(c) && !(ascii && c == 'Ξ');
            letter || joins || marks || inside(c, next)
        };
        if !belongs {
            return at;
        }
        ascii &= c.is_ascii() || character::is_apostrophe(c);
    }
    rest.len()
}

fn inside(c: char, next: Option<char>) -> bool {
    character::is_apostrophe(c) && next.is_some_and(char::is_alphabetic)
}

fn foreign(word: &str) -> Foreign {
    let only_apostrophes = word.chars().all(|c| c.is_ascii() || character::is_apostrophe(c));
    if only_apostrophes {
        return Foreign::Word;
    }
    if word.chars().any(character::is_styled) {
        return Foreign::Styled;
    }
    let has_ascii = word.bytes().any(|b| b.is_ascii_alphabetic());
    let mixed = has_ascii && word.chars().any(character::is_of_lookalike_alphabet);
    if mixed || vocabulary::term(&skeleton(word)).is_some() { Foreign::Lookalike } else { Foreign::Word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_alphabets_are_told_from_lookalikes() {
        for (source, kind) in [
            ("bid", Kind::Word),
            ("don’t", Kind::Foreign(Foreign::Word)),
            ("enchère", Kind::Foreign(Foreign::Word)),
            ("ставлю", Kind::Foreign(Foreign::Word)),
            ("bіd", Kind::Foreign(Foreign::Lookalike)),
            ("ЕТН", Kind::Foreign(Foreign::Lookalike)),
            ("ｂｉｄ", Kind::Foreign(Foreign::Styled)),
            ("𝐛𝐢𝐝", Kind::Foreign(Foreign::Styled)),
            ("foo.com/x", Kind::Link),
            ("me@foo.com", Kind::Link),
        ] {
            assert_eq!(run(source), (source.len(), kind), "{source}");
        }
    }
}
