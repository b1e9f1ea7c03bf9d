//! What bodies are read as, and how the others are refused.

use ledger::{Amount, Asset};
use proptest::prelude::*;

use super::*;

const KNOWN: [&str; 4] = ["asset", "amount", "flag", "list"];

#[derive(Debug, PartialEq)]
struct Probe {
    asset: Asset,
    amount: Option<Amount>,
    flag: bool,
    list: Vec<Amount>,
}

struct Amounts(Vec<Amount>);

impl FromJson for Amounts {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut amounts = Vec::new();
        value.items(3, errors, |item, errors| amounts.extend(Amount::from_json(item, errors)))?;
        Some(Self(amounts))
    }
}

impl FromJson for Probe {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut asset, mut amount) = (Slot::default(), Slot::default());
        let (mut flag, mut list) = (Slot::<bool>::default(), Slot::<Amounts>::default());
        value.members(errors, |member, value, errors| match member {
            "asset" => asset.read(value, errors),
            "amount" => amount.read_optional(value, errors),
            "flag" => flag.read_optional(value, errors),
            "list" => list.read_optional(value, errors),
            _ => refuse_unknown(value, &KNOWN, errors),
        })?;
        Some(Self {
            asset: asset.required(value, "asset", errors)?,
            amount: amount.optional(),
            flag: flag.optional().unwrap_or_default(),
            list: list.optional().map_or(vec![], |Amounts(list)| list),
        })
    }
}

fn read(json: &[u8]) -> Result<Probe, Vec<String>> {
    let mut errors = FieldErrors::default();
    match read_body(json, &mut errors) {
        Some(probe) if errors.is_empty() => Ok(probe),
        _ => {
            assert!(!errors.is_empty(), "a refusal has its reason");
            Err(errors.as_slice().iter().map(|e| format!("{} {}", e.field, e.message)).collect())
        }
    }
}

