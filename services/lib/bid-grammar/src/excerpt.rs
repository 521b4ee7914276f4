//! Quotes a piece of a post inside a sentence of the house: short, visible, and free of handles and links.

use std::fmt::Write as _;

use crate::character;

/// Longest quotation, in characters: a sentence and a remedy fit one post with it.
const MAX_CHARACTERS: usize = 32;

/// The piece, with invisible characters named, `@` in words, `"` as `'`, whitespace as single spaces, and `&`, `<` and `>`
/// as they were typed: X escapes them.
pub(crate) fn quote(piece: &str) -> String {
    let mut quoted = String::new();
    let mut left = MAX_CHARACTERS;
    let typed = piece.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    for c in typed.chars() {
        if left == 0 {
            quoted.push('…');
            break;
        }
        left -= 1;
        match c {
            '@' => quoted.push_str("[at]"),
            '"' => quoted.push('\''),
            c if c.is_whitespace() => {
                if !quoted.ends_with(' ') {
                    quoted.push(' ');
                }
            }
            // Parts of the emoji before.
            '\u{FE0E}' | '\u{FE0F}' | '\u{200D}' if quoted.ends_with(|c: char| !c.is_ascii()) => {}
            c if character::is_hidden(c) => {
                let _ = write!(quoted, "U+{:04X}", u32::from(c));
                left = left.saturating_sub(5);
            }
            c => quoted.push(c),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_short_visible_and_mention_nobody() {
        assert_eq!(quote("@alice  bids\n\u{202e}5"), "[at]alice bids U+202E5");
        assert_eq!(quote("☑\u{FE0F}"), "☑");
        assert_eq!(quote("2\u{FE0F}"), "2U+FE0F");
        assert_eq!(quote("&amp;gt; &amp;"), "&gt; &");
        assert!(quote(&"x".repeat(500)).chars().count() <= MAX_CHARACTERS + 1);
    }
}
