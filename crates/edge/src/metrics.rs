//! What the edge counts.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::refusal::Refusal;
use crate::tls::Handshake;

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
    not_tls,
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
            Refusal::NotTls => Reason::not_tls,
        };
        self.refusals.get_or_create(&RefusalLabels { reason }).inc();
    }
}

/// What is counted of TLS. Clones count into the same place.
#[derive(Clone, Debug, Default)]
pub struct TlsMetrics {
    /// When the certificate expires, in seconds since 1970.
    pub(crate) expires: Gauge,
    reloads: Family<ReloadLabels, Counter>,
    handshakes: Family<HandshakeLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: Reload,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
enum Reload {
    loaded,
    failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandshakeLabels {
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
enum Outcome {
    completed,
    failed,
    abandoned,
    timed_out,
}

impl TlsMetrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register_with_unit(
            "tls_certificate_expiry_timestamp",
            "When the certificate expires, since 1970",
            Unit::Seconds,
            metrics.expires.clone(),
        );
        registry.register(
            "tls_certificate_reloads",
            "How often the certificate's files were read again, and whether they could be used",
            metrics.reloads.clone(),
        );
        registry.register("tls_handshakes", "How setting up TLS went", metrics.handshakes.clone());
        metrics
    }

    pub(crate) fn reloaded(&self, loaded: bool) {
        let outcome = if loaded { Reload::loaded } else { Reload::failed };
        self.reloads.get_or_create(&ReloadLabels { outcome }).inc();
    }

    pub(crate) fn shook_hands(&self, handshake: Handshake) {
        let outcome = match handshake {
            Handshake::Completed => Outcome::completed,
            Handshake::Failed => Outcome::failed,
            Handshake::Abandoned => Outcome::abandoned,
            Handshake::TimedOut => Outcome::timed_out,
        };
        self.handshakes.get_or_create(&HandshakeLabels { outcome }).inc();
    }
}
