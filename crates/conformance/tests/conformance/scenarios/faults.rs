//! What is wrong with a scenario is said with its line and column, and what does not come true with its line.

use super::player::Stage;
use super::reader::read;
use crate::databases::InMemory;

const COMMANDS: &str = "| name | command | postings | with | expected |";
const BALANCES: &str = "| account | asset | posted | pending in | pending out | available |";

/// Reads a scenario of a few lines, which begin in the second one.
fn fault(lines: &[&str]) -> String {
    let text = format!("scenario Any\n{}\n", lines.join("\n"));
    read(&text).map_or_else(|fault| fault.to_string(), |_| "no fault".to_owned())
}

/// Reads a row of a command, whose line is the third one.
fn fault_of_row(row: &str) -> String {
    fault(&[COMMANDS, row, BALANCES, "| a | X | 1 | 0 | 0 | 1 |", "| b | X | -1 | 0 | 0 | -1 |"])
}

#[test]
fn a_whole_scenario_has_no_fault() {
    assert_eq!(fault_of_row("|  | transaction | b -> a 1 X |  | 201 |"), "no fault");
}

#[test]
fn faults_of_rows_are_found_at_their_cells() {
    let mut others = Vec::new();
    for (row, expected) in [
        ("| | transfer | a -> b 1 X | | 201 |", "3:5: a command is transaction, hold, capture HOLD"),
        ("| | transaction | | | 201 |", "3:19: a transaction has postings"),
        ("| | void t | a -> b 1 X | | 200 |", "3:14: void has no postings"),
        ("| | void t | | | 200 |", "3:10: no row before this one that is carried out is called \"t\""),
        ("| | capture entry x | | | 201 |", "3:13: an entry has a number"),
        ("| | account a b | | | 200 |", "3:13: \"a b\" is no address"),
        ("| | transaction | a b 1 X | | 201 |", "3:21: -> stands between source and destination"),
        ("| | transaction | a -> b 1 | | 201 |", "3:19: what moves is AMOUNT ASSET"),
        ("| | transaction | a -> a 1 X | | 201 |", "3:19: an account cannot pay itself"),
        ("| | transaction | é! -> b 1 X | | 201 |", "3:19: \"é!\" is no address"),
        ("| | transaction | a -> b 1 X; b -> c 1 x | | 201 |", "3:40: \"x\" is no asset"),
        (
            "| | transaction | a -> b 1.5 EUR/2 | | 201 |",
            "3:26: an amount of EUR/2 has 2 decimal places, not 1",
        ),
        ("| | transaction | a -> b -1 X | | 201 |", "3:26: an amount is not negative"),
        ("| | transaction | a -> b 1e3 X | | 201 |", "3:26: \"1e3\" is no amount"),
        ("| | transaction | a -> b 1. X | | 201 |", "3:26: \"1.\" is no amount"),
        (
            "| | transaction | a -> b 170141183460469231731687303715884105728 X | | 201 |",
            "3:26: larger than every amount",
        ),
        ("| | transaction | a -> b 1 X | final | 201 |", "3:32: it takes no \"final\""),
        ("| | transaction | a -> b 1 X | key | 201 |", "3:35: this is no key"),
        ("| | transaction | a -> b 1 X | key a; colour red | 201 |", "3:39: it takes no \"colour red\""),
        ("| | transaction | a -> b 1 X | effective today | 201 |", "3:42: a time is written as"),
        ("| | transaction | a -> b 1 X | expect a posted > 1 X | 201 |", "3:48: a bound begins with"),
        ("| | transaction | a -> b 1 X | expect a owed = 1 X | 201 |", "3:39: an expectation is"),
        (
            "| | hold | a -> b 1 X | expect a posted = 1 X | 201 |",
            "3:25: only transactions have expectations",
        ),
        ("| | hold | a -> b 1 X | metadata a | 201 |", "3:34: metadata is KEY=VALUE"),
        ("| | account a | | frozen solid | 200 |", "3:26: frozen is none, debits, credits or all"),
        ("| | account a | | floor 1 | 200 |", "3:25: a floor is AMOUNT ASSET"),
        ("| | account a | | reference r | 200 |", "3:19: it takes no reference"),
        ("| | transaction | a -> b 1 X | | |", "3:34: what is expected is missing"),
        ("| | transaction | a -> b 1 X | | yes |", "3:34: a status is a number"),
        ("| | transaction | a -> b 1 X | | 200 |", "3:34: transaction is answered with 201"),
        ("| | transaction | a -> b 1 X | | 422 |", "3:34: a refusal has a code"),
        ("| | transaction | a -> b 1 X | | 422 no.money |", "3:38: there is no such code"),
        (
            "| | transaction | a -> b 1 X | | 409 account.closed |",
            "3:34: the status of account.closed is 422",
        ),
        ("| | transaction | a -> b 1 X | | 422 account.closed posting 0 |", "3:53: ; stands before a fact"),
        ("| | transaction | a -> b 1 X | | 422 account.closed; why not |", "3:54: a fact is one of"),
        ("| | transaction | a -> b 1 X | | 201; posting 0 |", "3:34: only refusals have facts"),
        ("| | expire | | | 1 |", "3:18: what is expected is N expired"),
        ("| | expire | | key a | 1 expired |", "3:16: expire without a hold has nothing here"),
        ("| | transaction | a -> b 1 X | 201 |", "3:1: a row of this table has 5 cells, not 4"),
        ("| | transaction | a -> b 1 X | | 201", "3:34: a row ends with |"),
    ] {
        let found = fault_of_row(row);
        if !found.starts_with(expected) {
            others.push(format!("{row}\nexpected {expected}\nfound    {found}"));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn faults_of_tables_and_lines_are_found_where_they_stand() {
    let row = "| t | transaction | b -> a 1 X |  | 201 |";
    let balance = "| a | X | 1 | 0 | 0 | 1 |";
    for (lines, expected) in [
        (&[row][..], "2:1: a table begins with its heading"),
        (&["|---|"], "2:1: a rule follows a heading"),
        (&["| a | b |"], "2:1: a table begins with its heading"),
        (&["clock noon"], "2:7: a time is written as"),
        (&["  then"], "2:3: a line is a row, a clock, together or end"),
        (&["end"], "2:1: a line is a row"),
        (&[COMMANDS, "together", row, "end"], "5:1: two commands or more happen together"),
        (&[COMMANDS, "together", row], "4:1: together has no end"),
        (
            &[COMMANDS, "together", "| | expire | | | 1 expired |"],
            "4:5: expire is no command that happens together",
        ),
        (&[COMMANDS, "together", row, BALANCES], "5:1: no table begins among commands that happen together"),
        (
            &[COMMANDS, "together", "| | void entry 0 | | ledger b | 200 |"],
            "4:22: commands that happen together happen in one ledger",
        ),
        (&[COMMANDS, row, row], "4:3: another row is called \"t\""),
        (&[COMMANDS, row], "3:1: the scenario before this place does not end with its balances"),
        (&[COMMANDS, row, BALANCES], "4:1: the scenario before this place does not end"),
        (
            &[COMMANDS, row, BALANCES, balance],
            "5:1: what is posted of X in the table above adds up to 1, not to 0",
        ),
        (&[BALANCES, balance, balance], "4:3: this balance stands above already"),
        (&[BALANCES, "| a | X | 1 | 0 | 1 | 1 |"], "3:23: available is posted less pending out"),
        (&["| hold | state |", "| h | open |"], "3:3: no row before this one"),
        (
            &[COMMANDS, "| h | hold | b -> a 1 X |  | 201 |", "| hold | state |", "| h | lost |"],
            "5:7: a hold is open",
        ),
    ] {
        let found = fault(lines);
        assert!(found.starts_with(expected), "{lines:?}\nexpected {expected}\nfound    {found}");
    }
    for (text, expected) in [
        ("", "1:1: there is no scenario"),
        ("# nothing\n\nclock", "3:1: a file begins with a scenario"),
        ("scenario \n", "1:9: a scenario has a title"),
        ("scenario A\nscenario B\n", "2:1: the scenario before this place does not end"),
    ] {
        assert_eq!(read(text).map(|_| ()).unwrap_err().to_string().split_at(expected.len()).0, expected);
    }
}

#[tokio::test]
async fn what_does_not_come_true_is_said_with_its_line() {
    let text = "\
scenario Wrong throughout
| name | command     | postings           | with       | expected                        |
|      | transaction | world -> a 5 X     | key k      | 201 replayed                    |
|      | transaction | world -> a 5 X     | key k      | 201                             |
|      | transaction | a -> b 7 X         |            | 422 transaction.insufficient_funds; shortfall 3 |
|      | transaction | a -> b 7 X         |            | 422 account.closed              |
| h    | hold        | a -> b 1 X         |            | 201                             |
|      | expire      |                    |            | 1 expired                       |
| hold | state  |
| h    | voided |
| account | asset | posted | pending in | pending out | available |
| a       | X     | 6      | 0          | 1           | 5         |
| c       | X     | -6     | 1          | 0           | -6        |
";
    let scenarios = read(text).unwrap();
    let stage = Stage::set("memory", Box::new(InMemory::default())).await;
    let found = stage.play("wrong.txt", &scenarios[0], "wrong").await;
    stage.clear().await;
    let expected = [
        "memory: wrong.txt:3: expected 201 replayed, found 201 (Wrong throughout)",
        "memory: wrong.txt:4: expected 201, found 201 replayed (Wrong throughout)",
        "memory: wrong.txt:5: expected 422 transaction.insufficient_funds; shortfall 3, found 422 \
         transaction.insufficient_funds; shortfall 2 (Wrong throughout)",
        "memory: wrong.txt:6: expected 422 account.closed, found 422 transaction.insufficient_funds (Wrong throughout)",
        "memory: wrong.txt:8: expected 1 expired, found 0 expired (Wrong throughout)",
        "memory: wrong.txt:10: expected voided, found open (Wrong throughout)",
        "memory: wrong.txt:12: expected a has 6 posted, 0 pending in, 1 pending out, found a has 5 posted, 0 pending in, \
         1 pending out (Wrong throughout)",
        "memory: wrong.txt:13: expected c has -6 posted, 1 pending in, 0 pending out, found c has 0 posted, 0 pending \
         in, 0 pending out (Wrong throughout)",
        "memory: wrong.txt:11: expected no other balance, found b has 0 posted, 1 pending in, 0 pending out (Wrong \
         throughout)",
        "memory: wrong.txt:11: expected no other balance, found world has -5 posted, 0 pending in, 0 pending out (Wrong \
         throughout)",
    ];
    assert_eq!(found, expected);
}
