//! A history that is as odd as the rules allow: names that mean something to accounting programs, text that would be
//! a directive of theirs, amounts up to the largest, dates from the first year to the last.

use serde_json::{Map, Value, json};

use crate::harness::{Client, Request, Service};

/// Accounts. `world` stands first, and what has the largest amount last.
const ACCOUNTS: [&str; 26] = [
    "world",
    "users:42:wallet",
    "users:42",
    "users",
    "Users:42",
    "-",
    "-:_",
    "_",
    "0",
    "0-S",
    "a-b",
    "a_b",
    "a--b",
    "assert",
    "check",
    "expr",
    "expr:1",
    "include",
    "comment",
    "end",
    "account",
    "2026-01-31",
    "P",
    "World",
    "world:x",
    "Assets:Users",
];

/// Assets: some differ in their scale alone, some are words of Beancount's, some are too long for it.
const ASSETS: [&str; 18] = [
    "USD/2",
    "USD/02",
    "USD/3",
    "USD",
    "X",
    "P",
    "TRUE",
    "NULL",
    "EUR_COLD/2",
    "BTC/8",
    "WEI/18",
    "TINY/39",
    "TINIER/40",
    "TINIEST/999999",
    "A1234567890123456_ABCDEFGHIJKLMNOP/000002",
    "A1234567890123456_ABCDEFGHIJKLMNOP/2",
    "A1234567890123456_ABCDEF",
    "A1234567890123456_ABCDEFG",
];

/// Text that would like to be something else.
const TEXTS: [&str; 26] = [
    "",
    "plain",
    "x\n2026-01-01 * \"x\"\n  Assets:A  1 USD",
    "x\r\n2026-01-01 x\r\n    a  1\r\n    b\r\n",
    "date:2030-01-01",
    "a, date:2030-01-01",
    "[=2030/01/01]",
    "[2030-01-01]",
    ":tag:",
    "Payee: x",
    "Value:: 1 + 1",
    "\"",
    "\\",
    "\\\"",
    "\\n",
    "tab\there",
    "; comment",
    "#tag ^link",
    "=1+1",
    "@x",
    "\u{1}\u{7f}",
    "\u{2028}x",
    "Größe 7 مرحبا 你好",
    "🜚 𝔘",
    "!include /etc/passwd",
    "{{x}} <b>&amp;</b>",
];

/// When transactions count.
const TIMES: [&str; 7] = [
    "0001-01-01T00:00:00Z",
    "1399-12-31T23:59:59.999999Z",
    "1400-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2024-02-29T12:00:00.000001Z",
    "2999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999Z",
];

/// Picks what the rules allow for a reference, and makes it one of a kind.
fn reference(random: &mut fastrand::Rng, number: usize) -> String {
    let text = TEXTS[random.usize(..TEXTS.len())].replace(char::is_control, "");
    format!("{text} {number}")
}

fn metadata(random: &mut fastrand::Rng) -> Value {
    let mut members = Map::new();
    for _ in 0..random.usize(..4) {
        let key = TEXTS[random.usize(..TEXTS.len())].replace(char::is_control, "");
        let key = if key.is_empty() { "Payee".to_owned() } else { key };
        members.insert(key, TEXTS[random.usize(..TEXTS.len())].into());
    }
    Value::Object(members)
}

/// An amount of any size, of which some hundreds are less than the largest.
fn amount(random: &mut fastrand::Rng) -> u128 {
    match random.u8(..8) {
        0 => 0,
        1 => random.u128(..1 << 110),
        2 => 10_u128.pow(28) - 1 + random.u128(..3),
        _ => random.u128(..100_000),
    }
}

fn posting(random: &mut fastrand::Rng) -> Value {
    let source = if random.bool() { 0 } else { random.usize(..ACCOUNTS.len()) };
    let destination = (source + random.usize(1..ACCOUNTS.len())) % ACCOUNTS.len();
    let asset = ASSETS[random.usize(..ASSETS.len())];
    let amount = amount(random).to_string();
    // Others than the world have only so much.
    let amount = if source == 0 { json!(amount) } else { json!({ "up_to": amount }) };
    json!({
        "source": ACCOUNTS[source], "destination": ACCOUNTS[destination], "asset": asset, "amount": amount,
    })
}

/// Changes what is kept beside an account.
fn change(client: &mut Client, random: &mut fastrand::Rng) {
    let account = ACCOUNTS[random.usize(..ACCOUNTS.len())];
    let body = json!({ "metadata": metadata(random), "policy": { "floor": "unbounded" } });
    let changed = client.call(&Request::patch(format!("/v1/ledgers/main/accounts/{account}")).json(body));
    assert_eq!(changed.status, 200, "{changed:?}");
}

/// Writes so many entries to the ledger `main`, most of them transactions.
pub(crate) fn write(service: &Service, random: &mut fastrand::Rng, count: usize) {
    let mut client = service.connect();
    for number in 0..count {
        if number % 7 == 3 {
            change(&mut client, random);
            continue;
        }
        let postings: Vec<Value> = if number == 0 {
            let largest = ((1_u128 << 127) - 1).to_string();
            let longest = "a".repeat(255);
            vec![json!({ "source": "world", "destination": longest, "asset": "MAX/3", "amount": largest })]
        } else {
            (0..random.usize(1..6)).map(|_| posting(random)).collect()
        };
        let mut body = json!({ "postings": postings, "metadata": metadata(random) });
        if random.bool() {
            body["reference"] = reference(random, number).into();
        }
        if random.bool() {
            body["effective_at"] = TIMES[random.usize(..TIMES.len())].into();
        }
        let mut post = Request::post("/v1/ledgers/main/transactions").json(body);
        if random.bool() {
            post = post.header("idempotency-key", format!("={number}"));
        }
        let posted = client.call(&post);
        assert_eq!(posted.status, 201, "{posted:?}");
    }
}
