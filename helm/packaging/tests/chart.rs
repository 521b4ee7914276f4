//! The packages as their users meet them: rendered by the real helm and kubectl, held against Kubernetes' own schemas, the
//! alerts tried by promtool.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chart {
    mod alerts;
    mod base;
    mod pods;
    mod renderings;
    mod schemas;
    mod server;
    mod values;
}
