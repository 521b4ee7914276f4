//! Emoji sequences, and what each says: a closed list is applause or decoration, any other leaves a bid open.
//!
//! After Unicode Technical Standard 51; the ranges leave out everything that is a letter, digit or sign in a box.

use crate::token::Emoji;

const ZERO_WIDTH_JOINER: char = '\u{200D}';
const BLACK_FLAG: char = '\u{1F3F4}';
/// England, Scotland, Wales: the only flags spelt with tag characters. Other tags could hide text.
const TAGGED_FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// Length and class of the emoji sequence at the start of `rest`, if there is one.
pub(super) fn sequence(rest: &str) -> Option<(usize, Emoji)> {
    let first = rest.chars().next()?;
    if is_regional(first) {
        return flag(rest);
    }
    let mut class = single(first)?;
    let mut len = first.len_utf8() + modifiers(&rest[first.len_utf8()..]);
    if first == BLACK_FLAG {
        len += tags(&rest[len..]);
    }
    while let Some(joined) = rest[len..].strip_prefix(ZERO_WIDTH_JOINER) {
        let Some(next) = joined.chars().next() else { break };
        let Some(next_class) = single(next) else { break };
        class = strictest(class, next_class);
        len += ZERO_WIDTH_JOINER.len_utf8() + next.len_utf8();
        len += modifiers(&rest[len..]);
    }
    Some((len, class))
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Two regional letters. A lone one is a letter, and 🇳🇴 spells a word.
fn flag(rest: &str) -> Option<(usize, Emoji)> {
    let mut letters = rest.chars();
    let (first, second) = (letters.next()?, letters.next().filter(|&c| is_regional(c))?);
    let class = if (first, second) == ('\u{1F1F3}', '\u{1F1F4}') { Emoji::Negative } else { Emoji::Unknown };
    Some((first.len_utf8() + second.len_utf8(), class))
}

/// Variation selectors and skin tones.
fn modifiers(rest: &str) -> usize {
    let is_modifier = |c: char| matches!(c, '\u{FE0E}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}');
    rest.chars().take(2).take_while(|&c| is_modifier(c)).map(char::len_utf8).sum()
}

fn tags(rest: &str) -> usize {
    let tag = |c: char| char::from_u32(u32::from(c) + 0xE0000).unwrap_or(c);
    let spelt = |name: &str| name.chars().map(tag).chain(['\u{E007F}']).collect::<String>();
    TAGGED_FLAGS
        .iter()
        .map(|name| spelt(name))
        .find(|tags| rest.starts_with(tags.as_str()))
        .map_or(0, |tags| tags.len())
}

fn strictest(one: Emoji, other: Emoji) -> Emoji {
    match (one, other) {
        (Emoji::Decoration, Emoji::Cheer) => Emoji::Decoration,
        (Emoji::Cheer | Emoji::Decoration, other) => other,
        (one, _) => one,
    }
}

fn single(c: char) -> Option<Emoji> {
    let class = match c {
        '🔥' | '🚀' | '🙌' | '👏' | '🙏' | '💪' | '🎉' | '🎊' | '✨' | '❤' | '🥳' | '😍' | '🤩' | '👀' | '⚡'
        | '👍' | '😎' | '🔨' | '🫡' | '🤝' | '👑' | '🏆' | '😊' | '😀' | '😃' | '😄' | '😁' | '🖤' | '💜' | '💙'
        | '💚' | '💛' | '🧡' | '🤍' | '🎨' | '🖼' | '👋' | '✊' | '✅' => Emoji::Cheer,
        '‼' | '💎' | '🦄' | '🥂' | '🍾' | '🌟' | '⭐' | '💫' | '🌈' | '☀' | '🌞' | '🌅' | '☕' | '🎆' | '🎇' | '🪩'
        | '🎈' | '🎶' | '🎵' | '🎸' | '🎻' | '🎺' | '🎹' | '🖌' | '🖍' | '🌹' | '🌸' | '🌺' | '🌻' | '🌷' | '💐'
        | '🌊' | '🍀' | '😻' | '🥰' | '🤗' | '💖' | '💗' | '💓' | '💞' | '💝' | '🩷' | '🩵' | '🫶' | '🤘' | '⚜'
        | '🏛' => Emoji::Decoration,
        '🔟' | '🔢' | '♾' | '💯' | '🥇' | '🥈' | '🥉' | '🎱' | '🕐'..='🕧' => Emoji::Number,
        '💲' | '💵' | '💴' | '💶' | '💷' | '💱' | '🪙' | '💸' | '💹' => Emoji::Money,
        '❌' | '❎' | '✖' | '✕' | '✗' | '✘' | '🚫' | '⛔' | '🛑' | '🙅' | '👎' | '🚭' | '🚯' | '🚱' | '🚳' | '🚷'
        | '🖕' | '💩' | '🤮' | '💔' | '✋' | '📵' | '🔕' | '🔞' | '☒' | '🗑' | '🔇' | '🚮' => {
            Emoji::Negative
        }
        '❓' | '❔' | '🤔' | '🤷' | '🧐' | '🤨' | '🤥' | '🙃' | '💭' | '🔜' | '🔙' | '☐' | '🤞' | '🃏' | '🤪'
        | '🤡' | '⁉' | '🙄' | '🙂' | '😒' | '😂' | '😜' | '😉' | '🧢' | '🤏' | '🧪' | '🗣' | '💬' | '🗨' | '🗯' | '🔁'
        | '🔂' | '🔃' | '🔄' | '👉' | '👈' | '👇' | '👆' | '🫵' => Emoji::Doubtful,
        '➕' | '➖' | '➗' | '✚' | '➡' | '⬅' | '⬆' | '⬇' | '🔼' | '🔽' | '⏫' | '⏬' | '📈' | '📉' | '🔺' | '🔻'
        | '🆙' => Emoji::Sign,
        // Letters, digits, quotation marks, brackets and trigrams among the pictures.
        '\u{2630}'..='\u{2637}'
        | '\u{268A}'..='\u{268F}'
        | '\u{275B}'..='\u{2760}'
        | '\u{2768}'..='\u{2793}'
        | '\u{1F519}'..='\u{1F51F}'
        | '\u{1F520}'..='\u{1F524}'
        | '\u{2666}'
        | '\u{26B9}' => return None,
        '\u{2600}'..='\u{27BF}'
        | '\u{1F300}'..='\u{1F5FF}'
        | '\u{1F600}'..='\u{1F64F}'
        | '\u{1F680}'..='\u{1F6FF}'
        | '\u{1F7E0}'..='\u{1F7EB}'
        | '\u{1F900}'..='\u{1F9FF}'
        | '\u{1FA70}'..='\u{1FAFF}'
        | '\u{231A}'
        | '\u{23E9}'..='\u{23F3}'
        | '\u{23F8}'..='\u{23FA}'
        | '\u{2B55}'
        | '\u{2B1B}'
        | '\u{2B1C}'
        | '\u{25AA}'
        | '\u{25AB}'
        | '\u{25B6}'
        | '\u{25FB}'..='\u{25FE}' => Emoji::Unknown,
        _ => return None,
    };
    Some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_one_emoji() {
        for source in ["🔥", "❤️", "👍🏽", "👨‍👩‍👧‍👦", "🇫🇷", "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}"]
        {
            assert_eq!(sequence(source).map(|(len, _)| len), Some(source.len()), "{source}");
        }
    }

    #[test]
    fn a_shrug_of_any_colour_is_doubt() {
        assert_eq!(sequence("🤷🏽‍♀️").map(|(_, class)| class), Some(Emoji::Doubtful));
        assert_eq!(sequence("🇳🇴").map(|(_, class)| class), Some(Emoji::Negative));
        assert_eq!(sequence("🇧i"), None);
    }

    #[test]
    fn tag_characters_hide_nothing() {
        assert_eq!(sequence("🏴\u{E0069}\u{E007F}").map(|(len, _)| len), Some('🏴'.len_utf8()));
    }
}
