//! `GET /v1/receipts/{source}/{key}`: the receipt of a command by the key that its asker gave it: a post's id, or the
//! `Idempotency-Key` of one's own web bid or clerk command.

use auction_core::SourceKind;
use axum::Json;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::HeaderMap;
use wire::rest::ReceiptBody;
use wire::{CommandKey, Problem};

use super::{Api, Fault, command, problems};
use crate::receipts::{self, Found, NoReceipt};
use crate::{auth, ws};

/// Shows a command's receipt.
#[utoipa::path(get, path = "/v1/receipts/{source}/{key}", tag = "receipts",
    params(("source" = String, Path, description = "post, web or clerk"), ("key" = String, Path)),
    responses(
        (status = 200, description = "The receipt", body = ReceiptBody),
        problems::Token,
        problems::Held,
        problems::Any,
    ))]
pub(super) async fn show(
    State(api): State<Api>,
    Path((source, key)): Path<(String, String)>,
    request: Request,
) -> Result<Json<ReceiptBody>, Fault> {
    // No command has such a key, and not every text is one for the database.
    let Ok(key) = CommandKey::new(key).map(CommandKey::into_string) else { return Err(unknown()) };
    let (mut parts, _body) = request.into_parts();
    let (kind, key) = match source.as_str() {
        "post" => (SourceKind::Post, key),
        "web" => (SourceKind::Web, ws::key_of(auth::bidder(&api, &parts.headers).await?, &key)),
        "clerk" => {
            let auth::Clerk(claims) = auth::Clerk::from_request_parts(&mut parts, &api).await?;
            (SourceKind::Clerk, command::key_of(&claims.sub, &key))
        }
        _ => return Err(Fault::not_found("UnknownSource", "commands come by post, web or clerk", "name one of them")),
    };
    let shard = api.engine.standing().shard;
    let found = receipts::by_key(&api.public, &shard, kind, &key).await.map_err(unavailable)?;
    hand_out(&api, &found, &parts.headers).await
}

/// Makes the receipt, unless it would tell somebody else's secret maximum.
pub(super) async fn hand_out(api: &Api, found: &Found, headers: &HeaderMap) -> Result<Json<ReceiptBody>, Fault> {
    if found.is_secret(&api.engine) {
        let bidder = auth::bidder(api, headers).await.map_err(|_| secret())?;
        if !found.entry.source().key.starts_with(&ws::key_of(bidder, "")) {
            return Err(secret());
        }
    }
    receipts::make(&api.engine, &api.public, found).await.map(Json).map_err(unavailable)
}

fn secret() -> Fault {
    let detail = "this receipt tells a maximum bid, which stays with its bidder until the lot is closed";
    Problem::new(403, "ReceiptSealed", detail, "ask again after the hammer, or with the bidder's own token").into()
}

pub(super) fn unknown() -> Fault {
    Fault::not_found("UnknownReceipt", "no row of the journal goes by this name", "see the lot's history for its rows")
}

pub(super) fn unavailable(why: NoReceipt) -> Fault {
    match why {
        NoReceipt::UnknownRow => unknown(),
        NoReceipt::NotRebuilt => {
            let remedy = "run sothebais verify, which recomputes the lot from its beginning";
            Problem::new(503, "ReceiptNotRebuilt", why.to_string(), remedy).into()
        }
        NoReceipt::Database(error) => Fault::database(error),
    }
}
