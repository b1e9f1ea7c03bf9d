//! Rows as they come out of a database, and what they say in the terms of the ledger. A row that says nothing
//! sensible is corruption, never a panic.
//!
//! `N` is how a store hands out whole numbers that may pass 64 bits.

use engine::codec::{self, DecodedBody};
use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::port::LogRecord;
use engine::query::{Ledger, Page};
use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, BalanceTotal, Entry, EntryBody, EntryNumber, LedgerName,
    Metadata, Policy, Reference, Root, RootKey, Timestamp, Total,
};

use crate::failure::Corruption;

/// Returns a number as the database has it; those beyond 64 bits with a sign are beyond every log.
#[must_use]
pub fn stored_number(number: EntryNumber) -> i64 {
    i64::try_from(number.0).unwrap_or(i64::MAX)
}

/// Returns a page's length for SQL, with a row more, which says whether the list goes on.
#[must_use]
pub fn one_more(limit: usize) -> i64 {
    stored_limit(limit).saturating_add(1)
}

/// Returns a page's length for SQL.
#[must_use]
pub fn stored_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Returns the number before which a page lies; all numbers lie before the last one that there can be.
#[must_use]
pub fn stored_before(before: Option<u64>) -> i64 {
    before.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX)
}

/// Makes a page of rows that are listed by number, of which there is one more than belong to it where the list goes on.
pub(crate) fn page_by_number<R, T>(
    mut rows: Vec<R>,
    limit: usize,
    number: impl Fn(&R) -> i64,
    item: impl Fn(R) -> Result<T, Corruption>,
) -> Result<Page<T, u64>, Corruption> {
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| goes_on).map(|row| number(row).unsigned_abs());
    let items = rows.into_iter().map(item).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

/// Reads an entry's number.
///
/// # Errors
/// Where it is negative.
pub fn entry_number(number: i64) -> Result<EntryNumber, Corruption> {
    u64::try_from(number)
        .map(EntryNumber)
        .map_err(|_| Corruption::new("the log", format!("{number} as an entry's number")))
}

/// Reads parts of a row that stands at `place`.
pub struct Reader<'a> {
    place: &'a dyn Fn() -> String,
}

impl<'a> Reader<'a> {
    /// Begins to read; `place` names where, should something be wrong.
    pub fn at(place: &'a dyn Fn() -> String) -> Self {
        Self { place }
    }

    fn bad(&self, what: &str, value: impl std::fmt::Debug) -> Corruption {
        Corruption::new((self.place)(), format!("{value:?} as {what}"))
    }

    /// Reads an account's address.
    ///
    /// # Errors
    /// Where it is none.
    pub fn address(&self, text: &str) -> Result<Address, Corruption> {
        Address::parse(text).map_err(|_| self.bad("an account", text))
    }

    /// Reads a ledger's name.
    ///
    /// # Errors
    /// Where it is none.
    pub fn ledger(&self, text: &str) -> Result<LedgerName, Corruption> {
        LedgerName::parse(text).map_err(|_| self.bad("a ledger", text))
    }

    /// Reads an asset.
    ///
    /// # Errors
    /// Where it is none.
    pub fn asset(&self, text: &str) -> Result<Asset, Corruption> {
        Asset::parse(text).map_err(|_| self.bad("an asset", text))
    }

    /// Reads an amount.
    ///
    /// # Errors
    /// Where it is none.
    pub fn amount(&self, number: impl Into<i128>) -> Result<Amount, Corruption> {
        let number = number.into();
        u128::try_from(number).ok().and_then(Amount::new).ok_or_else(|| self.bad("an amount", number))
    }

    /// Reads a time in microseconds since 1970.
    ///
    /// # Errors
    /// Where it is none.
    pub fn time(&self, micros: i64) -> Result<Timestamp, Corruption> {
        Timestamp::from_micros(micros).ok_or_else(|| self.bad("a time", micros))
    }

    /// Reads what an account allows.
    ///
    /// # Errors
    /// Where it is no policy.
    pub fn policy(&self, text: &str) -> Result<Policy, Corruption> {
        codec::decode_policy(text).map_err(|_| self.bad("a policy", text))
    }

