use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::*;

const LOT: Planned = Planned { open_ms: 30_000, pause_ms: 3_000, opening_milli: 100 };

/// A price as the engine writes it.
fn price(
    lot: u32,
    state: &str,
    price_wei: Option<&str>,
    min_next_wei: &str,
    ends_at: Option<&str>,
) -> serde_json::Value {
    json!({
        "auction": "spring", "lot": lot, "lot_id": format!("lot-{lot}"), "round": 1, "epoch": 1, "seq": 7, "lot_seq": 2,
        "state": state, "price_wei": price_wei, "min_next_wei": min_next_wei, "leader_paddle": null, "bids": 0,
        "ends_at": ends_at, "extensions": 0, "reserve": "none",
    })
}

fn snapshot(lots: &[serde_json::Value]) -> serde_json::Value {
    json!({"type": "snapshot", "auction": "spring", "epoch": 1, "seq": 7, "state": "live", "title": "Spring", "lots": lots})
}

fn delta(mut price: serde_json::Value) -> serde_json::Value {
    price["type"] = json!("delta");
    price
}

/// An engine that greets a viewer and waits for the subscription.
async fn greet(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    let hello = json!({
        "type": "hello", "protocol": 1, "shard": "spring", "epoch": 1, "auctions": ["spring"], "max_in_flight": 0,
        "ping_seconds": 20, "server_time": "2026-11-24T18:00:00.000Z",
    });
    say(&mut socket, hello).await;
    let asked = socket.next().await.unwrap().unwrap();
    assert_eq!(asked.to_text().unwrap(), r#"{"type":"subscribe","auction":"spring"}"#);
    socket
}

async fn say(socket: &mut WebSocketStream<TcpStream>, frame: serde_json::Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// What the board shows of a lot, once it shows this least next bid.
async fn until(board: &Board, lot: usize, least_milli: u128) -> LotView {
    let seen = async {
        loop {
            let view = board.lots(0)[lot - 1];
            if view.least_milli == Some(least_milli) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap()
}

#[test]
fn the_plan_lays_lots_one_after_the_other() {
    let lots = Board::new(vec![LOT; 2]).lots(1_000);
    assert_eq!((lots[0].opens_ms, lots[0].ends_ms), (4_000, 34_000));
    assert_eq!((lots[1].opens_ms, lots[1].ends_ms), (37_000, 67_000));
}

#[tokio::test]
async fn the_crowd_sees_the_engines_prices_and_ends_and_comes_back_after_a_loss() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1/ws", listener.local_addr().unwrap());
    let board = Board::new(vec![LOT; 2]);
    let stopping = CancellationToken::new();
    let following = board.clone().follow(url, "spring".to_owned(), stopping.clone());
    let engine = async {
        let upcoming = price(2, "upcoming", None, "100000000000000000", None);
        let mut socket = greet(&listener).await;
        let open = |price_wei, next| price(1, "open", price_wei, next, Some("2026-11-24T18:00:30.000Z"));
        say(&mut socket, snapshot(&[open(None, "100000000000000000"), upcoming.clone()])).await;
        let first = until(&board, 1, 100).await;
        let ends_ms = "2026-11-24T18:00:30Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        assert_eq!((first.opens_ms, first.ends_ms, first.price_milli), (ends_ms - 30_000, ends_ms, None));
        say(&mut socket, delta(open(Some("1200500000000000000"), "1300500000000000000"))).await;
        assert_eq!(until(&board, 1, 1_301).await.price_milli, Some(1_201), "rounded up to what people can bid");
        let moved =
            price(1, "open", Some("1400000000000000000"), "1500000000000000000", Some("2026-11-24T18:00:35.000Z"));
        say(&mut socket, delta(moved)).await;
        assert_eq!(until(&board, 1, 1_500).await.ends_ms, ends_ms + 5_000);
        assert_eq!(board.lots(0)[1].opens_ms, ends_ms + 8_000, "the lot after it moves with it");
        drop(socket);
        let mut socket = greet(&listener).await;
        let sold =
            price(1, "sold", Some("1600000000000000000"), "1700000000000000000", Some("2026-11-24T18:00:35.000Z"));
        say(&mut socket, snapshot(&[sold, upcoming])).await;
        until(&board, 1, 1_700).await;
        // An engine that speaks nonsense is left and asked again.
        say(&mut socket, json!({"type": "riddle"})).await;
        greet(&listener).await
    };
    tokio::select! {
        ended = following => panic!("the crowd looked away: {ended:?}"),
        _again = engine => stopping.cancel(),
    }
}
