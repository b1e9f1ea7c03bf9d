//! How far something has come, on standard error: a bar where somebody watches, a line now and then where
//! nobody does.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// How long to be silent where nobody watches.
const SILENCE: Duration = Duration::from_secs(10);

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit {
    /// Things of any kind.
    Count,
    /// Bytes.
    Bytes,
}

/// Shows how far something has come. What is shown goes when this is dropped; lines stay.
pub(super) struct Shown {
    subject: String,
    /// Drawn nowhere where nobody watches; it works out how long the rest will take all the same.
    bar: ProgressBar,
    stage: Option<String>,
    spoke_at: Instant,
}

impl Shown {
    /// Begins to show something.
    pub(super) fn new(subject: &str, unit: Unit) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let figures = match unit {
            Unit::Count => "{human_pos}/{human_len}",
            Unit::Bytes => "{binary_bytes}/{binary_total_bytes}",
        };
        let style = format!("{{prefix}} {{msg:10}} [{{bar:30}}] {{percent:>3}} % {figures} {{eta}}");
        let style = ProgressStyle::with_template(&style).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bar.with_style(style.progress_chars("=> ")).with_prefix(subject.to_owned());
        Self { subject: subject.to_owned(), bar, stage: None, spoke_at: Instant::now() }
    }

    /// Shows that so much of `total` is done, of what `stage` names.
    pub(super) fn update(&mut self, stage: &str, done: u64, total: u64) {
        let total = total.max(done);
        self.bar.set_length(total);
        if self.stage.as_deref() != Some(stage) {
            self.stage = Some(stage.to_owned());
            self.bar.set_message(stage.to_owned());
            self.bar.reset();
            self.say(&format!("{total} to go"));
        } else if self.spoke_at.elapsed() >= SILENCE {
            let percent = if total == 0 { 100 } else { u128::from(done) * 100 / u128::from(total) };
            self.say(&format!(
                "{done} of {total} ({percent} %), about {} left",
                HumanDuration(self.bar.eta())
            ));
        }
        self.bar.set_position(done);
    }

    fn say(&mut self, text: &str) {
        self.spoke_at = Instant::now();
        if self.bar.is_hidden() {
            eprintln!("{}: {}, {text}", self.subject, self.stage.as_deref().unwrap_or_default());
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how far the reading of lines has come: of how many bytes, where that is known, and at what pace.
pub(super) struct Lines {
    shown: Shown,
    total_bytes: Option<u64>,
    began_at: Instant,
}

impl Lines {
    /// Begins to show something.
    pub(super) fn new(subject: &str, total_bytes: Option<u64>) -> Self {
        let shown = Shown::new(subject, Unit::Bytes);
        if total_bytes.is_none() {
            let style = ProgressStyle::with_template("{prefix} {msg} {binary_bytes}");
            shown.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        Self { shown, total_bytes, began_at: Instant::now() }
    }

    /// Shows that so many lines are done, of which so many bytes were read.
    pub(super) fn update(&mut self, stage: &str, lines: u64, bytes: u64) {
        let passed_ms = self.began_at.elapsed().as_millis().max(1);
        let pace = u128::from(lines) * 1000 / passed_ms;
        let shown = &mut self.shown;
        let total = self.total_bytes.unwrap_or(bytes).max(bytes);
        shown.bar.set_length(total);
        shown.bar.set_message(format!("{stage} {lines} lines, {pace}/s"));
        shown.bar.set_position(bytes);
        if shown.spoke_at.elapsed() >= SILENCE {
            shown.stage = Some(stage.to_owned());
            let of = match self.total_bytes {
                Some(_) => format!("{} %", u128::from(bytes) * 100 / u128::from(total.max(1))),
                None => format!("{bytes} bytes"),
            };
            shown.say(&format!("{lines} lines ({of}), {pace} lines a second"));
        }
    }
}
