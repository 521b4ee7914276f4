//! Hashtags: a closed list of decoration may stand in a bid. Any other may mean something (`#ifIwin`, `#testnet`), so it
//! refuses the post.

use super::concern::{self, Concern};
use crate::{Code, vocabulary};

/// Longest hashtag that is looked at; a longer one is a sentence.
const LONGEST: usize = 32;

/// Whether `#word` may stand in a bid.
pub(crate) fn check(hashtag: &str) -> Result<(), Code> {
    let word = hashtag.strip_prefix('#').unwrap_or(hashtag);
    if vocabulary::is_harmless_hashtag(word) {
        return Ok(());
    }
    let mut buffer = [0_u8; LONGEST];
    let known = vocabulary::lower_case(word, &mut buffer).and_then(concern::of_word);
    Err(if known == Some(Concern::Currency) { Code::WrongCurrency } else { Code::HashtagUnclear })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_passes_and_whatever_is_not_known_does_not() {
        for tag in ["#NFT", "#ETH", "#SothebAIs", "#web3", "#art_2026", "#gm"] {
            assert_eq!(check(tag), Ok(()), "{tag}");
        }
        for tag in
            ["#NotABid", "#max", "#1of1", "#入札", "#eth2026", "#ifIwin", "#nah", "#lovely", "#milliETH", "#art20261"]
        {
            assert_eq!(check(tag), Err(Code::HashtagUnclear), "{tag}");
        }
        assert_eq!(check("#SOL"), Err(Code::WrongCurrency));
    }
}
