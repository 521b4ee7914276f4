//! What the tests need around a gateway: a database, registered bidders, an X emulator in this process, the program
//! itself as a child process that can be killed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auction_core::terms::{BidderStatus, BidderTerms};
use auction_core::{BidderId, Handle, Paddle};
use bootstrap::auth::{LocalIssuer, Role};
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use bootstrap::metrics::Registry;
use serde_json::{Value, json};
use store::bidder::Bidder;
use store::{Database, PgPool};
use x_emulator::emulator::Emulator;
use x_emulator::id::UserId;
use x_emulator::observe::Metrics;
use x_emulator::user::{Kind, User};
use x_emulator::world::{Lag, Nature, World};

/// Nothing in these tests takes longer on a healthy machine; a slow one gets ten times that.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A fresh database with every migration applied.
pub(crate) async fn database() -> PgPool {
    open(&testkit::postgres().await.expect("a test database"))
}

pub(crate) fn open(url: &str) -> PgPool {
    bootstrap::install_crypto();
    Database::new(url, "gateway-test").unwrap().pool()
}

/// Registers accounts, each with the paddle of its place.
pub(crate) async fn register(pool: &PgPool, ids: &[u64]) {
    let first = store::bidder::next_paddle(pool).await.unwrap().0;
    let bidder = |(place, id): (u32, &u64)| Bidder {
        terms: BidderTerms {
            bidder: BidderId(*id),
            paddle: Paddle(first + place),
            limit: None,
            status: BidderStatus::Active,
        },
        handle: Handle::new(&format!("person{}", id % 1_000_000)).unwrap(),
        subject: None,
    };
    let bidders: Vec<_> = (0..).zip(ids).map(bidder).collect();
    store::bidder::put(pool, &bidders).await.unwrap();
}

/// An X of its own, served on a free port of this process.
pub(crate) struct X {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) url: String,
    life: Lifecycle,
    http: reqwest::Client,
}

pub(crate) const HOUSE: u64 = 42;

impl X {
    pub(crate) async fn start() -> Self {
        bootstrap::install_crypto();
        let lag = |least_ms, most_ms| Lag { least_ms, most_ms };
        let nature = Nature {
            seed: 7,
            withheld_permille: 0,
            activity: lag(5, 30),
            filtered: lag(20, 200),
            listing: lag(10, 100),
        };
        let house = User {
            id: UserId(HOUSE),
            handle: "sothebais".into(),
            name: "SothebAIs".into(),
            kind: Kind::House,
            created_ms: 0,
            posts: 0,
        };
        let arguments = ["x-emulator", "--house-id", "42", "--keep-alive-ms", "300"];
        let arguments = <x_emulator::args::Arguments as clap::Parser>::parse_from(arguments);
        let world = World::new(nature, house);
        let emulator = Emulator::new(world, arguments.serve.settings(), Clock::System, Metrics::new(&Registry::new()));
        let emulator = Arc::new(emulator);
        let life = Lifecycle::new();
        let local = std::net::IpAddr::from([127, 0, 0, 1]);
        let (listener, port) = bootstrap::http::listen(local, 0, "").await.unwrap();
        bootstrap::http::serve(&life, "x", listener, x_emulator::http::router(Arc::clone(&emulator)));
        let (carrier, stopping) = (Arc::clone(&emulator), life.stopping());
        life.spawn("carrier", async move {
            carrier.carry(stopping).await;
            Ok(())
        });
        Self { emulator, url: format!("http://127.0.0.1:{port}"), life, http: reqwest::Client::new() }
    }

    /// A person of the crowd.
    pub(crate) fn person(&self, id: u64) -> Person<'_> {
        self.emulator.register(UserId(id), &format!("p{id}")).unwrap();
        let secret = &self.emulator.settings.credentials.crowd_secret;
        Person { x: self, token: x_emulator::auth::Credentials::crowd_token(secret, UserId(id)) }
    }

    /// Asks for a fault, as JSON.
    pub(crate) async fn fault(&self, fault: Value) {
        let response = self.http.post(format!("{}/_emulator/faults", self.url)).json(&fault).send().await.unwrap();
        assert!(response.status().is_success(), "{fault}: {}", response.text().await.unwrap());
    }

    pub(crate) async fn rename(&self, id: u64, handle: &str) {
        let url = format!("{}/_emulator/users/{id}/handle", self.url);
        let response = self.http.post(url).json(&json!({"handle": handle})).send().await.unwrap();
        assert!(response.status().is_success());
    }

    /// What the house has posted: text and the post that it answers.
    pub(crate) async fn house_posts(&self) -> Vec<(String, String)> {
        let all: Value =
            self.http.get(format!("{}/_emulator/posts", self.url)).send().await.unwrap().json().await.unwrap();
        let house = HOUSE.to_string();
        let of_house = all["data"].as_array().unwrap().iter().filter(|post| post["author_id"] == house.as_str());
        let told = |post: &Value| {
            let answered = post["references"][0]["id"].as_str().unwrap_or_default().to_owned();
            (post["text"].as_str().unwrap().to_owned(), answered)
        };
        of_house.map(told).collect()
    }
}

