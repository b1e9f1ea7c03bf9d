//! What stores keep: whatever stands in a row, it is read or refused, and what is read can be kept again and shown.

use app::log::LogEntryView;
use app_base::journals::Format;
use engine::codec;
use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::port::LogRecord;
use engine::query::Ledger;
use ledger::{Entry, EntryNumber, LedgerName, Metadata, Reference, Timestamp};

/// Takes a row in three parts, each in a line of its own: the kind of entry, the reference (none where it is empty), and
/// the text of the body.
pub(crate) fn stored(text: &str) {
    parts(text);
    let mut lines = text.splitn(3, '\n');
    let (Some(kind), Some(reference), Some(body)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    parts(body);
    let Ok(decoded) = codec::decode(kind, body, Reference::parse(reference).ok()) else { return };
    let entry = Entry {
        number: EntryNumber(0),
        recorded_at: Timestamp::default(),
        effective_at: Timestamp::default(),
        body: decoded.body,
        balances: decoded.balances,
    };
    assert_eq!(codec::kind(&entry), kind);
    let stored = codec::encode(&entry);
    let again = codec::decode(kind, &stored, entry.body.reference().cloned()).expect("what is kept is read");
    assert_eq!((&again.body, &again.balances), (&entry.body, &entry.balances));
    shown(&entry, reference);
}

/// What stands in columns of its own.
fn parts(text: &str) {
    if let Ok(policy) = codec::decode_policy(text) {
        assert_eq!(codec::decode_policy(&codec::encode_policy(&policy)).ok(), Some(policy));
    }
    if let Ok(metadata) = codec::decode_metadata(text) {
        assert_eq!(codec::decode_metadata(&codec::encode_metadata(&metadata)).ok(), Some(metadata));
    }
    if let Ok(amounts) = codec::decode_amounts(text) {
        assert_eq!(codec::decode_amounts(&codec::encode_amounts(&amounts)).ok(), Some(amounts));
    }
    if let Ok(state) = codec::decode_state(text) {
        assert_eq!(codec::encode_state(state), text);
    }
}

/// Shows an entry in the log and in exports of all formats.
fn shown(entry: &Entry, key: &str) {
    let request = IdempotencyKey::stored(key).ok();
    let request = request.map(|key| KeyedRequest { key, fingerprint: RequestFingerprint([7; 16]) });
    let record = LogRecord { entry: entry.clone(), request };
    let ledger = Ledger {
        name: LedgerName::parse("main").expect("a name"),
        created_at: Timestamp::default(),
        entries: EntryNumber(1),
        metadata: Metadata::default(),
    };
    for format in Format::ALL {
        let mut out = Vec::new();
        format.begin(&ledger, &mut out);
        format.record(&record, &mut out);
        assert!(String::from_utf8(out).is_ok(), "exports are text");
    }
    crate::exports::comes_back(&record);
    let view = LogEntryView::from(record);
    assert!(serde_json::to_string(&view).is_ok());
}
