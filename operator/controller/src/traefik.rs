//! What we say to Traefik: its routes and middlewares (`traefik.io/v1alpha1`), as far as we write them.
//!
//! These are small types of our own, held against Traefik's definitions by a test on a real API server. None of them has a
//! status, so nothing here can tell whether Traefik took a route in; and all that a route names must be in its namespace,
//! for that is how Traefik is set up unless somebody changes it.

mod middleware;
mod route;
pub mod rule;

pub use middleware::{
    Compress, Headers, InFlightRequests, IpAllowList, IpStrategy, Middleware, MiddlewareSpec, RateLimit,
    SourceCriterion,
};
pub use route::{
    IngressRoute, IngressRouteSpec, IngressRouteTCP, IngressRouteTCPSpec, MiddlewareRef, Route, RouteKind, ServiceRef,
    TcpRoute, TcpServiceRef, Tls,
};

/// The group of every type here; the operator looks for it before it writes routes.
pub const GROUP: &str = "traefik.io";
/// The version of every type here.
pub const VERSION: &str = "v1alpha1";

#[cfg(test)]
mod tests;
