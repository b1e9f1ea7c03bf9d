//! Bars, one below the other, each with its name before it and its figure behind it.

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, PathElement, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, IntoFont, WHITE};

use crate::chart::{Bar, Chart, OURS, THEIRS, WIDTH};

/// In pixels, as all that follow.
const TOP: i32 = 58;
const LEFT: i32 = 110;
const RIGHT: i32 = 120;
const ROW: i32 = 26;
const THICKNESS: i32 = 18;

pub(crate) fn draw(svg: &mut String, chart: &Chart, bars: &[Bar]) -> anyhow::Result<()> {
    let rows = i32::try_from(bars.len())?;
    let height = u32::try_from(TOP + ROW * rows + 12)?;
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    fill(&area, chart, bars).map_err(|error| anyhow!("{}: {error}", chart.name))
}

fn fill(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    chart: &Chart,
    bars: &[Bar],
) -> Result<(), Box<dyn std::error::Error>> {
    area.fill(&WHITE)?;
    let text = |size: i32, horizontal: HPos| {
        ("sans-serif", size).into_font().color(&BLACK).pos(Pos::new(horizontal, VPos::Center))
    };
    area.draw(&Text::new(chart.title.clone(), (12, 20), text(17, HPos::Left)))?;
    area.draw(&Text::new(chart.unit.clone(), (LEFT, 43), text(13, HPos::Left)))?;
    let longest = bars.iter().map(|bar| bar.value.max(bar.most)).fold(f64::MIN_POSITIVE, f64::max);
    let room = f64::from(i32::try_from(WIDTH)? - LEFT - RIGHT);
    // A place on a line of some hundred pixels.
    #[expect(clippy::cast_possible_truncation)]
    let place = |value: f64| LEFT + (room * value / longest).round() as i32;
    for (row, bar) in (0..).zip(bars) {
        let middle = TOP + ROW * row + ROW / 2;
        let (top, bottom) = (middle - THICKNESS / 2, middle + THICKNESS / 2);
        let colour = if bar.is_ours { OURS } else { THEIRS };
        area.draw(&Text::new(bar.name.clone(), (LEFT - 8, middle), text(14, HPos::Right)))?;
        area.draw(&Rectangle::new([(LEFT, top), (place(bar.value), bottom)], colour.filled()))?;
        // How far the rounds lay apart.
        let spread = vec![(place(bar.least), middle), (place(bar.most), middle)];
        area.draw(&PathElement::new(spread, BLACK.stroke_width(2)))?;
        let end = place(bar.value.max(bar.most)) + 8;
        area.draw(&Text::new(figure(bar.value), (end, middle), text(14, HPos::Left)))?;
    }
    area.present()?;
    Ok(())
}

fn figure(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
