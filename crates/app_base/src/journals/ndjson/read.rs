//! Reads lines that [`super`] wrote back into what was recorded. What a kind of entry has is read in `body.rs`, the
//! counterpart of what is written of it.
//!
//! Nothing is passed over: a member or a type that this version does not know would be lost, and is refused. Whether
//! entries follow from each other is not judged here.

mod body;

use std::fmt::Write as _;

use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::port::LogRecord;
use engine::query::Ledger;
use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, Entry, EntryNumber, LedgerName, Metadata, Postings,
    Timestamp,
};

use self::body::{BodyMembers, body};
use super::{LEDGER, VERSION};
use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, read_body, refuse_unknown};
use crate::http::text::{FromText, SignedAmount};

/// The most balances that an entry can touch.
const BALANCES_MAX: usize = 2 * Postings::MAX;

/// Why a line is not one of an export: each member that is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LineError(String);

impl From<FieldErrors> for LineError {
    fn from(errors: FieldErrors) -> Self {
        let mut text = String::new();
        for error in errors.as_slice() {
            let before = if text.is_empty() { "" } else { "; " };
            // Of the line as a whole it is said without a name.
            let field = if error.field == "body" { "the line" } else { &error.field };
            write!(text, "{before}{field} {}", error.message).expect("a string takes everything");
        }
        Self(text)
    }
}

/// The lines of an export, read in order.
#[derive(Debug)]
pub struct NdjsonLines {
    ledger: Ledger,
    next: EntryNumber,
}

impl NdjsonLines {
    /// The longest line, in bytes: more than the largest entry takes.
    pub const LINE_BYTES_MAX: usize = 8 << 20;

    /// Reads the first line.
    ///
    /// # Errors
    /// When it is not that of an export of this version.
    pub fn begin(line: &[u8]) -> Result<Self, LineError> {
        let LedgerMembers(ledger) = read(line)?;
        Ok(Self { ledger, next: EntryNumber(0) })
    }

    /// Returns the ledger as it was when it was exported.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the number of the entry whose line comes next.
    #[must_use]
    pub fn next(&self) -> EntryNumber {
        self.next
    }

    /// Says whether all lines were read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.next == self.ledger.entries
    }

    /// Reads the next line.
    ///
    /// # Errors
    /// When it is not that of the next entry, or the first line counts fewer.
    pub fn read(&mut self, line: &[u8]) -> Result<LogRecord, LineError> {
        if self.is_complete() {
            let entries = self.ledger.entries.0;
            return Err(LineError(format!("the first line counts {entries} entries, and here is one more")));
        }
        let record: LogRecord = read(line)?;
        if record.entry.number != self.next {
            return Err(LineError(format!("number must be {}", self.next.0)));
        }
        self.next = self.next.next();
        Ok(record)
    }
}

fn read<T: FromJson>(line: &[u8]) -> Result<T, LineError> {
    let mut errors = FieldErrors::default();
    match read_body(line, &mut errors) {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(errors.into()),
    }
}

struct LedgerMembers(Ledger);

impl FromJson for LedgerMembers {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut kind, mut version, mut name) =
            (Slot::default(), Slot::default(), Slot::<LedgerName>::default());
        let (mut created_at, mut metadata) = (Slot::<Timestamp>::default(), Slot::<Metadata>::default());
        let mut entries = Slot::<Number>::default();
        value.members(errors, |member, value, errors| match member {
            "type" => kind.read(value, errors),
            "version" => version.read(value, errors),
            "name" => name.read(value, errors),
            "created_at" => created_at.read(value, errors),
            "metadata" => metadata.read(value, errors),
            "entries" => entries.read(value, errors),
            _ => refuse_unknown(
                value,
                &["type", "version", "name", "created_at", "metadata", "entries"],
                errors,
            ),
        })?;
        let kind = kind.required(value, "type", errors);
        let version = version.required(value, "version", errors);
        if kind.is_some_and(|Kind(kind)| kind != LEDGER) {
            value.refuse_member(
                "type",
                "must be ledger: an export begins with a line for the ledger",
                errors,
            );
        }
        if version.is_some_and(|Number(version)| version != u64::from(VERSION)) {
            value.refuse_member(
                "version",
                format!("must be {VERSION}, the one that this version reads"),
                errors,
            );
        }
        let name = name.required(value, "name", errors);
        let created_at = created_at.required(value, "created_at", errors);
        let metadata = metadata.required(value, "metadata", errors);
        let Number(entries) = entries.required(value, "entries", errors)?;
        Some(Self(Ledger {
            name: name?,
            created_at: created_at?,
            metadata: metadata?,
            entries: EntryNumber(entries),
        }))
    }
}

