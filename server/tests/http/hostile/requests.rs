//! Paths, queries, methods and whole requests that no well-behaved client sends.

use super::{MANY, Row, Sent, invalid, refused};

const NOT_FOUND: &str = "route.not_found";
const NOT_ALLOWED: &str = "route.method_not_allowed";
const MALFORMED: &str = "request.malformed";
const TOO_LARGE: &str = "request.head_too_large";

fn get(path: impl Into<String>) -> Sent {
    Sent::Get(path.into())
}

fn raw(text: impl Into<Vec<u8>>) -> Sent {
    Sent::Raw(text.into())
}

/// A request for the list of ledgers with another head.
fn head(lines: &str) -> Sent {
    raw(format!("GET /v1/ledgers HTTP/1.1\r\n{lines}\r\n"))
}

/// A transaction with other headers, none of which says that it is JSON of some length.
fn post(headers: &str, body: &str) -> Sent {
    raw(format!("POST /v1/ledgers/main/transactions HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}"))
}

pub(super) fn paths() -> Vec<Row> {
    let main = |path: &str| get(format!("/v1/ledgers/main/{path}"));
    vec![
        invalid("an upper-case ledger", get("/v1/ledgers/MAIN"), "ledger"),
        invalid("a ledger of 64 characters", get(format!("/v1/ledgers/{}", "a".repeat(64))), "ledger"),
        invalid("a NUL as a ledger", get("/v1/ledgers/%00"), "ledger"),
        invalid("a ledger that is not UTF-8", get("/v1/ledgers/%FF"), "ledger"),
        invalid("an encoded slash", get("/v1/ledgers/main%2Faccounts"), "ledger"),
        invalid("a slash encoded twice", get("/v1/ledgers/main%252Faccounts"), "ledger"),
        invalid("encoded dots", get("/v1/ledgers/%2e%2e"), "ledger"),
        invalid("half a percent escape", main("accounts/%zz"), "address"),
        invalid("a percent sign at the end", main("accounts/a%"), "address"),
        invalid("an address with a space", main("accounts/a%20b"), "address"),
        invalid("an address with a plus", main("accounts/a+b"), "address"),
        invalid("an address beyond ASCII", main("accounts/stra%C3%9Fe"), "address"),
        invalid("an address beyond ASCII as it is", main("accounts/straße"), "address"),
        invalid("an address of 256 bytes", main(&format!("accounts/{}", "a".repeat(256))), "address"),
        invalid(
            "everything wrong with a path",
            get("/v1/ledgers/M/accounts/a%20b/entries?asset=x"),
            "ledger address asset",
        ),
        invalid("a word as an id", main("transactions/first"), "id"),
        invalid("a negative id", main("transactions/-1"), "id"),
        invalid("an id with a leading zero", main("transactions/01"), "id"),
        invalid("an id beyond 64 bits", main("transactions/99999999999999999999"), "id"),
        refused("a ledger that is not there", get("/v1/ledgers/other"), 404, "ledger.not_found"),
        refused("a transaction that is not there", main("transactions/7"), 404, "transaction.not_found"),
        refused(
            "the last id that there is",
            main("transactions/18446744073709551615"),
            404,
            "transaction.not_found",
        ),
        refused("an account that never moved", main("accounts/nobody"), 404, "account.not_found"),
        refused("the statement of nobody", main("accounts/nobody/entries"), 404, "account.not_found"),
        refused("no ledger", get("/v1/ledgers//accounts"), 404, NOT_FOUND),
        refused("an unknown route", get("/v2/ledgers"), 404, NOT_FOUND),
        refused("the root", get("/"), 404, NOT_FOUND),
        refused("a slash at the end", get("/v1/ledgers/"), 404, NOT_FOUND),
        refused("slashes twice", get("//v1//ledgers"), 404, NOT_FOUND),
        refused("dots in a path", get("/v1/ledgers/../../etc/passwd"), 404, NOT_FOUND),
        refused("a file that leads out", get("/docs/assets/..%2f..%2fCargo.toml"), 404, NOT_FOUND),
        refused("a path in capitals", get("/V1/ledgers"), 404, NOT_FOUND),
    ]
}

