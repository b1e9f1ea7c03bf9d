//! Where log lines go: through a thread of their own to standard error, never waiting on the way.
//!
//! When lines come faster than they can be written, the newest are dropped and counted.

use std::fmt;
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use anyhow::Context as _;
use app_base::configuration::{LogFormat, TelemetryConfig};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logging, until dropped: then what waits is written.
pub(crate) struct Telemetry {
    dropped: ErrorCounter,
    _writing: WorkerGuard,
}

/// Reads a filter: a level, then exceptions by module.
///
/// # Errors
/// When it is none.
pub(crate) fn filter(text: &str) -> Result<Targets, ParseError> {
    text.parse()
}

impl Telemetry {
    /// Starts logging, panics included, for the rest of the process.
    ///
    /// # Errors
    /// When it was started before.
    pub(crate) fn start(config: &TelemetryConfig) -> anyhow::Result<Self> {
        let (lines, writing) = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(config.buffer_max_lines)
            .thread_name("log")
            .finish(std::io::stderr());
        let dropped = lines.error_counter();
        let layer = tracing_subscriber::fmt::layer().with_writer(lines);
        let filter = filter(&config.filter).context("telemetry.filter")?;
        let registry = tracing_subscriber::registry().with(filter);
        match config.format {
            LogFormat::Pretty => {
                registry.with(layer.compact().with_ansi(std::io::stderr().is_terminal())).try_init()
            }
            LogFormat::Json => {
                registry.with(layer.json().flatten_event(true).with_span_list(false)).try_init()
            }
        }?;
        std::panic::set_hook(Box::new(log_panic));
        Ok(Self { dropped, _writing: writing })
    }

    /// Registers the count of dropped lines.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(DroppedLines(self.dropped.clone())));
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let lines = self.dropped.dropped_lines();
        if lines > 0 {
            tracing::warn!(lines, "log lines were dropped: they came faster than they could be written");
        }
    }
}

#[derive(Debug)]
struct DroppedLines(ErrorCounter);

impl Collector for DroppedLines {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let lines = ConstCounter::new(u64::try_from(self.0.dropped_lines()).unwrap_or(u64::MAX));
        let help = "Log lines dropped because they came faster than they could be written";
        lines.encode(encoder.encode_descriptor("log_lines_dropped", help, None, lines.metric_type())?)
    }
}

/// Logs a panic where it happens. Without a backtrace: taking one holds up everybody who panics.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("(not a text)");
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current().name().map(ToOwned::to_owned);
    tracing::error!(
        panic.message = message,
        panic.location = location,
        panic.thread = thread,
        "panicked: {message}"
    );
}
