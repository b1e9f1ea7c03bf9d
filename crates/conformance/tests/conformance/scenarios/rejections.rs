//! `docs/rejections.md`: every command with every rejection, first things first. The page is the test: its table says
//! which cases there are, and its cases are played on every store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::player::Stage;
use super::reader::read_steps;
use super::script::{Answer, COMMANDS, Expected, Row, Scenario, Step, kind};
use super::told::CODES;
use crate::databases::one_of_each;

const PAGE: &str = "rejections.md";

/// What a cell holds where the rejection cannot occur; the number of a note may follow.
const CANNOT: char = '—';

/// The rows of the table that no command of a ledger is told.
const TOLD_ELSEWHERE: [&str; 1] = ["request.invalid"];

/// The page, taken apart.
struct Page {
    /// What is told, in order of precedence: a code, and facts where the code says less.
    rows: Vec<String>,
    /// The filled cells: command and row.
    cells: BTreeSet<(usize, usize)>,
    /// Cases by their headings.
    cases: BTreeMap<String, Case>,
}

/// A case: the prose before it, and its commands.
struct Case {
    prose: String,
    scenario: Scenario,
}

impl Page {
    fn read() -> Self {
        let path = super::docs().join(PAGE);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (rows, cells) = read_table(&text);
        Self { rows, cells, cases: read_cases(&text) }
    }

    /// Names the case of a cell.
    fn heading(&self, (command, row): (usize, usize)) -> String {
        slug(command, &self.rows[row])
    }

    /// Finds which row a command's answer is in: of several of one code, that whose facts it has.
    fn row_of(&self, expected: &Expected) -> Option<usize> {
        let Answer::Refused(code) = expected.answer else { return None };
        let matches = |row: &String| {
            let (its_code, fact) = row.split_once("; ").map_or((&**row, None), |(it, fact)| (it, Some(fact)));
            let has =
                |fact: &str| expected.facts.iter().any(|(name, value)| format!("{name} {value}") == fact);
            its_code == code && fact.is_none_or(has)
        };
        // A row with facts stands after the one without.
        self.rows.iter().rposition(matches)
    }
}

/// Names the case of a command and a row, as its heading does.
fn slug(command: usize, row: &str) -> String {
    format!("{}-{row}", COMMANDS[command]).replace("; ", "-").replace([' ', '.', '_'], "-")
}

fn read_table(text: &str) -> (Vec<String>, BTreeSet<(usize, usize)>) {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("| told |"));
    let heading = format!("| told | {} |", COMMANDS.join(" | "));
    assert_eq!(lines.next(), Some(&*heading), "the table of {PAGE}");
    let (mut rows, mut cells) = (Vec::new(), BTreeSet::new());
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let mut columns = line.trim_matches('|').split('|').map(str::trim);
        let row = columns.next().unwrap_or_default().trim_matches('`').to_owned();
        for (command, cell) in columns.enumerate() {
            if !cell.starts_with(CANNOT) {
                assert_eq!(
                    cell,
                    format!("[case](#{})", slug(command, &row)),
                    "{row} of {}",
                    COMMANDS[command]
                );
                cells.insert((command, rows.len()));
            }
        }
        rows.push(row);
    }
    (rows, cells)
}

/// Reads the cases: each a heading of the third level, prose, and a block of rows, which follow those that all begin
/// with.
fn read_cases(text: &str) -> BTreeMap<String, Case> {
    let mut books: Option<(String, usize)> = None;
    let mut cases = BTreeMap::new();
    let (mut heading, mut prose) = (None, String::new());
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(title) = line.strip_prefix("### ") {
            (heading, prose) = (Some(title.to_owned()), String::new());
        } else if line == "```scenario" {
            let block: Vec<&str> =
                lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```").collect();
            let block = block.join("\n");
            let Some((common, common_line)) = &books else {
                books = Some((block, number + 1));
                continue;
            };
            let title = heading.take().unwrap_or_else(|| panic!("{PAGE}:{number}: a case has a heading"));
            let parts = [(&**common, *common_line), (&*block, number + 1)];
            let scenario = read_steps(&title, &parts).unwrap_or_else(|fault| panic!("{PAGE}:{fault}"));
            let case = Case { prose: std::mem::take(&mut prose), scenario };
            assert!(cases.insert(title.clone(), case).is_none(), "{title} is there twice");
        } else {
            prose.push_str(line);
        }
    }
    cases
}

fn row<'s>(scenario: &'s Scenario, name: &str) -> Option<&'s Row> {
    let rows = scenario.steps.iter().filter_map(|step| match step {
        Step::Commands(rows) => Some(rows),
        _ => None,
    });
    rows.flatten().find(|row| row.name.as_deref() == Some(name))
}

#[test]
fn every_cell_has_its_case_and_every_case_its_cell() {
    let page = Page::read();
    let of_cells: BTreeSet<String> = page.cells.iter().map(|cell| page.heading(*cell)).collect();
    let of_cases: BTreeSet<String> = page.cases.keys().cloned().collect();
    assert_eq!(of_cells, of_cases);
}

#[test]
fn every_code_that_a_command_can_be_refused_with_has_a_row() {
    let page = Page::read();
    for (code, _) in CODES {
        // They are about other requests than the command: see the page.
        let is_beside = ["idempotency.in_progress", "batch.not_applied"].contains(&code);
        assert_eq!(page.rows.iter().any(|row| row == code), !is_beside, "{code}");
    }
    for (number, row) in page.rows.iter().enumerate() {
        let is_filled = page.cells.iter().any(|(_, filled)| *filled == number);
        assert_eq!(is_filled, !TOLD_ELSEWHERE.contains(&&**row), "{row}");
    }
}

/// `alone` is told what the cell says; `both` too, though the answer of `next` lies further down in the column. Whatever
/// lies between is explained.
#[test]
fn every_case_shows_what_its_cell_says() {
    let page = Page::read();
    for cell in &page.cells {
        let (command, number) = *cell;
        let heading = page.heading(*cell);
        let Case { prose, scenario } = &page.cases[&heading];
        let told = |name: &str| {
            let row = row(scenario, name)?;
            assert_eq!(kind(&row.command), COMMANDS[command], "{heading}: {name}");
            Some(page.row_of(&row.expected).unwrap_or_else(|| panic!("{heading}: {name} is refused")))
        };
        assert_eq!(told("alone"), Some(number), "{heading}: alone");
        let next = told("next");
        assert_eq!(told("both"), next.map(|_| number), "{heading}: both");
        assert!(next.is_none_or(|next| next > number), "{heading}: next comes later");
        let skipped =
            (number + 1..next.unwrap_or(page.rows.len())).filter(|it| page.cells.contains(&(command, *it)));
        for skipped in skipped {
            let name = format!("`{}`", page.rows[skipped]);
            assert!(prose.contains(&name), "{heading} does not say why {name} cannot meet it");
        }
    }
}

#[tokio::test]
async fn every_case_is_answered_alike_on_all_stores() {
    let page = Page::read();
    let mut faults = Vec::new();
    for (store, database) in one_of_each().await {
        let stage = Stage::set(store, database).await;
        for (number, case) in page.cases.values().enumerate() {
            faults.extend(stage.play(PAGE, &case.scenario, &format!("case-{number}")).await);
        }
        stage.clear().await;
    }
    assert!(faults.is_empty(), "not as the page says:\n{}", faults.join("\n"));
}