pub(super) fn queries() -> Vec<Row> {
    let list = |query: &str| get(format!("/v1/ledgers?{query}"));
    let transactions = |query: &str| get(format!("/v1/ledgers/main/transactions?{query}"));
    let many: Vec<_> = (0..17).map(|n| format!("metadata[k{n}]=x")).collect();
    vec![
        invalid("a limit of none", list("limit=0"), "limit"),
        invalid("a limit of 1001", list("limit=1001"), "limit"),
        invalid("a negative limit", list("limit=-1"), "limit"),
        invalid("a limit with a plus", list("limit=%2B1"), "limit"),
        invalid("a limit beyond 64 bits", list("limit=18446744073709551617"), "limit"),
        invalid("an empty limit", list("limit="), "limit"),
        invalid("a limit without a value", list("limit"), "limit"),
        invalid("a limit twice", list("limit=1&limit=2"), "limit"),
        invalid("a made-up cursor", list("cursor=AAAA"), "cursor"),
        invalid("a cursor that is not base64", list("cursor=%21%21"), "cursor"),
        invalid("a cursor of 2 KiB", list(&format!("cursor={}", "A".repeat(2048))), "cursor"),
        invalid("an empty cursor", list("cursor="), "cursor"),
        invalid("an unknown parameter", list("page=2"), "page"),
        invalid("a parameter in capitals", list("Limit=2"), "Limit"),
        invalid("a parameter without a name", list("=2"), "query"),
        invalid("a thousand parameters", list(&"a&".repeat(1000)), MANY),
        invalid("a query of 9 KiB", list(&"a".repeat(9 << 10)), "query"),
        invalid("a parameter of another route", list("account=a"), "account"),
        invalid("a parameter on a write", raw(with_query()), "dry_run"),
        invalid("a parameter that is not UTF-8", transactions("account=%FF"), "account"),
        invalid("an unknown order", transactions("order=sideways"), "order"),
        invalid("an unknown clock", transactions("clock=wall"), "clock"),
        invalid("a date as a time", transactions("from=2026-01-01"), "from"),
        invalid(
            "a span that ends before it begins",
            transactions("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"),
            "to",
        ),
        invalid("an address with a space in a filter", transactions("account=a%20b"), "account"),
        invalid("a star alone", transactions("account=*"), "account"),
        invalid("a colon alone", transactions("account=:"), "account"),
        invalid("a star in the middle", transactions("account=users:*:wallet"), "account"),
        invalid("SQL in a filter", transactions("account=a'%20OR%201=1--"), "account"),
        invalid("a metadata filter without a key", transactions("metadata[]=x"), "metadata[]"),
        invalid("a metadata filter without brackets", transactions("metadata=x"), "metadata"),
        invalid("a metadata filter that is not closed", transactions("metadata[a=x"), "metadata[a"),
        invalid("seventeen metadata filters", transactions(&many.join("&")), "metadata"),
        invalid("a depth of none", get("/v1/ledgers/main/balances?depth=0"), "depth"),
        invalid("a depth of 129", get("/v1/ledgers/main/balances?depth=129"), "depth"),
        invalid("a prefix that nothing begins with", get("/v1/ledgers/main/balances?prefix=a::"), "prefix"),
        invalid("a negative entry number", get("/v1/ledgers/main/log?after=-1"), "after"),
        invalid(
            "an entry number beyond 64 bits",
            get("/v1/ledgers/main/log?after=99999999999999999999"),
            "after",
        ),
        invalid(
            "everything wrong with a query",
            transactions("order=up&clock=wall&limit=0&x=1"),
            "clock order limit x",
        ),
    ]
}

