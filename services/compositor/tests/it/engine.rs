//! An engine's doors as a viewer meets them: the real wire types, and a price that the test sets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use bootstrap::lifecycle::Lifecycle;
use serde_json::{Value, json};
use tokio::sync::watch;

/// Its prices, and who is told of them.
pub(crate) struct Engine {
    pub(crate) address: SocketAddr,
    price: Arc<watch::Sender<Value>>,
    _life: Lifecycle,
}

impl Engine {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let price = Arc::new(watch::Sender::new(price(1, None)));
        let router = Router::new()
            .route("/v1/ws", get(socket))
            .route("/v1/auctions/spring", get(auction))
            .route("/v1/auctions/spring/lots/{lot}", get(lot))
            .with_state(price.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let (address, life) = (listener.local_addr()?, Lifecycle::new());
        life.spawn_lasting("engine", async move { Ok(axum::serve(listener, router).await?) });
        Ok(Self { address, price, _life: life })
    }

    /// Tells everybody that paddle 7 leads at this price.
    pub(crate) fn bid(&self, wei: &str) {
        let seq = self.price.borrow()["seq"].as_u64().expect("a number") + 1;
        self.price.send_replace(price(seq, Some(wei)));
    }
}

fn price(seq: u64, wei: Option<&str>) -> Value {
    json!({
        "auction": "spring", "lot": 1, "lot_id": "one", "round": 1, "epoch": 1, "seq": seq, "lot_seq": seq, "state": "open",
        "price_wei": wei, "min_next_wei": "2000000000000000000", "leader_paddle": wei.map(|_| 7), "bids": seq - 1,
        "ends_at": "2099-01-01T00:00:00.000Z", "extensions": 0, "reserve": "none",
    })
}

type Prices = State<Arc<watch::Sender<Value>>>;

async fn auction(State(price): Prices) -> Json<Value> {
    Json(json!({
        "auction": "spring", "title": "Spring sale", "state": "live", "handle": "sothebais",
        "starts_at": "2026-01-01T00:00:00.000Z", "epoch": 1, "seq": 1, "lots": [*price.borrow()],
    }))
}

async fn lot(State(price): Prices, Path(_lot): Path<u32>) -> Json<Value> {
    let mut view = price.borrow().clone();
    let terms = json!({
        "title": "Morning Fog", "opening_bid_wei": "500000000000000000", "reserve_terms": {"kind": "none"},
        "ladder": "default/v1", "half_cut": "forbidden", "tick_wei": "1", "duration_seconds": 60,
        "soft_close_window_seconds": 10, "soft_close_extension_seconds": 10, "max_extensions": 3, "buy_now_wei": null,
        "premium_bps": 0, "hammer_wei": null, "winner_paddle": null,
    });
    view.as_object_mut().expect("an object").extend(terms.as_object().expect("an object").clone());
    Json(view)
}

async fn socket(State(price): Prices, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| async move {
        // The compositor that is killed in a test does not say good-bye.
        let _ = talk(socket, price.subscribe()).await;
    })
}

async fn talk(mut socket: WebSocket, mut price: watch::Receiver<Value>) -> anyhow::Result<()> {
    let hello = json!({
        "type": "hello", "protocol": 1, "shard": "spring", "epoch": 1, "auctions": ["spring"], "max_in_flight": 0,
        "ping_seconds": 10, "server_time": "2026-01-01T00:00:00.000Z",
    });
    socket.send(Message::text(hello.to_string())).await?;
    while let Some(message) = socket.recv().await {
        if message?.into_text()?.contains("subscribe") {
            break;
        }
    }
    let lots = json!([*price.borrow_and_update()]);
    let snapshot = json!({
        "type": "snapshot", "auction": "spring", "epoch": 1, "seq": 1, "state": "live", "title": "Spring sale", "lots": lots,
    });
    socket.send(Message::text(snapshot.to_string())).await?;
    loop {
        price.changed().await?;
        let mut delta = price.borrow_and_update().clone();
        delta["type"] = "delta".into();
        socket.send(Message::text(delta.to_string())).await?;
    }
}
