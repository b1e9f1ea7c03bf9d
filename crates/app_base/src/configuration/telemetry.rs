//! The section `telemetry`: what is logged and in which form.

use super::{Check, InvalidValue};

/// What is logged and in which form.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "telemetry", include_if_unused)]
pub struct TelemetryConfig {
    /// Which log lines are written: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), then
    /// exceptions by module, `info,sqlx=debug`. Default `info`; `PX_TELEMETRY__FILTER`.
    pub filter: String,
    /// The form of a log line. Default `json`, in dev `pretty`; `PX_TELEMETRY__FORMAT`.
    pub format: LogFormat,
    /// How many log lines may wait to be written; beyond, lines are dropped and counted. Default 2048;
    /// `PX_TELEMETRY__BUFFER_MAX_LINES`.
    pub buffer_max_lines: usize,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people: one line of text, coloured on a terminal.
    Pretty,
    /// For machines: one JSON object per line.
    Json,
}

impl TelemetryConfig {
    /// Lists the values that are out of bounds, but for the filter: whoever installs it knows its syntax.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        Check::section("telemetry").range("buffer_max_lines", self.buffer_max_lines, 16..=1_000_000).done()
    }
}
