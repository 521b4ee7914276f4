//! A post's text as X counts and marks it: the 280 weight, mentions with their offsets, the reply prefix that is not
//! shown, and the three characters that X's JSON carries as HTML entities.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// The most weight a post of an ordinary account may have.
pub const MOST_WEIGHT: usize = 280;

/// The most weight a post of a paying account may have.
pub const MOST_NOTE_WEIGHT: usize = 25_000;

/// Every address counts as one shortened by t.co.
const URL_WEIGHT: usize = 23;

/// The longest handle that X gives out.
const LONGEST_HANDLE: usize = 15;

/// One @handle inside a text. Offsets count Unicode code points, the end exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MentionSpan {
    /// Offset of the `@`.
    pub start: usize,
    /// Offset after the handle's last character.
    pub end: usize,
    /// The handle as it was written, without the `@`.
    pub handle: String,
}

/// Whether the text is a handle that X could have given out.
pub fn is_handle(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_HANDLE && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Counts a text as X does: Latin and general punctuation count one, everything else two, an address 23. Joiners and
/// variation selectors count nothing, so that an emoji sequence is a little cheaper than its parts.
pub fn weight(text: &str) -> usize {
    let text: String = text.nfc().collect();
    let mut total = 0;
    for (index, word) in text.split(' ').enumerate() {
        let gap = usize::from(index > 0);
        let address = word.starts_with("https://") || word.starts_with("http://");
        total += gap + if address { URL_WEIGHT } else { word.chars().map(character_weight).sum() };
    }
    total
}

fn character_weight(character: char) -> usize {
    match u32::from(character) {
        0x200D | 0xFE00..=0xFE0F => 0,
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 1,
        _ => 2,
    }
}

/// Finds the mentions of a text, in order. An `@` after a letter, digit or one of `_@!#$%&*` begins none (an address of
/// mail is no mention), and neither does a name that runs on beyond fifteen characters.
pub fn mentions(text: &str) -> Vec<MentionSpan> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        match mention_at(&characters, at) {
            Some(span) => {
                at = span.end;
                found.push(span);
            }
            None => at += 1,
        }
    }
    found
}

fn mention_at(characters: &[char], start: usize) -> Option<MentionSpan> {
    let begins = matches!(characters[start], '@' | '＠');
    let bars = |c: char| c.is_alphanumeric() || "_@!#$%&*".contains(c);
    if !begins || (start > 0 && bars(characters[start - 1])) {
        return None;
    }
    let name = |c: &&char| c.is_ascii_alphanumeric() || **c == '_';
    let handle: String = characters[start + 1..].iter().take_while(name).collect();
    let end = start + 1 + handle.len();
    let runs_on = characters.get(end).is_some_and(|c| *c == '@' || c.is_alphanumeric());
    (is_handle(&handle) && !runs_on).then_some(MentionSpan { start, end, handle })
}

/// The length in code points of the reply prefix: the leading mentions whose handles the conversation already names,
/// with the spaces after them. X shows a reply without it.
pub fn reply_prefix(text: &str, participants: &[String]) -> usize {
    let known = |handle: &str| participants.iter().any(|p| p.eq_ignore_ascii_case(handle));
    let characters: Vec<char> = text.chars().collect();
    let mut shown_from = 0;
    for span in mentions(text) {
        if span.start != shown_from || !known(&span.handle) {
            break;
        }
        let spaces = characters[span.end..].iter().take_while(|c| c.is_whitespace()).count();
        shown_from = span.end + spaces;
    }
    shown_from
}

/// Writes a text as X's JSON carries it: `&`, `<` and `>` as HTML entities.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Undoes [`escape`], for posts that were recorded from X.
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Cuts a long text to what X shows in `text` while `note_tweet` holds the whole: at most 280 weight with an ellipsis.
pub fn preview(text: &str) -> String {
    let mut left = MOST_WEIGHT - 2;
    let kept: String = text
        .chars()
        .take_while(|c| {
            let fits = character_weight(*c) <= left;
            left = left.saturating_sub(character_weight(*c));
            fits
        })
        .collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_follow_the_published_ranges() {
        assert_eq!(weight("bid 1.5 ETH"), 11);
        assert_eq!(weight("入札 2"), 6);
        assert_eq!(weight("see https://sothebais.example/a/very/long/address now"), 31);
        assert_eq!(weight("🔥"), 2);
    }

    #[test]
    fn mentions_carry_code_point_offsets() {
        let found = mentions("🔥 @SothebAIs bid 1 ETH, thanks @bob!");
        assert_eq!(found[0], MentionSpan { start: 2, end: 12, handle: "SothebAIs".into() });
        assert_eq!(found[1].handle, "bob");
    }

    #[test]
    fn mail_addresses_and_overlong_names_are_no_mentions() {
        assert!(mentions("me@example.com @abcdefghijklmnop a@b").is_empty());
    }

    #[test]
    fn reply_prefix_hides_participants_only() {
        let people = vec!["house".to_owned()];
        assert_eq!(reply_prefix("@House bid 2 ETH", &people), 7);
        assert_eq!(reply_prefix("@stranger bid 2 ETH", &people), 0);
        assert_eq!(reply_prefix("hi @house", &people), 0);
    }

    #[test]
    fn escaping_round_trips() {
        assert_eq!(escape("a<b && c>d"), "a&lt;b &amp;&amp; c&gt;d");
        assert_eq!(unescape(&escape("a &amp; b")), "a &amp; b");
    }

    #[test]
    fn preview_fits_the_weight() {
        let long = "word ".repeat(200);
        assert!(weight(&preview(&long)) <= MOST_WEIGHT);
        assert!(preview(&long).ends_with('…'));
    }
}
