//! "stop" and "start": X's rules want a robot to fall silent for whoever asks. Pure.

/// What an author wants of our replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Silence,
    Replies,
}

/// Reads a post that says nothing but the wish, besides names.
pub fn wish(text: &str) -> Option<Wish> {
    let words = text.split_whitespace().filter(|word| !word.starts_with('@'));
    let bare = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    let said: Vec<String> = bare.filter(|word| !word.is_empty() && word != "please").collect();
    match said.as_slice() {
        [word] if ["stop", "unsubscribe", "mute"].contains(&word.as_str()) => Some(Wish::Silence),
        [first, rest] if first == "stop" && ["replying", "replies", "it"].contains(&rest.as_str()) => {
            Some(Wish::Silence)
        }
        [word] if ["start", "unmute"].contains(&word.as_str()) => Some(Wish::Replies),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_in_any_case_is_honoured() {
        for text in ["@sothebais stop", "STOP", "stop!", "@sothebais please stop.", "Stop replying", "unsubscribe"] {
            assert_eq!(wish(text), Some(Wish::Silence), "{text}");
        }
        assert_eq!(wish("@sothebais START"), Some(Wish::Replies));
    }

    #[test]
    fn other_words_are_no_wish() {
        for text in ["@sothebais bid 1 ETH", "don't stop now", "stop the count at 2", "@stop", "", "please"] {
            assert_eq!(wish(text), None, "{text}");
        }
    }
}
