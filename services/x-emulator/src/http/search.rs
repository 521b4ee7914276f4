//! `GET /2/tweets/search/recent`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::Parameters;
use super::timeline::{list, window};
use crate::emulator::{Answer, Ask, Emulator};
use crate::limits::Endpoint;
use crate::meter::Item;
use crate::problem::{BadParameter, Problem};
use crate::rule::{LONGEST_QUERY, read};

/// Recent search reaches back this far.
const REACH_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Posts that match a query, newest first.
pub(super) async fn recent(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::SearchRecent, &ask, |core, request| {
        let mut parameters = Parameters::new(request.ask);
        let query = parameters.text("query");
        let mut window = window(&mut parameters, &["next_token", "pagination_token"], 10..=100);
        parameters.text("sort_order");
        let wanted = parameters.wanted();
        if query.is_none() {
            parameters.complain("query", "", "The `query` query parameter can not be empty");
        }
        parameters.finish()?;
        let query = query.unwrap_or_default();
        let clause = read(query, LONGEST_QUERY).map_err(|unreadable| {
            Problem::invalid_request(&[BadParameter::new("query", query, unreadable.to_string())])
        })?;
        let earliest = request.now_ms - REACH_MS;
        window.start_ms = Some(window.start_ms.map_or(earliest, |start| start.max(earliest)));
        let page = core.world.search(&clause, &window, request.now_ms);
        Ok(Answer::ok(list(core, &page, &wanted, "next_token", Item::PostRead, request.now_ms)))
    })
}