    /// Reads what callers keep beside something.
    ///
    /// # Errors
    /// Where it is no metadata.
    pub fn metadata(&self, text: &str) -> Result<Metadata, Corruption> {
        codec::decode_metadata(text).map_err(|_| self.bad("metadata", text))
    }

    /// Reads a key and what it stands for; both are there, or neither.
    ///
    /// # Errors
    /// Where it is none.
    pub fn request(
        &self,
        key: Option<String>,
        fingerprint: Option<Vec<u8>>,
    ) -> Result<Option<KeyedRequest>, Corruption> {
        let (Some(key), Some(fingerprint)) = (key, fingerprint) else { return Ok(None) };
        Ok(Some(KeyedRequest {
            key: IdempotencyKey::stored(&key).map_err(|_| self.bad("an idempotency key", &key))?,
            fingerprint: self.fingerprint(fingerprint)?,
        }))
    }

    /// Reads what a key stands for.
    ///
    /// # Errors
    /// Where it is none.
    pub fn fingerprint(&self, bytes: Vec<u8>) -> Result<RequestFingerprint, Corruption> {
        bytes.try_into().map(RequestFingerprint).map_err(|bytes: Vec<u8>| self.bad("a fingerprint", bytes))
    }
}

/// A row of `entries` with what is kept beside it, where that is a transaction.
pub struct KeptTransactionRow {
    /// The entry's number.
    pub number: i64,
    /// Its kind.
    pub kind: String,
    /// What callers keep beside it now; none, where that is nothing.
    pub metadata: Option<String>,
}

impl KeptTransactionRow {
    /// Returns what the row says; `None` where the entry is no transaction.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn kept(&self) -> Result<Option<(EntryNumber, Metadata)>, Corruption> {
        if !codec::is_transaction(&self.kind) {
            return Ok(None);
        }
        let place = || format!("what is kept beside entry {}", self.number);
        let text = self.metadata.as_deref();
        let metadata =
            text.map_or_else(|| Ok(Metadata::default()), |text| Reader::at(&place).metadata(text))?;
        Ok(Some((entry_number(self.number)?, metadata)))
    }
}

/// A row of `entries`.
pub struct EntryRow {
    /// The entry's number.
    pub number: i64,
    /// Its kind.
    pub kind: String,
    /// When it was written.
    pub recorded_at: i64,
    /// When it counts.
    pub effective_at: i64,
    /// The caller's own name for it.
    pub reference: Option<String>,
    /// The key it was asked for with.
    pub idempotency_key: Option<String>,
    /// What the key stands for.
    pub request_fingerprint: Option<Vec<u8>>,
    /// Its text form.
    pub body: String,
    /// What is kept beside it now, where that was ever changed.
    pub current_metadata: Option<String>,
}

impl EntryRow {
    /// Returns the entry as it stands: a transaction with what is kept beside it now.
    ///
    /// # Errors
    /// Where the row says nothing sensible.
    pub fn current(mut self) -> Result<Entry, Corruption> {
        let place = format!("what is kept beside entry {}", self.number);
        let current = self.current_metadata.take();
        let mut entry = self.record()?.entry;
        if let Some(text) = current {
            let metadata = Reader::at(&|| place.clone()).metadata(&text)?;
            match &mut entry.body {
                EntryBody::Transaction(transaction) => transaction.metadata = metadata,
                EntryBody::Account(_)
                | EntryBody::TransactionChange(_)
                | EntryBody::Hold(_)
                | EntryBody::Release(_) => {
                    return Err(Corruption::new(place, "it is no transaction"));
                }
            }
        }
        Ok(entry)
    }

    /// Returns what the row says, as it was recorded.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn record(self) -> Result<LogRecord, Corruption> {
        let place = || format!("entry {}", self.number);
        let reader = Reader::at(&place);
        let reference = match &self.reference {
            None => None,
            Some(text) => Some(Reference::parse(text).map_err(|_| reader.bad("a reference", text))?),
        };
        let DecodedBody { body, balances } = codec::decode(&self.kind, &self.body, reference)
            .map_err(|error| Corruption::new(place(), format!("its body: {error}")))?;
        let entry = Entry {
            number: entry_number(self.number)?,
            recorded_at: reader.time(self.recorded_at)?,
            effective_at: reader.time(self.effective_at)?,
            body,
            balances,
        };
        let request = reader.request(self.idempotency_key, self.request_fingerprint)?;
        Ok(LogRecord { entry, request })
    }
}

