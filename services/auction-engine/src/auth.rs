//! Who is asking: bearer tokens, checked by `bootstrap::auth`, and what their roles allow here.

use std::sync::Arc;

use auction_core::BidderId;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use bootstrap::auth::{Claims, Rejected, Role};
use wire::{Problem, XId};

use crate::routes::{Api, Fault};

/// A caller whose token was issued to a bidder.
pub(crate) struct Bidder(pub(crate) BidderId);

/// A caller who may command auctions and keep the registry: an auctioneer or the owner.
pub(crate) struct Clerk(pub(crate) Arc<Claims>);

/// A caller who may change what should run.
pub(crate) struct Owner;

/// A caller who may read what is not public: the house's own people.
pub(crate) struct House;

impl FromRequestParts<Api> for Bidder {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        bidder(api, &parts.headers).await.map(Self)
    }
}

impl FromRequestParts<Api> for Clerk {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        with_role(api, &parts.headers, &[Role::Auctioneer, Role::Owner]).await.and_then(in_person).map(Self)
    }
}

impl FromRequestParts<Api> for Owner {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        with_role(api, &parts.headers, &[Role::Owner]).await.and_then(in_person).map(|_| Self)
    }
}

impl FromRequestParts<Api> for House {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        with_role(api, &parts.headers, &[Role::Auctioneer, Role::Owner, Role::Auditor]).await.map(|_| Self)
    }
}

/// The bidder that the request's token speaks for: its `x_id`, else the one registered for its subject.
pub(crate) async fn bidder(api: &Api, headers: &HeaderMap) -> Result<BidderId, Fault> {
    let claims = in_person(with_role(api, headers, &[Role::Bidder]).await?)?;
    let known: Option<BidderId> = match &claims.x_id {
        Some(x_id) => x_id.parse().ok().map(|XId(id)| id),
        // Boxed: the database's future is larger than the rest of a request.
        None => Box::pin(store::bidder::by_subject(&api.pool, &claims.sub)).await.map_err(Fault::database)?,
    };
    known.ok_or_else(|| {
        let remedy = "link an X account to this sign-in, or ask the house to register its subject";
        Problem::new(403, "BidderUnknown", "the token names no bidder", remedy).into()
    })
}

async fn with_role(api: &Api, headers: &HeaderMap, roles: &[Role]) -> Result<Arc<Claims>, Fault> {
    let claims = api.verifier.verify(bearer(headers)?).await.map_err(rejected)?;
    if roles.iter().any(|role| claims.roles.contains(role)) {
        return Ok(claims);
    }
    let names: Vec<String> = roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    let detail = format!("this needs the role {}", names.join(" or "));
    Err(Problem::new(403, "RoleMissing", detail, "sign in as somebody who has it").into())
}

/// Whoever looks at things as somebody else may not bid or command in that name.
fn in_person(claims: Arc<Claims>) -> Result<Arc<Claims>, Fault> {
    if claims.act.is_none() {
        return Ok(claims);
    }
    let detail = "the token was issued to somebody who acts as another person";
    Err(Problem::new(403, "Impersonation", detail, "sign in as yourself").into())
}

fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let missing = || {
        let remedy = "send Authorization: Bearer and the token";
        Fault::from(Problem::new(401, "TokenMissing", "the request carries no bearer token", remedy))
    };
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(missing()) }
}

fn rejected(why: Rejected) -> Fault {
    match why {
        Rejected::KeysUnavailable => {
            let remedy = "try again; the issuer's keys are asked for anew";
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE.as_u16(), why.code(), why.to_string(), remedy);
            Fault::busy(problem, std::time::Duration::from_secs(5))
        }
        Rejected::Malformed
        | Rejected::Critical
        | Rejected::ClaimMissing(_)
        | Rejected::ClaimInvalid(_, _)
        | Rejected::TooLong
        | Rejected::Algorithm
        | Rejected::UnknownKey
        | Rejected::Signature
        | Rejected::Expired
        | Rejected::NotYetValid
        | Rejected::Issuer
        | Rejected::Party
        | Rejected::Pending => {
            let remedy = "sign in again and send the new token";
            Problem::new(StatusCode::UNAUTHORIZED.as_u16(), why.code(), why.to_string(), remedy).into()
        }
    }
}
