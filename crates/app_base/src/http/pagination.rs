//! Pages of lists: how large they are, and the cursors that lead from one to the next.
//!
//! A cursor holds a position and the mark of the list that it was made for: path and filters. It is no
//! secret and gives no rights: whoever makes one up only chooses where to start reading.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::access::AuditPosition;
use engine::query::{StatementPosition, TransactionPosition};
use ledger::{Address, EntryNumber, LedgerName, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::fields::FieldErrors;
use super::query::QueryReader;
use super::text::{Message, whole_number};

/// How many items a page has where the caller does not say.
pub const LIMIT_DEFAULT: usize = 50;
/// The most items that a page may have.
pub const LIMIT_MAX: usize = 1000;

/// The longest cursor that is looked at: far more than the longest that is ever given out.
const CURSOR_MAX_BYTES: usize = 512;
/// The first byte of every cursor. A change of what follows takes another one.
const VERSION: u8 = 1;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The items. There may be fewer than `limit`, even none, although the list goes on: a filter that
    /// little passes is followed for a bounded stretch per request. Only `next_cursor` tells the end.
    pub items: Vec<T>,
    /// The value of `cursor` that continues the list; null at its end.
    pub next_cursor: Option<String>,
}

/// The parameters of every list, as the API's description shows them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used: requests are read into PageRequest")]
pub struct PageParameters {
    /// How many items to return at most.
    #[schemars(range(min = 1, max = 1000), extend("default" = 50))]
    limit: Option<u16>,
    /// Where to continue: the `next_cursor` of the page before, with all other parameters as they were.
    #[schemars(length(max = 512))]
    cursor: Option<String>,
}

/// A place in a list, to continue after.
pub trait Position: Sized {
    /// Appends the place to a cursor.
    fn write(&self, cursor: &mut Vec<u8>);
    /// Reads the place back; `None` where these bytes are none.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<P> {
    /// The largest page wanted.
    pub limit: usize,
    /// Continue after this place.
    pub after: Option<P>,
    mark: ListMark,
}

impl<P: Position> PageRequest<P> {
    /// Takes `limit` and `cursor`.
    pub fn take(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        let mark = ListMark::of(query);
        let limit = query
            .optional_with("limit", errors, |text| whole_number(text, 1, LIMIT_MAX))
            .unwrap_or(LIMIT_DEFAULT);
        let after = query.optional_with("cursor", errors, |text| read_cursor(text, mark));
        Self { limit, after, mark }
    }

    /// Puts a page of the same list together.
    pub fn page<T>(&self, items: impl IntoIterator<Item = T>, next: Option<&P>) -> Page<T> {
        Page {
            items: items.into_iter().collect(),
            next_cursor: next.map(|place| write_cursor(place, self.mark)),
        }
    }
}

/// Which list: the front of a hash over path and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListMark([u8; 8]);

impl ListMark {
    fn of(query: &QueryReader<'_>) -> Self {
        let (path, filters) = query.list(&["limit", "cursor"]);
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(path);
        for (name, value) in filters {
            add(name);
            add(value);
        }
        let mut front = [0; 8];
        front.copy_from_slice(&hash.finalize()[..8]);
        Self(front)
    }
}

fn write_cursor<P: Position>(place: &P, mark: ListMark) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(mark.0);
    place.write(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor<P: Position>(text: &str, mark: ListMark) -> Result<P, Message> {
    let unreadable = || Message::from("is no cursor that this service gave out");
    if text.len() > CURSOR_MAX_BYTES {
        return Err(unreadable());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
    let rest = bytes.strip_prefix(&[VERSION]).ok_or_else(unreadable)?;
    let (found, place) = rest.split_first_chunk::<8>().ok_or_else(unreadable)?;
    if *found != mark.0 {
        return Err("is of another list; keep path and filters as they were, or start without it".into());
    }
    P::read(place).ok_or_else(unreadable)
}

/// Splits off a number of 8 bytes.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (front, rest) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*front), rest))
}

fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (micros, rest) = number(bytes)?;
    Some((Timestamp::from_micros(micros.cast_signed())?, rest))
}

impl Position for EntryNumber {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.0.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        number(bytes).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| Self(number))
    }
}

impl Position for TransactionPosition {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.time.micros().to_be_bytes());
        self.number.write(cursor);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = time(bytes)?;
        Some(Self { time, number: EntryNumber::read(rest)? })
    }
}

