//! `GET /v1/receipt-keys`: addresses that receipts are signed under. Who trusts a receipt trusts one of these.

use alloy_primitives::Address;
use axum::Json;
use axum::extract::State;
use store::receipt_key::KeyStanding;
use wire::rest::{self, ReceiptKey};

use super::{Api, Fault, problems};

/// Lists the published receipt keys, oldest first.
#[utoipa::path(get, path = "/v1/receipt-keys", tag = "receipts",
    responses(
        (status = 200, description = "The keys, oldest first", body = Vec<ReceiptKey>),
        problems::Stored,
        problems::Any,
    ))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Vec<ReceiptKey>>, Fault> {
    let keys = store::receipt_key::list(&api.public).await.map_err(Fault::database)?;
    let key = |key: store::receipt_key::ReceiptKey| ReceiptKey {
        address: Address::new(key.address).to_string(),
        shard: key.shard,
        standing: match key.standing {
            KeyStanding::InUse => rest::KeyStanding::InUse,
            KeyStanding::Retired => rest::KeyStanding::Retired,
        },
    };
    Ok(Json(keys.into_iter().map(key).collect()))
}