/// A row of `balances`.
pub struct BalanceRow<N> {
    /// The account.
    pub address: String,
    /// The asset.
    pub asset: String,
    /// All credits.
    pub posted_in: N,
    /// All debits.
    pub posted_out: N,
    /// Held credits.
    pub pending_in: N,
    /// Held debits.
    pub pending_out: N,
}

impl<N: Copy + Into<i128>> BalanceRow<N> {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn balance(&self) -> Result<(BalanceKey, Balance), Corruption> {
        let place = || format!("the balance of {} in {}", self.address, self.asset);
        let reader = Reader::at(&place);
        Ok((
            BalanceKey { account: reader.address(&self.address)?, asset: reader.asset(&self.asset)? },
            Balance {
                posted_in: reader.amount(self.posted_in)?,
                posted_out: reader.amount(self.posted_out)?,
                pending_in: reader.amount(self.pending_in)?,
                pending_out: reader.amount(self.pending_out)?,
            },
        ))
    }
}

/// Returns the number under which the sums of a ledger's balances are kept, among the balances of all ledgers: none of
/// these has it, so that who reads balances never meets a sum.
#[must_use]
pub fn sums_of(ledger: i64) -> i64 {
    -ledger
}

/// A row of `balances` that is the sum of all under a root.
pub struct SumRow<T> {
    /// The root.
    pub root: String,
    /// The asset.
    pub asset: String,
    /// All credits.
    pub posted_in: T,
    /// All debits.
    pub posted_out: T,
    /// Held credits.
    pub pending_in: T,
    /// Held debits.
    pub pending_out: T,
}

impl<T: Copy + Into<Total>> SumRow<T> {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn sum(&self) -> Result<(RootKey, BalanceTotal), Corruption> {
        let place = || format!("the sum of {} in {}", self.root, self.asset);
        let reader = Reader::at(&place);
        let total = |counter: T| {
            let total: Total = counter.into();
            if total.is_negative() { Err(reader.bad("a sum", total.to_string())) } else { Ok(total) }
        };
        let root = Root::parse(&self.root).ok_or_else(|| reader.bad("a root", &self.root))?;
        let key = RootKey { root, asset: reader.asset(&self.asset)? };
        let sum = BalanceTotal {
            posted_in: total(self.posted_in)?,
            posted_out: total(self.posted_out)?,
            pending_in: total(self.pending_in)?,
            pending_out: total(self.pending_out)?,
        };
        Ok((key, sum))
    }
}

/// A row of `ledgers`.
pub struct LedgerRow {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: i64,
    /// What the caller keeps beside it, as JSON.
    pub metadata: String,
    /// How many entries it has.
    pub next_entry: i64,
}

impl LedgerRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn ledger(self) -> Result<Ledger, Corruption> {
        let place = || format!("ledger {}", self.name);
        let bad = |what: &str| Corruption::new(place(), what);
        let metadata = serde_json::from_str(&self.metadata).map_err(|_| bad("its metadata is not JSON"))?;
        Ok(Ledger {
            name: LedgerName::parse(&self.name).map_err(|_| bad("its name is not one"))?,
            created_at: Reader::at(&place).time(self.created_at)?,
            entries: entry_number(self.next_entry)?,
            metadata: Metadata::new(metadata).map_err(|_| bad("its metadata is out of bounds"))?,
        })
    }
}

/// Makes a page of rows that were asked for with [one more](one_more).
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_ledgers(
    mut rows: Vec<LedgerRow>,
    limit: usize,
) -> Result<Page<Ledger, LedgerName>, Corruption> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let items = rows.into_iter().map(LedgerRow::ledger).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| more).map(|ledger| ledger.name.clone());
    Ok(Page { items, next })
}
