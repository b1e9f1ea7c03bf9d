//! Statements for a period: opening balance, lines and closing balance, in each form.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::Request;
use crate::history::{self, text};
use crate::shown::shown;
use crate::site::{Site, TRANSACTIONS, posting};

fn statement(account: &str, query: &str) -> String {
    format!("/v1/ledgers/main/accounts/{account}/statement?{query}")
}

/// Two entries, one of them backdated, in a period that begins between the days on which they count.
fn backdated() -> Site {
    let site = Site::start();
    for (source, destination, amount, effective_at) in [
        ("world", "users:1", 125_000, "2026-01-31T12:00:00Z"),
        ("users:1", "shops:7", 2_550, "2026-01-15T12:00:00Z"),
        ("users:1", "shops:7", 450, "2026-02-02T12:00:00.5Z"),
        ("shops:7", "users:1", 99, "2026-02-02T12:00:00.5Z"),
    ] {
        let postings = [posting(source, destination, "USD/2", amount)];
        site.transact(&json!({ "postings": postings, "effective_at": effective_at }));
    }
    site
}

const PERIOD: &str = "clock=effective&from=2026-01-20T00:00:00Z&to=2026-03-01T00:00:00Z";

#[test]
fn a_statement_opens_and_closes_by_the_clock_that_is_asked_for() {
    let site = backdated();
    assert_snapshot!(shown(&site.get(&statement("users:1", PERIOD))), @r#"
    200
    content-type: application/json
    transfer-encoding: chunked
    x-request-id: [id]

    {
      "ledger": "main",
      "account": "users:1",
      "clock": "effective",
      "from": "2026-01-20T00:00:00.000000Z",
      "to": "2026-03-01T00:00:00.000000Z",
      "assets": [
        {
          "asset": "USD/2",
          "opening": "-2550",
          "lines": [
            {
              "transaction": 0,
              "posting": 0,
              "recorded_at": "[now]",
              "effective_at": "2026-01-31T12:00:00.000000Z",
              "direction": "credit",
              "counterparty": "world",
              "amount": "125000",
              "balance": "122450"
            },
            {
              "transaction": 2,
              "posting": 0,
              "recorded_at": "[now]",
              "effective_at": "2026-02-02T12:00:00.500000Z",
              "direction": "debit",
              "counterparty": "shops:7",
              "amount": "450",
              "balance": "122000"
            },
            {
              "transaction": 3,
              "posting": 0,
              "recorded_at": "[now]",
              "effective_at": "2026-02-02T12:00:00.500000Z",
              "direction": "credit",
              "counterparty": "shops:7",
              "amount": "99",
              "balance": "122099"
            }
          ],
          "debits": "450",
          "credits": "125099",
          "closing": "122099"
        }
      ]
    }
    "#);
    let csv = site.get(&statement("users:1", &format!("{PERIOD}&format=csv")));
    assert_snapshot!(shown(&csv), @r#"
    200
    content-disposition: attachment; filename="main-users.1.csv"
    content-type: text/csv; charset=utf-8
    transfer-encoding: chunked
    x-request-id: [id]
    "#);
    let rows = csv.body.replace("\r\n", "\n");
    let recorded = text(&site.json(&format!("{TRANSACTIONS}/0")), "recorded_at")[..10].to_owned();
    let rows = regex_lite::Regex::new(&format!("{recorded}T[0-9:.]+Z")).unwrap().replace_all(&rows, "[now]");
    assert_snapshot!(rows, @r#"
    kind,asset,transaction,posting,recorded_at,effective_at,counterparty,debit,credit,balance
    opening,USD/2,,,,,,,,-25.50
    line,USD/2,0,0,[now],2026-01-31T12:00:00.000000Z,world,,1250.00,1224.50
    line,USD/2,2,0,[now],2026-02-02T12:00:00.500000Z,shops:7,4.50,,1220.00
    line,USD/2,3,0,[now],2026-02-02T12:00:00.500000Z,shops:7,,0.99,1220.99
    closing,USD/2,,,,,,4.50,1250.99,1220.99
    "#);
}

#[test]
fn a_statement_on_a_page_has_its_figures_and_nothing_that_could_be_more() {
    let site = backdated();
    let page = site.get(&statement("users:1", &format!("{PERIOD}&format=html")));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(
        (page.header("x-content-type-options"), page.header("referrer-policy")),
        (Some("nosniff"), Some("no-referrer"))
    );
    for never in ["<script", "<link", "<img", "style=", "http:", "https:", "url("] {
        assert!(!page.body.contains(never), "{never}");
    }
    for figure in [
        "Opening balance</th><td class=\"figure\">\u{2212}25.50</td>",
        "<td class=\"figure\">1\u{202f}250.00</td><td class=\"figure\">1\u{202f}224.50</td>",
        "<td class=\"figure\">4.50</td><td class=\"figure\"></td><td class=\"figure\">1\u{202f}220.00</td>",
        "Closing balance</th><td class=\"figure\">4.50</td><td class=\"figure\">1\u{202f}250.99</td>",
        "from 2026-01-20 00:00:00 until before 2026-03-01 00:00:00",
        "<td class=\"time\">2026-02-02 12:00:00</td>",
        "<title>Statement of users:1</title>",
        "<caption>USD/2</caption>",
    ] {
        assert!(page.body.contains(figure), "{figure}: {}", page.body);
    }
    assert!(page.body.trim_end().ends_with("</html>"));
}

/// What transactions come to, from the replies to those who posted them: credits less debits of an account.
fn sum(transactions: &[Value], account: &str, asset: &str, counts: impl Fn(&Value) -> bool) -> i64 {
    let counting = transactions.iter().filter(|transaction| counts(transaction));
    let amounts =
        counting.flat_map(history::postings).filter(|it| text(it, "asset") == asset).map(|posting| {
            let amount: i64 = text(posting, "amount").parse().unwrap();
            match (text(posting, "source") == account, text(posting, "destination") == account) {
                (true, _) => -amount,
                (_, true) => amount,
                _ => 0,
            }
        });
    amounts.sum()
}

fn number(value: &Value, member: &str) -> i64 {
    text(value, member).parse().unwrap()
}

#[test]
fn opening_balances_and_lines_are_closing_balances_in_any_period() {
    let site = Site::start();
    let transactions = history::write(&site);
    let middle = text(&transactions[9], "recorded_at");
    let bounds =
        [None, Some("2026-01-01T00:00:00.000000Z"), Some("2026-02-28T23:59:59.999999Z"), Some(middle)];
    for account in ["users:1", "shops:7", "users:2:wallet", "world"] {
        for (clock, time) in [("recorded", "recorded_at"), ("effective", "effective_at")] {
            for from in bounds {
                for to in bounds.into_iter().filter(|to| to.is_none() || from.is_none() || from <= *to) {
                    let parameter = |name: &str, at: Option<&str>| at.map(|at| format!("&{name}={at}"));
                    let period = [parameter("from", from), parameter("to", to)].into_iter().flatten();
                    let query = format!("clock={clock}{}", period.collect::<String>());
                    let found = site.json(&statement(account, &query));
                    let is_before = |it: &Value| from.is_some_and(|from| text(it, time) < from);
                    let is_within = |it: &Value| !is_before(it) && to.is_none_or(|to| text(it, time) < to);
                    let mut lines = 0;
                    for section in found["assets"].as_array().unwrap() {
                        let asset = text(section, "asset");
                        let opening = sum(&transactions, account, asset, is_before);
                        let moved = sum(&transactions, account, asset, is_within);
                        assert_eq!(number(section, "opening"), opening, "{query} {section}");
                        assert_eq!(number(section, "closing"), opening + moved, "{query} {section}");
                        let turnover = number(section, "credits") - number(section, "debits");
                        assert_eq!(turnover, moved, "{query} {section}");
                        let mut balance = opening;
                        let listed = section["lines"].as_array().unwrap();
                        for line in listed {
                            let sign = if text(line, "direction") == "credit" { 1 } else { -1 };
                            balance += sign * number(line, "amount");
                            assert_eq!(number(line, "balance"), balance, "{query} {section}");
                        }
                        assert!(listed.is_sorted_by_key(|line| text(line, time)), "{section}");
                        lines += listed.len();
                    }
                    let rows = site.get(&statement(account, &format!("{query}&format=csv"))).body;
                    assert_eq!(rows.matches("\r\nline,").count(), lines, "{rows}");
                    let page = site.get(&statement(account, &format!("{query}&format=html"))).body;
                    assert_eq!(page.matches("<td class=\"name\">").count(), lines, "{page}");
                }
            }
        }
    }
}

#[test]
fn a_statement_that_is_sent_in_several_pieces_is_one() {
    let site = Site::start();
    // More lines than are read at once, of both assets.
    let asset = |n: u64| if n.is_multiple_of(3) { "EUR/2" } else { "USD/2" };
    for _ in 0..2 {
        let postings: Vec<_> = (0..1000).map(|n| posting("world", "a", asset(n), n)).collect();
        site.transact(&json!({ "postings": postings }));
    }
    let whole = site.json(&statement("a", ""));
    for (section, wanted) in whole["assets"].as_array().unwrap().iter().zip(["EUR/2", "USD/2"]) {
        let lines = section["lines"].as_array().unwrap();
        let amounts = lines.iter().map(|line| text(line, "amount").parse::<u64>().unwrap());
        let expected = (0..2).flat_map(|_| (0..1000).filter(|n| asset(*n) == wanted));
        assert!(amounts.eq(expected), "{wanted}");
        assert_eq!(section["closing"], lines.last().unwrap()["balance"]);
    }
    let rows = site.get(&statement("a", "format=csv")).body;
    assert_eq!((rows.matches("\r\nline,").count(), rows.matches("kind,").count()), (2000, 1));
    let page = site.get(&statement("a", "format=html")).body;
    let counts = ["<tr><td class=\"time\">", "<thead>", "</section>", "<h1>", "Nothing"]
        .map(|it| page.matches(it).count());
    assert_eq!(counts, [2000, 2, 2, 1, 0]);
}

#[test]
fn a_statement_of_one_asset_is_that_part_of_the_whole() {
    let site = Site::start();
    history::write(&site);
    let whole = site.json(&statement("shops:7", ""));
    let assets = whole["assets"].as_array().unwrap();
    assert_eq!(assets.iter().map(|it| text(it, "asset")).collect::<Vec<_>>(), ["EUR/2", "USD/2"]);
    for section in assets {
        let one = site.json(&statement("shops:7", &format!("asset={}", text(section, "asset"))));
        assert_eq!(one["assets"], json!([section]));
    }
    let none = site.json(&statement("shops:7", "asset=GBP/2"));
    assert_eq!(none["assets"][0]["closing"], "0");
    assert_eq!(none["assets"][0]["lines"], json!([]));
}

#[test]
fn who_has_no_statement_and_what_is_no_period_is_told() {
    let site = Site::start();
    site.pay("world", "a:b", "USD/2", 1);
    for (path, status, code) in [
        (statement("a", ""), 404, "account.not_found"),
        (statement("a", "format=html"), 404, "account.not_found"),
        (statement("a:b", "").replace("main", "other"), 404, "ledger.not_found"),
        (statement("a:b", "format=pdf"), 400, "request.invalid"),
        (statement("a:b", "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"), 400, "request.invalid"),
        (statement("a:b", "limit=3"), 400, "request.invalid"),
    ] {
        let refused = site.get(&path);
        assert_eq!((refused.status, &*refused.code()), (status, code), "{path}");
    }
    let head = site.call(&Request::new("HEAD", statement("a:b", "format=csv")));
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-disposition"), Some("attachment; filename=\"main-a.b.csv\""));
}
