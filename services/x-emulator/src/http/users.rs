//! `GET /2/users/me`, `/2/users/{id}` and `/2/users/by/username/{username}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::Parameters;
use super::ask::user_id;
use super::posts::own_account;
use super::timeline::missing;
use crate::emulator::{Answer, Ask, Core, Emulator, Request};
use crate::id::UserId;
use crate::limits::Endpoint;
use crate::problem::{BadParameter, Problem};
use crate::text::is_handle;
use crate::view;

/// The account whose token it is.
pub(super) async fn me(State(emulator): State<Arc<Emulator>>, ask: Ask) -> Response {
    emulator.answer(Endpoint::Me, &ask, |core, request| {
        let id = own_account(core, request.caller)?;
        found(core, request, Some(id), "id", &id.to_string())
    })
}

/// An account by its id.
pub(super) async fn by_id(State(emulator): State<Arc<Emulator>>, Path(id): Path<String>, ask: Ask) -> Response {
    emulator.answer(Endpoint::UserById, &ask, |core, request| {
        let user = user_id(&id)?;
        found(core, request, Some(user), "id", &id)
    })
}

/// An account by its handle.
pub(super) async fn by_name(State(emulator): State<Arc<Emulator>>, Path(name): Path<String>, ask: Ask) -> Response {
    emulator.answer(Endpoint::UserByName, &ask, |core, request| {
        if !is_handle(&name) {
            let message =
                format!("The `username` query parameter value [{name}] does not match ^[A-Za-z0-9_]{{1,15}}$");
            return Err(Problem::invalid_request(&[BadParameter::new("username", &name, message)]));
        }
        let id = core.world.users.by_handle(&name).map(|u| u.id);
        found(core, request, id, "username", &name)
    })
}

fn found(
    core: &mut Core,
    request: Request,
    id: Option<UserId>,
    parameter: &str,
    value: &str,
) -> Result<Answer, Problem> {
    let mut parameters = Parameters::new(request.ask);
    let wanted = parameters.wanted();
    parameters.finish()?;
    match id.and_then(|id| core.world.users.get(id)) {
        Some(user) => {
            core.meter.read_user(user.id, request.now_ms);
            Ok(Answer::ok(json!({"data": view::user_object(user, &wanted)})))
        }
        None => Ok(missing("user", parameter, value)),
    }
}
