//! What everybody is asked before anything is measured, and what has to be there for it.

use crate::bench::load::account;

/// What has to be true of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// It is the service's, to the byte.
    Same,
    /// It refuses, in whatever words: how malformed requests are refused is each framework's own.
    ClientError,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    /// Empty where there is none.
    pub(super) body: String,
    pub(super) expected: Expected,
}

impl Request {
    pub(super) fn get(path: &str) -> Self {
        Self { method: "GET", path: path.to_owned(), body: String::new(), expected: Expected::Same }
    }

    fn account(address: &str) -> Self {
        Self::get(&format!("/v1/ledgers/main/accounts/{address}"))
    }

    fn change(address: &str, body: &str) -> Self {
        Self { method: "PATCH", body: body.to_owned(), ..Self::account(address) }
    }

    fn post(ledger: &str, body: &str) -> Self {
        Self {
            method: "POST",
            path: format!("/v1/ledgers/{ledger}/transactions"),
            body: body.to_owned(),
            expected: Expected::Same,
        }
    }

    fn transfer(postings: &[(&str, &str, &str, &str)]) -> Self {
        Self::post("main", &transaction(postings))
    }

    fn malformed(body: &str) -> Self {
        Self { expected: Expected::ClientError, ..Self::post("main", body) }
    }
}

/// Source, destination, asset and amount of each posting, as a request has them.
fn transaction(postings: &[(&str, &str, &str, &str)]) -> String {
    let postings = postings.iter().map(|(source, destination, asset, amount)| {
        format!(
            r#"{{"source":"{source}","destination":"{destination}","asset":"{asset}","amount":"{amount}"}}"#
        )
    });
    format!(r#"{{"postings":[{}]}}"#, postings.collect::<Vec<_>>().join(","))
}

/// What the service is asked to make, so that there is something to check.
pub(super) fn preparation() -> Vec<Request> {
    vec![
        Request::transfer(&[
            ("world", "check:rich", "USD/2", "100000"),
            ("world", "check:rich", "EUR/2", "250"),
            ("world", "check:rich", "BTC/8", "170141183460469231731687303715884105"),
            ("check:rich", "check:poor", "USD/2", "70"),
        ]),
        Request::change("check:closed", r#"{"policy":{"closed":true}}"#),
        Request::change(
            "check:frozen",
            r#"{"policy":{"frozen":"credits"},"metadata":{"why":"\"fraud\" – ü"}}"#,
        ),
        Request::change("check:seized", r#"{"policy":{"frozen":"all"}}"#),
        Request::change(
            "check:credit",
            r#"{"policy":{"floor":{"USD/2":"-500"}},"metadata":{"a":"1","b":"2"}}"#,
        ),
        Request::change("check:free", r#"{"policy":{"floor":"unbounded"}}"#),
    ]
}

/// What everybody is asked, in order: later answers show what the earlier requests did.
pub(super) fn requests(accounts: u32) -> Vec<Request> {
    let [first, second, last] = [0, 1, accounts - 1].map(|number| account(number, accounts));
    let (first, second, last) = (first.as_str(), second.as_str(), last.as_str());
    let mut requests = vec![Request::get("/version")];
    let known = [
        first,
        second,
        last,
        "world",
        "check:rich",
        "check:poor",
        "check:closed",
        "check:frozen",
        "check:seized",
        "check:credit",
        "check:free",
    ];
    requests.extend(known.map(Request::account));
    requests.extend([
        Request::account("check:nobody"),
        Request::get("/v1/ledgers/none/accounts/world"),
        // Two postings, the second of which spends what the first one gave.
        Request::transfer(&[(first, second, "USD/2", "100"), (first, last, "USD/2", "1")]),
        Request::transfer(&[
            ("check:rich", "check:new", "EUR/2", "250"),
            ("check:new", "check:poor", "EUR/2", "250"),
        ]),
        Request::transfer(&[("check:rich", "check:new", "BTC/8", "170141183460469231731687303715884105")]),
        Request::transfer(&[("check:poor", "check:rich", "USD/2", "0")]),
        // Down to what is there and what may be owed, and not beyond.
        Request::transfer(&[("check:poor", "check:new", "USD/2", "70")]),
        Request::transfer(&[("check:poor", "check:new", "USD/2", "1")]),
        Request::transfer(&[
            ("check:rich", "check:new", "USD/2", "1"),
            ("check:rich", "check:poor", "USD/2", "100000"),
        ]),
        Request::transfer(&[("check:credit", "check:new", "USD/2", "500")]),
        Request::transfer(&[("check:credit", "check:new", "USD/2", "1")]),
        Request::transfer(&[("check:credit", "check:new", "EUR/2", "1")]),
        Request::transfer(&[("check:free", "check:new", "USD/2", "123456789")]),
        // Those that take no part: the closed before the frozen, the source before the destination.
        Request::transfer(&[("check:rich", "check:closed", "USD/2", "1")]),
        Request::transfer(&[
            ("check:rich", "check:new", "USD/2", "1"),
            ("check:closed", "check:frozen", "USD/2", "1"),
        ]),
        Request::transfer(&[("check:rich", "check:frozen", "USD/2", "1")]),
        Request::transfer(&[("check:seized", "check:rich", "USD/2", "1")]),
        Request::transfer(&[("check:nobody", "check:seized", "USD/2", "1")]),
        Request::transfer(&[("world", "check:new", "XAU", "170141183460469231731687303715884105727")]),
        Request::transfer(&[("world", "check:poor", "XAU", "1")]),
        Request::post("none", &transaction(&[("world", "a", "USD/2", "1")])),
        Request::malformed(r#"{"postings":"#),
        Request::malformed(r#"{"postings":[]}"#),
        Request::malformed(&transaction(&[("world", "world", "USD/2", "1")])),
        Request::malformed(&transaction(&[("world", "a", "usd", "1")])),
        Request::malformed(&transaction(&[("world", "a b", "USD/2", "1")])),
        Request::malformed(&transaction(&[("world", "a", "USD/2", "-1")])),
    ]);
    requests.extend(known.map(Request::account));
    requests.extend(["check:new", "check:nobody"].map(Request::account));
    requests
}

#[cfg(test)]
mod tests {
    use super::{Expected, preparation, requests};

    #[test]
    fn everybody_is_asked_for_accounts_before_and_after_what_changes_them() {
        let requests = requests(16);
        let of = |path: &str| requests.iter().filter(|request| request.path.ends_with(path)).count();
        assert_eq!([of("/check:rich"), of("/check:new"), of("/users:15:wallet")], [2, 1, 2]);
        assert!(requests.iter().any(|request| request.expected == Expected::ClientError));
        assert!(requests.iter().all(|request| request.method != "PATCH"), "peers change no accounts");
        assert!(preparation().iter().all(|request| request.expected == Expected::Same));
    }
}
