//! What is not shown on the main address, though the service has it. To whoever asks, it is not there.

/// Which of the routes beside the API are served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exposure {
    /// `/docs` and what belongs to it, and `/openapi.json`.
    pub(super) docs: bool,
    /// `/metrics`.
    pub(super) metrics: bool,
}

impl Exposure {
    /// Tells whether a path is hidden.
    pub(super) fn hides(self, path: &str) -> bool {
        if path.starts_with("/v1/") || self.docs && self.metrics {
            return false;
        }
        // A path that only looks different reaches no other route: the router compares what it is given.
        let docs = path == "/docs" || path.starts_with("/docs/") || path == "/openapi.json";
        docs && !self.docs || path == "/metrics" && !self.metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_hidden_with_all_that_belongs_to_it() {
        let nothing = Exposure { docs: false, metrics: false };
        for path in ["/docs", "/docs/errors", "/docs/assets/docs.css", "/openapi.json", "/metrics"] {
            assert!(nothing.hides(path), "{path}");
            assert!(!Exposure { docs: true, metrics: true }.hides(path), "{path}");
        }
        for path in ["/v1/ledgers", "/health/live", "/health/ready", "/version", "/docsx"] {
            assert!(!nothing.hides(path), "{path}");
        }
        assert!(!Exposure { docs: false, metrics: true }.hides("/metrics"));
        assert!(!Exposure { docs: true, metrics: false }.hides("/docs"));
    }
}
