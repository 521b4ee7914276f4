//! `GET /v1/auctions/{auction}/lots/{lot}/receipts/{lot_seq}`: the signed receipt of one row of a lot's chain.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use wire::Problem;
use wire::rest::ReceiptBody;

use super::body::InLot;
use super::{Api, Fault, auction, lot as lots, problems, receipt};
use crate::receipts;

#[derive(serde::Deserialize)]
pub(super) struct Row {
    lot_seq: String,
}

/// Shows a row's receipt.
#[utoipa::path(get, path = "/v1/auctions/{auction}/lots/{lot}/receipts/{lot_seq}", tag = "receipts",
    params(("auction" = String, Path), ("lot" = u32, Path), ("lot_seq" = u64, Path)),
    responses(
        (status = 200, description = "The receipt", body = ReceiptBody),
        problems::Held,
        (status = 403, description = "It tells a maximum of somebody else that is still secret", content_type = "application/problem+json", body = Problem),
        problems::Any,
    ))]
pub(super) async fn show(
    State(api): State<Api>,
    InLot { auction, lot }: InLot,
    Path(Row { lot_seq }): Path<Row>,
    headers: HeaderMap,
) -> Result<Json<ReceiptBody>, Fault> {
    lots::find(&*auction::find(&api, &auction)?, lot)?;
    let lot_seq = lot_seq.parse().map_err(|_| receipt::unknown())?;
    let shard = api.engine.standing().shard;
    let found =
        receipts::by_lot_seq(&api.public, &shard, (&auction, lot), lot_seq).await.map_err(receipt::unavailable)?;
    receipt::hand_out(&api, &found, &headers).await
}
