//! What is posted: which accounts money moves between, and the bytes that say so.
//!
//! A request is written once for each connection; for each post only its key and the numbers of its accounts
//! are new, in the same places.

use std::fmt::Write as _;
use std::ops::Range;

use clap::ValueEnum;

use crate::bench::service::ADMIN_KEY;

const PATH: &str = "/v1/ledgers/main/transactions";

/// What accounts are given before they spend: more than any run can move.
pub(crate) const FUNDS: u64 = 1_000_000_000_000_000;

/// How many accounts one transaction gives money to.
const FUNDED_AT_ONCE: usize = 500;

/// Which accounts money moves between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Traffic {
    /// From `world` to any account
    Deposits,
    /// From any account to any other
    Uniform,
    /// From any account to one and the same
    Hot,
    /// None: accounts are read, any of them
    #[value(skip)]
    Reads,
}

/// What idempotency keys look like: UUIDs in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keys {
    /// Version 4: nothing but chance
    Random,
    /// Version 7: the time first, which indexes like better
    Ordered,
}

/// The bytes of a request, and where its parts lie in them.
#[derive(Debug)]
pub(super) struct Request {
    bytes: Vec<u8>,
    keys: Keys,
    key: Option<Range<usize>>,
    source: Option<Range<usize>>,
    destination: Option<Range<usize>>,
    accounts: u32,
}

