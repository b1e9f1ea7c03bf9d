//! What a chart is made of, and what all of them look like.

use plotters::style::RGBColor;
use serde::Deserialize;

/// The size of a chart, in pixels.
pub(crate) const WIDTH: u32 = 860;

/// The colour of what is ours.
pub(crate) const OURS: RGBColor = RGBColor(178, 34, 52);

/// The colour of everybody else in bars.
pub(crate) const THEIRS: RGBColor = RGBColor(110, 125, 145);

/// The colours of everybody else in lines: told apart by those who see red and green alike, as far as there are so many.
pub(crate) const OF_LINES: [RGBColor; 9] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(86, 180, 233),
    RGBColor(204, 121, 167),
    RGBColor(148, 139, 61),
    RGBColor(90, 90, 90),
    RGBColor(140, 86, 75),
    RGBColor(160, 160, 160),
];

/// A chart.
#[derive(Debug, Deserialize)]
pub(crate) struct Chart {
    /// The name of its file, without its ending.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) unit: String,
    #[serde(flatten)]
    pub(crate) content: Content,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Content {
    Bars { bars: Vec<Bar> },
    Lines { x: String, lines: Vec<Line> },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// Between these lay what was measured.
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) is_ours: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) is_ours: bool,
}