impl Position for StatementPosition {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.time.micros().to_be_bytes());
        self.entry.write(cursor);
        cursor.extend((self.posting as u64).to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = time(bytes)?;
        let (entry, rest) = number(rest)?;
        let (posting, rest) = number(rest)?;
        let posting = usize::try_from(posting).ok().filter(|_| rest.is_empty())?;
        (posting < ledger::Postings::MAX).then_some(Self { time, entry: EntryNumber(entry), posting })
    }
}

impl Position for AuditPosition {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.at.micros().to_be_bytes());
        cursor.extend(self.id.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = time(bytes)?;
        number(rest).filter(|(_, rest)| rest.is_empty()).map(|(id, _)| Self { at, id })
    }
}

impl Position for Address {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.as_str().as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(bytes).ok()?).ok()
    }
}

impl Position for LedgerName {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.as_str().as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(bytes).ok()?).ok()
    }
}

impl Position for Timestamp {
    fn write(&self, cursor: &mut Vec<u8>) {
        cursor.extend(self.micros().to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_micros(i64::from_be_bytes(bytes.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;

    use super::*;
    use crate::http::query::{FromQuery, read_query};

    struct Probe<P>(PageRequest<P>);

    impl<P: Position> FromQuery for Probe<P> {
        fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
            query.optional_with("filter", errors, |_| Ok(()));
            Self(PageRequest::take(query, errors))
        }
    }

    fn ask<P: Position>(path: &str, query: &str) -> Result<PageRequest<P>, String> {
        let mut errors = FieldErrors::default();
        let Probe(page) = read_query(path, Some(query), &mut errors);
        match errors.as_slice() {
            [] => Ok(page),
            [error] => Err(format!("{} {}", error.field, error.message)),
            more => panic!("{more:?}"),
        }
    }

    fn lead_to<P: Position + Clone + Debug + PartialEq>(place: P) {
        let first = ask::<P>("/list", "filter=a&limit=7").unwrap();
        let page = first.page([1, 2], Some(&place));
        let cursor = page.next_cursor.unwrap();
        let next = ask::<P>("/list", &format!("limit=9&cursor={cursor}&filter=a")).unwrap();
        assert_eq!((next.limit, next.after), (9, Some(place)));
    }

    #[test]
    fn cursors_lead_to_their_place() {
        let time = Timestamp::MIN;
        lead_to(EntryNumber(u64::MAX));
        lead_to(TransactionPosition { time, number: EntryNumber(3) });
        lead_to(StatementPosition { time, entry: EntryNumber(3), posting: 999 });
        lead_to(Address::parse(&"a".repeat(255)).unwrap());
        lead_to(LedgerName::parse("main").unwrap());
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let first = ask::<EntryNumber>("/list", "").unwrap();
        assert_eq!(first.limit, 50);
        assert_eq!(first.page([1], None).next_cursor, None);
    }

    #[test]
    fn cursors_of_other_lists_are_refused() {
        let cursor = ask("/list", "filter=a").unwrap().page([1], Some(&EntryNumber(1))).next_cursor.unwrap();
        for (path, filter) in [("/other", "filter=a"), ("/list", "filter=b"), ("/list", "")] {
            let error = ask::<EntryNumber>(path, &format!("{filter}&cursor={cursor}")).unwrap_err();
            assert!(error.starts_with("cursor is of another list"), "{error}");
        }
        let error = ask::<Address>("/list", &format!("filter=a&cursor={cursor}")).unwrap_err();
        assert!(error.starts_with("cursor is no cursor"), "{error}");
    }

    #[test]
    fn limits_are_whole_numbers_from_1_to_1000() {
        assert_eq!(ask::<EntryNumber>("/list", "limit=1000").unwrap().limit, 1000);
        for limit in ["0", "1001", "-1", "+5", "1.0", "1e2", "ten", "99999999999999999999999"] {
            let error = ask::<EntryNumber>("/list", &format!("limit={limit}")).unwrap_err();
            assert!(error.starts_with("limit "), "{limit}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_cursor_is_read_or_refused(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mark = ListMark([0; 8]);
            let mut marked = vec![VERSION, 0, 0, 0, 0, 0, 0, 0, 0];
            marked.extend(&bytes);
            for text in [text, URL_SAFE_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&marked)] {
                let _ = read_cursor::<EntryNumber>(&text, mark);
                let _ = read_cursor::<TransactionPosition>(&text, mark);
                let _ = read_cursor::<StatementPosition>(&text, mark);
                let _ = read_cursor::<Address>(&text, mark);
                let _ = read_cursor::<LedgerName>(&text, mark);
            }
        }
    }
}
