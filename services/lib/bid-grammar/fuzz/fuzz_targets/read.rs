//! Any text, however a post refers to another: a reading, never a panic; and what is accepted is plain.
//!
//! The first byte chooses the reference, the rest is the text.

#![no_main]

use bid_grammar::{Post, Reading, Reference, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let reference = match choice % 4 {
        0 => Reference::None,
        1 => Reference::Reply,
        2 => Reference::Quote,
        _ => Reference::Repost,
    };
    match read(&Post { text: &text, reference }, "sothebais") {
        Reading::Bid { amount_wei, .. } | Reading::MaxBid { amount_wei, .. } => {
            assert!(!amount_wei.is_zero());
            assert!(text.bytes().any(|byte| byte.is_ascii_digit()));
            check_plain(&text, reference);
        }
        Reading::NextBid { .. } | Reading::BuyNow { .. } => check_plain(&text, reference),
        Reading::Refused(why) | Reading::NotABid(why) => {
            assert!(why.message.chars().count() + why.remedy.chars().count() < 280);
            assert!(!why.message.contains('@'));
        }
    }
});

/// What no accepted text has, whatever the grammar thinks of it.
fn check_plain(text: &str, reference: Reference) {
    assert!(reference != Reference::Repost);
    assert!(reference == Reference::Reply || text.to_ascii_lowercase().contains("@sothebais"));
    assert!(!text.contains(['?', '"', '`', '-', '~', '$', '%', '&', '<', '>', '*', '=', '\u{202e}', '\u{ad}', '\0']));
}
