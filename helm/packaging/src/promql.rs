//! `PromQL`, made from catalogue entries. A name that is not in the catalogue cannot be written; a label or a function that does
//! not fit the entry is a bug that the generator's own test finds.

use bootstrap::metrics::{Kind, Metric};

/// Labels that the scrape adds: Kubernetes' own, and those of the pod that the `PodMonitor` copies.
const SCRAPED: [&str; 6] = ["namespace", "pod", "auction", "stream", "shard", "le"];

/// Where expressions look, and over which window a rate is taken.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Inside the braces, such as `namespace=~"$namespace"`; may be empty.
    pub matchers: &'static str,
    /// Such as `$__rate_interval` or `5m`.
    pub window: &'static str,
}

/// Every object, over a fixed window: alerts and recordings.
pub const fn everywhere(window: &'static str) -> Scope {
    Scope { matchers: "", window }
}

/// The panels of a dashboard with the variable `$namespace`.
pub const NAMESPACE: Scope = Scope { matchers: r#"namespace=~"$namespace""#, window: "$__rate_interval" };
/// … and `$auction`.
pub const AUCTION: Scope =
    Scope { matchers: r#"namespace=~"$namespace",auction=~"$auction""#, window: "$__rate_interval" };
/// … and `$stream`.
pub const STREAM: Scope =
    Scope { matchers: r#"namespace=~"$namespace",stream=~"$stream""#, window: "$__rate_interval" };
/// The operator's own process, which belongs to no namespace of a show.
pub const OPERATOR: Scope = Scope { matchers: "", window: "$__rate_interval" };

impl Scope {
    /// The same objects, narrowed by one more matcher, such as `required="true"`.
    pub fn only(self, metric: &Metric, label: &str, matcher: &str) -> String {
        check_labels(metric, &[label]);
        let comma = if self.matchers.is_empty() { "" } else { "," };
        format!("{}{{{}{comma}{label}{matcher}}}", exported(metric), self.matchers)
    }

    /// A gauge as it is, a series an object.
    pub fn gauge(self, metric: &Metric) -> String {
        assert_eq!(metric.kind, Kind::Gauge, "{} is read as a gauge", metric.name);
        self.series(metric)
    }

    /// `how` (`sum`, `max`, `min`) over all series of a gauge, by labels.
    pub fn over(self, how: &str, metric: &Metric, by: &[&str]) -> String {
        check_labels(metric, by);
        grouped(how, by, &self.gauge(metric))
    }

    /// Per second, summed by labels.
    pub fn rate(self, metric: &Metric, by: &[&str]) -> String {
        self.per("rate", metric, by)
    }

    /// How much in the window, summed by labels.
    pub fn increase(self, metric: &Metric, by: &[&str]) -> String {
        self.per("increase", metric, by)
    }

    /// How much in the whole time that the dashboard shows.
    pub fn over_range(self, metric: &Metric) -> String {
        Self { window: "$__range", ..self }.per("increase", metric, &[])
    }

    /// The `quantile` of a histogram, by labels.
    pub fn quantile(self, quantile: &str, metric: &Metric, by: &[&str]) -> String {
        let mut all = vec!["le"];
        all.extend(by);
        format!("histogram_quantile({quantile}, {})", self.buckets(metric, &all))
    }

    /// Buckets per second, for heatmaps and quantiles; `by` holds `le`.
    pub fn buckets(self, metric: &Metric, by: &[&str]) -> String {
        check_histogram(metric);
        check_labels(metric, by);
        let series = format!("{}_bucket{}", metric.name, self.braces());
        grouped("sum", by, &format!("rate({series}[{}])", self.window))
    }

    /// Observations per second.
    pub fn observed(self, metric: &Metric, by: &[&str]) -> String {
        check_histogram(metric);
        check_labels(metric, by);
        grouped("sum", by, &format!("rate({}_count{}[{}])", metric.name, self.braces(), self.window))
    }

    /// Observations per second that were not above `bound`, which is one of the metric's bounds.
    pub fn within(self, bound: f64, metric: &Metric, by: &[&str]) -> String {
        check_histogram(metric);
        assert!(metric.bounds().contains(&bound), "{bound} is no bound of {}", metric.name);
        check_labels(metric, by);
        // The encoder writes 1.0 and 0.02; Prometheus 3 keeps that, older ones too.
        let le = if bound.fract() == 0.0 { format!("{bound:.1}") } else { format!("{bound}") };
        let comma = if self.matchers.is_empty() { "" } else { "," };
        let series = format!("{}_bucket{{{}{comma}le=\"{le}\"}}", metric.name, self.matchers);
        grouped("sum", by, &format!("rate({series}[{}])", self.window))
    }

    fn per(self, function: &str, metric: &Metric, by: &[&str]) -> String {
        assert_eq!(metric.kind, Kind::Counter, "{function} is taken of the counter {}", metric.name);
        check_labels(metric, by);
        grouped("sum", by, &format!("{function}({}[{}])", self.series(metric), self.window))
    }

    fn series(self, metric: &Metric) -> String {
        format!("{}{}", exported(metric), self.braces())
    }

    fn braces(self) -> String {
        if self.matchers.is_empty() { String::new() } else { format!("{{{}}}", self.matchers) }
    }
}

/// 0 where nothing was ever counted: a family shows in a scrape only once it has a series.
pub fn or_zero(expression: &str) -> String {
    // `on ()`: the zero comes instead of nothing, and never beside series that have labels.
    format!("{expression} or on () vector(0)")
}

/// The name under which a scrape shows it.
pub fn exported(metric: &Metric) -> String {
    match metric.kind {
        Kind::Counter => format!("{}_total", metric.name),
        Kind::Gauge | Kind::Histogram(_) => metric.name.to_owned(),
    }
}

fn grouped(how: &str, by: &[&str], inner: &str) -> String {
    if by.is_empty() { format!("{how}({inner})") } else { format!("{how} by ({}) ({inner})", by.join(", ")) }
}

fn check_labels(metric: &Metric, labels: &[&str]) {
    for label in labels {
        let known = metric.labels.contains(label) || SCRAPED.contains(label);
        assert!(known, "{} has no label {label}", metric.name);
    }
}

fn check_histogram(metric: &Metric) {
    match metric.kind {
        Kind::Histogram(_) => {}
        Kind::Counter | Kind::Gauge => panic!("{} is read as a histogram", metric.name),
    }
}

#[cfg(test)]
mod tests {
    use bootstrap::metrics::catalogue;

    use super::*;

    #[test]
    fn a_rate_is_summed_by_labels_of_the_metric() {
        let asked = AUCTION.rate(&catalogue::ENGINE_COMMANDS, &["verdict"]);
        let wanted = r#"sum by (verdict) (rate(sothebais_engine_commands_total{namespace=~"$namespace",auction=~"$auction"}[$__rate_interval]))"#;
        assert_eq!(asked, wanted);
    }

    #[test]
    #[should_panic(expected = "has no label colour")]
    fn a_label_that_the_metric_lacks_is_refused() {
        AUCTION.rate(&catalogue::ENGINE_COMMANDS, &["colour"]);
    }

    #[test]
    #[should_panic(expected = "rate is taken of the counter")]
    fn a_gauge_has_no_rate() {
        AUCTION.rate(&catalogue::ENGINE_LOTS_OPEN, &[]);
    }

    #[test]
    #[should_panic(expected = "0.3 is no bound")]
    fn a_threshold_is_a_bound() {
        AUCTION.within(0.3, &catalogue::ENGINE_ACCEPT, &[]);
    }

    #[test]
    fn a_whole_bound_is_written_as_the_encoder_writes_it() {
        let asked = everywhere("5m").within(5.0, &catalogue::GATEWAY_POST_AGE, &[]);
        assert_eq!(asked, r#"sum(rate(sothebais_gateway_post_age_seconds_bucket{le="5.0"}[5m]))"#);
    }
}
