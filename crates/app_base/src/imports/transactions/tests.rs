//! What rows become, and what is said of those that become nothing.

use crate::http::time::Rfc3339;
use crate::imports::{Group, Mapping, Rows};

const MAPPING: &str = r#"
[transaction]
source = "world"
destination = "users:{User}"
asset = "{Currency}/2"
amount = "{Amount}"
reference = "{Order}"
effective_at = "{Day}"
metadata = { note = "{Note}", from = "csv" }
[effective_at]
format = "%d.%m.%Y"
[replace.asset]
"$/2" = "USD/2"
"#;
const HEADER: &str = "Order,Day,User,Currency,Amount,Note\n";

fn groups(mapping: &str, prefix: Option<&str>, file: &str) -> Vec<Group> {
    let mapping = Mapping::parse(mapping).unwrap();
    let mut rows = Rows::open(&mapping, prefix, file.as_bytes()).unwrap();
    std::iter::from_fn(|| rows.next_group().unwrap()).collect()
}

/// What a group became, in one line: its first line, postings, reference, time and metadata; or its refusals.
fn shown(group: &Group) -> String {
    let line = group.rows[0].line();
    match &group.submission {
        Err(refusals) => {
            assert_eq!(refusals.len(), group.rows.len());
            let said: Vec<_> = refusals.iter().map(ToString::to_string).collect();
            format!("{line}: {}", said.join(" | "))
        }
        Ok(submission) => {
            let ledger::Command::PostTransaction(post) = &submission.command else {
                panic!("{submission:?}")
            };
            let postings = post.postings.as_slice().iter().map(|it| {
                let ledger::Quantity::Exactly(amount) = it.amount() else { panic!("{it:?}") };
                format!("{}>{} {amount} {}", it.source(), it.destination(), it.asset())
            });
            let postings = postings.collect::<Vec<_>>().join(", ");
            let reference = post.reference.as_ref().map_or("-", |it| it.as_str());
            let time =
                post.effective_at.map_or("-".to_owned(), |it| Rfc3339(it).to_string()[..16].to_owned());
            let metadata: Vec<_> = post.metadata.as_map().iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("{line}: {postings}; {reference}; {time}; {}", metadata.join(" "))
        }
    }
}

fn all(mapping: &str, file: &str) -> Vec<String> {
    groups(mapping, Some("p"), file).iter().map(shown).collect()
}

#[test]
fn a_row_becomes_a_transaction() {
    let file = format!(
        "{HEADER}o-1,31.01.2026,42,USD,12.50,first\n\n\"o\"\"2\",,7,$,1,\"two\nlines\"\no-3,,7,USD,1,\n"
    );
    assert_eq!(
        all(MAPPING, &file),
        [
            "2: world>users:42 1250 USD/2; o-1; 2026-01-31T00:00; from=csv note=first",
            "4: world>users:7 100 USD/2; o\"2; -; from=csv note=two\nlines",
            "6: world>users:7 100 USD/2; o-3; -; from=csv",
        ]
    );
}

#[test]
fn what_is_wrong_with_a_row_is_said_with_its_line_and_column() {
    for (row, said) in [
        ("o,1.1.2026,4 2,USD,1,", "2: User: destination must be an address"),
        ("o,,42,usd,1,", "2: Currency: asset must be an asset"),
        (
            "o,,42,USD,1.005,",
            "2: Amount: amount has more decimal places than there are: USD/2 has 2; it is `1.005`",
        ),
        ("o,,42,USD,\"1,5\",", "2: Amount: amount must be a number such as 1250.50, and is `1,5`"),
        ("o,,42,USD,,", "2: Amount: there is no amount"),
        ("o,,42,USD,-1,", "2: Amount: amount is negative"),
        (
            "o,2026-01-01,42,USD,1,",
            "2: Day: effective_at is no such date: it must be written as %d.%m.%Y says",
        ),
        (",,42,USD,1,", "2: Order: reference is empty, and makes the transaction known"),
        ("o,,42,USD,1", "2: the row has 5 fields, and there are 6 columns"),
        ("o,,42,USD,1,,", "2: the row has 7 fields, and there are 6 columns"),
    ] {
        let found = all(MAPPING, &format!("{HEADER}{row}\n"));
        assert!(found[0].starts_with(said) && found.len() == 1, "{row}: {found:?}");
    }
    let long = format!("o,,42,USD,1,{}", "x".repeat(1025));
    assert!(
        all(MAPPING, &format!("{HEADER}{long}"))[0].starts_with("2: Note: metadata.note must be at most")
    );
    let long = format!("{},,42,USD,1,", "x".repeat(256));
    assert!(
        all(MAPPING, &format!("{HEADER}{long}"))[0].starts_with("2: Order: reference is longer than 255")
    );
    let same = MAPPING.replace("users:{User}", "world");
    assert_eq!(
        all(&same, &format!("{HEADER}o,,42,USD,1,")),
        ["2: source and destination are the same account"]
    );
}

