//! `POST /2/tweets` and what else concerns single posts: lookup, deletion, repost.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::Parameters;
use super::ask::{json_body, post_id, user_id};
use super::timeline::missing;
use crate::auth::Caller;
use crate::emulator::{Answer, Ask, Core, Emulator, Request};
use crate::id::{PostId, UserId};
use crate::limits::Endpoint;
use crate::meter::Item;
use crate::problem::{BadParameter, Problem};
use crate::text;
use crate::view;
use crate::world::{Draft, Refused};

/// Ids that one lookup may name.
const MOST_IDS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Body {
    text: Option<String>,
    reply: Option<Reply>,
    quote_tweet_id: Option<PostId>,
    edit_options: Option<EditOptions>,
    #[serde(rename = "made_with_ai")]
    _made_with_ai: Option<bool>,
    #[serde(rename = "reply_settings")]
    _reply_settings: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    in_reply_to_tweet_id: PostId,
    #[serde(default, rename = "auto_populate_reply_metadata")]
    _auto_populate_reply_metadata: bool,
    #[serde(default, rename = "exclude_reply_user_ids")]
    _exclude_reply_user_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EditOptions {
    previous_post_id: PostId,
}

/// What the crowd's own client says of a recorded post in the `x-emulator-as` header; X has no such thing, and nobody
/// but the crowd is heard.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Recorded {
    id: Option<PostId>,
    made_at_ms: Option<i64>,
    repost_of: Option<PostId>,
    reply_to: Option<PostId>,
    quote_of: Option<PostId>,
    edits: Option<PostId>,
    hidden: usize,
}

/// Makes a post.
pub(super) async fn create(
    State(emulator): State<Arc<Emulator>>,
    ask: Ask,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    emulator.answer(Endpoint::CreatePost, &ask, |core, request| {
        let body: Body = json_body(&headers, &body)?;
        let draft = draft(core, request, body)?;
        let replied = draft.reply_to;
        let made = core.world.create(&draft, request.now_ms).map_err(|refused| problem_of(&refused))?;
        core.send(made.parcels);
        core.metrics.posted();
        let post = core.world.post(made.id).expect("a post that was just made is kept");
        if let Caller::House(_) = request.caller {
            let address = post.text.contains("https://") || post.text.contains("http://");
            let item = match (address, replied) {
                (true, _) => Item::PostCreateWithUrl,
                (false, Some(_)) => Item::SummonedReply,
                (false, None) => Item::PostCreate,
            };
            core.meter.add(item);
        }
        let body = json!({"data": {
            "id": made.id,
            "text": text::escape(&post.text),
            "edit_history_tweet_ids": core.world.versions(made.id),
        }});
        Ok(Answer { status: StatusCode::CREATED, body })
    })
}

fn draft(core: &Core, request: Request, body: Body) -> Result<Draft, Problem> {
    let author = own_account(core, request.caller)?;
    let recorded = match (request.caller, &request.ask.recorded) {
        (Caller::Person(_), Some(header)) => wire::json::read(header.as_bytes()).map_err(|error| {
            Problem::invalid_request(&[BadParameter::new("x-emulator-as", header, error.to_string())])
        })?,
        (Caller::Person(_) | Caller::House(_) | Caller::App, _) => Recorded::default(),
    };
    Ok(Draft {
        author,
        text: body.text.unwrap_or_default(),
        reply_to: body.reply.map(|r| r.in_reply_to_tweet_id).or(recorded.reply_to),
        quote: body.quote_tweet_id.or(recorded.quote_of),
        repost: recorded.repost_of,
        edits: body.edit_options.map(|e| e.previous_post_id).or(recorded.edits),
        id: recorded.id,
        made_at_ms: recorded.made_at_ms,
        hidden: recorded.hidden,
    })
}

fn problem_of(refused: &Refused) -> Problem {
    let bad = |name, message: &str| Problem::invalid_request(&[BadParameter::new(name, "", message)]);
    match refused {
        Refused::Empty => bad("text", "The `text` field is required unless media, a poll or a quote is given"),
        Refused::TooLong(weight) => Problem::forbidden(&format!(
            "Your Tweet text is too long ({weight} of {}). For more information on how Twitter determines text length \
             see https://github.com/twitter/twitter-text.",
            text::MOST_WEIGHT
        )),
        Refused::Duplicate => Problem::duplicate_post(),
        Refused::NoSuchPost(_) => Problem::forbidden(
            "You attempted to reply to, quote or edit a Tweet that is deleted or not visible to you.",
        ),
        Refused::NotSummoned => Problem::not_summoned(),
        Refused::Unsolicited | Refused::NotYours => Problem::forbidden("You are not permitted to perform this action."),
        Refused::NotEditable => Problem::forbidden("This Tweet is not editable."),
        Refused::NoSuchUser(_) => Problem::unauthorized(),
    }
}

