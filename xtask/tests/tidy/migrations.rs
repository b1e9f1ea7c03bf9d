//! Rules about the steps of the stores' schemas, so that two versions can run side by side.

use std::collections::BTreeMap;

use crate::none_of;
use crate::tree::files;

/// How the names of steps begin after the first: what older versions go on with, and what they do not.
const KINDS: [&str; 2] = ["expand_", "contract_"];

#[test]
fn every_migration_says_whether_older_versions_can_go_on() {
    let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files("sql") {
        // A feature that stands on either database has a folder within for each.
        if let Some((folder, name)) = file.path.rsplit_once('/')
            && file.path.contains("/migrations/")
        {
            steps.entry(folder.to_owned()).or_default().push(name.to_owned());
        }
    }
    assert!(!steps.is_empty(), "stores have migrations");
    let found: Vec<String> = steps
        .iter()
        .flat_map(|(store, names)| wrong(names).map(move |why| format!("{store}: {why}")))
        .collect();
    none_of(
        &found,
        "a replica of the version before refuses a database that holds a step unknown to it, unless its name \
         says `expand`: name it NNNN_expand_… or NNNN_contract_…, numbered without gaps, or by the time at which it \
         was written, YYYYMMDDHHMMSS, which no other has (docs/operations.md)",
    );
}

/// What is wrong with the names of one store's steps, which are sorted.
fn wrong(names: &[String]) -> impl Iterator<Item = String> {
    let digits = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
    names.iter().zip(1..).filter_map(move |(name, number)| {
        let (own, rest) = name.strip_suffix(".sql")?.split_once('_').unwrap_or_default();
        let is_time = own.len() == 14 && own.bytes().all(|byte| byte.is_ascii_digit());
        if !is_time && own != format!("{number:04}") {
            return Some(format!("{name} should be number {number:04}, or a time"));
        }
        if names.iter().filter(|its| digits(its) == own).count() > 1 {
            return Some(format!("{name} has the number of another"));
        }
        let kind = number == 1
            || KINDS.iter().any(|kind| rest.strip_prefix(kind).is_some_and(|what| !what.is_empty()));
        (!kind).then(|| format!("{name} is neither expand_… nor contract_…"))
    })
}

#[test]
fn names_and_numbers_that_break_the_rule_are_found() {
    let wrong = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        wrong(&names).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&["0001_ledgers.sql", "0002_expand_holds.sql", "0003_contract_names.sql"]), [""; 0]);
    assert_eq!(
        wrong(&["0001_ledgers.sql", "0002_holds.sql"]),
        ["0002_holds.sql is neither expand_… nor contract_…"]
    );
    assert_eq!(wrong(&["0001_ledgers.sql", "0002_expand_.sql"]).len(), 1);
    assert_eq!(
        wrong(&["0001_ledgers.sql", "0003_expand_holds.sql"]),
        ["0003_expand_holds.sql should be number 0002, or a time"]
    );
    let times = [
        "0001_ledgers.sql",
        "0002_expand_a.sql",
        "20300102030405_expand_b.sql",
        "20300102030406_contract_c.sql",
    ];
    assert_eq!(wrong(&times), [""; 0]);
    assert_eq!(
        wrong(&["0001_ledgers.sql", "20300102030405_expand_b.sql", "20300102030405_expand_c.sql"]),
        [
            "20300102030405_expand_b.sql has the number of another",
            "20300102030405_expand_c.sql has the number of another"
        ]
    );
    assert_eq!(wrong(&["1_ledgers.sql"]).len(), 1);
}
