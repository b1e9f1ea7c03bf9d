//! The accounting programs that exports are for, each asked for its own balances and what else it read.
//!
//! Where they are not installed, tests say that they were left out; in CI, they fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Makes a missing program a failure; so does `CI`.
const REQUIRE_VARIABLE: &str = "FLORIN_REQUIRE_ACCOUNTING";

/// Balances that are not zero, in minor units, by account and asset.
pub(crate) type Balances = BTreeMap<(String, String), i128>;

/// Finds a program. `None`, with a word on it, where it is not there.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.exists());
    if found.is_none() {
        let required = ["CI", REQUIRE_VARIABLE].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "{program} is not installed: apt-get install hledger ledger beancount");
        eprintln!("left out: {program} is not installed (apt-get install hledger ledger beancount)");
    }
    found
}

/// Runs a program that has to have nothing to complain of, and returns what it says.
pub(crate) fn output_of(program: &Path, arguments: &[&str]) -> String {
    // They read files as the locale says.
    let output = Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// What hledger and Ledger call an account that is called so here.
pub(crate) fn address_of(account: &str) -> String {
    account.strip_suffix('.').unwrap_or(account).to_owned()
}

pub(crate) fn balances_of_hledger(hledger: &Path, journal: &str) -> Balances {
    let listed = output_of(
        hledger,
        &["-f", journal, "balance", "--flat", "--no-total", "--layout=bare", "--output-format=csv"],
    );
    let mut rows = csv::Reader::from_reader(listed.as_bytes());
    let rows = rows.records().map(|row| row.expect("a row"));
    rows.filter(|row| &row[2] != "0")
        .map(|row| ((address_of(&row[0]), row[1].to_owned()), minor_units(&row[2], &row[1])))
        .collect()
}

/// What hledger read, transaction by transaction.
pub(crate) fn transactions_of_hledger(hledger: &Path, journal: &str) -> Vec<Value> {
    let printed = output_of(hledger, &["-f", journal, "print", "--output-format=json"]);
    serde_json::from_str(&printed).expect("it prints JSON")
}

pub(crate) fn balances_of_ledger(ledger: &Path, journal: &str) -> Balances {
    let listed = output_of(
        ledger,
        &[
            "-f",
            journal,
            "balance",
            "--flat",
            "--empty",
            "--no-total",
            "--format",
            "%(account)\t%(join(amount))\n",
        ],
    );
    let mut balances = Balances::new();
    for line in listed.lines() {
        let (account, amounts) = line.split_once('\t').expect("an account and its amounts");
        for amount in amounts.split("\\n").filter(|amount| *amount != "0") {
            let (amount, asset) = amount.split_once(' ').expect("an amount has a commodity");
            let asset = asset.trim_matches('"');
            balances.insert((address_of(account), asset.to_owned()), minor_units(amount, asset));
        }
    }
    balances
}

/// Counts what Ledger took for postings.
pub(crate) fn postings_of_ledger(ledger: &Path, journal: &str) -> usize {
    output_of(ledger, &["-f", journal, "register", "--empty", "--format", "%(account)\n"]).lines().count()
}

/// Reads a journal with Beancount's own loader, as exactly as its numbers are written, and prints what it holds.
const BEANCOUNT: &str = r#"
import decimal, json, sys
decimal.getcontext().prec = 200
from beancount import loader
from beancount.core import data, realization
from beancount.parser import printer
entries, errors, _ = loader.load_file(sys.argv[1])
printer.print_errors(errors, file=sys.stderr)
assets, transactions, balances = {}, [], []
for entry in entries:
    if isinstance(entry, data.Transaction):
        meta = {key: value for key, value in entry.meta.items() if isinstance(value, str) and key != "filename"}
        transactions.append({"narration": entry.narration, "date": str(entry.date), "meta": meta})
        for posting in entry.postings:
            if "asset" in posting.meta:
                assets[posting.units.currency] = posting.meta["asset"]
for account in realization.iter_children(realization.realize(entries), leaf_only=False):
    for position in account.balance.get_positions():
        balances.append([account.account, position.units.currency, format(position.units.number, "f")])
json.dump({"transactions": transactions, "assets": assets, "balances": balances}, sys.stdout)
sys.exit(1 if errors else 0)
"#;

/// What Beancount read: transactions, and balances.
pub(crate) fn read_by_beancount(bean_check: &Path, journal: &str) -> (Vec<Value>, Balances) {
    // Whatever runs Beancount has it among its modules.
    let script = std::fs::read_to_string(bean_check).expect("it is a script");
    let python = script.lines().next().and_then(|line| line.strip_prefix("#!")).expect("and says whose");
    let read = output_of(Path::new(python.trim()), &["-c", BEANCOUNT, journal]);
    let mut read: Value = serde_json::from_str(&read).expect("it prints JSON");
    let mut balances = Balances::new();
    for balance in read["balances"].as_array().expect("a list") {
        let [account, commodity, amount] = [0, 1, 2].map(|at| balance[at].as_str().expect("a text"));
        let asset = read["assets"][commodity].as_str().map_or_else(|| asset_of(commodity), str::to_owned);
        let amount = minor_units(amount, &asset);
        if amount != 0 {
            balances.insert((address_of_beancount(account), asset), amount);
        }
    }
    (serde_json::from_value(read["transactions"].take()).expect("a list"), balances)
}

/// Reads an asset from a commodity's name, as docs/exports.md says.
fn asset_of(commodity: &str) -> String {
    commodity.strip_suffix("-U").unwrap_or(commodity).replace('.', "/")
}

/// Reads an address from an account's name, as docs/exports.md says.
fn address_of_beancount(account: &str) -> String {
    let (root, rest) = account.split_once(':').expect("a root and more");
    assert_eq!(root == "Equity", account == "Equity:World", "{account}");
    let segments = rest.split(':').map(|component| {
        let (first, rest) = match component.strip_prefix("0-S") {
            Some(rest) => (String::new(), rest),
            None => match component[1..].strip_prefix("-C") {
                Some(rest) => (component[..1].to_owned(), rest),
                None => (component[..1].to_lowercase(), &component[1..]),
            },
        };
        // A hyphen is doubled, so that one before a U is of that pair only where it stands alone.
        first + &rest.replace("--", "\0").replace("-U", "_").replace('\0', "-")
    });
    segments.collect::<Vec<_>>().join(":")
}

/// Reads a decimal number as minor units of an asset. One without its decimal places is the programs' zero.
fn minor_units(decimal: &str, asset: &str) -> i128 {
    let scale: usize = asset.split_once('/').map_or(0, |(_, scale)| scale.parse().expect("a number"));
    let places = if scale > 39 { 0 } else { scale };
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let fraction = format!("{fraction:0<places$}");
    assert_eq!(fraction.len(), places, "{decimal} {asset}");
    format!("{whole}{fraction}").parse().unwrap_or_else(|_| panic!("{decimal} {asset}"))
}
