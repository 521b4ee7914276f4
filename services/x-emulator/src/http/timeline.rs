//! `GET /2/users/{id}/mentions`, and what it shares with recent search: windows, page tokens, `meta`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::Parameters;
use super::ask::user_id;
use crate::auth::Caller;
use crate::emulator::{Answer, Ask, Core, Emulator};
use crate::id::PostId;
use crate::limits::Endpoint;
use crate::meter::Item;
use crate::problem::not_found;
use crate::view::{self, Wanted};
use crate::world::{Page, Window};

/// What page tokens begin with, so that no post's id is taken for one.
const TOKEN: &str = "7140dibdnow9c7btw";

/// The mentions of a user, newest first, of the 800 newest.
pub(super) async fn mentions(State(emulator): State<Arc<Emulator>>, Path(id): Path<String>, ask: Ask) -> Response {
    emulator.answer(Endpoint::Mentions, &ask, |core, request| {
        let user = user_id(&id)?;
        let mut parameters = Parameters::new(request.ask);
        let window = window(&mut parameters, &["pagination_token"], 5..=100);
        let wanted = parameters.wanted();
        parameters.finish()?;
        if core.world.users.get(user).is_none() {
            return Ok(missing("user", "id", &id));
        }
        let page = core.world.mentions(user, &window, request.now_ms);
        let own = matches!(request.caller, Caller::House(_)) && user == core.world.house().id;
        let item = if own { Item::OwnedRead } else { Item::PostRead };
        Ok(Answer::ok(list(core, &page, &wanted, "next_token", item, request.now_ms)))
    })
}

/// Reads the window of a list: times, ids, page size and page token.
pub(super) fn window(
    parameters: &mut Parameters,
    tokens: &[&'static str],
    sizes: std::ops::RangeInclusive<usize>,
) -> Window {
    let (mut below, mut unread) = (None, Vec::new());
    for name in tokens {
        if let Some(token) = parameters.text(name) {
            below = token.strip_prefix(TOKEN).and_then(|t| u64::from_str_radix(t, 36).ok()).map(PostId);
            if below.is_none() {
                unread.push((*name, token.to_owned()));
            }
        }
    }
    for (name, token) in unread {
        parameters.complain(name, &token, &format!("The `{name}` query parameter value [{token}] is not valid"));
    }
    Window {
        since: parameters.post("since_id"),
        until: parameters.post("until_id"),
        start_ms: parameters.time("start_time"),
        end_ms: parameters.time("end_time"),
        page: parameters.number("max_results", sizes).unwrap_or(10),
        below,
    }
}

/// A page as X answers it.
pub(super) fn list(core: &mut Core, page: &Page, wanted: &Wanted, next: &str, item: Item, now_ms: i64) -> Value {
    for id in &page.posts {
        core.meter.read_post(*id, item, now_ms);
    }
    let mut meta = json!({"result_count": page.posts.len()});
    if let (Some(newest), Some(oldest)) = (page.posts.first(), page.posts.last()) {
        meta["newest_id"] = json!(newest);
        meta["oldest_id"] = json!(oldest);
        if page.more {
            meta[next] = json!(format!("{TOKEN}{}", base36(oldest.0)));
        }
    }
    let mut body = Value::Object(view::posts(&core.world, &page.posts, wanted));
    body["meta"] = meta;
    body
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        let digit = u32::try_from(number % 36).expect("a remainder by 36");
        digits.push(char::from_digit(digit, 36).expect("a digit below 36"));
        number /= 36;
    }
    digits.iter().rev().collect()
}

/// X answers a path whose resource does not exist with 200 and `errors`.
pub(super) fn missing(resource: &str, parameter: &str, value: &str) -> Answer {
    Answer::ok(json!({"errors": [not_found(resource, parameter, value)]}))
}
