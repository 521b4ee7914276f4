//! A house for tests of its doors: real ports, a real issuer of tokens, and behind them either a whole worker or an engine
//! whose shard the test plays itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bootstrap::args;
use bootstrap::auth::{LocalIssuer, Role, Verifier};
use bootstrap::clock::Clock;
use bootstrap::health::Health;
use bootstrap::http;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use futures_util::{SinkExt, StreamExt};
use k256::ecdsa::SigningKey;
use prometheus_client::metrics::gauge::Gauge;
use store::PgPool;
use store::lease::Claimant;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::engine::{AuctionView, EngineHandle};
use crate::observe::Observe;
use crate::public;
use crate::serve::{self, Behind};
use crate::shard::ingress::Ingress;
use crate::shard::signer::Signer;
use crate::worker::Worker;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct House {
    pub(crate) engine: EngineHandle,
    pub(crate) api: SocketAddr,
    pub(crate) ws: SocketAddr,
    pub(crate) issuer: LocalIssuer,
    pub(crate) life: Lifecycle,
    pub(crate) pool: PgPool,
    pub(crate) public: PgPool,
    _keys: tempfile::TempDir,
}

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a house over `database`; tests that never touch it pass [`NO_DATABASE`].
pub(crate) async fn house(database: &str) -> House {
    open(database, "s1").await
}

/// A whole worker for `shard` behind the doors, on a real PostgreSQL and Redis.
pub(crate) async fn working_house(database: &str, shard: &str) -> House {
    let house = open(database, shard).await;
    let database = store::Database::new(database, "test").unwrap();
    let health = Health::new();
    let name: Arc<str> = Arc::from(shard);
    let worker = Worker {
        shard: name.clone(),
        pool: database.pool(),
        database,
        bus: bus::Bus::new(&testkit::redis().await.unwrap()).unwrap(),
        clock: Clock::System,
        engine: house.engine.clone(),
        signer: Arc::new(Signer::new(name, SigningKey::from_slice(&[7; 32]).unwrap())),
        claimant: Claimant::new(house.api.to_string()),
        observe: Observe::new(&Registry::new(), &health),
        life: house.life.clone(),
    };
    house.life.spawn("shard", worker.run());
    until(|| house.engine.standing().epoch.is_some()).await;
    house
}

async fn open(database: &str, shard: &str) -> House {
    let (life, clock) = (Lifecycle::new(), Clock::System);
    let keys = tempfile::tempdir().unwrap();
    let issuer = LocalIssuer::open(keys.path(), clock.clone()).unwrap();
    let auth = args::Auth {
        auth_jwks: issuer.jwks().display().to_string(),
        auth_issuer: issuer.issuer().into(),
        auth_azp: vec![issuer.party().into()],
        auth_machine_jwks: None,
        rehearsal: false,
    };
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let verifier = Verifier::new(&auth, loopback, clock.clone()).await.unwrap();
    let engine = EngineHandle::new(shard);
    let database = store::Database::new(database, "test").unwrap();
    let (pool, public) = (database.pool(), database.public_pool());
    let origins = vec!["https://sothebais.io".into()];
    let (api_port, api) = http::listen(loopback, 0, "a port").await.unwrap();
    let (ws_port, ws) = http::listen(loopback, 0, "a port").await.unwrap();
    let sockets = Gauge::default();
    let behind = Behind {
        engine: engine.clone(),
        pool: pool.clone(),
        public: public.clone(),
        verifier,
        clock,
        origins,
        sockets,
    };
    serve::open(&life, behind, api_port, ws_port);
    let (api, ws) = (SocketAddr::new(loopback, api), SocketAddr::new(loopback, ws));
    House { engine, api, ws, issuer, life, pool, public, _keys: keys }
}

/// Waits until `done`.
pub(crate) async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it happens in time");
}

/// A database that is not there.
pub(crate) const NO_DATABASE: &str = "postgres://nobody@127.0.0.1:1/none";

impl House {
    /// Says that the shard is held here, with nobody behind the mailbox.
    pub(crate) fn hold(&self) -> xtra::Mailbox<crate::shard::actor::ShardActor> {
        let (address, mailbox) = xtra::Mailbox::unbounded();
        self.engine.lead(1, Ingress::new(address, Observe::new(&Registry::new(), &Health::new())));
        mailbox
    }

    /// Publishes a view of the auction `spring` with one lot a price.
    pub(crate) fn publish(&self, seq: u64, prices: &[u128]) {
        let view: Arc<AuctionView> = public::testing::view(seq, prices);
        self.engine.publish(AuctionView::clone(&view));
    }

    pub(crate) fn bidder_token(&self, x_id: u64) -> String {
        self.issuer.bidder_token(x_id, Duration::from_mins(5)).unwrap()
    }

