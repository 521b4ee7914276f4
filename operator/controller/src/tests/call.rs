//! What a call of the operator is about, by its method, its path and, where the path does not say, its body.

use axum::http::Method;
use futures_util::FutureExt as _;
use kube::client::Body;
use serde_json::Value;

use crate::observe::kind_of;

type Request = axum::http::Request<Body>;

pub(super) enum Call {
    /// About one object: verb, kind and name.
    Object(String),
    /// The first page of a kind, or a watch of it.
    List(String),
    Watch(String),
    /// The API server's version, its definitions.
    Other,
}

impl Call {
    /// The name under which it is counted.
    pub(super) fn counted(&self) -> Option<String> {
        match self {
            Self::Object(name) | Self::List(name) | Self::Watch(name) => Some(name.clone()),
            Self::Other => None,
        }
    }

    /// Lists and watches belong to the start of a process, whatever else goes on.
    pub(super) const fn is_of_the_start(&self) -> bool {
        match self {
            Self::List(_) | Self::Watch(_) => true,
            Self::Object(_) | Self::Other => false,
        }
    }

    pub(super) const fn is_watch(&self) -> bool {
        match self {
            Self::Watch(_) => true,
            Self::Object(_) | Self::List(_) | Self::Other => false,
        }
    }
}

/// Reads a request, and gives it back.
pub(super) fn read(request: Request) -> (Request, Call) {
    let path = request.uri().path();
    let (kind, method) = (kind_of(path), request.method().clone());
    if kind == "other" {
        return (request, Call::Other);
    }
    let query = request.uri().query().unwrap_or_default();
    if query.contains("watch=") {
        return (request, Call::Watch(format!("GET watch of {kind}")));
    }
    // namespaces, the namespace, the plural, the name.
    let named = path.split('/').skip_while(|segment| *segment != "namespaces").nth(3).map(str::to_owned);
    if method == Method::GET && named.is_none() {
        return (request, Call::List(format!("GET list of {kind}")));
    }
    let (request, body) = if method == Method::POST { with_body(request) } else { (request, Value::Null) };
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    // Names of events are made up; their reasons are not.
    let name = if kind == "Event" { text("/reason") } else { named.or_else(|| text("/metadata/name")) };
    (request, Call::Object(format!("{method} {kind} {}", name.unwrap_or_default()).trim_end().to_owned()))
}

/// Bodies are of one piece, which is there at once.
fn with_body(request: Request) -> (Request, Value) {
    let (parts, body) = request.into_parts();
    let bytes = body.collect_bytes().now_or_never().and_then(Result::ok).unwrap_or_default();
    let value = serde_json::from_slice(&bytes).unwrap_or_default();
    (Request::from_parts(parts, Body::from(bytes.to_vec())), value)
}
