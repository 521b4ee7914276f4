//! A line of a stream as what it tells. Pure. Unknown kinds of messages are let pass: X adds new ones at any time.

use auction_core::BidderId;
use serde::Deserialize;
use serde_json::Value;

use crate::x::model::{DeletedPost, Includes, XId};
use crate::x::problem::{Problem, partial_errors};

/// What one line tells.
#[derive(Debug)]
pub struct Told {
    pub news: News,
    /// The problems in the same line; a fatal one is followed by the end of the stream.
    pub problems: Vec<Problem>,
}

/// The news in a line.
#[derive(Debug)]
pub enum News {
    Post {
        object: Value,
        includes: Includes,
    },
    Deleted {
        post: u64,
    },
    Renamed {
        bidder: BidderId,
        handle: String,
    },
    /// Nothing that we asked for.
    None,
}

/// A line that is not what X documents.
#[derive(Debug, thiserror::Error)]
#[error("the line is not a message of x's")]
pub struct NotAMessage(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Activity {
    event_type: String,
    filter: Option<Filter>,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    includes: Includes,
}

#[derive(Deserialize)]
struct Filter {
    user_id: Option<XId>,
}

#[derive(Deserialize)]
struct Renaming {
    after: String,
}

/// Reads a line of the activity stream.
pub fn activity(line: &[u8]) -> Result<Told, NotAMessage> {
    let mut message: Value = serde_json::from_slice(line)?;
    let problems = partial_errors(&message);
    let data = message.get_mut("data").map(Value::take).filter(|data| !data.is_null());
    let Some(data) = data else { return Ok(Told { news: News::None, problems }) };
    let event = Activity::deserialize(data)?;
    let news = match event.event_type.as_str() {
        "post.mention.create" | "post.reply.create" | "post.quote.create" => {
            News::Post { object: event.payload, includes: event.includes }
        }
        "post.delete" => News::Deleted { post: DeletedPost::deserialize(event.payload)?.id.0 },
        "profile.update.handle" => match event.filter.and_then(|filter| filter.user_id) {
            Some(user) => {
                News::Renamed { bidder: BidderId(user.0), handle: Renaming::deserialize(event.payload)?.after }
            }
            None => News::None,
        },
        _ => News::None,
    };
    Ok(Told { news, problems })
}

/// Reads a line of the filtered stream.
pub fn filtered(line: &[u8]) -> Result<Told, NotAMessage> {
    let mut message: Value = serde_json::from_slice(line)?;
    let problems = partial_errors(&message);
    let includes = message.get_mut("includes").map(Value::take);
    let includes = includes.map(Includes::deserialize).transpose()?.unwrap_or_default();
    let news = match message.get_mut("data").map(Value::take) {
        Some(object @ Value::Object(_)) => News::Post { object, includes },
        Some(_) | None => News::None,
    };
    Ok(Told { news, problems })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x::Code;

    #[test]
    fn activity_events_are_read_as_documented() {
        let mention = br#"{"data":{"event_uuid":"2080765813578191303","filter":{"user_id":"42"},"event_type":"post.mention.create","tag":"mentions","payload":{"id":"9","text":"hey @x","author_id":"7"},"includes":{"users":[{"id":"7","username":"a"}]}}}"#;
        let told = activity(mention).unwrap();
        assert!(
            matches!(told.news, News::Post { object, includes } if object["id"] == "9" && includes.users.len() == 1)
        );

        let delete = br#"{"data":{"event_uuid":"-2781149976877970683","filter":{"user_id":"7"},"event_type":"post.delete","payload":{"id":"9","author_id":"7"},"includes":{"users":[{"data":{"id":"7","username":"a"}}]}}}"#;
        assert!(matches!(activity(delete).unwrap().news, News::Deleted { post: 9 }));

        let rename = br#"{"data":{"filter":{"user_id":"7"},"event_type":"profile.update.handle","payload":{"before":"a","after":"b"}}}"#;
        assert!(
            matches!(activity(rename).unwrap().news, News::Renamed { bidder: BidderId(7), handle } if handle == "b")
        );
    }

    #[test]
    fn what_x_leaves_out_costs_neither_a_post_nor_a_deletion() {
        let mention = br#"{"data":{"filter":null,"event_type":"post.mention.create","payload":{"id":"9","text":"t"},"includes":null,"new":{}}}"#;
        assert!(matches!(activity(mention).unwrap().news, News::Post { .. }));
        let delete = br#"{"data":{"event_type":"post.delete","payload":{"id":"9"}}}"#;
        assert!(matches!(activity(delete).unwrap().news, News::Deleted { post: 9 }));
        let post = br#"{"data":{"id":"9","text":"t"},"includes":null,"errors":null}"#;
        assert!(matches!(filtered(post).unwrap().news, News::Post { .. }));
        let rename = br#"{"data":{"event_type":"profile.update.handle","payload":{"after":"b"}}}"#;
        assert!(matches!(activity(rename).unwrap().news, News::None));
    }

    #[test]
    fn unknown_events_pass_and_nonsense_does_not() {
        assert!(matches!(activity(br#"{"data":{"event_type":"like.create","payload":{}}}"#).unwrap().news, News::None));
        assert!(matches!(filtered(br#"{"something":"new"}"#).unwrap().news, News::None));
        assert!(matches!(filtered(br#"{"data":null}"#).unwrap().news, News::None));
        assert!(matches!(activity(br#"{"data":null}"#).unwrap().news, News::None));
        assert!(activity(b"<html>").is_err());
        assert!(filtered(b"{\"data\":").is_err());
    }

    #[test]
    fn a_post_and_a_problem_in_one_line_are_both_seen() {
        let line = br#"{"data":{"id":"9","text":"t"},"matching_rules":[{"id":"1","tag":"x"}],"errors":[{"resource_id":"4","title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}]}"#;
        let told = filtered(line).unwrap();
        assert!(matches!(told.news, News::Post { .. }));
        assert_eq!(told.problems[0].code, Code::NotFound);
    }

    #[test]
    fn a_disconnect_in_the_stream_is_a_problem_without_news() {
        let line = br#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.x.com/2/problems/operational-disconnect"}]}"#;
        let told = filtered(line).unwrap();
        assert!(matches!(told.news, News::None));
        assert_eq!(told.problems[0].code, Code::OperationalDisconnect);
    }
}
