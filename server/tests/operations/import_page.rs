//! The example of `docs/imports.md`, and the programs whose CSV can be imported.

use std::path::Path;

use crate::harness::Service;
use crate::imports::{assert_clean, write};
use crate::oddities;
use crate::place::Place;
use crate::programs::{balances_of_hledger, find, output_of};

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/imports.md")).unwrap()
}

/// Returns what stands in the block under a mark: an invisible comment directly above it.
fn block(mark: &str) -> String {
    let page = page();
    let rest = page.split_once(&format!("<!-- {mark} -->\n```")).unwrap_or_else(|| panic!("no {mark}")).1;
    rest.split_once('\n').and_then(|(_, rest)| rest.split_once("```")).unwrap().0.to_owned()
}

#[test]
fn the_example_does_what_the_page_says() {
    let place = Place::on_sqlite();
    let service = place.start();
    for name in ["bank.toml", "january.csv"] {
        write(&place, name, &block(&format!("file: {name}")));
    }
    let commands = block("run");
    let (curl, import) = commands.split_once("\nserver ").unwrap();
    let body = curl.split_once("-d '").and_then(|(_, rest)| rest.split_once('\'')).unwrap().0;
    let path = curl.split_once(":8000").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
    let changed = service.connect().call(&crate::harness::Request::patch(path).json(body));
    assert_eq!(changed.status, 200, "{changed:?}");
    let arguments: Vec<&str> = import.split_whitespace().collect();
    let imported = place.run(&arguments);
    assert_eq!(imported.code(), Some(1), "{imported:?}");
    let printed = block("printed");
    let told: Vec<&str> = imported.stderr.lines().filter(|line| line.starts_with("line ")).collect();
    assert_eq!(format!("{}\n{}", told.join("\n"), imported.stdout), printed);
    let found = service.get("/v1/ledgers/main/transactions?reference=giro-1").json();
    let found = &found["items"][0];
    assert_eq!(found["effective_at"], "2026-01-01T23:00:00.000000Z");
    assert_eq!(
        (&found["postings"][0]["source"], &found["postings"][0]["amount"]),
        (&"customers:jane-doe".into(), &"125000".into())
    );
    let refused = std::fs::read_to_string(place.path().join("refused.csv")).unwrap();
    assert!(
        refused.lines().count() == 3 && refused.contains("\n3;07.01.2026;John Doe;-20,00;Invoice 18;4;"),
        "{refused}"
    );
    assert_clean(&place);
}

#[test]
fn the_page_has_every_key_of_a_mapping() {
    let page = page();
    let raw = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/app_base/src/imports/mapping/raw.rs");
    let raw = std::fs::read_to_string(raw).unwrap();
    let mut section = "";
    let mut keys = 0;
    for line in raw.lines() {
        section = match line {
            "pub(super) struct RawFile {" => "file.",
            "pub(super) struct RawTransaction {" => "transaction.",
            "pub(super) struct RawAmount {" => "amount.",
            "pub(super) struct RawTime {" => "effective_at.",
            "}" => "",
            _ => section,
        };
        let Some(key) = line.strip_prefix("    pub(super) ").and_then(|rest| rest.split_once(':')) else {
            continue;
        };
        if !section.is_empty() && !line.contains("fn ") {
            keys += 1;
            assert!(page.contains(&format!("`{section}{}`", key.0)), "{section}{}", key.0);
        }
    }
    assert_eq!(keys, 20);
}

/// What hledger prints of a journal as CSV is one row a side.
const HLEDGER: &str = r#"
[transaction]
account = "{account}"
asset = "{commodity}"
amount = "{amount}"
effective_at = "{date}"
group = "{txnidx}"
key = "{code}"
metadata = { description = "{description}" }
[effective_at]
format = "%Y-%m-%d"
[replace.account]
"assets:cash box" = "cash"
"equity:opening balances" = "world"
[replace.asset]
"$" = "USD/2"
"€" = "EUR/2"
"#;

