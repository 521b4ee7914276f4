//! Who may change what runs: the owner, by a bearer token.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use bootstrap::auth::{Rejected, Role};
use wire::Problem;

use super::{Api, Fault};

/// A caller with the owner's role, in person.
pub(super) struct Owner;

impl FromRequestParts<Api> for Owner {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        let value = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = value.and_then(|value| value.split_once(' '));
        let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
            let remedy = "send Authorization: Bearer and the token";
            return Err(Problem::new(401, "TokenMissing", "the request carries no bearer token", remedy).into());
        };
        let claims = api.verifier.verify(token.trim()).await.map_err(rejected)?;
        if !claims.roles.contains(&Role::Owner) {
            let remedy = "sign in as somebody who has it";
            return Err(Problem::new(403, "RoleMissing", "this needs the role owner", remedy).into());
        }
        if claims.act.is_some() {
            let detail = "the token was issued to somebody who acts as another person";
            return Err(Problem::new(403, "Impersonation", detail, "sign in as yourself").into());
        }
        Ok(Self)
    }
}

fn rejected(why: Rejected) -> Fault {
    let status = if why == Rejected::KeysUnavailable { 503 } else { 401 };
    Problem::new(status, why.code(), why.to_string(), "send a new token").into()
}
