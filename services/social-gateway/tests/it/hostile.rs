//! A server that is not ours: it says what it likes, in whatever pieces, and ends when it likes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auction_core::{Handle, Span, Timestamp};
use bootstrap::clock::Clock;
use bootstrap::metrics::Registry;
use social_gateway::ingest::House;
use social_gateway::ingest::normalise::normalise;
use social_gateway::ingest::sweep::Sweep;
use social_gateway::ingest::timeline::{Door, Timeline, mentions};
use social_gateway::ledger::{Account, Ledger};
use social_gateway::observe::Observe;
use social_gateway::x::client::Call;
use social_gateway::x::credentials::Credentials;
use social_gateway::x::endpoint::Context;
use social_gateway::x::frame::Line;
use social_gateway::x::model::Includes;
use social_gateway::x::stream::Lines;
use social_gateway::x::{Client, Code, Endpoint, Problem};
use store::social;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::rig::{database, register};

/// A server on a free port; it ends with the test.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    /// Hands each connection to `talk`, with the request's head.
    async fn new<F, T>(talk: F) -> Self
    where
        F: Fn(TcpStream, String) -> T + Send + 'static,
        T: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let runtime = tokio::runtime::Handle::current();
        let serving = runtime.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
                counter.fetch_add(1, Ordering::Relaxed);
                talk(stream, String::from_utf8(head).unwrap()).await;
            }
        });
        Self { url, asked, serving }
    }

    /// Answers every request with what `answer` makes of its head.
    async fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        Self::new(move |mut stream, head| {
            let answer = answer.clone();
            async move {
                // Whoever has gone away needs no answer.
                let _ = stream.write_all(answer(&head).as_bytes()).await;
            }
        })
        .await
    }

    fn client(&self) -> Client {
        bootstrap::install_crypto();
        let observe = Observe::new(&Registry::new());
        Client::new(&self.url, Credentials::rehearsal(), Clock::System, observe).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The house's mentions since the beginning.
    async fn mentions(&self) -> Result<Timeline, Problem> {
        let handle = Handle::new("sothebais").unwrap();
        let account = Account { handle: handle.clone(), show: "friday".into(), ceiling: None };
        let observe = Observe::new(&Registry::new());
        let ledger = Ledger::resume(&database().await, account, Clock::System, observe).await.unwrap();
        mentions(&self.client(), &ledger, &House { id: 42, handle }, (1, Door::House)).await
    }
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn json(body: &str) -> String {
    response("200 OK", "content-type: application/json\r\n", body)
}

async fn code(answer: String) -> (Code, bool) {
    let server = Server::answering(move |_| answer.clone()).await;
    let problem = server.client().call(&Call::new(Endpoint::LookUpPosts, Context::App)).await.unwrap_err();
    (problem.code, problem.reset_at.is_some())
}

#[tokio::test]
async fn failures_of_every_kind_have_a_code_and_no_answer_is_believed_that_is_not_json() {
    let html = "<html><body>over capacity</body></html>";
    assert_eq!(code(response("503 Service Unavailable", "", html)).await, (Code::Server, false));
    assert_eq!(code(response("503 Service Unavailable", "retry-after: 7\r\n", html)).await, (Code::Server, true));
    assert_eq!(code(response("429 Too Many Requests", "", "")).await, (Code::RateLimited, true));
    let year = "x-rate-limit-remaining: x\r\nx-rate-limit-reset: 99999999999\r\n";
    assert_eq!(code(response("429 Too Many Requests", year, "{}")).await, (Code::RateLimited, true));
    assert_eq!(code(response("401 Unauthorized", "", "")).await, (Code::Unauthorized, false));
    assert_eq!(code(json(html)).await, (Code::Unreadable, false));
    assert_eq!(code("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned()).await, (Code::Network, false));
    assert_eq!(code("nonsense\r\n\r\n".to_owned()).await, (Code::Network, false));
}

#[tokio::test]
async fn nobody_leads_the_credentials_to_another_host() {
    let elsewhere = Server::answering(|_| json("{}")).await;
    let to = format!("location: {}/2/usage/tweets\r\n", elsewhere.url);
    let server = Server::answering(move |_| response("307 Temporary Redirect", &to, "")).await;
    let problem = server.client().call(&Call::new(Endpoint::LookUpPosts, Context::App)).await.unwrap_err();
    assert_eq!((problem.code, problem.status, elsewhere.asked()), (Code::Other, 307, 0));
}

/// The lines of a stream that the server sends in these pieces before it cuts the connection or falls silent.
async fn lines(pieces: &'static [&'static [u8]], silent_after: bool) -> (Vec<Line>, Code) {
    let server = Server::new(move |mut stream, _head| async move {
        stream.set_nodelay(true).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.unwrap();
        for piece in pieces {
            if stream.write_all(piece).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        if silent_after {
            std::future::pending::<()>().await;
        }
    })
    .await;
    let response = server.client().open(&Call::new(Endpoint::FilteredStream, Context::App)).await.unwrap();
    let mut stream = Lines::new(response, Duration::from_millis(300));
    let mut lines = Vec::new();
    loop {
        // Whoever listens is called away at any time: that is no sign of life.
        match tokio::time::timeout(Duration::from_millis(30), stream.next()).await {
            Ok(Ok(line)) => lines.push(line),
            Ok(Err(problem)) => return (lines, problem.code),
            Err(_elapsed) => {}
        }
    }
}

#[tokio::test]
async fn a_stream_is_read_in_whatever_pieces_it_comes() {
    let pieces: &[&[u8]] = &[b"{\"t\":\"\xce", b"\x9e\"}\r", b"\n\r\n\r\n{}", b"\n{\"cut"];
    let (lines, code) = lines(pieces, false).await;
    let data = |text: &str| Line::Data(text.as_bytes().to_vec());
    assert_eq!(lines, [data("{\"t\":\"Ξ\"}\r"), Line::KeepAlive, Line::KeepAlive, data("{}")]);
    assert_eq!(code, Code::Network);
}

/// A line that never ends.
const DRIP: &[&[u8]] = &[b"{".as_slice(); 30];

#[tokio::test]
async fn a_silent_stream_is_dead_even_if_it_drips_and_even_if_we_are_called_away() {
    assert_eq!(lines(&[b"\r\n"], true).await, (vec![Line::KeepAlive], Code::Deadline));
    assert_eq!(lines(DRIP, true).await, (Vec::new(), Code::Deadline));
}

const PAGE: &str = r#"{"data":[{"id":"1800000000000000002","text":"a","author_id":"7"}],"meta":{"result_count":1}}"#;

#[tokio::test]
async fn what_is_no_page_of_posts_is_never_an_empty_one() {
    for body in [
        "",
        "null",
        "[]",
        "\"ok\"",
        "{}",
        r#"{"data":{}}"#,
        r#"{"errors":[{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}]}"#,
        r#"{"errors":[{"title":"x","type":"https://api.x.com/2/problems/not-authorized-for-resource"}]}"#,
    ] {
        let server = Server::answering(move |_| json(body)).await;
        let read = server.mentions().await;
        assert!(read.is_err(), "{body}: {read:?}");
    }
}

#[tokio::test]
async fn empty_pages_and_missing_parts_are_read() {
    for body in [
        r#"{"meta":{"result_count":0}}"#,
        r#"{"data":[],"meta":{}}"#,
        r#"{"data":null,"includes":null,"meta":{"next_token":""}}"#,
        r#"{"data":[]}"#,
    ] {
        let server = Server::answering(move |_| json(body)).await;
        let read = server.mentions().await.unwrap_or_else(|problem| panic!("{body}: {problem}"));
        assert!(read.posts.is_empty() && read.lacking.is_none() && read.unread_below.is_none(), "{body}");
        assert_eq!(server.asked(), 1, "{body}");
    }
}

#[tokio::test]
async fn posts_beside_errors_are_taken_and_the_reading_proves_nothing() {
    let body = PAGE.replace("\"meta\"", r#""errors":[{"type":"https://api.x.com/2/problems/internal-error"}],"meta""#);
    let server = Server::answering(move |_| json(&body)).await;
    let read = server.mentions().await.unwrap();
    assert_eq!((read.posts.len(), read.lacking), (1, Some(Code::Server)));
}

#[tokio::test]
async fn an_author_whom_we_may_not_see_holds_no_hammer() {
    for kind in ["resource-not-found", "not-authorized-for-resource"] {
        let error = format!(r#""errors":[{{"resource_id":"9","type":"https://api.x.com/2/problems/{kind}"}}],"meta""#);
        let body = PAGE.replace("\"meta\"", &error);
        let server = Server::answering(move |_| json(&body)).await;
        let read = server.mentions().await.unwrap();
        assert_eq!((read.posts.len(), read.lacking, read.unread_below), (1, None, None), "{kind}");
    }
}

#[tokio::test]
async fn pages_that_go_in_a_circle_end_and_prove_nothing() {
    let body = PAGE.replace("\"result_count\":1", "\"result_count\":1,\"next_token\":\"again\"");
    let server = Server::answering(move |_| json(&body)).await;
    let read = server.mentions().await.unwrap();
    assert_eq!(read.unread_below, Some(1_800_000_000_000_000_002));
    // Twice the timeline, twice the search.
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn refused_credentials_of_the_house_leave_those_of_the_app() {
    let server =
        Server::answering(
            |head| {
                if head.contains("Bearer") { json(PAGE) } else { response("401 Unauthorized", "", "{}") }
            },
        )
        .await;
    let read = server.mentions().await.unwrap();
    assert_eq!((read.posts.len(), read.unread_below), (1, None));
}

#[tokio::test]
async fn a_show_whose_money_is_spent_looks_no_stored_post_up() {
    let pool = database().await;
    register(&pool, &[7]).await;
    let handle = Handle::new("sothebais").unwrap();
    let lease = social::lease_inbox(&pool, &handle, "first", 60_000).await.unwrap().unwrap();
    let object = serde_json::json!({"id": "1800000000000000002", "text": "a", "author_id": "7"});
    let house = House { id: 42, handle: handle.clone() };
    let at = (social::Via::Activity, Timestamp(Clock::System.now_ms() - 1));
    let post = normalise(&object, &Includes::default(), at, &house).unwrap();
    social::commit_posts(&pool, &lease, &[post], 60_000).await.unwrap().unwrap();
    for (ceiling, looked_up) in [(Some(0), 0), (None, 1)] {
        let server = Server::answering(|_| json(PAGE)).await;
        let account = Account { handle: handle.clone(), show: "friday".into(), ceiling };
        let observe = Observe::new(&Registry::new());
        let ledger = Ledger::resume(&pool, account, Clock::System, observe).await.unwrap();
        let sweep = Sweep {
            client: Arc::new(server.client()),
            pool: pool.clone(),
            clock: Clock::System,
            level: ledger.level(),
            ledger,
            arrivals: mpsc::channel(1).0,
            holding: watch::channel(Some(lease.clone())).1,
            every: Duration::from_mins(1),
            keep: Span(60_000),
        };
        sweep.sweep().await.unwrap();
        assert_eq!(server.asked(), looked_up, "{ceiling:?}");
    }
}