    pub(crate) fn token(&self, roles: &[Role]) -> String {
        self.issuer.token("somebody", None, roles, Duration::from_mins(5)).unwrap()
    }

    /// Opens a WebSocket with these headers.
    pub(crate) async fn connect(&self, headers: &[(&'static str, &str)]) -> Result<Client, tungstenite::Error> {
        let mut request = format!("ws://{}/v1/ws", self.ws).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        tokio_tungstenite::connect_async(request).await.map(|(client, _response)| client)
    }

    pub(crate) async fn bidder(&self, x_id: u64) -> Client {
        let token = format!("Bearer {}", self.bidder_token(x_id));
        self.connect(&[("authorization", &token)]).await.unwrap()
    }

    /// Asks by HTTP as `token`'s holder; returns status, headers and JSON body.
    pub(crate) async fn ask(&self, request: Request<'_>) -> Answer {
        let Request { method, path, token, key, kind, body } = request;
        let url = format!("http://{}{path}", self.api);
        let mut asked = reqwest::Client::new().request(method.parse().unwrap(), url).timeout(PATIENCE);
        if let Some(token) = token {
            asked = asked.bearer_auth(token);
        }
        if let Some(key) = key {
            asked = asked.header("idempotency-key", key);
        }
        let response = asked.header("content-type", kind).body(body.to_owned()).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
        Answer { status, headers, body }
    }

    /// Reads a path that needs no token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request { method: "GET", path, ..Request::default() }).await
    }

    /// Places a bid by HTTP.
    pub(crate) async fn bid(&self, bidder: u64, key: &str, body: &str) -> Answer {
        let token = self.bidder_token(bidder);
        let path = "/v1/auctions/spring/bids";
        self.ask(Request { method: "POST", path, token: Some(&token), key: Some(key), body, ..Request::default() })
            .await
    }

    /// Puts the auction `spring` with two open lots from 0.1 and 0.5 ETH, and registers bidders 1 to 8. A lot drains for no
    /// time when it is ended.
    pub(crate) async fn open_show(&self) {
        let owner = self.token(&[Role::Owner]);
        let lots =
            r#"[{"id":"one","title":"One","startingPrice":"0.1"},{"id":"two","title":"Two","startingPrice":"0.5"}]"#;
        let body = format!(
            r#"{{"generation":1,"auctions":[{{"apiVersion":"sothebais.io/v1alpha1","kind":"Auction",
            "metadata":{{"name":"spring","uid":"u-1","generation":1}},"spec":{{"title":"Spring","bidChannels":["web"],
            "schedule":{{"startsAt":"2026-01-01T00:00:00Z"}},"lotOrder":"Concurrent","closing":{{"drainSeconds":0}},
            "lotDefaults":{{"durationSeconds":86400,"tick":"0"}},"lots":{lots}}}}}]}}"#
        );
        let spec = Request { method: "PUT", path: "/v1/spec", token: Some(&owner), body: &body, ..Request::default() };
        let answer = self.ask(spec).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let lines: Vec<_> = (1..=8).map(|id| format!("{{\"x_id\":\"{id}\",\"handle\":\"b{id}\"}}\n")).collect();
        let lines = lines.concat();
        let import = Request {
            method: "POST",
            path: "/v1/bidders/import",
            token: Some(&owner),
            kind: "application/x-ndjson",
            body: &lines,
            ..Request::default()
        };
        assert_eq!(self.ask(import).await.status, 200);
        let mut probe = 0;
        while self.bid(8, &format!("probe-{probe}"), r#"{"lot":1,"kind":"bid","amount_wei":"1"}"#).await.body["code"]
            != "BelowOpeningBid"
        {
            probe += 1;
            assert!(probe < 500, "the bidders are not known in time");
        }
    }
}

/// An HTTP request.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) body: &'a str,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self { method: "GET", path: "/", token: None, key: None, kind: "application/json", body: "" }
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: serde_json::Value,
}

impl Answer {
    /// The code of a problem, which every error must be.
    pub(crate) fn code(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        assert_eq!(self.body["status"], self.status);
        assert!(!self.body["remedy"].as_str().unwrap().is_empty());
        self.body["code"].as_str().unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.life.stop();
    }
}

/// The next JSON frame; pings are answered by the library on the way.
pub(crate) async fn next(client: &mut Client) -> serde_json::Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, client.next()).await.expect("a frame in time");
        match message.expect("an open socket").expect("a frame") {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("not a text frame: {other:?}"),
        }
    }
}

/// The code of the close frame that ends the connection.
pub(crate) async fn closed(client: &mut Client) -> u16 {
    loop {
        match tokio::time::timeout(PATIENCE, client.next()).await.expect("an end in time") {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => panic!("closed without a close frame"),
        }
    }
}

pub(crate) async fn say(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.unwrap();
}