const JOURNAL: &str = r#"
2026-01-01 (1) opening balances
    assets:cash box         $1,000.50
    assets:bank              2000.00 €
    equity:opening balances

2026-01-02 (2) supper, and a "tip"
    expenses:food              $20.25
    expenses:tips               $2.00
    assets:cash box
"#;

#[test]
fn what_hledger_prints_of_a_journal_can_be_imported() {
    let Some(hledger) = find("hledger") else { return };
    let place = Place::on_sqlite();
    let service = place.start();
    write(&place, "small.journal", JOURNAL);
    write(&place, "mapping.toml", HLEDGER);
    let journal = place.path().join("small.journal");
    let printed = output_of(&hledger, &["-f", journal.to_str().unwrap(), "print", "-x", "-O", "csv"]);
    write(&place, "file.csv", &printed);
    let arguments = [
        "import",
        "--ledger",
        "main",
        "--format",
        "csv",
        "--mapping",
        "mapping.toml",
        "--key-prefix",
        "small",
        "file.csv",
    ];
    let imported = place.run(&arguments);
    assert_eq!(imported.code(), Some(0), "{imported:?}\n{printed}");
    let posted = |account: &str| -> Vec<String> {
        let account = service.get(&format!("/v1/ledgers/main/accounts/{account}")).json();
        let balances = account["balances"].as_array().unwrap().iter();
        balances
            .map(|it| format!("{} {}", it["posted"].as_str().unwrap(), it["asset"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(posted("cash"), ["97825 USD/2"]);
    assert_eq!(posted("assets:bank"), ["200000 EUR/2"]);
    assert_eq!(posted("expenses:tips"), ["200 USD/2"]);
    assert_eq!(posted("world"), ["-200000 EUR/2", "-100050 USD/2"]);
    assert_clean(&place);
}

/// An export as CSV has a row a posting.
const OWN: &str = r#"
[transaction]
source = "{source}"
destination = "{destination}"
asset = "{asset}"
amount = "{amount}"
effective_at = "{effective_at}"
group = "{entry}"
key = "{entry}"
[amount]
minor_units = true
"#;

#[test]
fn an_export_as_csv_can_be_imported_as_new_transactions() {
    let place = Place::on_sqlite();
    let service = place.start();
    oddities::write(&service, &mut fastrand::Rng::with_seed(21), 80);
    let created = service.post("/v1/ledgers", r#"{"name":"copy"}"#);
    assert_eq!(created.status, 201);
    allow_all(&service);
    // Where an account begins like a formula, an apostrophe stands before it.
    let exported = place.run(&["export", "main", "--format", "csv"]).stdout.replace(",'-", ",-");
    write(&place, "file.csv", &exported);
    write(&place, "mapping.toml", OWN);
    let imported = place.run(&[
        "import",
        "--ledger",
        "copy",
        "--format",
        "csv",
        "--mapping",
        "mapping.toml",
        "file.csv",
    ]);
    assert_eq!(imported.code(), Some(0), "{imported:?}");
    let Some(hledger) = find("hledger") else { return };
    let balances = ["main", "copy"].map(|ledger| {
        let name = format!("{ledger}.journal");
        let journal = place.run(&["export", ledger, "--format", "hledger"]).stdout;
        write(&place, &name, &journal);
        balances_of_hledger(&hledger, place.path().join(name).to_str().unwrap())
    });
    assert_eq!(balances[0], balances[1]);
}

/// Lets the accounts of the copy fall as far as those that they are copied from did.
fn allow_all(service: &Service) {
    let accounts = service.get("/v1/ledgers/main/accounts?limit=1000").json();
    for account in accounts["items"].as_array().unwrap() {
        let address = account["address"].as_str().unwrap();
        let request = crate::harness::Request::patch(format!("/v1/ledgers/copy/accounts/{address}"));
        let changed = service.connect().call(&request.json(r#"{"policy":{"floor":"unbounded"}}"#));
        assert_eq!(changed.status, 200, "{changed:?}");
    }
}
