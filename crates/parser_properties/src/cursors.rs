//! Cursors: a cursor that is taken is the one that is given out for its place.

use app_base::http::fields::FieldErrors;
use app_base::http::pagination::{PageRequest, Position};
use app_base::http::query::{FromQuery, QueryReader, read_query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::query::{StatementPosition, TransactionPosition};
use ledger::{Address, EntryNumber, LedgerName, Timestamp};

/// How many bytes of a cursor say which version it is of, and of which list.
const FRONT: usize = 9;

pub(crate) fn cursors(input: &[u8]) {
    let time = Timestamp::default();
    let address = Address::world();
    let ledger = LedgerName::parse("main").expect("a name");
    check(input, &EntryNumber(0));
    check(input, &TransactionPosition { time, number: EntryNumber(0) });
    check(input, &StatementPosition { time, entry: EntryNumber(0), posting: 0 });
    check(input, &address);
    check(input, &ledger);
}

/// Tries bytes as a cursor's text, as what a cursor holds, and as the place in a cursor of this list.
fn check<P: Position>(input: &[u8], known: &P) {
    if let Ok(text) = std::str::from_utf8(input)
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"%&+#".contains(&b))
    {
        take::<P>(text);
    }
    take::<P>(&URL_SAFE_NO_PAD.encode(input));
    let ours = page::<P>("").expect("a list without a cursor").page([(); 0], Some(known));
    let ours = ours.next_cursor.expect("a list that goes on has a cursor");
    assert!(take::<P>(&ours), "{ours:?} was given out");
    let mut bytes = URL_SAFE_NO_PAD.decode(&ours).expect("a cursor is base64");
    bytes.truncate(FRONT);
    bytes.extend(input);
    take::<P>(&URL_SAFE_NO_PAD.encode(bytes));
}

/// Takes a cursor, and says whether it is one.
fn take<P: Position>(cursor: &str) -> bool {
    let Some(page) = page::<P>(&format!("cursor={cursor}")) else { return false };
    let next = page.page([(); 0], page.after.as_ref()).next_cursor;
    assert_eq!(next.as_deref(), (!cursor.is_empty()).then_some(cursor), "each place has one cursor");
    true
}

struct Listed<P>(PageRequest<P>);

impl<P: Position> FromQuery for Listed<P> {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self(PageRequest::take(query, errors))
    }
}

fn page<P: Position>(query: &str) -> Option<PageRequest<P>> {
    let mut errors = FieldErrors::default();
    let Listed(page) = read_query("/v1/ledgers", Some(query), &mut errors);
    errors.is_empty().then_some(page)
}
