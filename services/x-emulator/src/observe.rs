//! The metrics that the stand-in exports.

use bootstrap::metrics::{Registry, catalogue};
use prometheus_client::metrics::counter::Counter;

/// The counters.
#[derive(Debug, Clone)]
pub struct Metrics {
    posts: Counter,
    deliveries: Counter,
}

impl Metrics {
    /// Registers the counters.
    pub fn new(registry: &Registry) -> Self {
        Self {
            posts: registry.counter(&catalogue::EMULATOR_POSTS),
            deliveries: registry.counter(&catalogue::EMULATOR_DELIVERIES),
        }
    }

    /// A post was taken.
    pub fn posted(&self) {
        self.posts.inc();
    }

    /// A line was given to so many connections.
    pub fn delivered(&self, connections: u64) {
        self.deliveries.inc_by(connections);
    }
}

#[cfg(test)]
mod tests {
    use bootstrap::ports::Service;

    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_is_registered() {
        let registry = Registry::new();
        let _observe = Metrics::new(&registry);
        assert_eq!(registry.missing(Service::XEmulator), Vec::<&str>::new());
    }
}
