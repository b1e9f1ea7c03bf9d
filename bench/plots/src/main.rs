//! Draws charts as SVG: `plots FOLDER`, with the charts as JSON on the standard input. Knows nothing of what was measured.

mod bars;
mod chart;
mod lines;

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;

use self::chart::{Chart, Content};

fn main() -> anyhow::Result<()> {
    let folder: PathBuf =
        std::env::args_os().nth(1).context("the folder for the charts is not given")?.into();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let charts: Vec<Chart> =
        serde_json::from_str(&text).context("the standard input is no list of charts")?;
    for chart in &charts {
        let file = folder.join(format!("{}.svg", chart.name));
        std::fs::write(&file, draw(chart)?).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Returns a chart as SVG.
fn draw(chart: &Chart) -> anyhow::Result<String> {
    let mut svg = String::new();
    match &chart.content {
        Content::Bars { bars } => bars::draw(&mut svg, chart, bars)?,
        Content::Lines { x, lines } => lines::draw(&mut svg, chart, x, lines)?,
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::{Chart, draw};

    #[test]
    fn bars_are_drawn_with_their_names_and_figures() {
        let chart: Chart = serde_json::from_str(
            r#"{"name": "a", "title": "How fast", "unit": "requests a second", "kind": "bars", "bars": [
                {"name": "Florin", "value": 1234.5, "least": 1200.0, "most": 1300.0, "is_ours": true},
                {"name": "axum", "value": 600.0, "least": 600.0, "most": 600.0, "is_ours": false}]}"#,
        )
        .unwrap();
        let svg = draw(&chart).unwrap();
        for part in ["<svg", "How fast", "Florin", "axum", "1234", "600", "requests a second"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }

    #[test]
    fn lines_are_drawn_with_their_names() {
        let chart: Chart = serde_json::from_str(
            r#"{"name": "b", "title": "By connections", "unit": "requests a second", "kind": "lines",
                "x": "connections", "lines": [
                {"name": "Florin", "points": [[1.0, 1000.0], [64.0, 50000.0]], "is_ours": true},
                {"name": "axum", "points": [[1.0, 900.0], [64.0, 9000.0]], "is_ours": false}]}"#,
        )
        .unwrap();
        let svg = draw(&chart).unwrap();
        for part in ["<svg", "By connections", "Florin", "axum", "connections"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }

    #[test]
    fn a_chart_of_nothing_is_drawn_as_well() {
        for content in [r#""kind": "bars", "bars": []"#, r#""kind": "lines", "x": "x", "lines": []"#] {
            let chart = format!(r#"{{"name": "c", "title": "None", "unit": "u", {content}}}"#);
            assert!(draw(&serde_json::from_str(&chart).unwrap()).unwrap().contains("None"));
        }
    }
}
