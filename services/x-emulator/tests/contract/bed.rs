//! A stand-in on a free port with a clock that the test moves, and a small client.

use std::sync::Arc;
use std::time::Duration;

use bootstrap::clock::Clock;
use bootstrap::metrics::Registry;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use x_emulator::auth::{Credentials, Pair};
use x_emulator::emulator::{Emulator, Settings};
use x_emulator::id::UserId;
use x_emulator::observe::Metrics;
use x_emulator::user::{Kind, User};
use x_emulator::world::{Lag, Nature, World};

/// When every test begins: in the past of the system's clock, so that nothing passes by luck.
pub(crate) const NOW_MS: i64 = 1_795_500_000_000;
pub(crate) const HOUSE: UserId = UserId(1_234_567_890_123_456_789);
pub(crate) const BEARER: &str = "app-bearer";
pub(crate) const HOUSE_TOKEN: &str = "house-user-token";

/// A line that does not come in this time never comes.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Bed {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    stopping: CancellationToken,
    _tasks: JoinSet<()>,
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// What a bed can be asked for beyond the ordinary.
pub(crate) struct Wish {
    pub(crate) withheld_permille: u32,
    pub(crate) house_posts: u32,
    pub(crate) keep_alive: Duration,
    pub(crate) legacy_limits: bool,
    pub(crate) clock: Clock,
}

impl Default for Wish {
    fn default() -> Self {
        let (keep_alive, clock) = (Duration::from_secs(20), Clock::manual(NOW_MS));
        Self { withheld_permille: 0, house_posts: 100, keep_alive, legacy_limits: false, clock }
    }
}

pub(crate) fn pair(key: &str, secret: &str) -> Pair {
    Pair { key: key.to_owned(), secret: secret.to_owned() }
}

fn emulator(wish: Wish) -> Emulator {
    let at_once = Lag { least_ms: 0, most_ms: 0 };
    let nature = Nature {
        seed: 1,
        withheld_permille: wish.withheld_permille,
        activity: at_once,
        filtered: at_once,
        listing: at_once,
    };
    let (handle, name) = ("SothebAIs".to_owned(), "SothebAIs".to_owned());
    let house = User { id: HOUSE, handle, name, kind: Kind::House, created_ms: NOW_MS, posts: 0 };
    let settings = Settings {
        credentials: Credentials {
            consumer: pair("api-key", "api-secret"),
            access: pair("access-token", "access-secret"),
            bearer: BEARER.to_owned(),
            user_token: HOUSE_TOKEN.to_owned(),
            crowd_secret: "crowd".to_owned(),
            house: HOUSE,
        },
        keep_alive: wish.keep_alive,
        house_posts: wish.house_posts,
        crowd_posts: 10_000,
        legacy_limits: wish.legacy_limits,
        seed: 1,
    };
    Emulator::new(World::new(nature, house), settings, wish.clock, Metrics::new(&Registry::new()))
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    pub(crate) async fn with(wish: Wish) -> Self {
        bootstrap::install_crypto();
        let emulator = Arc::new(emulator(wish));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stopping, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let router = x_emulator::http::router(Arc::clone(&emulator));
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let (carrier, until) = (Arc::clone(&emulator), stopping.clone());
        tasks.spawn(async move { carrier.carry(until).await });
        Self { emulator, base, http: reqwest::Client::new(), stopping, _tasks: tasks }
    }

    /// Registers a person and gives the bearer token.
    pub(crate) fn person(&self, handle: &str) -> String {
        let id = UserId(x_emulator::crowd::author_id(handle));
        self.emulator.register(id, handle).unwrap();
        Credentials::crowd_token("crowd", id)
    }

    pub(crate) fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(token)
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path, token).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path, token).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> (StatusCode, Value) {
        answer(self.request(Method::DELETE, path, token).send().await.unwrap()).await
    }

    /// Posts and gives the id.
    pub(crate) async fn tweet(&self, token: &str, body: Value) -> String {
        let (status, made) = self.post("/2/tweets", token, body).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["data"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let (status, told) = self.post("/_emulator/faults", "", fault).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }

    pub(crate) async fn state(&self) -> Value {
        self.get("/_emulator/state", "").await.1
    }

    /// Subscribes the house to its mentions, replies and quotes.
    pub(crate) async fn subscribe(&self) {
        for event_type in ["post.mention.create", "post.reply.create", "post.quote.create"] {
            let body = json!({"event_type": event_type, "filter": {"user_id": HOUSE}, "tag": "house"});
            let (status, told) = self.post("/2/activity/subscriptions", HOUSE_TOKEN, body).await;
            assert_eq!(status, StatusCode::OK, "{told}");
        }
    }

    /// Opens a stream with the app's bearer token.
    pub(crate) async fn stream(&self, path: &str) -> Lines {
        let response = self.request(Method::GET, path, BEARER).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Lines { response, rest: Vec::new() }
    }
}

pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The lines of a stream.
pub(crate) struct Lines {
    response: Response,
    rest: Vec<u8>,
}

/// What a stream says next.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Line(Value),
    KeepAlive,
    End,
    Cut,
}

impl Lines {
    pub(crate) async fn next(&mut self) -> Said {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("the stream says something in time")
    }

    /// The next line that is no keep-alive.
    pub(crate) async fn line(&mut self) -> Value {
        loop {
            match self.next().await {
                Said::Line(value) => return value,
                Said::KeepAlive => {}
                ended @ (Said::End | Said::Cut) => panic!("the stream ended: {ended:?}"),
            }
        }
    }

    async fn read(&mut self) -> Said {
        loop {
            if let Some(end) = self.rest.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.rest.drain(..end + 2).collect();
                let line = &line[..end];
                return if line.is_empty() {
                    Said::KeepAlive
                } else {
                    Said::Line(serde_json::from_slice(line).expect("a line is JSON"))
                };
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.rest.extend_from_slice(&chunk),
                Ok(None) => return Said::End,
                Err(_) => return Said::Cut,
            }
        }
    }
}
