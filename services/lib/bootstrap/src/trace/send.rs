//! How spans reach the collector. The library exports from a thread of its own, where no async runtime is; the HTTP
//! client needs one, so it gets a small one that nothing else uses.

use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime behind the exporter; it ends with the process's telemetry.
#[derive(Debug)]
pub(crate) struct Exporting(Option<Runtime>);

impl Exporting {
    /// Starts it: one thread, idle between exports.
    pub(crate) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("traces").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// A client whose calls run there, each for at most `timeout`.
    pub(crate) fn client(&self, timeout: Duration) -> reqwest::Result<Client> {
        crate::install_crypto();
        let runtime = self.0.as_ref().expect("it runs until it is dropped").handle().clone();
        let http = reqwest::Client::builder().timeout(timeout).no_proxy().build()?;
        Ok(Client { runtime, http })
    }
}

impl Drop for Exporting {
    fn drop(&mut self) {
        // May happen inside another runtime, which must not wait for this one.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The exporter's HTTP client.
#[derive(Debug)]
pub(crate) struct Client {
    runtime: Handle,
    http: reqwest::Client,
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        self.runtime.spawn(async move { http.send_bytes(request).await }).await?
    }
}
