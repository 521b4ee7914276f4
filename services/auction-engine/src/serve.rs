//! Opens the worker's doors: the API port and the WebSocket port.

use bootstrap::auth::Verifier;
use bootstrap::clock::Clock;
use bootstrap::http;
use bootstrap::lifecycle::Lifecycle;
use prometheus_client::metrics::gauge::Gauge;
use store::PgPool;
use tokio::net::TcpListener;

use crate::engine::EngineHandle;
use crate::routes::{self, Api};
use crate::ws::{Entrance, Hub};

/// What the doors need of the worker.
pub(crate) struct Behind {
    pub(crate) engine: EngineHandle,
    pub(crate) pool: PgPool,
    pub(crate) verifier: Verifier,
    pub(crate) clock: Clock,
    /// Pages that may open sockets from a browser, such as `https://sothebais.io`.
    pub(crate) origins: Vec<String>,
    /// Counts the open sockets.
    pub(crate) sockets: Gauge,
}

/// Serves REST and WebSocket until the life stops.
pub(crate) fn open(life: &Lifecycle, behind: Behind, api_port: TcpListener, ws_port: TcpListener) {
    let Behind { engine, pool, verifier, clock, origins, sockets } = behind;
    let hub = Hub::new(engine.clone(), pool.clone(), clock.clone(), life, Entrance { origins, sockets });
    let api = Api::new(engine, hub, pool, verifier, clock);
    http::serve(life, "API port", api_port, routes::router(api.clone()));
    http::serve(life, "WebSocket port", ws_port, routes::socket_router(api));
}
