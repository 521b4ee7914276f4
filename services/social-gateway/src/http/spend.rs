//! `GET /v1/spend`: what the show has cost on X, and where the breaker stands.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use wire::Problem;

use super::fault::Fault;
use super::house::House;
use super::{Api, Running, time};
use crate::spend::{Item, Level, Prices};

#[derive(Serialize, ToSchema)]
pub(super) struct Spend {
    handle: String,
    show: String,
    price_list: String,
    spent_micros: u64,
    ceiling_micros: Option<u64>,
    micros_per_hour: u64,
    /// When the ceiling is reached at the present pace.
    reaches_ceiling_at: Option<String>,
    level: &'static str,
    items: Vec<SpendItem>,
}

#[derive(Serialize, ToSchema)]
struct SpendItem {
    item: &'static str,
    units: u64,
    micros: u64,
    unit_micros: u64,
}

/// Shows what the show has cost on X, by X's price list. For owner, auctioneer and auditor.
#[utoipa::path(get, path = "/v1/spend", tag = "operation", security(("bearer" = [])), responses(
    (status = 200, body = Spend),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`TokenMissing`, `Token…`"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`RoleMissing`"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "`Starting`, `KeysUnavailable`"),
))]
pub(super) async fn show(_: House, State(api): State<Api>) -> Result<Json<Spend>, Fault> {
    let Running { ledger, .. } = api.running.get().ok_or_else(Fault::starting)?;
    let (reading, reaches) = ledger.read();
    let prices = Prices::current();
    let account = ledger.account();
    let item = |(item, (units, micros)): (&Item, &(u64, u64))| SpendItem {
        item: item.as_str(),
        units: *units,
        micros: *micros,
        unit_micros: prices.of(*item),
    };
    Ok(Json(Spend {
        handle: account.handle.to_string(),
        show: account.show.clone(),
        price_list: prices.version.clone(),
        spent_micros: reading.total_micros,
        ceiling_micros: account.ceiling,
        micros_per_hour: reading.micros_per_hour,
        reaches_ceiling_at: reaches.and_then(time),
        level: Level::of(reading.total_micros, account.ceiling).as_str(),
        items: reading.items.iter().map(item).collect(),
    }))
}
