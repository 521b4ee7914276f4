//! Serving HTTP: listeners, orderly stop, the operations ports.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::health::Health;
use crate::lifecycle::Lifecycle;
use crate::metrics::Registry;
use crate::operations;

/// A port that could not be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "{address} cannot be listened on: is another program using the port? set {hint} to another one, or to 0 for any"
)]
pub struct PortTaken {
    pub address: SocketAddr,
    pub hint: &'static str,
    pub source: std::io::Error,
}

/// Listens on `bind:port`; `hint` names the setting that changes the port.
pub async fn listen(bind: IpAddr, port: u16, hint: &'static str) -> Result<(TcpListener, u16), PortTaken> {
    let address = SocketAddr::new(bind, port);
    let taken = |source| PortTaken { address, hint, source };
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let bound = listener.local_addr().map_err(taken)?.port();
    Ok((listener, bound))
}

/// Serves `router` until the life stops; requests under way are finished.
pub fn serve(life: &Lifecycle, name: &'static str, listener: TcpListener, router: Router) {
    let stopping = life.stopping();
    // Answers are small and must not wait for more to say.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    life.spawn(name, async move {
        axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned()).await?;
        Ok(())
    });
}

/// Serves the metrics and the health port. They answer until the process ends, so that a stop can be watched. The health
/// port also has the log's routes ([`operations`]).
pub fn serve_operations(life: &Lifecycle, metrics: (TcpListener, &Registry), health: (TcpListener, &Health)) {
    let ((metrics_listener, registry), (health_listener, health)) = (metrics, health);
    crate::trace::show_losses(registry);
    let metrics = registry.router();
    life.spawn_lasting("metrics port", async move { Ok(axum::serve(metrics_listener, metrics).await?) });
    let health = health.router().merge(operations::router(life));
    let health = health.into_make_service_with_connect_info::<SocketAddr>();
    life.spawn_lasting("health port", async move { Ok(axum::serve(health_listener, health).await?) });
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn readiness_can_be_watched_while_the_process_stops() -> anyhow::Result<()> {
        let (life, health, registry) = (Lifecycle::new(), Health::new(), Registry::new());
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (metrics, _) = listen(loopback, 0, "a port").await?;
        let (alive, port) = listen(loopback, 0, "a port").await?;
        serve_operations(&life, (metrics, &registry), (alive, &health));
        let lease = health.gate("lease");
        lease.open();
        let ready =
            async || anyhow::Ok(reqwest::get(format!("http://127.0.0.1:{port}/readyz")).await?.status().as_u16());
        assert_eq!(ready().await?, 200);
        life.stop();
        lease.shut("the worker stops");
        life.drained(Duration::from_secs(5)).await?;
        assert_eq!(ready().await?, 503);
        Ok(())
    }
}
