//! What the edge counts.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::refusal::Refusal;

/// The edge's metrics. Clones count into the same place.
#[derive(Clone, Debug, Default)]
pub struct EdgeMetrics {
    pub(crate) connections: Gauge,
    pub(crate) accept_errors: Counter,
    refusals: Family<RefusalLabels, Counter<u64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
enum Reason {
    malformed,
    head_timeout,
    uri_too_long,
    head_too_large,
    too_many_connections,
}

impl EdgeMetrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register(
            "accept_errors",
            "Connections that could not be accepted",
            metrics.accept_errors.clone(),
        );
        registry.register(
            "connection_refusals",
            "Requests and connections that were answered before they reached a route",
            metrics.refusals.clone(),
        );
        metrics
    }

    pub(crate) fn count(&self, refusal: Refusal) {
        let reason = match refusal {
            Refusal::Malformed => Reason::malformed,
            Refusal::HeadTimeout => Reason::head_timeout,
            Refusal::UriTooLong => Reason::uri_too_long,
            Refusal::HeadTooLarge => Reason::head_too_large,
            Refusal::TooManyConnections => Reason::too_many_connections,
        };
        self.refusals.get_or_create(&RefusalLabels { reason }).inc();
    }
}
