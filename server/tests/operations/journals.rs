//! Exports against the programs that they are for: hledger, Ledger and Beancount read an odd history, and come to
//! the same balances as the service, to the last unit.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Client, Service};
use crate::oddities;
use crate::place::Place;
use crate::programs::{self, Balances};

/// A place with an odd history, its service, its log, and a journal of it.
struct Written {
    place: Place,
    service: Service,
    transactions: Vec<Value>,
    journal: String,
}

impl Written {
    fn new(format: &str) -> Self {
        let seed = std::env::var("FLORIN_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| fastrand::u64(..));
        println!("FLORIN_SEED={seed} writes this history again");
        let place = Place::on_sqlite();
        let service = place.start();
        oddities::write(&service, &mut fastrand::Rng::with_seed(seed), 200);
        let mut transactions = Place::log(&service);
        transactions.retain(|entry| entry["type"] == "transaction");
        assert!(transactions.len() > 100);
        let exported = place.run(&["export", "main", "--format", format, "--output", "exported"]);
        assert_eq!(exported.code(), Some(0), "{exported:?}");
        let journal = place.path().join("exported").display().to_string();
        Self { place, service, transactions, journal }
    }

    /// The service's own balances that are not zero.
    fn balances(&self) -> Balances {
        let mut client: Client = self.service.connect();
        let page = client.get("/v1/ledgers/main/accounts?limit=1000").json();
        assert!(page["next_cursor"].is_null());
        let mut balances = Balances::new();
        for account in page["items"].as_array().unwrap() {
            for balance in account["balances"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let posted: i128 = text(&balance["posted"]).parse().unwrap();
                if posted != 0 {
                    balances.insert((text(&account["address"]), text(&balance["asset"])), posted);
                }
            }
        }
        assert!(balances.len() > 50 && balances.values().any(|posted| *posted == i128::MAX));
        balances
    }

    /// How many postings a journal has: both sides of each of the log's.
    fn sides(&self) -> usize {
        self.transactions.iter().map(|entry| entry["postings"].as_array().unwrap().len() * 2).sum()
    }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} of {value} is no text"))
}

/// What an entry of the log has beside its postings, by the names that journals have for it.
fn words(entry: &Value) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for member in ["effective_at", "recorded_at"] {
        words.insert(member.to_owned(), text(entry, member).to_owned());
    }
    if let Some(reference) = entry["reference"].as_str() {
        words.insert("reference".to_owned(), reference.to_owned());
    }
    for (key, value) in entry["metadata"].as_object().unwrap() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let name = key.bytes().map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("-{byte:02x}"),
        });
        words.insert(format!("metadata-{}", name.collect::<String>()), value.as_str().unwrap().to_owned());
    }
    words
}

#[test]
fn hledger_agrees_with_every_balance_and_reads_every_word() {
    let Some(hledger) = programs::find("hledger") else { return };
    let written = Written::new("hledger");
    assert_eq!(programs::balances_of_hledger(&hledger, &written.journal), written.balances());
    programs::output_of(&hledger, &["-f", &written.journal, "check"]);

    let read = programs::transactions_of_hledger(&hledger, &written.journal);
    // It prints them by date.
    let read: BTreeMap<&str, &Value> = read.iter().map(|it| (text(it, "tcode"), it)).collect();
    assert_eq!(read.len(), written.transactions.len());
    for entry in &written.transactions {
        let transaction = read[entry["number"].to_string().as_str()];
        assert_eq!(text(transaction, "tdate"), &text(entry, "effective_at")[..10]);
        let tags = transaction["ttags"].as_array().unwrap().iter().map(|tag| {
            let (name, value) = (tag[0].as_str().unwrap(), tag[1].as_str().unwrap());
            let value =
                if value.starts_with('"') { serde_json::from_str(value).unwrap() } else { value.to_owned() };
            (name.to_owned(), value)
        });
        assert_eq!(tags.collect::<BTreeMap<_, _>>(), words(entry));
        let postings = transaction["tpostings"].as_array().unwrap();
        assert_eq!(postings.len(), entry["postings"].as_array().unwrap().len() * 2);
        assert!(postings.iter().all(|posting| posting["pdate"].is_null()), "{transaction}");
    }
}

#[test]
fn ledger_agrees_with_every_balance() {
    let Some(ledger) = programs::find("ledger") else { return };
    let written = Written::new("ledger");
    assert_eq!(programs::balances_of_ledger(&ledger, &written.journal), written.balances());
    assert_eq!(programs::postings_of_ledger(&ledger, &written.journal), written.sides());
}

#[test]
fn beancount_agrees_with_every_balance_and_reads_every_word() {
    let Some(bean_check) = programs::find("bean-check") else { return };
    let written = Written::new("beancount");
    // As it comes, it counts with 28 digits; nothing is left over all the same.
    assert_eq!(programs::output_of(&bean_check, &[&written.journal]), "");
    let (read, balances) = programs::read_by_beancount(&bean_check, &written.journal);
    assert_eq!(balances, written.balances());

    let read: BTreeMap<&str, &Value> = read.iter().map(|it| (text(it, "narration"), it)).collect();
    assert_eq!(read.len(), written.transactions.len());
    for entry in &written.transactions {
        let transaction = read[format!("transaction {}", entry["number"]).as_str()];
        assert_eq!(text(transaction, "date"), &text(entry, "effective_at")[..10]);
        let meta: BTreeMap<String, String> = serde_json::from_value(transaction["meta"].clone()).unwrap();
        assert_eq!(meta, words(entry));
    }
    drop(written.place);
}
