//! What is counted of mails.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::letter::Kind;

/// The metrics of mails. Clones count into the same place.
#[derive(Clone, Debug, Default)]
pub struct MailMetrics {
    pub(crate) waiting: Gauge,
    pub(crate) failed_attempts: Counter,
    mails: Family<Labels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
    outcome: Outcome,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names of variants are the labels' values")]
pub(crate) enum Outcome {
    sent,
    failed,
    refused,
}

impl MailMetrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("mails", "Mails, by kind and by what became of them", metrics.mails.clone());
        registry.register(
            "mails_waiting",
            "Mails that are being sent, or wait for another attempt",
            metrics.waiting.clone(),
        );
        registry.register(
            "mail_failed_attempts",
            "Attempts to send a mail that failed",
            metrics.failed_attempts.clone(),
        );
        metrics
    }

    pub(crate) fn count(&self, kind: Kind, outcome: Outcome) {
        self.mails.get_or_create(&Labels { kind: kind.name(), outcome }).inc();
    }
}