/// Posts by their ids, with `errors` for those that are not there.
pub(super) async fn lookup(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::Posts, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        let ids = parameters.text("ids").unwrap_or_default();
        let wanted = parameters.wanted();
        let parsed: Vec<PostId> = ids.split(',').filter_map(|id| id.parse().ok()).collect();
        if parsed.is_empty() || parsed.len() != ids.split(',').count() || parsed.len() > MOST_IDS {
            parameters.complain("ids", ids, &format!("The `ids` query parameter value [{ids}] is not 1 to 100 ids"));
        }
        parameters.finish()?;
        bill(core, &parsed, request.now_ms);
        Ok(Answer::ok(view::posts(&core.world, &parsed, &wanted).into()))
    })
}

/// A post by its id.
pub(super) async fn by_id(State(emulator): State<Arc<Emulator>>, Path(id): Path<String>, ask: Ask) -> Response {
    emulator.answer(Endpoint::PostById, &ask, |core, request| {
        let post = post_id(&id)?;
        let mut parameters = Parameters::new(request.ask);
        let wanted = parameters.wanted();
        parameters.finish()?;
        let Some(found) = core.world.living(post) else { return Ok(missing("tweet", "id", &id)) };
        let mut body =
            serde_json::Map::from_iter([("data".to_owned(), view::post_object(&core.world, found, &wanted))]);
        view::insert_includes(&mut body, &core.world, &[found], &wanted);
        bill(core, &[post], request.now_ms);
        Ok(Answer::ok(body.into()))
    })
}

fn bill(core: &mut Core, ids: &[PostId], now_ms: i64) {
    let living: Vec<PostId> = ids.iter().copied().filter(|id| core.world.living(*id).is_some()).collect();
    for id in living {
        core.meter.read_post(id, Item::PostRead, now_ms);
    }
}

/// Deletes one's own post with all its versions.
pub(super) async fn delete(State(emulator): State<Arc<Emulator>>, Path(id): Path<String>, ask: Ask) -> Response {
    emulator.answer(Endpoint::DeletePost, &ask, |core, request| {
        let post = post_id(&id)?;
        let by = own_account(core, request.caller)?;
        match core.world.delete(post, by, request.now_ms) {
            Ok(parcels) => {
                core.send(parcels);
                if let Caller::House(_) = request.caller {
                    core.meter.add(Item::PostDelete);
                }
                Ok(Answer::ok(json!({"data": {"deleted": true}})))
            }
            Err(Refused::NoSuchPost(_)) => Ok(Answer::ok(json!({"data": {"deleted": false}}))),
            Err(refused) => Err(problem_of(&refused)),
        }
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepostBody {
    tweet_id: PostId,
}

/// Repeats somebody's post.
pub(super) async fn repost(
    State(emulator): State<Arc<Emulator>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    emulator.answer(Endpoint::Repost, &ask, |core, request| {
        let body: RepostBody = json_body(&headers, &body)?;
        let by = own_account(core, request.caller)?;
        if user_id(&id)? != by {
            return Err(Problem::forbidden("You are not permitted to perform this action."));
        }
        let original = core.world.living(body.tweet_id).map(|p| (p.author, p.text.clone()));
        let Some((first_author, text)) = original else {
            return Err(problem_of(&Refused::NoSuchPost(body.tweet_id)));
        };
        let handle = core.world.users.get(first_author).map_or_else(String::new, |u| u.handle.clone());
        let draft = Draft { repost: Some(body.tweet_id), ..Draft::plain(by, &format!("RT @{handle}: {text}")) };
        let made = core.world.create(&draft, request.now_ms).map_err(|refused| problem_of(&refused))?;
        core.send(made.parcels);
        Ok(Answer::ok(json!({"data": {"retweeted": true, "rest_id": made.id}})))
    })
}

/// The account behind a user token.
pub(super) fn own_account(core: &Core, caller: Caller) -> Result<UserId, Problem> {
    match caller {
        Caller::House(_) => Ok(core.world.house().id),
        Caller::Person(id) => Ok(id),
        Caller::App => Err(Problem::unauthorized()),
    }
}
