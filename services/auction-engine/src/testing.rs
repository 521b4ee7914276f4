//! A house for tests of its doors: real ports, a real issuer of tokens, and an engine whose shard the test plays itself.

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
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::engine::{AuctionView, EngineHandle};
use crate::observe::Observe;
use crate::public;
use crate::serve::{self, Behind};
use crate::shard::ingress::Ingress;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct House {
    pub(crate) engine: EngineHandle,
    pub(crate) api: SocketAddr,
    pub(crate) ws: SocketAddr,
    pub(crate) issuer: LocalIssuer,
    pub(crate) life: Lifecycle,
    _keys: tempfile::TempDir,
}

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a house over `database`; tests that never touch it pass [`NO_DATABASE`].
pub(crate) async fn house(database: &str) -> House {
    let (life, clock) = (Lifecycle::new(), Clock::System);
    let keys = tempfile::tempdir().unwrap();
    let issuer = LocalIssuer::open(keys.path(), clock.clone()).unwrap();
    let auth = args::Auth {
        auth_jwks: issuer.jwks().display().to_string(),
        auth_issuer: issuer.issuer().into(),
        auth_azp: vec![issuer.party().into()],
        rehearsal: false,
    };
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let verifier = Verifier::new(&auth, loopback, clock.clone()).await.unwrap();
    let engine = EngineHandle::new("s1");
    let pool = store::Database::new(database, "test").unwrap().pool();
    let origins = vec!["https://sothebais.io".into()];
    let (api_port, api) = http::listen(loopback, 0, "a port").await.unwrap();
    let (ws_port, ws) = http::listen(loopback, 0, "a port").await.unwrap();
    let sockets = prometheus_client::metrics::gauge::Gauge::default();
    let behind = Behind { engine: engine.clone(), pool, verifier, clock, origins, sockets };
    serve::open(&life, behind, api_port, ws_port);
    let (api, ws) = (SocketAddr::new(loopback, api), SocketAddr::new(loopback, ws));
    House { engine, api, ws, issuer, life, _keys: keys }
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

    /// A plain HTTP request; returns status, headers and JSON body.
    pub(crate) async fn ask(
        &self,
        request: reqwest::RequestBuilder,
    ) -> (u16, reqwest::header::HeaderMap, serde_json::Value) {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
        (status, headers, body)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.api)
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
