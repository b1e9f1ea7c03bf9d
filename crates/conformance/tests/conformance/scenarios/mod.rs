//! Scenarios: stories of bookkeeping in tables of plain text, played on every store through real engines. What each
//! command is to be answered with stands in them, and all balances in the end: unlike random histories, they say what
//! is right. `docs/scenarios.md` describes the format.

mod amounts;
mod cells;
mod faults;
mod options;
mod player;
mod reader;
mod rejections;
mod script;
mod span;
mod times;
mod told;

use std::fs;
use std::path::{Path, PathBuf};

use self::player::Stage;
use self::script::{Scenario, Step};
use crate::databases::one_of_each;

/// Names a folder of scenarios to play instead of those of `docs/scenarios/`.
const FOLDER_VARIABLE: &str = "FLORIN_SCENARIOS";

/// How many commands the scenarios that are kept here have at least.
const COMMANDS_MIN: usize = 150;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Reads all scenarios of a folder, with the names of their files.
///
/// # Panics
/// Where one cannot be read, with its place.
fn read_folder(folder: &Path) -> Vec<(String, Vec<Scenario>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder is read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no *.txt", folder.display());
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let scenarios = reader::read(&text).unwrap_or_else(|fault| panic!("{name}:{fault}"));
        (name, scenarios)
    };
    files.into_iter().map(read).collect()
}

fn commands(scenarios: &[Scenario]) -> usize {
    let rows = |step: &Step| match step {
        Step::Commands(rows) => rows.len(),
        Step::Expire { .. } => 1,
        Step::Clock(_) | Step::Balances { .. } | Step::Hold { .. } => 0,
    };
    scenarios.iter().flat_map(|scenario| &scenario.steps).map(rows).sum()
}

#[tokio::test]
async fn every_scenario_ends_as_it_says_on_all_stores() {
    let folder = std::env::var_os(FOLDER_VARIABLE).map_or_else(|| docs().join("scenarios"), PathBuf::from);
    let files = read_folder(&folder);
    let mut faults = Vec::new();
    for (store, database) in one_of_each().await {
        let stage = Stage::set(store, database).await;
        for (file_number, (file, scenarios)) in files.iter().enumerate() {
            for (number, scenario) in scenarios.iter().enumerate() {
                let ledger = format!("scenario-{file_number}-{number}");
                faults.extend(stage.play(file, scenario, &ledger).await);
            }
        }
        stage.clear().await;
    }
    assert!(faults.is_empty(), "not as it says:\n{}", faults.join("\n"));
}

#[test]
fn there_are_enough_scenarios_to_mean_something() {
    let found: usize = read_folder(&docs().join("scenarios")).iter().map(|(_, it)| commands(it)).sum();
    assert!(found >= COMMANDS_MIN, "{found} commands");
}

/// The service has its codes in its sources, each with its status on the line before.
#[test]
fn codes_and_statuses_are_those_of_the_service() {
    let app = docs().join("../crates/app_base/src/http");
    let source =
        |name: &str| fs::read_to_string(app.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let sources = source("rejections.rs") + &source("failures.rs");
    for (code, status) in told::CODES {
        let name = match status {
            404 => "NOT_FOUND",
            409 => "CONFLICT",
            422 => "UNPROCESSABLE_ENTITY",
            424 => "FAILED_DEPENDENCY",
            other => panic!("{other} has no name here"),
        };
        let said = format!("    status: StatusCode::{name},\n    code: \"{code}\",\n");
        assert!(sources.contains(&said), "{code} with {status}");
    }
}
