//! `GET /v1/auctions/{auction}/lots/{lot}/history`: the lot's rows in the journal, in the order of its chain.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::rest::{BidLine, Page};
use wire::socket::MAX_RANGE;

use super::body::{Asked, InLot};
use super::{Api, Fault, auction, lot as lots, problems};
use crate::history;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The last `lot_seq` of the page before; 0 for the beginning.
    #[serde(default)]
    after: u64,
    /// 1 to 500.
    limit: Option<u16>,
}

/// Lists what was asked of a lot and what was decided, refusals included.
#[utoipa::path(get, path = "/v1/auctions/{auction}/lots/{lot}/history", tag = "auctions",
    params(("auction" = String, Path), ("lot" = u32, Path), Cursor),
    responses(
        (status = 200, description = "A page of rows", body = Page<BidLine>),
        problems::Held,
        problems::Query,
        problems::Any,
    ))]
pub(super) async fn list(
    State(api): State<Api>,
    InLot { auction, lot }: InLot,
    Asked(cursor): Asked<Cursor>,
) -> Result<Json<Page<BidLine>>, Fault> {
    lots::find(&*auction::find(&api, &auction)?, lot)?;
    let limit = cursor.limit.unwrap_or(MAX_RANGE).clamp(1, MAX_RANGE);
    let shard = api.engine.standing().shard;
    let items =
        history::read(&api.public, &shard, (&auction, lot), cursor.after, limit).await.map_err(Fault::database)?;
    let next = items.last().filter(|_| items.len() == usize::from(limit)).map(|line| line.lot_seq.to_string());
    Ok(Json(Page { items, next }))
}

#[cfg(test)]
mod tests {
    use crate::testing::working_house;

    #[tokio::test]
    async fn strangers_who_take_every_connection_they_may_have_stop_no_bid() {
        let house = working_house(&testkit::postgres().await.unwrap(), "s1").await;
        house.open_show().await;
        let mut taken = Vec::new();
        while let Some(connection) = house.public.try_acquire() {
            taken.push(connection);
        }
        while taken.len() < 4 {
            taken.push(house.public.acquire().await.unwrap());
        }
        let history = house.get("/v1/auctions/spring/lots/1/history").await;
        assert_eq!((history.status, history.code()), (503, "DatabaseUnavailable"));
        let bid = house.bid(1, "k1", r#"{"lot":1,"kind":"next_bid"}"#).await;
        assert_eq!(bid.status, 200, "{}", bid.body);
    }
}