impl Drop for X {
    fn drop(&mut self) {
        self.life.stop();
    }
}

/// Somebody who posts.
pub(crate) struct Person<'x> {
    x: &'x X,
    token: String,
}

impl Person<'_> {
    /// Posts and tells the id.
    pub(crate) async fn post(&self, body: Value) -> u64 {
        let url = format!("{}/2/tweets", self.x.url);
        let response = self.x.http.post(url).bearer_auth(&self.token).json(&body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        answer["data"]["id"].as_str().unwrap_or_else(|| panic!("{body}: {answer}")).parse().unwrap()
    }

    pub(crate) async fn say(&self, text: &str) -> u64 {
        self.post(json!({"text": text})).await
    }

    pub(crate) async fn delete(&self, id: u64) {
        let url = format!("{}/2/tweets/{id}", self.x.url);
        let response = self.x.http.delete(url).bearer_auth(&self.token).send().await.unwrap();
        assert!(response.status().is_success());
    }
}

/// The program.
pub(crate) struct Gateway {
    child: Child,
    directory: tempfile::TempDir,
    /// An auditor's token.
    token: String,
}

impl Gateway {
    pub(crate) fn start(x: &X, database: &str, redis: &str, more: &[&str]) -> Self {
        Self::start_at(&x.url, database, redis, more)
    }

    /// For an X that is not the emulator.
    pub(crate) fn start_at(x: &str, database: &str, redis: &str, more: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let issuer = LocalIssuer::open(&directory.path().join("keys"), Clock::System).unwrap();
        let token = issuer.token("auditor", None, &[Role::Auditor], Duration::from_mins(30)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_social-gateway"))
            .args(["--handle", "sothebais", "--rehearsal", "--backoff-percent", "5"])
            .args(["--audit-every-ms", "1000", "--audit-settle-ms", "300", "--stream-silence-seconds", "2"])
            .args(["--x-api-url", x, "--database-url", database, "--redis-url", redis])
            .args(["--auth-issuer", issuer.issuer(), "--auth-azp", issuer.party(), "--auth-jwks"])
            .arg(issuer.jwks())
            .arg("--ports-file")
            .arg(directory.path().join("ports"))
            .args(more)
            .envs([("SOCIAL_GATEWAY_PORT", "0"), ("LOG_FORMAT", "json"), ("RUST_LOG", "info,social_gateway=debug")])
            .stdout(log.try_clone().unwrap())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        Self { child, directory, token }
    }

    /// SIGKILL: nothing is tidied up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: whether it ended well in time.
    pub(crate) async fn stop(&mut self) -> bool {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// Its API's answer; `None` while it does not serve.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let ports = std::fs::read_to_string(self.ports_file()).ok()?;
        let ports: Value = serde_json::from_str(&ports).ok()?;
        let request = reqwest::Client::new().get(format!("http://127.0.0.1:{}{path}", ports["api"]));
        request.bearer_auth(&self.token).send().await.ok()?.json().await.ok()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn ports_file(&self) -> PathBuf {
        self.directory.path().join("ports")
    }

    /// Waits until both streams are open.
    pub(crate) async fn connected(&self) {
        let what = "both streams connected";
        eventually(what, self, async || {
            let status = self.get("/v1/status").await?;
            let connected: Vec<_> =
                status["sources"].as_array()?.iter().map(|source| source["state"].clone()).collect();
            (connected.len() == 2 && connected.iter().all(|state| state == "connected")).then_some(())
        })
        .await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer; shows the program's log when patience ends.
pub(crate) async fn eventually<T>(what: &str, gateway: &Gateway, ask: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        if begun.elapsed() > PATIENCE {
            let log = gateway.log();
            let tail: Vec<_> = log.lines().rev().take(40).collect();
            panic!("{what}: never\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
