//! Who is asking: a bearer token with one of the house's roles, as the engine asks for what is not public.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use bootstrap::auth::{Rejected, Role};
use wire::Problem;

use super::Api;
use super::fault::Fault;

/// Whoever may read what is not public.
const ROLES: [Role; 3] = [Role::Auctioneer, Role::Owner, Role::Auditor];
/// Seconds until the issuer's keys may be asked for again.
const KEYS_RETRY_AFTER: u32 = 5;

/// A caller of the house's own people.
pub(super) struct House;

impl FromRequestParts<Api> for House {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        let claims = api.verifier.verify(bearer(&parts.headers)?).await.map_err(rejected)?;
        if ROLES.iter().any(|role| claims.roles.contains(role)) {
            return Ok(Self);
        }
        let detail = "this needs the role auctioneer, owner or auditor";
        Err(Problem::new(403, "RoleMissing", detail, "sign in as somebody who has it").into())
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).ok_or_else(|| {
        let remedy = "send Authorization: Bearer and the token";
        Problem::new(401, "TokenMissing", "the request carries no bearer token", remedy).into()
    })
}

fn rejected(why: Rejected) -> Fault {
    if why == Rejected::KeysUnavailable {
        let status = StatusCode::SERVICE_UNAVAILABLE.as_u16();
        let remedy = "try again; the issuer's keys are asked for anew";
        return Fault::later(Problem::new(status, why.code(), why.to_string(), remedy), KEYS_RETRY_AFTER);
    }
    let status = StatusCode::UNAUTHORIZED.as_u16();
    Problem::new(status, why.code(), why.to_string(), "sign in again and send the new token").into()
}
