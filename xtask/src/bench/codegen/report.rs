//! The report.

use std::fmt::Write as _;

use super::{Measured, Options, Seconds};
use crate::bench::figures::{median, spread};
use crate::bench::table::{Bound, Figure, Spread, header, row};

/// What of the time that a change of a body takes may be left.
const BODY: Bound = Bound::AtMost(0.35);
/// How long a build may take, in seconds, after which everything is as it was.
const UNCHANGED: Bound = Bound::AtMost(3.0);
/// How long a change of a body may take, in seconds, with today's routes.
const TODAY: Bound = Bound::AtMost(5.0);

/// A row: what was changed and how it was built, and what holds of it.
struct Line<'a> {
    changed: &'a str,
    built: &'a str,
    seconds: &'a Seconds,
    /// Of the ratio to `plain`, or of the seconds.
    bound: Bound,
    is_of_seconds: bool,
}

/// Writes the report.
pub(crate) fn report(options: &Options, measured: &Measured) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let Options { routes, rounds, .. } = options;
    let [lines, lines_today] = measured.lines;
    let mut text = format!(
        "# How long a change takes\n\nWritten by `cargo xtask bench codegen`: from the file that was written to the service \
         that answers with it, debug builds, {cores} cores, {rounds} rounds in turn, medians. {routes} synthetic routes are \
         {lines} lines of generated code, with four wrapping and two post-processing middlewares, twenty singletons and ten \
         request-scoped constructors; what is compared is within one run. \"Always\" is `cargo px build` as it was before \
         there was a fingerprint: code is generated whatever has changed.\n\n"
    );
    header(&mut text, ["changed", "built by", "seconds", "round by round", "÷ always", "must be", ""]);
    let px = "`cargo px build`";
    let dev = "`cargo xtask dev`'s way";
    let line = |changed, built, seconds, bound, is_of_seconds| Line {
        changed,
        built,
        seconds,
        bound,
        is_of_seconds,
    };
    let all = [
        line("a body", "always", &measured.plain, Bound::None, false),
        line("a body", px, &measured.body, BODY, false),
        line("a body", dev, &measured.dev, BODY, false),
        line("nothing (built only)", px, &measured.unchanged, UNCHANGED, true),
        line("a path", px, &measured.graph, Bound::None, false),
        line("a body, today's routes", dev, &measured.today, TODAY, true),
    ];
    let always = median(measured.plain.0.clone());
    for Line { changed, built, seconds, bound, is_of_seconds } in all {
        if seconds.0.is_empty() {
            continue;
        }
        let middle = median(seconds.0.clone());
        let ratio = middle / always;
        let unit = if is_of_seconds { " s" } else { "" };
        row(
            &mut text,
            &[
                &changed,
                &built,
                &Figure(middle),
                &Spread(spread(seconds.0.iter().copied())),
                &Figure(ratio),
                &format!("{bound}{unit}"),
                &bound.verdict(if is_of_seconds { middle } else { ratio }),
            ],
        );
    }
    if lines_today > 0 {
        writeln!(text, "\nToday's routes are {lines_today} lines of generated code; their row is measured in a copy of this repository.")
            .expect("texts can be written");
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::report;
    use crate::bench::codegen::{Measured, Options, Seconds};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn bounds_hold_of_ratios_or_of_seconds() {
        let options = Command::parse_from(["codegen"]).options;
        let seconds = |all: &[f64]| Seconds(all.to_vec());
        let measured = Measured {
            plain: seconds(&[40.0, 38.0, 39.0]),
            body: seconds(&[10.0]),
            dev: seconds(&[20.0]),
            unchanged: seconds(&[2.0, 4.0]),
            graph: seconds(&[40.0]),
            lines: [165_000, 0],
            ..Measured::default()
        };
        let text = report(&options, &measured);
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 7, "what was not measured has no row: {text}");
        assert!(rows.iter().all(|row| row.matches('|').count() == 8), "{text}");
        assert!(rows[3].ends_with("| 10.0 | 10.0 to 10.0 | 0.26 | ≤ 0.35 | met |"), "{}", rows[3]);
        assert!(rows[4].ends_with("| 0.51 | ≤ 0.35 | **not met** |"), "{}", rows[4]);
        assert!(rows[5].ends_with("| 3.00 | 2.00 to 4.00 | 0.08 | ≤ 3 s | met |"), "{}", rows[5]);
    }
}
