//! What a mapping may say, and that what is wrong with it is said by the name of the key.

use super::*;

const LEAST: &str =
    "[transaction]\nsource = \"world\"\ndestination = \"a\"\nasset = \"USD/2\"\namount = \"{x}\"\n";

#[test]
fn a_mapping_says_little_where_files_are_as_usual() {
    let mapping = Mapping::parse(LEAST).unwrap();
    let usual = FileFormat { delimiter: b',', quote: Some(b'"'), header: true, trim: false };
    assert_eq!(mapping.file, usual);
    assert_eq!(mapping.values.negative, Negative::Refuse);
    assert_eq!(mapping.values.numbers, Numbers { decimal_mark: '.', thousands: None, minor_units: false });
    assert_eq!(mapping.values.dates, Dates::default());
    assert!(mapping.place(&["x".to_owned()]).is_ok());
}

#[test]
fn a_mapping_may_say_much() {
    let mapping = Mapping::parse(
        r#"
        [file]
        delimiter = "\t"
        quote = ""
        header = false
        trim = true
        [transaction]
        account = "{2}"
        asset = "{3}"
        amount = ["{4}", "-{5}"]
        reference = "r{1}"
        effective_at = "{6}"
        group = "{1}"
        key = "{1}"
        metadata = { "a b" = "{7}" }
        [amount]
        decimal_mark = ","
        thousands = "."
        minor_units = false
        negative = "swap"
        [effective_at]
        format = "%d.%m.%Y"
        offset = "+01:00"
        [replace.account]
        "Assets:Cash" = "cash"
        "#,
    )
    .unwrap();
    assert_eq!(mapping.file, FileFormat { delimiter: b'\t', quote: None, header: false, trim: true });
    assert_eq!(mapping.values.replace["account"]["Assets:Cash"], "cash");
    assert_eq!(mapping.values.dates.offset_seconds, 3600);
    assert_eq!(mapping.fields.amount.len(), 2);
}

#[test]
fn what_is_wrong_is_said_by_the_name_of_the_key() {
    let with = |more: &str| format!("{LEAST}{more}\n");
    for (text, said) in [
        (String::new(), "transaction"),
        ("nonsense".to_owned(), "line 1 (`nonsense`)"),
        (with("sauce = \"x\""), "unknown field `sauce`"),
        (with("reference = 5"), "line 6 (`reference = 5`): invalid type"),
        (LEAST.replace("source = \"world\"", ""), "`transaction.source` is required"),
        (LEAST.replace("destination = \"a\"", ""), "`transaction.destination` is required"),
        (LEAST.replace("asset = \"USD/2\"", ""), "`transaction.asset` is required"),
        (LEAST.replace("amount = \"{x}\"", ""), "`transaction.amount` is required"),
        (LEAST.replace("\"{x}\"", "[]"), "`transaction.amount` is required"),
        (LEAST.replace("\"{x}\"", "7"), "a text, or a list of texts"),
        (LEAST.replace("{x}", "{x"), "`transaction.amount` has a { without a }"),
        (with("account = \"a\""), "`transaction.account` stands in the place of"),
        (
            LEAST.replace("source = \"world\"\ndestination", "account"),
            "`transaction.group` is required with `transaction.account`",
        ),
        (with("metadata = { \"\" = \"x\" }"), "`transaction.metadata.` is no key"),
        (with("[file]\ndelimiter = \";;\""), "`file.delimiter` must be one ASCII character"),
        (with("[file]\ndelimiter = \"\\n\""), "`file.delimiter` must be one ASCII character"),
        (with("[file]\nquote = \",\""), "`file.quote` must be another character"),
        (with("[amount]\ndecimal_mark = \"\""), "`amount.decimal_mark` must be one character"),
        (with("[amount]\nthousands = \".\""), "`amount.thousands` must be another character"),
        (with("[amount]\nthousands = \"1\""), "`amount.thousands` must be one character"),
        (with("[amount]\nnegative = \"maybe\""), "unknown variant `maybe`"),
        (with("[effective_at]\noffset = \"CET\""), "`effective_at.offset` must be such as"),
        (with("[replace.reference]\n\"x\" = \"y\""), "`replace.reference` is unknown"),
    ] {
        let error = Mapping::parse(&text).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains('\n'), "{text}: {error}");
    }
    let many = (0..65).map(|n| format!("k{n} = \"x\"")).collect::<Vec<_>>().join("\n");
    let error = Mapping::parse(&with(&format!("[transaction.metadata]\n{many}"))).unwrap_err().to_string();
    assert_eq!(error, "`transaction.metadata` has more than 64 keys");
}

#[test]
fn columns_that_are_not_there_or_there_twice_are_named() {
    let mapping = Mapping::parse(LEAST).unwrap();
    let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let error = mapping.place(&columns(&["a", "X"])).unwrap_err().to_string();
    assert_eq!(error, "`transaction.amount` names the column `x`, and the file has: a, X");
    let error = mapping.place(&columns(&["x", "x"])).unwrap_err().to_string();
    assert_eq!(error, "the file has more than one column `x`");
    assert!(mapping.place(&columns(&["x", "y", "y"])).is_ok());
}