#[test]
fn bytes_that_are_no_text_are_refused_in_their_column() {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let file = [HEADER.as_bytes(), b"o,,4\xff,USD,1,\no-2,,4,USD,1,\n"].concat();
    let mut rows = Rows::open(&mapping, None, &file[..]).unwrap();
    let first = rows.next_group().unwrap().unwrap();
    assert_eq!(shown(&first), "2: User: is not UTF-8");
    assert!(rows.next_group().unwrap().unwrap().submission.is_ok());
    // And they get into the file of what was refused as they were.
    let mut refused = rows.table().refused(Vec::new()).unwrap();
    refused.row(&first.rows[0], &first.submission.as_ref().unwrap_err()[0]).unwrap();
    let written = refused.finish().unwrap();
    assert!(
        written.ends_with(b"o,,4\xff,USD,1,,2,User: is not UTF-8\n"),
        "{}",
        String::from_utf8_lossy(&written)
    );
}

#[test]
fn a_negative_amount_is_what_the_mapping_says() {
    let file = format!("{HEADER}o,,42,USD,-1,\n");
    let with = |negative: &str| all(&format!("{MAPPING}\n[amount]\nnegative = \"{negative}\"\n"), &file);
    assert!(with("swap")[0].starts_with("2: users:42>world 100 USD/2"));
    assert!(with("absolute")[0].starts_with("2: world>users:42 100 USD/2"));
    assert!(with("refuse")[0].starts_with("2: Amount: amount is negative"));
}

#[test]
fn an_amount_may_stand_in_one_of_several_columns() {
    let mapping = MAPPING.replace("\"{Amount}\"", "[\"{Amount}\", \"-{Note}\"]");
    let mapping = format!("{mapping}\n[amount]\nnegative = \"swap\"\n");
    let row =
        |amount: &str, note: &str| all(&mapping, &format!("{HEADER}o,,42,USD,{amount},{note}\n")).remove(0);
    assert!(row("5", "").starts_with("2: world>users:42 500 USD/2"));
    assert!(row("", "5").starts_with("2: users:42>world 500 USD/2"));
    assert_eq!(row("", ""), "2: Amount, Note: there is no amount");
    assert_eq!(row("1", "1"), "2: Amount, Note: there is more than one amount");
}

#[test]
fn rows_next_to_each_other_are_one_transaction_where_the_mapping_says_so() {
    let mapping = MAPPING
        .replace("[effective_at]", "[effective_at]\n")
        .replace("amount =", "group = \"{Order}\"\namount =");
    let file = format!(
        "{HEADER}a,01.01.2026,1,USD,1,n\na,,2,EUR,2,\nb,,3,USD,3,\n,,4,USD,4,\n,,5,USD,5,\na,,6,USD,6,\n"
    );
    let found = all(&mapping, &file);
    assert_eq!(
        found[0],
        "2: world>users:1 100 USD/2, world>users:2 200 EUR/2; a; 2026-01-01T00:00; from=csv note=n"
    );
    assert_eq!(found[1], "4: world>users:3 300 USD/2; b; -; from=csv");
    // What has nothing there stands alone.
    assert!(
        found[2].starts_with("5: Order: reference is empty") && found[3].starts_with("6: Order: reference")
    );
    assert_eq!(found[4], "7: world>users:6 600 USD/2; a; -; from=csv");
    let file = format!("{HEADER}a,,1,USD,1,n\na,,2,USD,x,\na,,3,USD,1,m\n");
    assert_eq!(
        all(&mapping, &file),
        [
            "2: line 3, which is of the same transaction or may be, is refused | Amount: amount must be a number such as 1250.50, \
          and is `x` | Note: metadata.note must be the same in all rows of a transaction: the first has `n`"
        ]
    );
}

#[test]
fn more_rows_than_a_transaction_may_have_are_refused_all_of_them() {
    let mapping = MAPPING.replace("amount =", "group = \"{Order}\"\namount =");
    let rows = |order: &str, count: usize| format!("{order},,1,USD,1,\n").repeat(count);
    let file = format!("{HEADER}{}{}{}", rows("a", 1000), rows("b", 1003), rows("c", 1));
    let found = groups(&mapping, None, &file);
    let kept: usize = found.iter().filter(|it| it.submission.is_ok()).map(|it| it.rows.len()).sum();
    let refused: usize = found.iter().filter(|it| it.submission.is_err()).map(|it| it.rows.len()).sum();
    assert_eq!((kept, refused), (1001, 1003));
}

