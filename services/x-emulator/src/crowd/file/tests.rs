use super::*;

const START: i64 = 1_795_500_000_000;

fn one(line: &str) -> Recorded {
    read(line).unwrap().remove(0)
}

#[test]
fn the_short_form_takes_a_handle_or_an_id() {
    let by_handle = one(r#"{"author":"@Ada","text":"@sothebais bid 1 ETH","at":1500}"#);
    assert_eq!(by_handle.author, Person::of_handle("Ada"));
    assert_eq!(by_handle.when, When::FromStart(1500));
    let by_id = one(r#"{"author":"2080765813578191303","text":"hi","at":-5}"#);
    assert_eq!(by_id.author.id, UserId(2_080_765_813_578_191_303));
    assert_eq!(by_id.author, one(r#"{"author":2080765813578191303,"text":"hi","at":0}"#).author);
}

#[test]
fn bad_lines_are_listed_with_number_code_and_remedy() {
    let file = [
        r#"{"author":"ada","text":"ok","at":0}"#,
        "",
        "nonsense",
        "[1]",
        r#"{"text":"x","at":0}"#,
        r#"{"author":"not a handle","text":"x","at":0}"#,
        r#"{"author":"ada","text":" ","at":0}"#,
        r#"{"author":"ada","text":"x"}"#,
        r#"{"author":"ada","text":"x","at":1.5}"#,
        r#"{"author":"ada","text":"x","at":99999999999}"#,
        r#"{"id":12,"author_id":"1","text":"x"}"#,
        r#"{"id":"12","author_id":"1","text":"x","username":"ada"}"#,
    ]
    .join("\n");
    let bad = read(&file).unwrap_err();
    let codes: Vec<(usize, &str)> = bad.lines.iter().map(|b| (b.line, b.code)).collect();
    assert_eq!(
        codes,
        [
            (3, "not_json"),
            (4, "not_an_object"),
            (5, "unknown_form"),
            (6, "bad_author"),
            (7, "bad_text"),
            (8, "bad_at"),
            (9, "bad_at"),
            (10, "bad_at"),
            (11, "bad_id"),
            (12, "handle_of_another"),
        ]
    );
    assert!(bad.to_string().starts_with("10 of its lines cannot be played\n  line 3: "));
}

#[test]
fn a_report_lists_twenty_lines_and_counts_the_rest() {
    let bad = read(&"x\n".repeat(50)).unwrap_err();
    assert_eq!((bad.lines.len(), bad.count), (20, 50));
    assert!(bad.to_string().ends_with("and 30 more"));
}

#[test]
fn short_ids_are_minted_from_start_and_at_and_rise_in_the_files_order() {
    let file = "{\"author\":\"a\",\"text\":\"x\",\"at\":7}\n".repeat(5);
    let scheduled = schedule(&read(&file).unwrap(), START);
    assert!(scheduled.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert!(scheduled.iter().all(|s| s.at_ms == START + 7 && s.id.made_at_ms() == START + 7));
    assert_eq!(scheduled, schedule(&read(&file).unwrap(), START));
}

#[test]
fn an_old_recording_moves_as_a_whole_to_the_start() {
    let file = [
        r#"{"data":{"id":"1850000000000000000","author_id":"5","text":"a &lt; b"},"includes":{"users":[{"id":"5","username":"Eve"}]}}"#,
        r#"{"id":"1850000000400000001","author_id":"6","text":"b","referenced_tweets":[{"type":"replied_to","id":"1850000000000000000"}]}"#,
    ]
    .join("\n");
    let posts = read(&file).unwrap();
    assert_eq!((posts[0].author.handle.as_str(), posts[0].text.as_str()), ("Eve", "a < b"));
    let scheduled = schedule(&posts, START);
    assert_eq!(scheduled[0].at_ms, START);
    let gap = PostId(1_850_000_000_400_000_001).made_at_ms() - PostId(1_850_000_000_000_000_000).made_at_ms();
    assert_eq!(scheduled[1].at_ms, START + gap);
    assert_eq!(scheduled[1].points.reply_to, Some(scheduled[0].id));
}

#[test]
fn a_recording_of_the_show_itself_keeps_its_ids() {
    let id = Mint::default().mint(START + 3000);
    let file = format!(r#"{{"id":"{id}","author_id":"5","text":"a"}}"#);
    let scheduled = schedule(&read(&file).unwrap(), START);
    assert_eq!((scheduled[0].id, scheduled[0].at_ms), (PostId(id), START + 3000));
}

#[test]
fn the_same_id_twice_is_a_redelivery() {
    let line = r#"{"id":"1850000000000000000","author_id":"5","text":"a","at":10}"#;
    let again = r#"{"id":"1850000000000000000","author_id":"5","text":"a","at":500}"#;
    let scheduled = schedule(&read(&format!("{line}\n{again}")).unwrap(), START);
    assert_eq!(scheduled[0].id, scheduled[1].id);
    assert_eq!(scheduled[1].at_ms, START + 500);
}

#[test]
fn versions_of_an_edited_post_point_at_the_one_before() {
    let line = r#"{"id":"12","author_id":"5","text":"a","edit_history_tweet_ids":["11","12"]}"#;
    assert_eq!(one(line).points.edits, Some(PostId(11)));
}
