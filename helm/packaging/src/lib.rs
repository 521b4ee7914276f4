//! What is generated about the packages: the chart's schema and README from its documented values, dashboards, alerts and
//! their tests from the metric catalogue, the kustomize base from the chart.
//!
//! A dashboard or an alert can only name a metric that the catalogue has, because it names the catalogue's constant; what
//! is asked of it (a rate of a counter, a quantile of a histogram, a label) is checked against the entry.

pub mod alert;
pub mod alerts;
pub mod dashboard;
pub mod dashboards;
pub mod kustomize;
pub mod objective;
pub mod on_air;
pub mod panel;
pub mod promql;
pub mod values;
