//! Ends that no clock brings about.

use auction_core::command::Clerk;
use auction_core::{Action, Command, LotNumber, Source, SourceKind};

use super::house::{House, now, sale};
use crate::engine::AuctionState;

#[tokio::test]
async fn an_auction_whose_last_lot_is_withdrawn_completes_at_once() {
    let house = House::open().await;
    let source = Source { kind: SourceKind::Clerk, key: "withdraw".to_owned() };
    let clerk = Clerk::WithdrawLot { lot: LotNumber(1), reason: "the seller has changed his mind".to_owned() };
    let action = Action::Clerk { auction: sale(), clerk };
    house.submit(Command { source, at: now(), action, trace: None }).await.unwrap();
    house.until(|engine| engine.view(&sale()).is_some_and(|view| view.state == AuctionState::Completed)).await;
    house.close().await;
}