#[test]
fn sides_become_postings() {
    let mapping = r#"
        [transaction]
        account = "{account}"
        asset = "{commodity}"
        amount = "{amount}"
        group = "{n}"
        [replace.account]
        "Assets:My Cash" = "cash"
    "#;
    let file =
        "n,account,commodity,amount\n1,Assets:My Cash,USD/2,-5\n1,b,USD/2,3\n1,c,USD/2,2\n2,a,USD/2,1\n";
    let found = all(mapping, file);
    assert_eq!(found[0], "2: cash>b 300 USD/2, cash>c 200 USD/2; -; -; ");
    assert!(found[1].starts_with("5: the rows do not balance: a gets 100 of USD/2 more"));
    let nothing = all(mapping, "n,account,commodity,amount\n1,a,USD/2,0\n1,b,USD/2,0\n");
    let nothing = nothing.concat();
    assert!(nothing.starts_with("2: the rows have nothing that moves"), "{nothing}");
}

#[test]
fn keys_follow_from_what_makes_a_transaction_known() {
    let keys = |mapping: &str, prefix, file: &str| -> Vec<String> {
        let groups = groups(mapping, prefix, file);
        groups.into_iter().map(|it| it.submission.unwrap().key.unwrap().to_string()).collect()
    };
    let file = format!("{HEADER}a,,1,USD,1,x\nb,,1,USD,1,x\n");
    let moved = format!("{HEADER}c,,1,USD,1,x\na,,1,USD,1,x\n");
    let of_reference = keys(MAPPING, None, &file);
    assert_eq!(of_reference[0], keys(MAPPING, None, &moved)[1], "wherever the row stands");
    assert_ne!(of_reference[0], of_reference[1]);
    assert_ne!(of_reference, keys(MAPPING, Some("p"), &file));
    let of_key = MAPPING.replace("amount =", "key = \"{Order}\"\namount =");
    assert_ne!(of_reference, keys(&of_key, None, &file));
    let of_line = MAPPING.replace("reference = \"{Order}\"", "");
    assert_ne!(keys(&of_line, Some("p"), &file)[0], keys(&of_line, Some("p"), &moved)[1]);
    assert_eq!(keys(&of_line, Some("p"), &file)[0], keys(&of_line, Some("p"), &moved)[0]);
    let mapping = Mapping::parse(&of_line).unwrap();
    let refused = Rows::open(&mapping, None, file.as_bytes()).err().unwrap().to_string();
    assert!(refused.contains("`transaction.key` is required"), "{refused}");
    // They are in databases: should one change, rows that are imported again move twice.
    assert_eq!(of_reference[0], "csv-cba79e627f827e5957e4813a738fe798");
}

#[test]
fn a_quote_that_is_never_closed_ends_the_file_and_is_named() {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let file = format!("{HEADER}a,,1,USD,1,x\nb,,1,USD,1,\"x\n{}", "c,,1,USD,1,x\n".repeat(40_000));
    let mut rows = Rows::open(&mapping, None, file.as_bytes()).unwrap();
    assert!(rows.next_group().unwrap().is_some());
    let error = rows.next_group().unwrap_err().to_string();
    assert!(error.starts_with("the row that begins in line 3 has more than 262144 bytes"), "{error}");
}

#[test]
fn files_without_names_and_with_other_marks_are_read() {
    let mapping = r#"
        [file]
        delimiter = ";"
        quote = "'"
        header = false
        trim = true
        [transaction]
        source = "world"
        destination = "{1}"
        asset = "EUR/2"
        amount = "{2}"
        key = "{3}"
        [amount]
        decimal_mark = ","
        thousands = "."
    "#;
    assert_eq!(
        all(mapping, "\u{feff}a ; 1.234,50 ;1\r\n'b';1;2\r\n"),
        ["1: world>a 123450 EUR/2; -; -; ", "2: world>b 100 EUR/2; -; -; "]
    );
    assert!(Rows::open(&Mapping::parse(mapping).unwrap(), None, &b""[..]).is_err());
}

