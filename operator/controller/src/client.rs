//! The client of the API server: counted, bounded, and open to a layer that a test puts in front.

use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::util::BoxService;
use tower::{BoxError, Layer, Service};

use crate::observe::Observe;

type Request = axum::http::Request<Body>;
type Response = axum::http::Response<Box<kube::client::DynBody>>;
/// What calls go through before they reach the wire.
pub type Wire = BoxService<Request, Response, BoxError>;

/// A client for `config` whose calls are counted.
pub fn connect(config: Config, observe: &Observe) -> Result<Client, kube::Error> {
    connect_through(config, observe, &tower::layer::util::Identity::new())
}

/// A client whose calls also go through `layer`, which is nearest to the wire: what it hides was never counted.
pub fn connect_through<L>(config: Config, observe: &Observe, layer: &L) -> Result<Client, kube::Error>
where
    L: Layer<Wire>,
    L::Service: Service<Request, Response = Response, Error = BoxError> + Send + 'static,
    <L::Service as Service<Request>>::Future: Send + 'static,
{
    bootstrap::install_crypto();
    let counted = CountLayer(observe.clone());
    Ok(ClientBuilder::try_from(config)?.with_layer(layer).with_layer(&counted).build())
}

#[derive(Clone)]
struct CountLayer(Observe);

impl<S> Layer<S> for CountLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Counted { inner, observe: self.0.clone() }
    }
}

struct Counted<S> {
    inner: S,
    observe: Observe,
}

impl<S> Service<Request> for Counted<S>
where
    S: Service<Request, Response = Response, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let (observe, answer) = (self.observe.clone(), self.inner.call(request));
        Box::pin(async move {
            let answer = answer.await;
            let code = answer.as_ref().map_or(0, |response| response.status().as_u16());
            observe.called(&method, &path, code);
            answer
        })
    }
}