impl Request {
    /// Writes a request of `traffic` among accounts numbered from 0, with credentials or without.
    pub(super) fn new(traffic: Traffic, keys: Keys, accounts: u32, is_authorized: bool) -> Self {
        let digits = digits(accounts);
        let any = account(0, accounts);
        let authorization =
            if is_authorized { format!("authorization: Bearer {ADMIN_KEY}\r\n") } else { String::new() };
        if traffic == Traffic::Reads {
            let before = "GET /v1/ledgers/main/accounts/users:";
            let bytes = format!(
                "GET /v1/ledgers/main/accounts/{any} HTTP/1.1\r\nhost: florin\r\n{authorization}\r\n"
            );
            let destination = Some(before.len()..before.len() + digits);
            return Self { bytes: bytes.into_bytes(), keys, key: None, source: None, destination, accounts };
        }
        let source = if traffic == Traffic::Deposits { "world" } else { &any };
        let body = format!(
            r#"{{"postings":[{{"source":"{source}","destination":"{any}","asset":"USD/2","amount":"100"}}]}}"#
        );
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: florin\r\n{authorization}content-type: application/json\r\nidempotency-key: "
        );
        let key = match keys {
            Keys::Random => "00000000-0000-4000-8000-000000000000",
            Keys::Ordered => "00000000-0000-7000-8000-000000000000",
        };
        let length = body.len();
        let bytes = format!("{head}{key}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes();
        let number = |party: &str| {
            let before = format!(r#""{party}":"users:"#);
            let at = bytes.windows(before.len()).position(|part| part == before.as_bytes())? + before.len();
            Some(at..at + digits)
        };
        let (source, destination) = (number("source"), number("destination"));
        // Account 0 is the hot one.
        let destination = destination.filter(|_| traffic != Traffic::Hot);
        let key = Some(head.len()..head.len() + key.len());
        Self { bytes, keys, key, source, destination, accounts }
    }

    /// Returns the post with a new key and accounts drawn anew, at a time in milliseconds since 1970.
    pub(super) fn next(&mut self, random: &mut fastrand::Rng, epoch_ms: u64) -> &[u8] {
        let chance = u128::from(random.u64(..)) << 64 | u128::from(random.u64(..));
        let digits = match self.keys {
            Keys::Random => chance,
            Keys::Ordered => chance >> 48 | u128::from(epoch_ms) << 80,
        };
        if let Some(place) = &self.key {
            write_key(&mut self.bytes[place.clone()], digits);
        }
        let source = self.source.as_ref().map(|place| {
            // The hot account does not pay itself.
            let first = u32::from(self.destination.is_none());
            let number = random.u32(first..self.accounts);
            write_number(&mut self.bytes[place.clone()], number);
            number
        });
        if let Some(place) = &self.destination {
            let number = match source {
                // Any but the source: the last one stands in for it.
                Some(source) => {
                    let number = random.u32(..self.accounts - 1);
                    if number == source { self.accounts - 1 } else { number }
                }
                None => random.u32(..self.accounts),
            };
            write_number(&mut self.bytes[place.clone()], number);
        }
        &self.bytes
    }
}

/// The requests that give every account what it may spend: paths and bodies.
pub(super) fn funds(accounts: u32) -> impl Iterator<Item = (&'static str, String)> {
    (0..accounts).step_by(FUNDED_AT_ONCE).map(move |first| {
        let mut postings = String::new();
        for number in (first..accounts).take(FUNDED_AT_ONCE) {
            let comma = if number == first { "" } else { "," };
            let destination = account(number, accounts);
            write!(
                postings,
                r#"{comma}{{"source":"world","destination":"{destination}","asset":"USD/2","amount":"{FUNDS}"}}"#
            )
            .expect("texts can be written");
        }
        (PATH, format!(r#"{{"postings":[{postings}]}}"#))
    })
}

/// Returns the address of an account, of so many that are numbered from 0.
pub(crate) fn account(number: u32, accounts: u32) -> String {
    let digits = digits(accounts);
    format!("users:{number:0digits$}:wallet")
}

fn digits(accounts: u32) -> usize {
    accounts.saturating_sub(1).to_string().len()
}

fn write_number(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

/// Fills in the digits of a UUID that are free, the highest first.
fn write_key(place: &mut [u8], mut digits: u128) {
    for (at, digit) in place.iter_mut().enumerate() {
        if !matches!(at, 8 | 13 | 14 | 18 | 19 | 23) {
            *digit = b"0123456789abcdef"[(digits >> 124) as usize];
            digits <<= 4;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Keys, Request, Traffic, funds};

    const NOW: u64 = 1_800_000_000_000;

    /// Keys, sources and destinations.
    fn drawn(traffic: Traffic, accounts: u32, posts: usize) -> Vec<(String, String, String)> {
        let mut random = fastrand::Rng::with_seed(1);
        let mut request = Request::new(traffic, Keys::Random, accounts, true);
        let part = |text: &str, after: &str, before: &str| {
            text.split(after).nth(1).and_then(|rest| rest.split(before).next()).expect(after).to_owned()
        };
        let mut seen = Vec::new();
        for _ in 0..posts {
            let text = std::str::from_utf8(request.next(&mut random, NOW)).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
            assert_eq!(part(head, "content-length: ", "\r\n"), body.len().to_string());
            seen.push((
                part(head, "idempotency-key: ", "\r\n"),
                part(body, r#""source":""#, "\""),
                part(body, r#""destination":""#, "\""),
            ));
        }
        seen
    }

    #[test]
    fn every_post_has_a_key_of_its_own() {
        let seen = drawn(Traffic::Uniform, 10, 1000);
        assert_eq!(seen.iter().map(|(key, ..)| key).collect::<HashSet<_>>().len(), 1000);
        assert!(seen.iter().all(|(key, ..)| key.len() == 36 && key.split('-').count() == 5));
    }

    #[test]
    fn ordered_keys_begin_with_the_time() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut request = Request::new(Traffic::Uniform, Keys::Ordered, 10, true);
        let place = request.key.clone().expect("a post has a key");
        let mut key =
            |ms| String::from_utf8(request.next(&mut random, ms)[place.clone()].to_vec()).expect("text");
        let keys = [key(NOW), key(NOW), key(NOW + 1)];
        assert!(keys[0] != keys[1] && keys[0] < keys[2] && keys[1] < keys[2], "{keys:?}");
        assert!(
            keys.iter().all(|key| key.starts_with("01a3185c-5") && key[14..].starts_with('7')),
            "{keys:?}"
        );
    }

    #[test]
    fn any_account_pays_any_other_and_never_itself() {
        let seen = drawn(Traffic::Uniform, 12, 3000);
        assert!(seen.iter().all(|(_, source, destination)| source != destination));
        let pairs: HashSet<_> = seen.iter().map(|(_, source, destination)| (source, destination)).collect();
        assert_eq!(pairs.len(), 12 * 11);
        assert!(pairs.iter().any(|(source, _)| *source == "users:11:wallet"));
    }

    #[test]
    fn the_hot_account_gets_everything() {
        let seen = drawn(Traffic::Hot, 10, 500);
        assert!(seen.iter().all(|(_, source, hot)| hot == "users:0:wallet" && source != hot));
        assert_eq!(seen.iter().map(|(_, source, _)| source).collect::<HashSet<_>>().len(), 9);
    }

    #[test]
    fn reads_ask_for_any_account_with_a_key_or_without() {
        let mut random = fastrand::Rng::with_seed(1);
        for is_authorized in [true, false] {
            let mut request = Request::new(Traffic::Reads, Keys::Random, 12, is_authorized);
            let mut asked = HashSet::new();
            for _ in 0..500 {
                let text = std::str::from_utf8(request.next(&mut random, NOW)).expect("text");
                let line = text.strip_prefix("GET /v1/ledgers/main/accounts/").expect("a read");
                asked.insert(line.split(' ').next().expect("an address").to_owned());
                assert_eq!(text.contains("\r\nauthorization: Bearer "), is_authorized);
                assert!(text.ends_with("\r\n\r\n"));
            }
            assert_eq!(asked.len(), 12);
            assert!(asked.contains("users:11:wallet"));
        }
    }

    #[test]
    fn deposits_come_from_outside() {
        let seen = drawn(Traffic::Deposits, 3, 100);
        assert!(seen.iter().all(|(_, source, _)| source == "world"));
        assert_eq!(seen.iter().map(|(.., destination)| destination).collect::<HashSet<_>>().len(), 3);
    }

    #[test]
    fn every_account_is_funded_once() {
        let bodies: String = funds(1100).map(|(_, body)| body).collect();
        assert_eq!(bodies.matches("users:").count(), 1100);
        assert!(bodies.contains("users:0000:wallet") && bodies.contains("users:1099:wallet"));
        assert_eq!(funds(1100).count(), 3);
    }
}