/// A transaction must not be written without one of its rows.
#[test]
fn a_row_that_is_no_row_is_refused_with_whatever_it_may_belong_to() {
    let mapping = MAPPING.replace("amount =", "group = \"{Order}\"\namount =");
    let row = |order: &str| format!("{order},,1,USD,1,n\n").into_bytes();
    let lines_refused = |file: &[u8]| {
        let mut rows = Rows::open(&Mapping::parse(&mapping).unwrap(), None, file).unwrap();
        let (mut written, mut refused) = (Vec::new(), Vec::new());
        while let Some(group) = rows.next_group().unwrap() {
            let into = if group.submission.is_ok() { &mut written } else { &mut refused };
            into.extend(group.rows.iter().map(super::super::Row::line));
        }
        (written, refused)
    };
    let file = |rows: &[&[u8]]| [HEADER.as_bytes(), &rows.concat()].concat();
    let (a, b, c) = (row("a"), row("b"), row("c"));
    // It has the columns that say where it belongs, and one that is no text.
    let latin = b"a,,1,USD,1,M\xfcller\n";
    assert_eq!(lines_refused(&file(&[&a, latin, &a, &b])), (vec![5], vec![2, 3, 4]));
    // Nobody knows where this one belongs.
    let short = b"a,,1\n";
    assert_eq!(lines_refused(&file(&[&a, short, &a, &b])), (vec![5], vec![2, 3, 4]));
    assert_eq!(lines_refused(&file(&[&a, &a, short, &b, &b, &c])), (vec![7], vec![2, 3, 4, 5, 6]));
    assert_eq!(lines_refused(&file(&[short, &b, short, short, &a, &c])), (vec![7], vec![2, 3, 4, 5, 6]));
    // What stands alone belongs to nothing.
    assert_eq!(lines_refused(&file(&[&a, &c, short])), (vec![2], vec![3, 4]));
    // Nor does a group that is too large have a rest behind such a row.
    let many = a.repeat(1001);
    let rest = file(&[&many, short, &a, &a, &b]);
    assert_eq!(lines_refused(&rest), (vec![1006], (2..=1005).collect::<Vec<u64>>()));
}

#[test]
fn refused_rows_can_be_read_again() {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let refuse_all = |file: &str| {
        let mut rows = Rows::open(&mapping, None, file.as_bytes()).unwrap();
        let mut refused = rows.table().refused(Vec::new()).unwrap();
        while let Some(group) = rows.next_group().unwrap() {
            for (row, refusal) in group.rows.iter().zip(&group.submission.unwrap_err()) {
                refused.row(row, refusal).unwrap();
            }
        }
        String::from_utf8(refused.finish().unwrap()).unwrap()
    };
    let once = refuse_all(&format!("{HEADER}a,,1,USD,x,\"say \"\"y\"\"\"\nb,,1\n"));
    let expected = "Order,Day,User,Currency,Amount,Note,refused_line,refused_reason\n\
        a,,1,USD,x,\"say \"\"y\"\"\",2,\"Amount: amount must be a number such as 1250.50, and is `x`\"\n\
        b,,1,3,\"the row has 3 fields, and there are 6 columns\"\n";
    assert_eq!(once, expected);
    // Only what is said of them changes, as often as nobody corrects anything.
    assert_eq!(refuse_all(&once), expected);
    // Fields that are one too many are kept as well, as is that they are.
    let large = refuse_all(&format!("{HEADER}o,,1,USD,1,250.00,n\n"));
    assert!(
        large.ends_with("\no,,1,USD,1,250.00,n,2,\"the row has 7 fields, and there are 6 columns\"\n"),
        "{large}"
    );
    assert_eq!(refuse_all(&large), large);
    assert_eq!(refuse_all(&refuse_all(&large)), large);
    let corrected = once.replace(",x,", ",1,");
    let mut rows = Rows::open(&mapping, None, corrected.as_bytes()).unwrap();
    assert!(rows.next_group().unwrap().unwrap().submission.is_ok());
}

/// Nothing stands around fields there, so that the reason must not have a delimiter in it.
#[test]
fn refused_rows_of_a_file_without_quotes_can_be_read_again() {
    let mapping = format!("{MAPPING}[file]\nquote = \"\"\n");
    let mapping = Mapping::parse(&mapping).unwrap();
    let file = format!("{HEADER}1,01.01.2026,a,eur,5,\"x\n");
    let mut rows = Rows::open(&mapping, None, file.as_bytes()).unwrap();
    let group = rows.next_group().unwrap().unwrap();
    let refusals = group.submission.unwrap_err();
    assert!(refusals[0].to_string().contains(','), "a reason with a delimiter: {}", refusals[0]);
    let mut refused = rows.table().refused(Vec::new()).unwrap();
    refused.row(&group.rows[0], &refusals[0]).unwrap();
    let written = String::from_utf8(refused.finish().unwrap()).unwrap();

    let mut again = Rows::open(&mapping, None, written.as_bytes()).unwrap();
    let said = again.next_group().unwrap().unwrap().submission.unwrap_err();
    assert_eq!(said, refusals, "{written}");
    let corrected = written.replace("eur", "EUR");
    let mut corrected = Rows::open(&mapping, None, corrected.as_bytes()).unwrap();
    assert!(corrected.next_group().unwrap().unwrap().submission.is_ok());
}
