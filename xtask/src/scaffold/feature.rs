//! What a new feature consists of: files of its own, and its lines in lists that all features share.

use std::path::Path;

use anyhow::{Result, bail};

use super::lists::{insert, insert_module};
use super::name::{Name, type_case};
use super::plan::Plan;
use super::taken;
use super::template::fill;

/// Names a template by the file that it makes.
macro_rules! templates {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../templates/feature/", $path)))),*]
    };
}

/// The files of a feature, as paths from the root on, with their templates.
const FILES: &[(&str, &str)] = templates![
    "app/src/widgets/create_widget.rs"
    "app/src/widgets/dto.rs"
    "app/src/widgets/error.rs"
    "app/src/widgets/get_widget.rs"
    "app/src/widgets/mod.rs"
    "app/src/widgets/operations.rs"
    "app/src/widgets/query.rs"
    "app/src/widgets/rights.rs"
    "crates/app_base/src/http/widgets.rs"
    "crates/engine/src/widgets/changes.rs"
    "crates/engine/src/widgets/mod.rs"
    "crates/engine/src/widgets/port.rs"
    "crates/engine/src/widgets/widget.rs"
    "crates/sql_rows/src/widgets.rs"
    "crates/store_memory/src/widgets.rs"
    "crates/store_postgres/src/widgets.rs"
    "crates/store_sqlite/src/widgets.rs"
    "crates/test_support/src/contract/widgets.rs"
    "docs/widgets.md"
    "server/tests/http/widgets.rs"
];

/// The step of each store's schema, which makes the feature's table.
const MIGRATIONS: &[(&str, &str)] = &[
    ("store_postgres", include_str!("../../templates/feature/postgres.sql")),
    ("store_sqlite", include_str!("../../templates/feature/sqlite.sql")),
];

/// Where a line goes: among the modules of a file, or into the list behind another line.
enum Place {
    Module,
    After(&'static str),
}

use Place::{After, Module};

const FEATURES: Place = After("// One sorted line per feature.");
const BROUGHT: Place = After("// Sorted lines of the features that teams bring.");

/// The lines of a feature in lists that all features share.
const LINES: &[(&str, Place, &str)] = &[
    ("app/src/blueprint.rs", FEATURES, "crate::widgets,"),
    ("app/src/lib.rs", Module, "pub mod widgets;"),
    ("crates/app_base/src/http/mod.rs", Module, "pub mod widgets;"),
    (
        "crates/app_base/src/api/groups.rs",
        After("// One sorted line per feature that teams bring."),
        "(\"Gadgets\", \"Gadgets of ledgers, each with a name.\"),",
    ),
    ("app/src/operations.rs", FEATURES, "crate::widgets::operations(),"),
    (
        "app/tests/documents/reads.rs",
        After("// One sorted line each."),
        "body::<app::widgets::CreateWidgetRequest>,",
    ),
    ("crates/engine/src/lib.rs", Module, "pub mod widgets;"),
    (
        "crates/engine/src/port/parts.rs",
        After("// One sorted line per part."),
        "widgets: crate::widgets::WidgetStore,",
    ),
    (
        "crates/identity/src/action.rs",
        BROUGHT,
        "WidgetCreated(\"widget.created\", \"A gadget was created.\"),",
    ),
    (
        "crates/identity/src/scope.rs",
        BROUGHT,
        "WidgetsRead(true, \"widgets:read\", \"Read the gadgets of a ledger.\"),",
    ),
    (
        "crates/identity/src/scope.rs",
        BROUGHT,
        "WidgetsWrite(true, \"widgets:write\", \"Create gadgets in a ledger.\"),",
    ),
    ("crates/sql_rows/src/lib.rs", Module, "pub mod widgets;"),
    ("crates/store_memory/src/features.rs", FEATURES, "pub(crate) widgets: crate::widgets::KeptWidgets,"),
    ("crates/store_memory/src/lib.rs", Module, "mod widgets;"),
    ("crates/store_postgres/src/lib.rs", Module, "mod widgets;"),
    ("crates/store_sqlite/src/lib.rs", Module, "mod widgets;"),
    ("crates/test_support/src/contract/mod.rs", Module, "pub mod widgets;"),
    (
        "crates/test_support/src/contract/mod.rs",
        After("$crate::store_contract! { @topics $fixture;"),
        "widgets {\n    a_widget_comes_back_as_it_was_created\n    an_id_and_a_key_of_a_widget_are_taken_once\n    \
         a_ledger_that_is_not_there_has_no_widgets\n}",
    ),
    (
        "docs/glossary.md",
        After("|---|---|"),
        "| gadget | What belongs to a ledger and has a name: [gadgets](widgets.md). |",
    ),
    ("server/tests/http/access/rows.rs", BROUGHT, "(\"widgets:read\", true),"),
    ("server/tests/http/access/rows.rs", BROUGHT, "(\"widgets:write\", true),"),
    (
        "server/tests/http/access/rows.rs",
        After("// Sorted by operation, one line each."),
        "(\"create_widget\", OnLedger(&[\"widgets:write\"])),",
    ),
    (
        "server/tests/http/access/rows.rs",
        After("// Sorted by operation, one line each."),
        "(\"get_widget\", OnLedger(&[\"widgets:read\"])),",
    ),
    ("server/tests/http/main.rs", Module, "mod widgets;"),
    ("server/tests/http/calls.rs", FEATURES, "crate::widgets::calls,"),
];

/// Says whether the files of a feature have no other use for its name: `result` would be the standard library's `Result`.
///
/// # Errors
/// What has it, and where.
fn means_nothing_else(name: &Name) -> Result<()> {
    let Name { many, one } = name;
    let forms = [one, &type_case(one), &type_case(many)];
    let is_taken = |word: &&str| forms.iter().any(|form| form == word);
    for (path, template) in
        FILES.iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|its| its == "rs"))
    {
        let code = template.lines().map(|line| line.split("//").next().unwrap_or_default());
        let mut words = code.flat_map(|line| line.split(|part: char| !part.is_alphanumeric() && part != '_'));
        if let Some(word) = words.find(is_taken) {
            let path = fill(path, name);
            bail!(
                "`{word}` is something else in the code of a feature, in {path}: choose another word, also by `--singular …`"
            );
        }
    }
    Ok(())
}

/// Plans a feature. `time` numbers its step of the schemas: year, month, day, hour, minute and second.
///
/// # Errors
/// The name is taken, or a list is not where it should be.
pub(super) fn plan(root: &Path, name: &Name, time: &str) -> Result<Plan> {
    taken::is_free(root, name)?;
    means_nothing_else(name)?;
    let mut plan = Plan::new(root);
    for (path, template) in FILES {
        plan.create(&fill(path, name), fill(template, name))?;
    }
    let mut number: u64 = time.parse()?;
    let is_used = |number: u64| {
        let names = |store: &str| std::fs::read_dir(root.join("crates").join(store).join("migrations"));
        let of = |store| names(store).into_iter().flatten().flatten();
        MIGRATIONS
            .iter()
            .flat_map(|(store, _)| of(store))
            .any(|file| file.file_name().to_string_lossy().starts_with(&format!("{number}_")))
    };
    while is_used(number) {
        number += 1;
    }
    for (store, template) in MIGRATIONS {
        let path = format!("crates/{store}/migrations/{number}_expand_{}.sql", name.many);
        plan.create(&path, fill(template, name))?;
    }
    for (path, place, line) in LINES {
        let line = fill(line, name);
        plan.edit(path, |text| match place {
            Module => insert_module(text, &line),
            After(anchor) => insert(text, anchor, &line),
        })?;
    }
    Ok(plan)
}
