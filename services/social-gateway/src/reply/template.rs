//! The words of replies: data, several variants each, because X refuses the same text twice. Pure.

use auction_core::Wei;
use serde::Deserialize;

const CURRENT: &str = include_str!("../../replies/templates.json");
/// The longest post of an account without a subscription, counting every character as one.
const TEXT_LIMIT: usize = 280;

/// The templates.
#[derive(Debug, Clone, Deserialize)]
pub struct Templates {
    pub version: u32,
    currency: String,
    won: Vec<String>,
    accepted: Vec<String>,
    maximum_accepted: Vec<String>,
    refused: Vec<String>,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying<'a> {
    Won { lot: u32, paddle: u64, price_wei: &'a str },
    Accepted { lot: u32, paddle: u64, amount_wei: &'a str, price_wei: &'a str },
    MaximumAccepted { lot: u32, paddle: u64, price_wei: &'a str },
    Refused { message: &'a str, remedy: &'a str },
}

impl Templates {
    /// The templates in force.
    pub fn current() -> Self {
        serde_json::from_str(CURRENT).expect("the templates in the program are checked by a test")
    }

    /// The text of a saying; another `variant` gives other words.
    pub fn text(&self, saying: &Saying, variant: u64) -> String {
        let (variants, fields): (_, Vec<(&str, String)>) = match saying {
            Saying::Won { lot, paddle, price_wei } => (
                &self.won,
                vec![("lot", lot.to_string()), ("paddle", paddle.to_string()), ("price", main_units(price_wei))],
            ),
            Saying::Accepted { lot, paddle, amount_wei, price_wei } => (
                &self.accepted,
                vec![
                    ("lot", lot.to_string()),
                    ("paddle", paddle.to_string()),
                    ("amount", main_units(amount_wei)),
                    ("price", main_units(price_wei)),
                ],
            ),
            Saying::MaximumAccepted { lot, paddle, price_wei } => (
                &self.maximum_accepted,
                vec![("lot", lot.to_string()), ("paddle", paddle.to_string()), ("price", main_units(price_wei))],
            ),
            Saying::Refused { message, remedy } => {
                (&self.refused, vec![("message", sentence(message)), ("remedy", sentence(remedy))])
            }
        };
        let nth = usize::try_from(variant % variants.len() as u64).unwrap_or_default();
        let mut text = variants[nth].replace("{currency}", &self.currency);
        for (name, value) in fields {
            text = text.replace(&format!("{{{name}}}"), &value);
        }
        harmless(&text)
    }

    /// The same words, told apart by a number: what is tried when X has seen a text before.
    pub fn vary(text: &str, attempt: u32) -> String {
        harmless(&format!("{text} ({attempt})"))
    }
}

/// First letter upper case, a full stop at the end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let rest = letters.as_str();
    let stop = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{stop}")
}

/// No mention, no link (a link costs twenty times as much), within X's length.
fn harmless(text: &str) -> String {
    let spoken: String = text.replace("://", " ").replace('@', "").replace("www.", "");
    if spoken.chars().count() <= TEXT_LIMIT {
        return spoken;
    }
    let mut cut: String = spoken.chars().take(TEXT_LIMIT - 1).collect();
    cut.push('…');
    cut
}

/// Wei as ETH, without needless zeros; what is no amount stays as it is.
fn main_units(wei: &str) -> String {
    wei.parse::<Wei>().map_or_else(|_| wei.to_owned(), Wei::main_units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_main_units() {
        let written = ["1500000000000000000", "1000000000000000000", "1", "0", "123456789000000000000"].map(main_units);
        assert_eq!(written, ["1.5", "1", "0.000000000000000001", "0", "123.456789"]);
    }

    #[test]
    fn every_template_is_filled_whole_whatever_the_variant() {
        let templates = Templates::current();
        let wei = "1500000000000000000";
        let sayings = [
            Saying::Won { lot: 3, paddle: 12, price_wei: wei },
            Saying::Accepted { lot: 3, paddle: 12, amount_wei: wei, price_wei: wei },
            Saying::MaximumAccepted { lot: 3, paddle: 12, price_wei: wei },
            Saying::Refused { message: "the bid is below the minimum", remedy: "bid at least 2 ETH" },
        ];
        for saying in &sayings {
            let texts: Vec<_> = (0..3).map(|variant| templates.text(saying, variant)).collect();
            assert!(
                texts.iter().all(|text| !text.contains(['{', '}']) && text.chars().count() <= TEXT_LIMIT),
                "{texts:?}"
            );
            assert!(texts[0] != texts[1] && texts[1] != texts[2]);
        }
        let refused = templates.text(&sayings[3], 0);
        assert_eq!(refused, "Not accepted: The bid is below the minimum. Bid at least 2 ETH.");
    }

    #[test]
    fn no_reply_mentions_links_or_runs_on() {
        let templates = Templates::current();
        let message = format!("see https://example.com and @alice {}", "x".repeat(400));
        let text = templates.text(&Saying::Refused { message: &message, remedy: "r" }, 0);
        assert!(!text.contains('@') && !text.contains("://"));
        assert_eq!(text.chars().count(), TEXT_LIMIT);
    }
}