impl FromJson for LogRecord {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut kind, mut number) = (Slot::<Kind>::default(), Slot::<Number>::default());
        let (mut recorded_at, mut effective_at) = (Slot::default(), Slot::default());
        let (mut request, mut balances) = (Slot::default(), Slot::<Balances>::default());
        let mut members = BodyMembers::default();
        // What is unknown of a type that is unknown does not matter.
        let mut found = FieldErrors::default();
        value.members(&mut found, |member, value, errors| match member {
            "type" => kind.read(value, errors),
            "number" => number.read(value, errors),
            "recorded_at" => recorded_at.read(value, errors),
            "effective_at" => effective_at.read(value, errors),
            "request" => request.read_optional(value, errors),
            "balances" => balances.read(value, errors),
            _ => members.read(member, value, errors),
        });
        let kind = kind.required(value, "type", &mut found);
        let body = kind.and_then(|Kind(kind)| body(&kind, members, value, &mut found));
        let number = number.required(value, "number", &mut found);
        let recorded_at = recorded_at.required(value, "recorded_at", &mut found);
        let effective_at = effective_at.required(value, "effective_at", &mut found);
        let balances = balances.required(value, "balances", &mut found);
        for error in found.as_slice() {
            errors.add(&error.field, error.message.clone());
        }
        let (Number(number), Balances(balances)) = (number?, balances?);
        let entry = Entry {
            number: EntryNumber(number),
            recorded_at: recorded_at?,
            effective_at: effective_at?,
            body: body?,
            balances,
        };
        Some(Self { entry, request: request.optional() })
    }
}

/// The type of a line.
struct Kind(String);

impl FromJson for Kind {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.string(errors).map(|kind| Self(kind.into_owned()))
    }
}

/// A number of entries, or of one.
#[derive(Clone, Copy)]
struct Number(u64);

impl FromJson for Number {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let number = value.number().and_then(|number| EntryNumber::from_text(number).ok());
        if number.is_none() {
            value.refuse(errors, "must be a whole number: 0, 1, 2, …");
        }
        number.map(|EntryNumber(number)| Self(number))
    }
}

impl FromJson for KeyedRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut key, mut fingerprint) = (Slot::<Key>::default(), Slot::<Fingerprint>::default());
        value.members(errors, |member, value, errors| match member {
            "idempotency_key" => key.read(value, errors),
            "fingerprint" => fingerprint.read(value, errors),
            _ => refuse_unknown(value, &["idempotency_key", "fingerprint"], errors),
        })?;
        let key = key.required(value, "idempotency_key", errors);
        let fingerprint = fingerprint.required(value, "fingerprint", errors);
        let (Key(key), Fingerprint(fingerprint)) = (key?, fingerprint?);
        Some(Self { key, fingerprint })
    }
}

/// A key as stores keep it: a caller's, or one that the service made.
struct Key(IdempotencyKey);

impl FromJson for Key {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let key = IdempotencyKey::stored(&value.string(errors)?);
        key.map_err(|_| value.refuse(errors, "must be 1 to 255 visible ASCII characters")).ok().map(Self)
    }
}

struct Fingerprint(RequestFingerprint);

impl FromJson for Fingerprint {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let text = value.string(errors)?;
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(&text, 16) {
            Ok(bits) if digits => Some(Self(RequestFingerprint(bits.to_be_bytes()))),
            _ => {
                value.refuse(errors, "must be 32 hexadecimal digits, in small letters");
                None
            }
        }
    }
}

/// Balances, in the order in which they stand there.
struct Balances(Vec<(BalanceKey, Balance)>);

impl FromJson for Balances {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut balances = Vec::new();
        value.items(BALANCES_MAX, errors, |item, errors| balances.extend(balance(item, errors)))?;
        Some(Self(balances))
    }
}

fn balance(value: Value<'_>, errors: &mut FieldErrors) -> Option<(BalanceKey, Balance)> {
    const COUNTERS: [&str; 4] = ["posted_in", "posted_out", "pending_in", "pending_out"];
    const FIGURES: [&str; 2] = ["posted", "available"];
    let (mut account, mut asset) = (Slot::<Address>::default(), Slot::<Asset>::default());
    let mut counters: [Slot<Amount>; 4] = Default::default();
    let mut figures: [Slot<SignedAmount>; 2] = Default::default();
    value.members(errors, |member, value, errors| {
        if let Some(at) = COUNTERS.iter().position(|name| *name == member) {
            return counters[at].read(value, errors);
        }
        if let Some(at) = FIGURES.iter().position(|name| *name == member) {
            return figures[at].read(value, errors);
        }
        match member {
            "account" => account.read(value, errors),
            "asset" => asset.read(value, errors),
            _ => value.refuse(errors, "is unknown to this version, and would be lost"),
        }
    })?;
    let account = account.required(value, "account", errors);
    let asset = asset.required(value, "asset", errors);
    let mut index = 0;
    let counters = counters.map(|counter| {
        index += 1;
        counter.required(value, COUNTERS[index - 1], errors)
    });
    let [posted_in, posted_out, pending_in, pending_out] = counters;
    let balance = Balance {
        posted_in: posted_in?,
        posted_out: posted_out?,
        pending_in: pending_in?,
        pending_out: pending_out?,
    };
    if balance.posted_out.checked_add(balance.pending_out).is_none() {
        value.refuse_member("pending_out", "is too large beside posted_out", errors);
        return None;
    }
    for ((figure, name), follows) in
        figures.into_iter().zip(FIGURES).zip([balance.posted(), balance.available()])
    {
        let figure = figure.required(value, name, errors);
        if figure.is_some_and(|SignedAmount(figure)| figure != follows) {
            value.refuse_member(name, format!("must be {follows}, which follows from the counters"), errors);
        }
    }
    Some((BalanceKey { account: account?, asset: asset? }, balance))
}

#[cfg(test)]
mod tests;
