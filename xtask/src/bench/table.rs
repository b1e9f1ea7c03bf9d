//! What reports in Markdown are made of: rows, figures, bounds and whether they hold. Knows nothing of what was measured.

use std::fmt::{self, Write as _};

/// `1 client`, `8 clients`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Adds a row to a table in Markdown.
pub(crate) fn row(text: &mut String, cells: &[&dyn fmt::Display]) {
    for cell in cells {
        write!(text, "| {cell} ").expect("texts can be written");
    }
    text.push_str("|\n");
}

/// Begins a table in Markdown: the names of its columns.
pub(crate) fn header<const COLUMNS: usize>(text: &mut String, names: [&str; COLUMNS]) {
    row(text, &names.each_ref().map(|name| name as &dyn fmt::Display));
    row(text, &[&"---"; COLUMNS].map(|cell| cell as &dyn fmt::Display));
}

/// Returns bytes in megabytes of 1,000,000.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    // Shown to a few digits.
    #[expect(clippy::cast_precision_loss)]
    let bytes = bytes as f64;
    bytes / 1e6
}

/// What a ratio has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// It is shown for comparison.
    None,
}

impl Bound {
    /// Returns whether a ratio is what it has to be; `None` where it has to be nothing.
    pub(crate) fn holds(self, ratio: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(ratio >= least),
            Self::AtMost(most) => Some(ratio <= most),
            Self::None => None,
        }
    }

    pub(crate) fn verdict(self, ratio: f64) -> &'static str {
        match self.holds(ratio) {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "for comparison",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::None => f.write_str("–"),
        }
    }
}

/// A figure with as many digits as mean something; a dash for one that is not known.
pub(crate) struct Figure(pub(crate) f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            unknown if unknown.is_nan() => f.write_str("–"),
            small if small < 10.0 => write!(f, "{small:.2}"),
            middling if middling < 1000.0 => write!(f, "{middling:.1}"),
            large => write!(f, "{large:.0}"),
        }
    }
}

/// The least and the most.
pub(crate) struct Spread(pub(crate) (f64, f64));

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", Figure(self.0.0), Figure(self.0.1))
    }
}

#[cfg(test)]
mod tests {
    use super::Figure;

    #[test]
    fn figures_have_as_many_digits_as_mean_something() {
        let shown = [0.123, 9.99, 12.34, 53_804.4, f64::NAN].map(|figure| Figure(figure).to_string());
        assert_eq!(shown, ["0.12", "9.99", "12.3", "53804", "–"]);
    }
}
