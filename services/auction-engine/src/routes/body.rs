//! Reads what a request carries: JSON bodies, path names, queries, idempotency keys, trace contexts. Each error names the
//! place.

use auction_core::{AuctionId, LotNumber, TraceContext};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wire::json::BadJson;
use wire::problem;
use wire::{CommandKey, Problem};

use super::{Api, Fault};

/// A JSON body that was read whole.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Fault> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = format!("the body is \"{}\"", kind.chars().take(80).collect::<String>());
            return Err(Problem::new(415, "NotJson", detail, "send Content-Type: application/json").into());
        }
        let bytes = raw(request, api).await?;
        read(&bytes).map(Self)
    }
}

/// The bytes of a body within the route's limit.
pub(crate) async fn raw(request: Request, api: &Api) -> Result<Bytes, Fault> {
    Bytes::from_request(request, api).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(413, "BodyTooLarge", "the body is longer than this route takes", "send less at once").into()
        } else {
            Problem::new(400, "BodyUnreadable", "the body could not be read to its end", "send it again").into()
        }
    })
}

/// Reads one JSON object; a wrong field is named by a JSON pointer.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    wire::json::read(bytes).map_err(|bad| match bad {
        BadJson::Malformed(detail) => Problem::new(400, "MalformedJson", detail, "send one JSON object").into(),
        BadJson::Wrong { at, problem } => {
            let remedy = "correct the field that is named; unknown fields are not allowed";
            let wrong =
                problem::Fault { at, code: "InvalidField".into(), detail: problem.clone(), remedy: remedy.into() };
            Problem::new(422, "InvalidField", problem, remedy).with_errors(vec![wrong]).into()
        }
    })
}

/// The auction that the path names.
pub(crate) struct InAuction(pub(crate) AuctionId);

/// The lot that the path names.
pub(crate) struct InLot {
    pub(crate) auction: AuctionId,
    pub(crate) lot: LotNumber,
}

#[derive(Deserialize)]
struct Names {
    auction: String,
    lot: Option<String>,
}

async fn names(parts: &mut Parts, api: &Api) -> Result<(AuctionId, Option<String>), Fault> {
    let Path(Names { auction, lot }) = Path::<Names>::from_request_parts(parts, api)
        .await
        .map_err(|_| Fault::not_found("PathInvalid", "the path cannot be read", "see /v1/openapi.json"))?;
    let auction = AuctionId::new(&auction)
        .map_err(|error| Fault::not_found("UnknownAuction", error.to_string(), "see /v1/auctions for the names"))?;
    Ok((auction, lot))
}

impl FromRequestParts<Api> for InAuction {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        names(parts, api).await.map(|(auction, _)| Self(auction))
    }
}

impl FromRequestParts<Api> for InLot {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        let (auction, lot) = names(parts, api).await?;
        let lot = lot.unwrap_or_default().parse().map_err(|error: auction_core::id::BadId| {
            Fault::not_found("UnknownLot", error.to_string(), "use the lot's number in its auction's catalogue, from 1")
        })?;
        Ok(Self { auction, lot })
    }
}

/// A query that was read whole.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Asked<T> {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Fault> {
        let Query(query) = Query::<T>::from_request_parts(parts, api).await.map_err(|rejection| {
            let detail: String = rejection.body_text().chars().take(300).collect();
            Fault::from(Problem::new(422, "InvalidQuery", detail, "correct the parameter that is named"))
        })?;
        Ok(Self(query))
    }
}

/// The client's own key of a command, from the header `Idempotency-Key`.
pub(crate) struct IdempotencyKey(pub(crate) String);

impl FromRequestParts<Api> for IdempotencyKey {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Fault> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            let remedy = "send a key of your own that no other command has, such as a UUID; repeat it when you retry";
            return Err(Problem::new(400, "IdempotencyKeyMissing", "Idempotency-Key is missing", remedy).into());
        };
        if parts.headers.get_all("idempotency-key").iter().nth(1).is_some() {
            let detail = "Idempotency-Key is there more than once";
            return Err(Problem::new(400, "IdempotencyKeyInvalid", detail, "send one key").into());
        }
        // The IETF draft writes a quoted string; many clients send the bare key.
        let key = value.to_str().unwrap_or_default().trim_matches('"');
        let key = CommandKey::new(key).map_err(|bad| {
            Problem::new(400, "IdempotencyKeyInvalid", format!("Idempotency-Key: {bad}"), "send a shorter, plainer key")
        })?;
        Ok(Self(key.into_string()))
    }
}

/// The trace that the request belongs to (W3C `traceparent`); a header that cannot be read is no error.
pub(crate) struct Trace(pub(crate) Option<TraceContext>);

impl FromRequestParts<Api> for Trace {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Fault> {
        let header = parts.headers.get("traceparent").and_then(|value| value.to_str().ok());
        Ok(Self(header.and_then(|text| text.parse().ok())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named_by_a_pointer() {
        let fault = read::<wire::rest::SpecRequest>(br#"{"generation":"x","auctions":[]}"#).err().unwrap();
        assert_eq!((fault.problem.status, fault.problem.errors[0].at.as_str()), (422, "/generation"));
        let fault = read::<wire::rest::BidRequest>(br#"{"kind":"bid","amount_wei":1}"#).err().unwrap();
        assert_eq!((fault.problem.code.as_str(), fault.problem.errors[0].at.as_str()), ("InvalidField", "/amount_wei"));
        let fault = read::<wire::rest::BidRequest>(b"{").err().unwrap();
        assert_eq!((fault.problem.status, fault.problem.code.as_str()), (400, "MalformedJson"));
        assert!(read::<wire::rest::BidRequest>(br#"{"kind":"next_bid"} x"#).is_err());
        let fault = read::<wire::rest::BidRequest>(br#"[2,"bid","100000000000000000"]"#).err().unwrap();
        assert_eq!((fault.problem.status, fault.problem.code.as_str()), (422, "InvalidField"));
    }
}
