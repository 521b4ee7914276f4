//! Runs that begin with a digit (or a dot before a digit).

use crate::character;
use crate::token::{Foreign, Kind, OddNumber};

/// Length and kind of the run at the start of `rest`. A unit glued to it (`1.5ETH`) is not part of it.
pub(super) fn run(rest: &str) -> (usize, Kind) {
    let bytes = rest.as_bytes();
    if bytes[0] == b'0' && bytes.get(1).is_some_and(|b| b.eq_ignore_ascii_case(&b'x')) {
        let len = 2 + bytes[2..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        return (len, Kind::OddNumber(OddNumber::Hex));
    }
    let mut at = 0;
    let mut dots = 0;
    let mut oddness = None;
    loop {
        at += digits(&bytes[at..]);
        let Some((len, joint)) = joint(&rest[at..]) else { break };
        match joint {
            None => dots += 1,
            Some(found) => oddness = oddness.or(Some(found)),
        }
        at += len;
    }
    if dots > 1 {
        oddness = oddness.or(Some(OddNumber::Malformed));
    }
    (at, oddness.map_or(Kind::Number, Kind::OddNumber))
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// What joins the digits read so far to more digits: its length and, unless it is one dot, what it makes of the run.
fn joint(rest: &str) -> Option<(usize, Option<OddNumber>)> {
    let c = rest.chars().next()?;
    let dots = rest.bytes().take_while(|&b| b == b'.').count();
    if dots > 0 {
        let joins = rest.as_bytes().get(dots).is_some_and(u8::is_ascii_digit);
        return joins.then_some((dots, (dots > 1).then_some(OddNumber::Range)));
    }
    let oddness = match c {
        ',' | '٬' | '٫' | '，' | '、' | '﹐' => OddNumber::Comma,
        '_' | '·' | '˙' | '•' => OddNumber::Grouped,
        c if character::is_apostrophe(c) => OddNumber::Grouped,
        '/' | '⁄' | '∕' | '÷' | '／' => OddNumber::Fraction,
        '…' | '‥' | '~' | '～' | '〜' => OddNumber::Range,
        'e' | 'E' => OddNumber::Exponent,
        ':' | ';' | '*' | '×' | '^' | '\\' | '|' | '。' | '．' | '=' => OddNumber::Malformed,
        c if character::is_dash(c) => OddNumber::Range,
        _ => return None,
    };
    let mut len = c.len_utf8();
    if oddness == OddNumber::Exponent {
        len += usize::from(matches!(rest.as_bytes().get(1), Some(b'+' | b'-')));
    }
    // `1-.5`
    len += usize::from(rest.as_bytes().get(len) == Some(&b'.'));
    rest.as_bytes().get(len).is_some_and(u8::is_ascii_digit).then_some((len, Some(oddness)))
}

/// The kind of a run of numerals beyond ASCII.
pub(super) fn foreign_digits(run: &str) -> Foreign {
    let is_fraction = |c| matches!(c, '\u{BC}'..='\u{BE}' | '\u{2150}'..='\u{215F}' | '\u{2189}');
    if run.chars().any(is_fraction) {
        Foreign::Fraction
    } else if run.chars().all(character::is_styled) {
        Foreign::Styled
    } else {
        Foreign::Digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_digits_with_one_dot_are_a_number() {
        for (source, len, kind) in [
            ("1.5ETH", 3, Kind::Number),
            (".5", 2, Kind::Number),
            ("1. 5", 1, Kind::Number),
            ("1.5e", 3, Kind::Number),
            ("1e3", 3, Kind::OddNumber(OddNumber::Exponent)),
            ("1e-3 x", 4, Kind::OddNumber(OddNumber::Exponent)),
            ("1,500.00", 8, Kind::OddNumber(OddNumber::Comma)),
            ("1.2.3", 5, Kind::OddNumber(OddNumber::Malformed)),
            ("1..2", 4, Kind::OddNumber(OddNumber::Range)),
            ("1–2", 5, Kind::OddNumber(OddNumber::Range)),
            ("1’000", 7, Kind::OddNumber(OddNumber::Grouped)),
            ("0x1F", 4, Kind::OddNumber(OddNumber::Hex)),
        ] {
            assert_eq!(run(source), (len, kind), "{source}");
        }
    }
}
