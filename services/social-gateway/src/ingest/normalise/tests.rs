use auction_core::Handle;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_795_500_000_000);

fn house() -> House {
    House { id: 42, handle: Handle::new("SothebAIs").unwrap() }
}

fn read(object: &Value) -> NewPost {
    normalise(object, &Includes::default(), (Via::Activity, NOW), &house()).unwrap()
}

fn post(id: &str, fields: &Value) -> Value {
    let mut object =
        json!({"id": id, "text": "@SothebAIs bid 1.5 ETH", "author_id": "7", "edit_history_tweet_ids": [id]});
    for (name, value) in fields.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

#[test]
fn a_plain_post_keeps_its_words_and_its_ids() {
    let read = read(&post("1800000000000000001", &json!({})));
    assert_eq!(
        (read.id, read.latest_id, read.author),
        (1_800_000_000_000_000_001, 1_800_000_000_000_000_001, BidderId(7))
    );
    assert_eq!(read.text, "@SothebAIs bid 1.5 ETH");
    assert_eq!(read.reference, Reference::None);
    assert_eq!(read.created_at, Timestamp::of_post(1_800_000_000_000_000_001));
}

#[test]
fn ids_beyond_the_precision_of_floats_stay_exact() {
    let odd = json!({"id": 9_007_199_254_740_993_u64, "text": "x", "author_id": 9_007_199_254_740_995_u64});
    let read = read(&odd);
    assert_eq!((read.id, read.author), (9_007_199_254_740_993, BidderId(9_007_199_254_740_995)));
    assert!(read.raw.to_string().contains("9007199254740993"));
}

#[test]
fn an_edit_is_known_by_its_first_id_and_timed_by_its_own() {
    let (first, edit) = (1_800_000_000_000_000_000_u64, 1_800_000_900_000_000_000_u64);
    let read =
        read(&post(&edit.to_string(), &json!({"edit_history_tweet_ids": [first.to_string(), edit.to_string()]})));
    assert_eq!((read.id, read.latest_id), (first, edit));
    assert_eq!(read.created_at, Timestamp::of_post(edit));
    assert!(read.created_at > Timestamp::of_post(first));
}

#[test]
fn the_first_of_the_history_is_the_key_even_if_its_number_is_larger() {
    let read = read(&post("100", &json!({"edit_history_tweet_ids": ["101", "100"]})));
    assert_eq!((read.id, read.latest_id), (101, 100));
}

#[test]
fn a_long_post_is_read_whole() {
    let long = format!("@SothebAIs bid 2 ETH {}", "please ".repeat(60));
    let read = read(&post("5", &json!({"text": "@SothebAIs bid 2…", "note_tweet": {"text": long}})));
    assert_eq!(read.text, long);
}

#[test]
fn references_are_told_apart_and_a_quoting_reply_is_a_quote() {
    let of = |kinds: &[&str]| {
        let references: Vec<_> = kinds.iter().map(|kind| json!({"type": kind, "id": "1"})).collect();
        read(&post("5", &json!({"referenced_tweets": references}))).reference
    };
    assert_eq!(of(&["replied_to"]), Reference::Reply);
    assert_eq!(of(&["quoted"]), Reference::Quote);
    assert_eq!(of(&["replied_to", "quoted"]), Reference::Quote);
    assert_eq!(of(&["retweeted"]), Reference::Repost);
    assert_eq!(of(&["something_new"]), Reference::None);
}

#[test]
fn names_that_x_puts_before_a_direct_reply_stand_for_the_house_alone() {
    let reply = json!({
        "text": "@alice @sothebais bid 2 ETH", "in_reply_to_user_id": "42", "display_text_range": [18, 27],
        "referenced_tweets": [{"type": "replied_to", "id": "1"}],
    });
    assert_eq!(read(&post("5", &reply)).text, "@sothebais bid 2 ETH");
}

#[test]
fn a_reply_to_somebody_else_stays_whole() {
    let reply = json!({
        "text": "@alice @sothebais bid 2 ETH", "in_reply_to_user_id": "43", "display_text_range": [18, 27],
        "referenced_tweets": [{"type": "replied_to", "id": "1"}],
    });
    assert_eq!(read(&post("5", &reply)).text, "@alice @sothebais bid 2 ETH");
}

#[test]
fn a_range_that_hides_words_is_not_believed() {
    let reply = json!({
        "text": "not bid 2 ETH", "in_reply_to_user_id": "42", "display_text_range": [4, 13],
        "referenced_tweets": [{"type": "replied_to", "id": "1"}],
    });
    assert_eq!(read(&post("5", &reply)).text, "not bid 2 ETH");
    let within_a_name = json!({"text": "@sothebais bid", "in_reply_to_user_id": "42", "display_text_range": [3, 14]});
    assert_eq!(read(&post("5", &within_a_name)).text, "@sothebais bid");
    let beyond = json!({"text": "@sothebais", "in_reply_to_user_id": "42", "display_text_range": [999, 1000]});
    assert_eq!(read(&post("5", &beyond)).text, "@sothebais ");
}

#[test]
fn ranges_count_code_points_not_bytes() {
    let reply = json!({
        "text": "@sothebais ébid", "in_reply_to_user_id": "42", "display_text_range": [11, 15],
        "referenced_tweets": [{"type": "replied_to", "id": "1"}],
    });
    assert_eq!(read(&post("5", &reply)).text, "@sothebais ébid");
}

#[test]
fn the_authors_handle_comes_from_the_expansions() {
    let includes: Includes =
        serde_json::from_value(json!({"users": [{"id": "8", "username": "b"}, {"id": "7", "username": "Ann"}]}))
            .unwrap();
    let read = normalise(&post("5", &json!({})), &includes, (Via::Filtered, NOW), &house()).unwrap();
    assert_eq!(read.author_handle, Some(Handle::new("Ann").unwrap()));
}

#[test]
fn what_cannot_be_a_bid_is_told_apart() {
    let read = |object: &Value| normalise(object, &Includes::default(), (Via::Activity, NOW), &house());
    assert!(matches!(read(&json!({"id": "5", "text": "x"})), Err(NotStored::NoAuthor(5))));
    assert!(matches!(read(&post("5", &json!({"author_id": "42"}))), Err(NotStored::Own(5))));
    assert!(matches!(read(&json!({"text": "x"})), Err(NotStored::NotAPost(_))));
    assert!(matches!(read(&post("5", &json!({"author_id": 1.5}))), Err(NotStored::NotAPost(_))));
}

#[test]
fn what_x_escapes_is_read_as_it_was_written() {
    let text = |text: &str| read(&post("5", &json!({"text": text}))).text;
    assert_eq!(text("@SothebAIs bid 2 ETH &lt;3 R&amp;D -&gt;"), "@SothebAIs bid 2 ETH <3 R&D ->");
    // Somebody who writes an escape means the escape.
    assert_eq!(text("a &amp;lt; b &amp;amp; c"), "a &lt; b &amp; c");
    assert_eq!(text("&quot; &copy; &#60; & x"), "&quot; &copy; &#60; & x");
    let long = json!({"text": "x", "note_tweet": {"text": "@SothebAIs bid 2 ETH &amp; more"}});
    assert_eq!(read(&post("5", &long)).text, "@SothebAIs bid 2 ETH & more");
    let reply = json!({
        "text": "@alice @sothebais bid 2 ETH &lt;3", "in_reply_to_user_id": "42", "display_text_range": [18, 33],
        "referenced_tweets": [{"type": "replied_to", "id": "1"}],
    });
    assert_eq!(read(&post("5", &reply)).text, "@sothebais bid 2 ETH <3");
}

#[test]
fn nul_characters_do_not_reach_the_database() {
    let read = read(&post("5", &json!({"text": "a\u{0}b", "source": "x\u{0}"})));
    assert_eq!(read.text, "a\u{fffd}b");
    assert!(!read.raw.to_string().contains("\\u0000"));
}

#[test]
fn a_name_that_is_no_handle_is_left_out() {
    for name in ["", "a handle of the old days", "sixteen_letters_", "nul\u{0}", "Ann\u{202e}"] {
        let includes = Includes { users: vec![serde_json::from_value(json!({"id": "7", "username": name})).unwrap()] };
        let read = normalise(&post("5", &json!({})), &includes, (Via::Filtered, NOW), &house()).unwrap();
        assert_eq!(read.author_handle, None, "{name}");
    }
}

#[test]
fn a_hidden_word_of_any_alphabet_is_only_a_word() {
    let reply = json!({"text": "x", "note_tweet": {"text": "Ξ2 @sothebais bid 2 ETH"}, "in_reply_to_user_id": "42",
        "display_text_range": [2, 23], "referenced_tweets": [{"type": "replied_to", "id": "1"}]});
    assert_eq!(read(&post("5", &reply)).text, "Ξ2 @sothebais bid 2 ETH");
}

proptest::proptest! {
    #[test]
    fn no_text_and_no_range_is_too_odd(
        text in "[@ a-cΞé🎩\u{0}\n&;]{0,12}(@sothebais)?.{0,12}",
        range in proptest::option::of((0_usize..30, 0_usize..30)),
        to_the_house: bool,
    ) {
        let to = if to_the_house { "42" } else { "43" };
        let reply = json!({"text": text, "in_reply_to_user_id": to, "display_text_range": range});
        let read = read(&post("5", &reply)).text;
        // Nothing is made up but the house's own name.
        let spoken = read.strip_prefix("@sothebais ").unwrap_or(&read);
        let whole = without_nul(&unescaped(&text));
        proptest::prop_assert!(whole.ends_with(spoken) || whole == read, "{read}");
    }
}
