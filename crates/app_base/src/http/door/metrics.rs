//! What the door counts: its own answers, and how many addresses and principals are kept in mind. The request log does not have them.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The door's metrics. Clones count into the same place.
#[derive(Clone, Debug, Default)]
pub struct DoorMetrics {
    answers: Family<Labels, Counter>,
    addresses: Gauge,
    principals: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    reason: Reason,
}

/// Why the door answered by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    RateLimited,
    Preflight,
    NotExposed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
enum Reason {
    rate_limited,
    preflight,
    not_exposed,
}

impl DoorMetrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "door_answers",
            "Requests that were answered at the door, before any route",
            metrics.answers.clone(),
        );
        registry.register(
            "rate_limited_addresses",
            "Addresses whose requests are being counted",
            metrics.addresses.clone(),
        );
        registry.register(
            "rate_limited_principals",
            "Principals whose requests are being counted",
            metrics.principals.clone(),
        );
        metrics
    }

    pub(super) fn count(&self, answer: Answer) {
        let reason = match answer {
            Answer::RateLimited => Reason::rate_limited,
            Answer::Preflight => Reason::preflight,
            Answer::NotExposed => Reason::not_exposed,
        };
        self.answers.get_or_create(&Labels { reason }).inc();
    }

    pub(super) fn principals(&self, count: usize) {
        self.principals.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(super) fn addresses(&self, count: usize) {
        self.addresses.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
