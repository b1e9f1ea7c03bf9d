//! Lines over a dimension, both axes logarithmic: what doubles looks the same wherever it is.

use anyhow::anyhow;
use plotters::prelude::{
    ChartBuilder, Circle, IntoDrawingArea, IntoLogRange, LineSeries, PathElement, SVGBackend,
    SeriesLabelPosition,
};
use plotters::style::{BLACK, Color, RGBColor, WHITE};

use crate::chart::{Chart, Line, OF_LINES, OURS, WIDTH};

/// In pixels.
const HEIGHT: u32 = 460;

pub(crate) fn draw(svg: &mut String, chart: &Chart, x: &str, lines: &[Line]) -> anyhow::Result<()> {
    fill(svg, chart, x, lines).map_err(|error| anyhow!("{}: {error}", chart.name))
}

fn fill(svg: &mut String, chart: &Chart, x: &str, lines: &[Line]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    area.fill(&WHITE)?;
    let range = |of: fn(&(f64, f64)) -> f64| {
        let all = || lines.iter().flat_map(|line| &line.points).map(of).filter(|value| *value > 0.0);
        let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN_POSITIVE, f64::max));
        if least <= most { (least / 1.2)..(most * 1.2) } else { 1.0..10.0 }
    };
    let mut context = ChartBuilder::on(&area)
        .caption(&chart.title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(range(|point| point.0).log_scale(), range(|point| point.1).log_scale())?;
    context
        .configure_mesh()
        .x_desc(x)
        .y_desc(&chart.unit)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .light_line_style(RGBColor(235, 235, 235))
        .draw()?;
    let mut colours = OF_LINES.iter().cycle();
    for line in lines {
        let (colour, width) =
            if line.is_ours { (OURS, 3) } else { (*colours.next().unwrap_or(&OF_LINES[0]), 2) };
        let style = colour.stroke_width(width);
        context
            .draw_series(LineSeries::new(line.points.iter().copied(), style))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], style));
        context.draw_series(line.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    context
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}
