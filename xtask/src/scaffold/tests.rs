//! Features and endpoints as they would be written into this very workspace: of what is there they change nothing, two of
//! them merge, and what cannot be is refused with the reason.
//!
//! No team would call a feature as these tests do: what is called so has to be free here.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::endpoint::{self, Wanted};
use super::feature;
use super::name::Name;
use super::plan::{Plan, added};
use crate::workspace::root;

const TIME: &str = "20300102030405";

fn named(many: &str) -> Name {
    Name::parse(many, None).unwrap()
}

/// Copies what features are written into, without all else.
fn workspace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let parts = ["app", "crates", "server/tests/http", "docs", "Cargo.lock", ".gitattributes"];
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--"])
        .args(parts)
        .current_dir(root())
        .output()
        .unwrap();
    for name in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
        let target = folder.path().join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if root().join(name).exists() {
            fs::copy(root().join(name), target).unwrap();
        }
    }
    folder
}

fn git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let identity =
        ["-c", "user.name=Florin", "-c", "user.email=florin@example.com", "-c", "commit.gpgsign=false"];
    let output =
        Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn git_well(folder: &Path, arguments: &[&str]) -> String {
    let (passed, said) = git(folder, arguments);
    assert!(passed, "git {arguments:?}: {said}");
    said
}

/// Every changed file has all lines that it had, in their order.
fn only_adds(plan: &Plan) {
    for (path, before, after) in plan.edits() {
        let mut left = before.lines().peekable();
        let more = after.lines().filter(|line| left.next_if_eq(line).is_none()).count();
        assert_eq!(left.next(), None, "{path} has lost a line");
        assert!(more > 0, "{path}");
        assert_eq!(added(before, after).len(), more, "{path}");
    }
}

#[test]
fn a_feature_only_adds_lines_and_its_own_name_is_everywhere() {
    for name in
        ["sample_payees", "sample_price_lists", "imaginary_invoices", "absent_accruals", "zigzag_zones"]
    {
        let plan = feature::plan(root(), &named(name), TIME).unwrap();
        only_adds(&plan);
        assert!(plan.edits().count() >= 17, "{}", plan.show());
        for (path, text) in plan.new_files() {
            let text = [path, text].concat().to_lowercase();
            assert!(!text.contains("widget") && !text.contains("gadget"), "{path}");
            assert!(!text.contains("a imaginary") && !text.contains("a_imaginary"), "{path}");
        }
        let expected = format!("crates/store_sqlite/migrations/{TIME}_expand_{name}.sql");
        assert!(plan.new_files().any(|(path, _)| path == expected), "{}", plan.show());
    }
}

#[test]
fn features_of_two_teams_merge_without_a_conflict() {
    let folder = workspace();
    let folder = folder.path();
    git_well(folder, &["init", "--quiet", "--initial-branch=main"]);
    git_well(folder, &["add", "--all"]);
    git_well(folder, &["commit", "--quiet", "--message=before"]);
    // Neighbours in every list, which both come to the same place.
    for name in ["sample_payees", "sample_payers"] {
        git_well(folder, &["checkout", "--quiet", "-b", name, "main"]);
        feature::plan(folder, &named(name), TIME).unwrap().apply().unwrap();
        git_well(folder, &["add", "--all"]);
        git_well(folder, &["commit", "--quiet", "--message", name]);
    }
    git_well(folder, &["merge", "--quiet", "--message=both", "sample_payees"]);
    let lines = git_well(
        folder,
        &[
            "grep",
            "--no-color",
            "-h",
            "-E",
            "(sample_payees|sample_payers)",
            "--",
            "*/lib.rs",
            "*/blueprint.rs",
        ],
    );
    for name in ["sample_payees", "sample_payers"] {
        for line in [format!("pub mod {name};"), format!("        crate::{name},")] {
            assert!(lines.lines().any(|its| its == line), "{line}: {lines}");
        }
    }
    assert!(!git(folder, &["grep", "-E", "^(<<<<<<<|>>>>>>>)"]).0, "nothing is left to be settled");
    let removed = git_well(folder, &["diff", "--numstat", "main", "HEAD"]);
    let removed: Vec<&str> = removed.lines().filter(|line| line.split('\t').nth(1) != Some("0")).collect();
    assert_eq!(removed, [""; 0], "both only added");
    // The next feature finds every list as it should be.
    feature::plan(folder, &named("sample_payments"), TIME).unwrap();
}

#[test]
fn taken_names_are_refused_with_their_reason() {
    for (name, one, reason) in [
        ("keys", "key", "word of SQL"),
        ("holds", "hold", "there is a feature `holds` already"),
        ("commands", "command", "a part of the app that all features share"),
        ("openapis", "openapi", "there is a function `get_openapi` already"),
        ("bytes", "byte", "a crate that is used here"),
        ("tokens", "token", "a crate that is used here"),
        ("entries", "entry", "there is a table `entries` already"),
        ("api_keys", "api_key", "there is a table `api_keys` already"),
        ("balances", "balance", "there is a feature `balances` already"),
        ("stores", "store", "the engine has a function `store` already"),
        ("changes", "change", "changes.rs is there already"),
        ("lists", "list", "server/tests/http/lists.rs is there already"),
        ("problems", "problem", "clients know a type `Problem` already"),
        ("results", "result", "`Result` is something else in the code of a feature, in "),
        ("strings", "string", "`String` is something else in the code of a feature, in "),
    ] {
        let refused = Name::parse(name, Some(one)).and_then(|name| feature::plan(root(), &name, TIME));
        let Err(error) = refused else { panic!("{name} was taken") };
        assert!(format!("{error:#}").contains(reason), "{name}: {error:#}");
    }
}