fn with_query() -> String {
    let body = super::GOOD;
    format!(
        "POST /v1/ledgers/main/transactions?dry_run=true HTTP/1.1\r\nhost: x\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn methods() -> Vec<Row> {
    let on = |method: &str, path: &str| raw(format!("{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
    vec![
        refused("a wrong method", on("DELETE", "/v1/ledgers/main"), 405, NOT_ALLOWED),
        refused(
            "a method that would change an entry",
            on("PUT", "/v1/ledgers/main/transactions/0"),
            405,
            NOT_ALLOWED,
        ),
        refused("a method in small letters", on("get", "/v1/ledgers"), 405, NOT_ALLOWED),
        refused("a made-up method", on("BREW", "/v1/ledgers"), 405, NOT_ALLOWED),
        refused("a method of 1000 letters", on(&"B".repeat(1000), "/v1/ledgers"), 405, NOT_ALLOWED),
        refused("TRACE", on("TRACE", "/v1/ledgers"), 405, NOT_ALLOWED),
        refused("OPTIONS", on("OPTIONS", "/v1/ledgers"), 405, NOT_ALLOWED),
        refused("OPTIONS on all", on("OPTIONS", "*"), 404, NOT_FOUND),
        refused("a wrong method on no route", on("DELETE", "/v2"), 404, NOT_FOUND),
        refused("a request for a tunnel", on("CONNECT", "db:5432"), 404, NOT_FOUND),
        refused("a request for another site", on("GET", "http://other.example/"), 404, NOT_FOUND),
    ]
}

pub(super) fn messages() -> Vec<Row> {
    let json = "content-type: application/json\r\n";
    let chunked = format!("{json}transfer-encoding: chunked\r\n");
    let length = |length: &str| post(&format!("{json}content-length: {length}\r\n"), "");
    vec![
        refused("no host", head(""), 400, MALFORMED),
        refused("two hosts", head("host: x\r\nhost: y\r\n"), 400, MALFORMED),
        refused("a host that is none", head("host: a b\r\n"), 400, MALFORMED),
        refused("two lengths", post("content-length: 2\r\ncontent-length: 3\r\n", "{}"), 400, MALFORMED),
        refused("a length that is no number", post("content-length: two\r\n", "{}"), 400, MALFORMED),
        refused("a negative length", post("content-length: -1\r\n", "{}"), 400, MALFORMED),
        refused("a length with a plus", post("content-length: +2\r\n", "{}"), 400, MALFORMED),
        refused(
            "a length beyond 64 bits",
            post("content-length: 18446744073709551616\r\n", ""),
            400,
            MALFORMED,
        ),
        refused("a length of 16 EiB", length("18446744073709551613"), 413, "request.too_large"),
        // hyper keeps the last two numbers of 64 bits for itself, and takes them for a head that is too large.
        refused("a length of 16 EiB and a bit", length("18446744073709551615"), 431, TOO_LARGE),
        refused("a length with spaces in it", length("2 2"), 400, MALFORMED),
        refused("a list of lengths", length("2, 3"), 400, MALFORMED),
        refused("an endless body in chunks", raw(chunks(3 << 20)), 413, "request.too_large"),
        refused(
            "an unknown transfer coding",
            post(&format!("{json}transfer-encoding: gzip\r\n"), "{}"),
            400,
            MALFORMED,
        ),
        refused(
            "chunks that are not last",
            post(&format!("{json}transfer-encoding: chunked, gzip\r\n"), "{}"),
            400,
            MALFORMED,
        ),
        invalid("a chunk of a size that is no number", post(&chunked, "two\r\n{}\r\n0\r\n\r\n"), "body"),
        invalid("a chunk of 2^64 bytes", post(&chunked, "10000000000000000\r\n{}\r\n0\r\n\r\n"), "body"),
        invalid("a chunk longer than its size", post(&chunked, "1\r\n{}\r\n0\r\n\r\n"), "body"),
        invalid(
            "a chunk extension without end",
            post(&chunked, &format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(64 << 10))),
            "body",
        ),
        refused("a space in a header's name", head("host: x\r\nbad name: 1\r\n"), 400, MALFORMED),
        refused("a space before a header's colon", head("host: x\r\nbad : 1\r\n"), 400, MALFORMED),
        refused("a header without a name", head("host: x\r\n: 1\r\n"), 400, MALFORMED),
        refused("a header without a colon", head("host: x\r\nbad\r\n"), 400, MALFORMED),
        refused("a folded header", head("host: x\r\na: b\r\n c\r\n"), 400, MALFORMED),
        refused("a NUL in a header", head("host: x\r\na: \0\r\n"), 400, MALFORMED),
        refused("a request line of noise", raw("\u{1}\u{2}\u{3}\r\n\r\n"), 400, MALFORMED),
        refused("a request line without a path", raw("GET\r\n\r\n"), 400, MALFORMED),
        refused("a path with a space", raw("GET /v1/led gers HTTP/1.1\r\nhost: x\r\n\r\n"), 400, MALFORMED),
        refused("a path with a NUL", raw("GET /v1/\0 HTTP/1.1\r\nhost: x\r\n\r\n"), 400, MALFORMED),
        refused(
            "a path that is not UTF-8",
            raw(b"GET /v1/\xff HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()),
            400,
            MALFORMED,
        ),
        refused("an unknown version", raw("GET /v1/ledgers HTTP/9.9\r\nhost: x\r\n\r\n"), 400, MALFORMED),
        refused(
            "the greeting of TLS",
            raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
            400,
            MALFORMED,
        ),
        refused(
            "a thousand headers",
            head(&format!("host: x\r\n{}", "a: b\r\n".repeat(1000))),
            431,
            TOO_LARGE,
        ),
        refused(
            "a header of 256 KiB",
            head(&format!("host: x\r\na: {}\r\n", "b".repeat(256 << 10))),
            431,
            TOO_LARGE,
        ),
        refused("a path of 256 KiB", get(format!("/v1/ledgers/{}", "a".repeat(256 << 10))), 431, TOO_LARGE),
    ]
}

/// A request whose body comes in chunks and never says how long it is.
fn chunks(length: usize) -> Vec<u8> {
    let head = "POST /v1/ledgers/main/transactions HTTP/1.1\r\nhost: x\r\n\
                content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut request = head.as_bytes().to_vec();
    for _ in 0..length / 0x1000 {
        request.extend(b"1000\r\n");
        request.extend([b' '; 0x1000]);
        request.extend(b"\r\n");
    }
    request
}