fn amount(json: &str) -> Result<u128, String> {
    let body = format!(r#"{{"asset": "USD/2", "amount": {json}}}"#);
    read(body.as_bytes()).map(|probe| probe.amount.unwrap().get()).map_err(|errors| errors.join("; "))
}

#[test]
fn a_body_is_read_in_any_order_and_spacing() {
    let read = read(b" {\n\"list\":[1,\"2\"] , \"flag\" : true,\"\\u0061sset\": \"USD\\/2\" }\r\n").unwrap();
    let list = vec![Amount::from(1), Amount::from(2)];
    assert_eq!(read, Probe { asset: Asset::parse("USD/2").unwrap(), amount: None, flag: true, list });
}

#[test]
fn null_is_the_same_as_leaving_out_what_may_be_left_out() {
    let all = br#"{"asset": "X", "amount": null, "flag": null, "list": null}"#;
    assert_eq!(read(all), read(br#"{"asset": "X"}"#));
    assert_eq!(read(br#"{"asset": null}"#).unwrap_err(), ["asset must be a string, not null"]);
}

#[test]
fn amounts_are_exact_as_strings_and_as_integers_of_any_length() {
    for (json, minor_units) in [
        ("0", 0),
        ("\"0\"", 0),
        ("1250", 1250),
        ("\"0001250\"", 1250),
        ("9007199254740993", 9_007_199_254_740_993),
        ("18446744073709551616", 18_446_744_073_709_551_616),
        ("170141183460469231731687303715884105727", (1 << 127) - 1),
        ("\"170141183460469231731687303715884105727\"", (1 << 127) - 1),
    ] {
        assert_eq!(amount(json), Ok(minor_units), "{json}");
    }
}

#[test]
fn amounts_that_are_not_whole_or_not_in_bounds_are_refused() {
    let digits = "must be a whole number of minor units: digits only, no sign, fraction or exponent";
    let bound = "must be less than 2^127";
    for (json, message) in [
        ("-1", digits),
        ("-0", digits),
        ("1.0", digits),
        ("1e3", digits),
        ("1E400", digits),
        ("\"-1\"", digits),
        ("\"+1\"", digits),
        ("\"1.5\"", digits),
        ("\"1e3\"", digits),
        ("\" 1\"", digits),
        ("\"0x10\"", digits),
        ("\"1,000\"", digits),
        ("\"\\u0661\"", digits),
        ("\"\"", "is empty; it must be a whole number of minor units"),
        ("170141183460469231731687303715884105728", bound),
        ("340282366920938463463374607431768211456", bound),
        (&"9".repeat(400), "must be less than 2^127, written with at most 39 digits"),
        ("true", "must be a string of digits or a whole number, not true"),
        ("[1]", "must be a string of digits or a whole number, not a list"),
        (r#"{"up_to": "1"}"#, "must be a string of digits or a whole number, not an object"),
        (r#""all""#, digits),
    ] {
        assert_eq!(amount(json), Err(format!("amount {message}")), "{json}");
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let body =
        br#"{"amount": -1, "colour": {"deep": [1]}, "flag": "yes", "list": [1, "x", 2.5], "amount": 1}"#;
    let digits = "must be a whole number of minor units: digits only, no sign, fraction or exponent";
    assert_eq!(
        read(body).unwrap_err(),
        [
            format!("amount {digits}"),
            "colour is unknown; known here: asset, amount, flag, list".into(),
            "flag must be true or false, not a string".into(),
            format!("list[1] {digits}"),
            format!("list[2] {digits}"),
            "amount is given more than once".into(),
            "asset is required".into(),
        ]
    );
}

#[test]
fn lists_beyond_their_bound_are_refused_unread() {
    let errors = read(br#"{"asset": "X", "list": [1, 2, 3, "x", "y"]}"#).unwrap_err();
    assert_eq!(errors, ["list has 5 items; there may be at most 3"]);
}

#[test]
fn a_body_that_is_no_json_object_is_refused_as_a_whole() {
    for (body, message) in [
        (&b""[..], "is empty; it must be a JSON object"),
        (b" ", "is not JSON: EOF while parsing a value at line 1 column 1"),
        (b"{\"asset\": \"X\"", "is not JSON: EOF while parsing an object at line 1 column 13"),
        (b"{\n\"asset\" \"X\"}", "is not JSON: expected `:` at line 2 column 9"),
        (b"{} {}", "is not JSON: trailing characters at line 1 column 4"),
        (b"{'asset': 1}", "is not JSON: key must be a string at line 1 column 2"),
        (b"{\"asset\": \"X\",}", "is not JSON: key must be a string at line 1 column 15"),
        (b"{\"amount\": 01}", "is not JSON: invalid number at line 1 column 13"),
        (b"{\"amount\": NaN}", "is not JSON: expected value at line 1 column 12"),
        (
            b"{\"asset\": \"a\nb\"}",
            "is not JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 12",
        ),
        (b"\xef\xbb\xbf{}", "is not JSON: expected value at line 1 column 1"),
        (b"{\"asset\": \"\xff\"}", "is not UTF-8 from byte 11 on"),
        (b"{\xc0\x80}", "is not UTF-8 from byte 1 on"),
        (b"\xff\xfe{\0}\0", "is not UTF-8 from byte 0 on"),
        (b"null", "must be an object, not null"),
        (b"[]", "must be an object, not a list"),
        (b"\"{}\"", "must be an object, not a string"),
        (b"1", "must be an object, not a number"),
    ] {
        assert_eq!(read(body).unwrap_err(), [format!("body {message}")], "{body:?}");
    }
}

#[test]
fn halves_of_characters_are_refused_where_they_stand() {
    assert_eq!(
        read(br#"{"asset": "\ud800"}"#).unwrap_err(),
        ["asset holds an escape that stands for no character"]
    );
    assert_eq!(
        read(br#"{"asset": "X", "\udc00": 1}"#).unwrap_err(),
        ["body has a name with an escape that stands for no character"]
    );
}

#[test]
fn depth_costs_no_stack() {
    let deep = "[".repeat(500_000) + &"]".repeat(500_000);
    assert_eq!(read(deep.as_bytes()).unwrap_err(), ["body must be an object, not a list"]);
    let body = format!(r#"{{"asset": {deep}, "list": [{deep}]}}"#);
    assert_eq!(read(body.as_bytes()).unwrap_err().len(), 2);
    let body = format!(r#"{{"asset": {}}}"#, r#"{"a":"#.repeat(300_000) + "1" + &"}".repeat(300_000));
    assert_eq!(read(body.as_bytes()).unwrap_err(), ["asset must be a string, not an object"]);
}

#[test]
fn a_flood_of_errors_is_cut_short() {
    let members: Vec<_> = (0..20_000).map(|n| format!("\"m{n}\":1")).collect();
    assert_eq!(read(format!("{{{}}}", members.join(",")).as_bytes()).unwrap_err().len(), 100);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_text_of_json_letters_is_read_or_refused(text in r#"[{}\[\]",:\\u0-9aeflnrstd. -]{0,60}"#) {
        let _ = read(text.as_bytes());
    }

    #[test]
    fn any_damage_to_a_body_is_read_or_refused(at in 0usize..60, byte in any::<u8>(), cut in 0usize..60) {
        let mut body = br#"{"asset": "USD/2", "amount": "1250", "flag": false, "list": [1]}"#.to_vec();
        body[at] = byte;
        let _ = read(&body);
        body.truncate(cut);
        let _ = read(&body);
    }
}