#[test]
fn a_list_that_is_not_where_it_should_be_is_named_and_nothing_is_written() {
    let folder = workspace();
    let path = folder.path().join("server/tests/http/calls.rs");
    let text = fs::read_to_string(&path).unwrap().replace("// One sorted line per feature.", "// Lines.");
    fs::write(&path, text).unwrap();
    let Err(error) = feature::plan(folder.path(), &named("sample_payees"), TIME) else { panic!("it fits") };
    assert!(format!("{error:#}").starts_with("server/tests/http/calls.rs: the line"), "{error:#}");
    assert!(!folder.path().join("app/src/sample_payees").exists());
}

#[test]
fn two_steps_of_a_schema_never_have_one_number() {
    let folder = workspace();
    feature::plan(folder.path(), &named("sample_payees"), TIME).unwrap().apply().unwrap();
    let plan = feature::plan(folder.path(), &named("sample_quotas"), TIME).unwrap();
    let step = "crates/store_postgres/migrations/20300102030406_expand_sample_quotas.sql";
    assert!(plan.new_files().any(|(path, _)| path == step), "{}", plan.show());
}

fn wanted<'a>(feature: &'a str, verb_noun: &'a str) -> Wanted<'a> {
    Wanted { feature, verb_noun, method: None, path: None, like: None }
}

#[test]
fn an_endpoint_takes_what_its_feature_has() {
    let folder = workspace();
    feature::plan(folder.path(), &named("sample_payees"), TIME).unwrap().apply().unwrap();
    let path = Some("/v1/ledgers/{ledger}/sample_payees/{id}/balance");
    let plan = endpoint::plan(
        folder.path(),
        &Wanted { path, ..wanted("sample_payees", "get_sample_payee_balance") },
    )
    .unwrap();
    let shown = plan.show();
    for line in [
        "new   app/src/sample_payees/get_sample_payee_balance.rs",
        "+ mod get_sample_payee_balance;",
        "+ pub use get_sample_payee_balance::*;",
        "+ (\"get_sample_payee_balance\", OnLedger(&[\"sample_payees:read\"])),",
        "+ (Request::get(format!(\"/v1/ledgers/main/sample_payees/{LATEST}/balance\")), 200),",
        "+ fn get_sample_payee_balance_answers_for_a_ledger_that_is_there() {",
        "+ .right::<SamplePayeesRead>()",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    plan.apply().unwrap();
    let plan = endpoint::plan(folder.path(), &wanted("sample_payees", "freeze_sample_payments")).unwrap();
    let (_, text) = plan.new_files().next().unwrap();
    assert!(
        text.contains("#[post(path = \"/v1/ledgers/{ledger}/sample_payees/sample_payments\")]"),
        "{text}"
    );
    assert!(
        text.contains("Granted<SamplePayeesWrite>") && text.contains("Write<(InLedger, NoBody)>"),
        "{text}"
    );
}

#[test]
fn an_endpoint_of_a_feature_of_the_house_is_written_too() {
    let plan = endpoint::plan(root(), &wanted("keys", "count_keys_in_use")).unwrap();
    let (_, text) = plan.new_files().next().unwrap();
    assert!(text.contains("#[get(path = \"/v1/keys/keys_in_use\")]"), "{text}");
    assert!(plan.show().contains("+ (\"count_keys_in_use\", Overall(\"keys:admin\")),"), "{}", plan.show());
    let plan = endpoint::plan(root(), &wanted("schedules", "list_holidays")).unwrap();
    let (_, text) = plan.new_files().next().unwrap();
    assert!(text.contains("use crate::http::principal::{Granted, LedgerRead};"), "{text}");
    assert!(text.contains("use super::RequestError;"), "{text}");
}

#[test]
fn endpoints_that_cannot_be_are_refused_with_the_reason() {
    let at = |path| Wanted { path: Some(path), ..wanted("holds", "get_sum") };
    for (wanted, reason) in [
        (wanted("nothing_here", "get_sum"), "there is no feature `nothing_here`; there are accounts, audit"),
        (wanted("holds", "sum"), "is no verb and noun"),
        (wanted("holds", "getSum"), "snake case"),
        (wanted("holds", "get_hold"), "there is a handler `get_hold` already"),
        (wanted("holds", "list_holds_"), "snake case"),
        (at("v1/sum"), "does not begin with `/`"),
        (at("/v1/su m"), "neither a word nor a parameter"),
        (at("/v1//sum"), "neither a word nor a parameter"),
        (at("/v1/ledgers/{name}/holds"), "is `list_holds` already"),
        (
            at("/v1/ledgers/{ledger}/holds/{which}/sum"),
            "no type in app/src/holds/query.rs reads ledger, which",
        ),
        (at("/v1/sum"), "say whose right it takes, `--like …`: "),
        (wanted("health", "get_sum"), "no endpoint of this feature takes a right"),
        (Wanted { like: Some("get_key"), ..wanted("holds", "get_sum") }, "say whose right it takes"),
    ] {
        let Err(error) = endpoint::plan(root(), &wanted) else { panic!("{} was written", wanted.verb_noun) };
        assert!(format!("{error:#}").contains(reason), "{}: {error:#}", wanted.verb_noun);
    }
}
