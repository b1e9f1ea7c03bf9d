//! The page: a table of what was counted with what is allowed, which is also what a check compares with.

use std::fmt::Write as _;

use anyhow::{Context, bail};

use super::counts::Counts;
use crate::bench::table::{header, row};

/// What one request came to.
pub(super) struct Counted {
    pub(super) route: String,
    pub(super) store: String,
    pub(super) counts: Counts,
}

/// What one request may come to.
#[derive(Debug, PartialEq)]
pub(super) struct Bounds {
    route: String,
    store: String,
    /// In the order of [`Counts::figures`].
    most: [f64; 3],
}

/// How far above what was counted a bound is. On SQLite, what the service does by itself falls into one run more often than
/// into another; how often threads wake each other varies on both, and with it instructions.
const ALLOWANCES: [f64; 3] = [1.08, 1.08, 1.12];

/// Writes the page.
pub(super) fn write(counted: &[Counted], requests: u32, valgrind: &str) -> String {
    let mut text = String::new();
    writeln!(
        text,
        "# What a request allocates\n\nWritten by `cargo xtask bench alloc --report docs/bench-alloc.md`, with {valgrind}. \
         What one request costs whatever the machine is: calls that allocate or grow, bytes that they ask for (who grows \
         asks for all of it again), and instructions. The release build runs under valgrind's dhat, with one thread that \
         serves, one connection and nobody asked who they are, once with {requests} requests of a route and once with \
         {}; the difference is divided by {requests}. What the service does by itself meanwhile is in it.\n\n\
         `cargo xtask bench alloc --check` counts again, and fails where a request is above a bound of this table. Whoever \
         makes one dearer on purpose writes the page anew and says why; whoever makes one cheaper writes it anew, so that \
         it stays so.\n",
        2 * requests
    )
    .expect("texts can be written");
    header(
        &mut text,
        ["request", "database", "allocations", "at most", "bytes", "at most", "instructions", "at most"],
    );
    for Counted { route, store, counts } in counted {
        let mut cells = vec![route.clone(), store.clone()];
        for ((_, figure), allowance) in counts.figures().into_iter().zip(ALLOWANCES) {
            cells.push(shown(figure));
            cells.push(format!("{:.0}", most(figure, allowance)));
        }
        let cells: Vec<&dyn std::fmt::Display> = cells.iter().map(|cell| cell as _).collect();
        row(&mut text, &cells);
    }
    text
}

/// Returns what is allowed where so much was counted: at least one more.
fn most(figure: f64, allowance: f64) -> f64 {
    (figure * allowance).max(figure + 1.0).ceil()
}

fn shown(figure: f64) -> String {
    if figure < 1000.0 { format!("{figure:.1}") } else { format!("{figure:.0}") }
}

/// Reads the bounds out of a page.
///
/// # Errors
/// It has none, or a row is not as it is written.
pub(super) fn read(page: &str) -> anyhow::Result<Vec<Bounds>> {
    let rows = page.lines().filter(|line| line.starts_with('|')).skip(2);
    let bounds = rows.map(|line| bounds(line).with_context(|| format!("a row of the page: {line}")));
    let bounds = bounds.collect::<anyhow::Result<Vec<_>>>()?;
    if bounds.is_empty() {
        bail!("the page has no bounds");
    }
    Ok(bounds)
}

fn bounds(line: &str) -> Option<Bounds> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [route, store, _, allocations, _, bytes, _, instructions] = cells.as_slice() else { return None };
    Some(Bounds {
        route: (*route).to_owned(),
        store: (*store).to_owned(),
        most: [allocations.parse().ok()?, bytes.parse().ok()?, instructions.parse().ok()?],
    })
}

/// Lists what is above its bound, a line each.
///
/// # Errors
/// A route has no bounds yet.
pub(super) fn above(counted: &[Counted], bounds: &[Bounds]) -> anyhow::Result<Vec<String>> {
    let mut above = Vec::new();
    for Counted { route, store, counts } in counted {
        let bounds = bounds.iter().find(|bounds| bounds.route == *route && bounds.store == *store);
        let bounds = bounds.with_context(|| format!("{route} on {store} has no bounds yet"))?;
        for ((name, figure), most) in counts.figures().into_iter().zip(bounds.most) {
            if figure > most {
                above.push(format!("{route} on {store}: {} {name}, at most {most:.0}", shown(figure)));
            }
        }
    }
    Ok(above)
}

#[cfg(test)]
mod tests {
    use super::{Counted, above, read, write};
    use crate::bench::alloc::counts::Counts;

    fn counted(allocations: f64) -> Vec<Counted> {
        let counts = Counts { allocations, bytes: 2000.0, instructions: 30_000.4 };
        vec![Counted { route: "GET /version".into(), store: "SQLite".into(), counts }]
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let page = write(&counted(40.2), 500, "valgrind-3");
        assert!(
            page.ends_with("| GET /version | SQLite | 40.2 | 44 | 2000 | 2160 | 30000 | 33601 |\n"),
            "{page}"
        );
        let bounds = read(&page).unwrap();
        let most = bounds[0].most.map(|most| most.to_string());
        assert_eq!(most, ["44", "2160", "33601"]);
    }

    #[test]
    fn what_is_above_its_bound_is_named() {
        let bounds = read(&write(&counted(40.2), 500, "valgrind-3")).unwrap();
        assert!(above(&counted(44.0), &bounds).unwrap().is_empty());
        let more = above(&counted(45.0), &bounds).unwrap();
        assert_eq!(more, ["GET /version on SQLite: 45.0 allocations, at most 44"]);
    }

    #[test]
    fn a_route_without_bounds_is_an_error() {
        let mut others = counted(1.0);
        others[0].route = "GET /other".into();
        let bounds = read(&write(&counted(1.0), 500, "valgrind-3")).unwrap();
        assert!(above(&others, &bounds).is_err());
    }

    #[test]
    fn a_page_without_a_table_is_an_error() {
        assert!(read("# Nothing").is_err());
        assert!(read("| a |\n|---|\n| b |\n").is_err());
    }
}
