//! Opens the worker's doors: the API port and the WebSocket port. Every connection is a task of the worker's life, and a
//! client that dawdles over a request's head is let go.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bootstrap::auth::Verifier;
use bootstrap::clock::Clock;
use bootstrap::lifecycle::Lifecycle;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus_client::metrics::gauge::Gauge;
use store::PgPool;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::engine::EngineHandle;
use crate::routes::{self, Api};
use crate::ws::{Entrance, Hub};

/// How long a client may take over a request's head, and how long an idle connection is kept.
const HEAD_DEADLINE: Duration = Duration::from_secs(30);

/// Bytes of a request's head, and of a body that is read at once.
const READ_BUFFER: usize = 32 * 1024;

/// How long requests under way may go on after the stop; a commit takes less.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// How long the door stays shut when the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// HTTP connections that one port serves at once; more wait at the door. Sockets leave this count when they have left
/// HTTP: they have seats of their own.
const MAX_CONNECTIONS: usize = 4_096;

/// What the doors need of the worker.
pub(crate) struct Behind {
    pub(crate) engine: EngineHandle,
    pub(crate) pool: PgPool,
    /// Connections for what strangers may read.
    pub(crate) public: PgPool,
    pub(crate) verifier: Verifier,
    pub(crate) clock: Clock,
    /// Pages that may open sockets from a browser, such as `https://sothebais.io`.
    pub(crate) origins: Vec<String>,
    /// Counts the open sockets.
    pub(crate) sockets: Gauge,
}

/// Serves REST and WebSocket until the life stops.
pub(crate) fn open(life: &Lifecycle, behind: Behind, api_port: TcpListener, ws_port: TcpListener) {
    let Behind { engine, pool, public, verifier, clock, origins, sockets } = behind;
    let hub = Hub::new(engine.clone(), public.clone(), clock.clone(), life, Entrance { origins, sockets });
    let api = Api::new(engine, hub, (pool, public), verifier, clock);
    life.spawn("API port", accept(life.clone(), api_port, routes::router(api.clone()), MAX_CONNECTIONS));
    life.spawn("WebSocket port", accept(life.clone(), ws_port, routes::socket_router(api), MAX_CONNECTIONS));
}

async fn accept(life: Lifecycle, listener: TcpListener, router: Router, most: usize) -> anyhow::Result<()> {
    let (stopping, places) = (life.stopping(), Arc::new(Semaphore::new(most)));
    let next = async || {
        let place = places.clone().acquire_owned().await.expect("the places are never closed");
        (place, listener.accept().await)
    };
    while let Some((place, accepted)) = stopping.run_until_cancelled(next()).await {
        match accepted {
            Ok((stream, _peer)) => {
                let served = serve(stream, router.clone(), stopping.clone());
                life.spawn_brief(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    Ok(())
}

async fn serve(stream: TcpStream, router: Router, stopping: CancellationToken) {
    // Answers are small and must not wait for more to say.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE).max_buf_size(READ_BUFFER);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(STOP_DEADLINE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        // A client that goes away or sends no HTTP is no failure of ours.
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_full_house_lets_the_next_one_in_when_somebody_has_left() -> anyhow::Result<()> {
        let life = Lifecycle::new();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        life.spawn("door", accept(life.clone(), listener, Router::new(), 1));
        let idle = TcpStream::connect(address).await?;
        let mut second = TcpStream::connect(address).await?;
        second.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await?;
        let mut answer = [0; 12];
        let early = tokio::time::timeout(Duration::from_millis(100), second.read_exact(&mut answer)).await;
        assert!(early.is_err(), "the only place is taken");
        drop(idle);
        tokio::time::timeout(Duration::from_secs(5), second.read_exact(&mut answer)).await??;
        assert_eq!(&answer, b"HTTP/1.1 404");
        Ok(())
    }
}
