//! Draws a picture as SVG that a browser shows by itself, in light and in dark.

use std::fmt::Write as _;

use super::layout::layout;
use super::picture::{Picture, cut};

/// Around everything, in pixels.
const MARGIN: f64 = 24.0;

/// Above the boxes: title, what it is about, headings of columns.
const TOP: f64 = 104.0;

/// Below the boxes: what the colours mean.
const BOTTOM: f64 = 44.0;

/// Between columns: more where more links have to be told apart.
const BETWEEN: f64 = 72.0;
const BETWEEN_MANY: f64 = 150.0;
const MANY: usize = 100;

/// What the colours mean, in the order of a request.
const LEGEND: [(&str, &str); 7] = [
    ("configuration", "configuration"),
    ("prebuilt", "prebuilt"),
    ("singleton", "singleton"),
    ("request", "of the request"),
    ("made", "made per request"),
    ("middleware", "middleware"),
    ("handler", "handler"),
];

/// Colours of the eyes' choice: the same hues by day and by night.
const STYLE: &str = "
svg{--page:#fff;--text:#1f2328;--faint:#656d76;--box:#f6f8fa;--edge:#d0d7de;--bad:#b42318;--badbox:#fdecea;
--configuration:#7c5e10;--prebuilt:#0a6e6e;--singleton:#1a7f37;--request:#57606a;--made:#0550ae;--middleware:#8250df;--handler:#bf3989}
@media(prefers-color-scheme:dark){svg{--page:#0d1117;--text:#e6edf3;--faint:#8d96a0;--box:#161b22;--edge:#30363d;--bad:#ff9492;--badbox:#3a1a1c;
--configuration:#e3b341;--prebuilt:#56d4dd;--singleton:#56d364;--request:#9ea7b3;--made:#79c0ff;--middleware:#d2a8ff;--handler:#ff9bce}}
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:var(--text)}
.page{fill:var(--page)}
.h1{font-size:18px;font-weight:600}
.h2,.h3,.origin{fill:var(--faint)}
.h3{letter-spacing:.04em}
.title{font-weight:600}
.bad{fill:var(--bad)}
.badbox{fill:var(--badbox)}
.box{fill:var(--box);stroke:var(--edge)}
.link{fill:none;stroke-width:1.3;stroke-opacity:.55}
.around{fill:none;stroke:var(--middleware);stroke-width:1.6}
";

/// Draws it.
pub(crate) fn draw(picture: &Picture) -> String {
    let sizes: Vec<_> = picture.boxes.iter().map(super::picture::Shown::size).collect();
    let between = if picture.links.len() > MANY { BETWEEN_MANY } else { BETWEEN };
    let placed = layout(&sizes, &picture.links, between);
    let legend_width = LEGEND.iter().map(|(_, name)| legend_step(name)).sum::<f64>();
    let width = placed.width.max(legend_width).max(letters(&picture.about)) + 2.0 * MARGIN;
    let height = placed.height + TOP + BOTTOM + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n",
        escaped(&picture.title)
    );
    text(&mut svg, "h1", MARGIN, MARGIN + 16.0, &picture.title);
    text(&mut svg, "h2", MARGIN, MARGIN + 38.0, &picture.about);
    for ((x, _), heading) in placed.columns.iter().zip(&picture.headings) {
        text(&mut svg, "h3", MARGIN + x, TOP - 14.0, heading);
    }
    for piece in &placed.pieces {
        let (x, y) = (piece.from.0 + MARGIN, piece.from.1 + TOP);
        let (to_x, to_y) = (piece.to.0 + MARGIN, piece.to.1 + TOP);
        let class = picture.boxes[piece.source].class;
        let bend = (to_x - x) / 2.0;
        let _ = writeln!(
            svg,
            "<path class=\"link\" style=\"stroke:var(--{class})\" d=\"M{x:.1} {y:.1}C{:.1} {y:.1} {:.1} {to_y:.1} {to_x:.1} {to_y:.1}\"/>",
            x + bend,
            to_x - bend
        );
        if piece.ends {
            let _ = writeln!(
                svg,
                "<circle cx=\"{to_x:.1}\" cy=\"{to_y:.1}\" r=\"2.6\" style=\"fill:var(--{class})\"/>"
            );
        }
    }
    for (above, below) in &picture.around {
        let (above, below) = (placed.boxes[*above], placed.boxes[*below]);
        let x = above.x + MARGIN + 18.0;
        let (from, to) = (above.y + above.height + TOP, below.y + TOP);
        let _ = writeln!(svg, "<path class=\"around\" d=\"M{x:.1} {from:.1}V{to:.1}m-4 -6l4 6l4 -6\"/>");
    }
    for (shown, place) in picture.boxes.iter().zip(&placed.boxes) {
        let (x, y) = (place.x + MARGIN, place.y + TOP);
        let (width, height) = (place.width, place.height);
        let class = shown.class;
        let _ = writeln!(
            svg,
            "<g><title>{}</title><rect class=\"box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"5\"/>\
             <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"4\" height=\"{height:.1}\" rx=\"2\" style=\"fill:var(--{class})\"/>",
            escaped(shown.tip.trim())
        );
        let mut line = y + 20.0;
        text(&mut svg, "title", x + 14.0, line, &cut(&shown.title));
        if !shown.origin.is_empty() {
            line += 16.0;
            text(&mut svg, "origin", x + 14.0, line, &cut(&shown.origin));
        }
        if !shown.failures.is_empty() {
            let top = line + 8.0;
            let _ = writeln!(
                svg,
                "<rect class=\"badbox\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                x + 5.0,
                width - 6.0,
                y + height - top - 2.0
            );
            line += 6.0;
            for failure in &shown.failures {
                line += 16.0;
                text(&mut svg, "bad", x + 14.0, line, &cut(failure));
            }
        }
        svg.push_str("</g>\n");
    }
    let mut x = MARGIN;
    for (class, name) in LEGEND {
        let y = height - MARGIN;
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" rx=\"2\" style=\"fill:var(--{class})\"/>",
            y - 10.0
        );
        text(&mut svg, "h2", x + 16.0, y, name);
        x += legend_step(name);
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend_step(name: &str) -> f64 {
    letters(name) + 40.0
}

fn letters(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX)) * 7.3
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
