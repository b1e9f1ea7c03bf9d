//! Bodies that no well-behaved client sends, and headers beside a good one.

use super::{GOOD, MANY, Row, Sent, invalid, refused};

const AMOUNT: &str = "postings[0].amount";
const UP_TO: &str = "postings[0].amount.up_to";
const SOURCE: &str = "postings[0].source";
const DESTINATION: &str = "postings[0].destination";
const ASSET: &str = "postings[0].asset";
const TWO_TO_THE_127: &str = "170141183460469231731687303715884105728";
const MEDIA_TYPE: &str = "request.unsupported_media_type";

fn body(text: impl Into<String>) -> Sent {
    Sent::Body(text.into().into_bytes())
}

/// A body that is good but for the amount.
fn amount(json: impl std::fmt::Display) -> Sent {
    posting("amount", &json.to_string())
}

/// A body that is good but for one member of its posting, which is left out where there is no text.
fn posting(member: &str, json: &str) -> Sent {
    let members =
        [("source", r#""world""#), ("destination", r#""a""#), ("asset", r#""USD/2""#), ("amount", r#""1""#)];
    let members: Vec<String> = members
        .iter()
        .filter(|(name, _)| !(*name == member && json.is_empty()))
        .map(|(name, value)| format!(r#""{name}":{}"#, if *name == member { json } else { value }))
        .collect();
    body(format!(r#"{{"postings":[{{{}}}]}}"#, members.join(",")))
}

/// A good body with one more member.
fn with(member: &str, json: impl std::fmt::Display) -> Sent {
    body(format!("{},\"{member}\":{json}}}", &GOOD[..GOOD.len() - 1]))
}

fn key(headers: &str) -> Sent {
    Sent::Headers(format!("content-type: application/json\r\n{headers}\r\n").into_bytes())
}

fn media_type(headers: &str) -> Sent {
    Sent::Headers(headers.as_bytes().to_vec())
}

fn metadata_of(keys: usize) -> String {
    let members: Vec<_> = (0..keys).map(|n| format!(r#""k{n}":"""#)).collect();
    format!("{{{}}}", members.join(","))
}

/// Amounts that are none.
pub(super) fn amounts() -> Vec<Row> {
    vec![
        invalid("a negative amount", amount(r#""-1""#), AMOUNT),
        invalid("an amount with a plus", amount(r#""+1""#), AMOUNT),
        invalid("a fraction", amount(r#""1.5""#), AMOUNT),
        invalid("an exponent", amount(r#""1e3""#), AMOUNT),
        invalid("white space before an amount", amount(r#"" 1""#), AMOUNT),
        invalid("white space behind an amount", amount(r#""1\n""#), AMOUNT),
        invalid("a hexadecimal amount", amount(r#""0x10""#), AMOUNT),
        invalid("digits in groups", amount(r#""1,000""#), AMOUNT),
        invalid("digits in groups, as programmers write them", amount(r#""1_000""#), AMOUNT),
        invalid("Arabic digits", amount(r#""١٢""#), AMOUNT),
        invalid("full-width digits", amount(r#""１２""#), AMOUNT),
        invalid("an empty amount", amount(r#""""#), AMOUNT),
        invalid("a NUL behind an amount", amount(r#""1\u0000""#), AMOUNT),
        invalid("a negative number", amount("-1"), AMOUNT),
        invalid("minus zero", amount("-0"), AMOUNT),
        invalid("a fraction as a number", amount("1.5"), AMOUNT),
        invalid("a whole fraction as a number", amount("1.0"), AMOUNT),
        invalid("an exponent as a number", amount("1e3"), AMOUNT),
        invalid("2^127 as a string", amount(format!("\"{TWO_TO_THE_127}\"")), AMOUNT),
        invalid("2^127 as a number", amount(TWO_TO_THE_127), AMOUNT),
        invalid("2^128 as a string", amount(r#""340282366920938463463374607431768211456""#), AMOUNT),
        invalid("2^64 zeros' worth of exponent", amount("1e18446744073709551616"), AMOUNT),
        invalid("a number of a thousand digits", amount("9".repeat(1000)), AMOUNT),
        invalid("a string of 100,000 digits", amount(format!("\"{}\"", "9".repeat(100_000))), AMOUNT),
        invalid("a string of 100,000 zeros", amount(format!("\"{}\"", "0".repeat(100_000))), AMOUNT),
        invalid("an amount of null", amount("null"), AMOUNT),
        invalid("an amount of true", amount("true"), AMOUNT),
        invalid("a list as an amount", amount("[1]"), AMOUNT),
        invalid(
            "an object as an amount",
            amount(r#"{"at":"1"}"#),
            "postings[0].amount.at postings[0].amount.up_to",
        ),
        invalid("up to nothing", amount(r#"{"up_to":null}"#), UP_TO),
        invalid("up to a negative amount", amount(r#"{"up_to":"-1"}"#), UP_TO),
        invalid("up to 2^127", amount(format!("{{\"up_to\":{TWO_TO_THE_127}}}")), UP_TO),
        invalid("up to all", amount(r#"{"up_to":"all"}"#), UP_TO),
        invalid("up to up to", amount(r#"{"up_to":{"up_to":"1"}}"#), UP_TO),
        invalid("two bounds", amount(r#"{"up_to":1,"up_to":2}"#), UP_TO),
        invalid("all in capitals", amount(r#""ALL""#), AMOUNT),
        invalid("no amount", posting("amount", ""), AMOUNT),
    ]
}

/// Accounts and assets that are none.
pub(super) fn names() -> Vec<Row> {
    vec![
        invalid("an empty source", posting("source", r#""""#), SOURCE),
        invalid("a source with a space", posting("source", r#""a b""#), SOURCE),
        invalid("an empty segment", posting("source", r#""a::b""#), SOURCE),
        invalid("a colon at the start", posting("source", r#"":a""#), SOURCE),
        invalid("a colon at the end", posting("destination", r#""a:""#), DESTINATION),
        invalid("a pattern for an account", posting("source", r#""users:*""#), SOURCE),
        invalid("a NUL in an address", posting("source", r#""a\u0000b""#), SOURCE),
        invalid("SQL in an address", posting("source", r#""a'; DROP TABLE entries""#), SOURCE),
        invalid("a look-alike letter", posting("source", r#""wоrld""#), SOURCE),
        invalid("an address of 256 bytes", posting("source", &format!("\"{}\"", "a".repeat(256))), SOURCE),
        invalid("a number as a source", posting("source", "7"), SOURCE),
        invalid("null as a source", posting("source", "null"), SOURCE),
        invalid("no destination", posting("destination", ""), DESTINATION),
        invalid("an account paying itself", posting("destination", r#""world""#), DESTINATION),
        invalid("a lower-case asset", posting("asset", r#""usd/2""#), ASSET),
        invalid("an asset that begins with a digit", posting("asset", r#""2USD""#), ASSET),
        invalid("an asset with an empty scale", posting("asset", r#""USD/""#), ASSET),
        invalid("an asset with a negative scale", posting("asset", r#""USD/-2""#), ASSET),
        invalid("an asset with a scale of seven digits", posting("asset", r#""USD/1234567""#), ASSET),
        invalid("an asset of 18 letters", posting("asset", r#""ABCDEFGHIJKLMNOPQR""#), ASSET),
        invalid("half of a surrogate pair", posting("asset", r#""\ud800""#), ASSET),
    ]
}

/// Bodies that are no JSON, or not of the right shape.
pub(super) fn shapes() -> Vec<Row> {
    let two_megabytes = format!("{}{GOOD}", " ".repeat(2 << 20));
    let empty_postings = |count| format!(r#"{{"postings":[{}]}}"#, vec!["{}"; count].join(","));
    let utf_16 = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        invalid("no posting", body(r#"{"postings":[]}"#), "postings"),
        invalid("postings of null", body(r#"{"postings":null}"#), "postings"),
        invalid("postings that are no list", body(r#"{"postings":{}}"#), "postings"),
        invalid("no postings at all", body("{}"), "postings"),
        invalid("a posting that is no object", body(r#"{"postings":[1]}"#), "postings[0]"),
        invalid(
            "1001 postings",
            body(format!(r#"{{"postings":[{}]}}"#, vec![&GOOD[13..GOOD.len() - 2]; 1001].join(","))),
            "postings",
        ),
        invalid("an unknown member", with("amout", "1"), "amout"),
        invalid(
            "an unknown member of a posting",
            body(GOOD.replace("amount", "amont")),
            "postings[0].amont postings[0].amount",
        ),
        invalid("a member in capitals", body(GOOD.replace("postings", "Postings")), "Postings postings"),
        invalid("a member that is empty", with("", "1"), ""),
        invalid("a member twice", body(format!(r#"{{"postings":[],{}"#, &GOOD[1..])), "postings postings"),
        invalid(
            "a member of a posting twice",
            body(GOOD.replace(r#""amount""#, r#""amount":"2","amount""#)),
            AMOUNT,
        ),
        invalid(
            "a member twice, once with an escape",
            body(GOOD.replace(r#""amount""#, r#""amount":"2","\u0061mount""#)),
            AMOUNT,
        ),
        invalid(
            "a hundred thousand members",
            body(format!("{{{}}}", vec![r#""x":1"#; 100_000].join(","))),
            MANY,
        ),
        invalid("a thousand bad postings", body(empty_postings(1000)), MANY),
        invalid("an empty body", body(""), "body"),
        invalid("a body of white space", body(" \n\t "), "body"),
        invalid("a body of null", body("null"), "body"),
        invalid("a body that is a list", body("[]"), "body"),
        invalid("a body that is a string", body("\"{}\""), "body"),
        invalid("half a body", body(&GOOD[..20]), "body"),
        invalid("two bodies", body(format!("{GOOD}{GOOD}")), "body"),
        invalid("a comma at the end", body(GOOD.replace("]}", "],}")), "body"),
        invalid("single quotes", body("{'postings':[]}"), "body"),
        invalid("a comment", body(format!("{GOOD}// done")), "body"),
        invalid("a NUL behind the body", body(format!("{GOOD}\0")), "body"),
        invalid("a line feed in a string", with("reference", "\"a\nb\""), "body"),
        invalid("NaN", amount("NaN"), "body"),
        invalid("infinity", amount("Infinity"), "body"),
        invalid("a number with a leading zero", amount("01"), "body"),
        invalid("a number with a plus", amount("+1"), "body"),
        invalid("a hexadecimal number", amount("0x10"), "body"),
        invalid("invalid UTF-8", Sent::Body(b"{\"postings\":\"\xff\xfe\"}".to_vec()), "body"),
        invalid("an overlong encoding", Sent::Body(b"{\"postings\":\"\xc0\xaf\"}".to_vec()), "body"),
        invalid("UTF-16", Sent::Body(utf_16), "body"),
        invalid("a byte order mark", body(format!("\u{feff}{GOOD}")), "body"),
        invalid("a hundred thousand open lists", body("[".repeat(100_000)), "body"),
        invalid(
            "a hundred thousand nested objects",
            body(format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000))),
            "a postings",
        ),
        invalid(
            "deep nesting in an unknown member",
            with("x", format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))),
            "x",
        ),
        invalid(
            "deep nesting as an amount",
            amount(format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))),
            AMOUNT,
        ),
        invalid(
            "all at once",
            body(r#"{"postings":[{"source":"","amount":-1,"x":1}],"reference":"","dry_run":0}"#),
            ALL,
        ),
        refused("a body of 2 MiB and a bit", body(two_megabytes), 413, "request.too_large"),
    ]
}

const ALL: &str = "postings[0].source postings[0].amount postings[0].x postings[0].destination postings[0].asset \
                   reference dry_run";

/// The other members of a transaction.
pub(super) fn members() -> Vec<Row> {
    let time = |text: &str| with("effective_at", format!("\"{text}\""));
    vec![
        invalid("an empty reference", with("reference", r#""""#), "reference"),
        invalid(
            "a reference of 256 bytes",
            with("reference", format!("\"{}\"", "r".repeat(256))),
            "reference",
        ),
        invalid(
            "a reference of 128 umlauts",
            with("reference", format!("\"{}\"", "ü".repeat(128))),
            "reference",
        ),
        invalid("a line feed in a reference", with("reference", r#""a\nb""#), "reference"),
        invalid("a NUL in a reference", with("reference", r#""a\u0000b""#), "reference"),
        invalid("a number as a reference", with("reference", "1"), "reference"),
        invalid("30 February", time("2026-02-30T00:00:00Z"), "effective_at"),
        invalid("the hour 24", time("2026-01-31T24:00:00Z"), "effective_at"),
        invalid("the year 10000", time("10000-01-01T00:00:00Z"), "effective_at"),
        invalid("the year 0", time("0000-12-31T23:59:59Z"), "effective_at"),
        invalid("a time beyond the last by its offset", time("9999-12-31T23:59:59-01:00"), "effective_at"),
        invalid("a time without a zone", time("2026-01-31T12:00:00"), "effective_at"),
        invalid("a time with a space", time("2026-01-31 12:00:00Z"), "effective_at"),
        invalid("nanoseconds", time("2026-01-31T12:00:00.123456789Z"), "effective_at"),
        invalid("a leap second", time("2016-12-31T23:59:60Z"), "effective_at"),
        invalid("a number as a time", with("effective_at", "1767225600"), "effective_at"),
        invalid("metadata that is a list", with("metadata", "[]"), "metadata"),
        invalid("metadata of numbers", with("metadata", r#"{"order":1001}"#), "metadata.order"),
        invalid("metadata within metadata", with("metadata", r#"{"order":{"id":"1"}}"#), "metadata.order"),
        invalid("metadata of 65 keys", with("metadata", metadata_of(65)), "metadata"),
        invalid("metadata of 20,000 keys", with("metadata", metadata_of(20_000)), "metadata"),
        invalid("an empty metadata key", with("metadata", r#"{"":"x"}"#), "metadata."),
        invalid("a metadata key twice", with("metadata", r#"{"k":"1","k":"2"}"#), "metadata.k"),
        invalid(
            "a metadata value of 1025 bytes",
            with("metadata", format!(r#"{{"k":"{}"}}"#, "v".repeat(1025))),
            "metadata.k",
        ),
        invalid("a NUL in metadata", with("metadata", r#"{"k":"\u0000"}"#), "metadata.k"),
        invalid("dry_run as a string", with("dry_run", r#""yes""#), "dry_run"),
        invalid("dry_run as a number", with("dry_run", "1"), "dry_run"),
        invalid("a hold's member", with("expires_at", r#""2030-01-01T00:00:00Z""#), "expires_at"),
        invalid("an id of the caller's choice", with("id", "7"), "id"),
        invalid("a reversal by hand", with("reverses", "0"), "reverses"),
    ]
}

/// Headers beside a good body.
pub(super) fn headers() -> Vec<Row> {
    let kind = |kind: &str| media_type(&format!("content-type: {kind}\r\n"));
    vec![
        refused("no content type", media_type(""), 415, MEDIA_TYPE),
        refused("an empty content type", kind(""), 415, MEDIA_TYPE),
        refused("text/plain", kind("text/plain"), 415, MEDIA_TYPE),
        refused("a form", kind("application/x-www-form-urlencoded"), 415, MEDIA_TYPE),
        refused("another JSON", kind("application/json-seq"), 415, MEDIA_TYPE),
        refused("UTF-16 by name", kind("application/json; charset=utf-16"), 415, MEDIA_TYPE),
        refused("two content types", kind("application/json\r\ncontent-type: text/plain"), 415, MEDIA_TYPE),
        refused("a compressed body", kind("application/json\r\ncontent-encoding: gzip"), 415, MEDIA_TYPE),
        invalid("an empty key", key("idempotency-key:"), "Idempotency-Key"),
        invalid("a key with a space", key("idempotency-key: a b"), "Idempotency-Key"),
        invalid("a key with a tab", key("idempotency-key: a\tb"), "Idempotency-Key"),
        invalid(
            "a key of 256 characters",
            key(&format!("idempotency-key: {}", "k".repeat(256))),
            "Idempotency-Key",
        ),
        invalid("two keys", key("idempotency-key: a\r\nidempotency-key: b"), "Idempotency-Key"),
        invalid("the same key twice", key("idempotency-key: a\r\nIdempotency-Key: a"), "Idempotency-Key"),
        invalid("a key beyond ASCII", key("idempotency-key: schlüssel"), "Idempotency-Key"),
    ]
}
