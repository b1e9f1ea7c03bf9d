//! Rows as they come out of the database, and what they say in the terms of the ledger. A row that says
//! nothing sensible is corruption, never a panic.

use engine::codec;
use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::port::{DatedLine, LogRecord};
use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, Direction, Entry, EntryBody, EntryNumber, LedgerName,
    Reference, StatementLine, Timestamp, Transaction,
};
use sqlx::SqliteConnection;

use crate::failure::{Corruption, Failure};
use crate::number::StoredNumber;

/// The head of a log.
pub(crate) struct Head {
    /// The ledger's number in the database.
    pub(crate) ledger: i64,
    /// How many entries the log has.
    pub(crate) next: i64,
}

/// Reads the head of a ledger's log.
pub(crate) async fn head(connection: &mut SqliteConnection, name: &LedgerName) -> Result<Head, Failure> {
    let name = name.as_str();
    sqlx::query_as!(
        Head,
        r#"SELECT id AS "ledger!", next_entry AS "next!" FROM ledgers WHERE name = ?1"#,
        name
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::LedgerNotFound)
}

/// Returns a number as the database has it; those beyond 64 bits with a sign are beyond every log.
pub(crate) fn stored_number(number: EntryNumber) -> i64 {
    i64::try_from(number.0).unwrap_or(i64::MAX)
}

/// Returns a page's length for SQL, with a row more, which says whether the list goes on.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

pub(crate) fn entry_number(number: i64) -> Result<EntryNumber, Corruption> {
    u64::try_from(number)
        .map(EntryNumber)
        .map_err(|_| Corruption::new("the log", format!("{number} as an entry's number")))
}

/// Reads parts of a row that stands at `place`.
pub(crate) struct Reader<'a> {
    place: &'a dyn Fn() -> String,
}

impl<'a> Reader<'a> {
    pub(crate) fn at(place: &'a dyn Fn() -> String) -> Self {
        Self { place }
    }

    fn bad(&self, what: &str, value: impl std::fmt::Debug) -> Corruption {
        Corruption::new((self.place)(), format!("{value:?} as {what}"))
    }

    pub(crate) fn address(&self, text: &str) -> Result<Address, Corruption> {
        Address::parse(text).map_err(|_| self.bad("an account", text))
    }

    pub(crate) fn asset(&self, text: &str) -> Result<Asset, Corruption> {
        Asset::parse(text).map_err(|_| self.bad("an asset", text))
    }

    pub(crate) fn amount(&self, number: StoredNumber) -> Result<Amount, Corruption> {
        number.amount().ok_or_else(|| self.bad("an amount", number.0))
    }

    pub(crate) fn time(&self, micros: i64) -> Result<Timestamp, Corruption> {
        Timestamp::from_micros(micros).ok_or_else(|| self.bad("a time", micros))
    }

    pub(crate) fn request(
        &self,
        key: Option<String>,
        fingerprint: Option<Vec<u8>>,
    ) -> Result<Option<KeyedRequest>, Corruption> {
        let (Some(key), Some(fingerprint)) = (key, fingerprint) else { return Ok(None) };
        Ok(Some(KeyedRequest {
            key: IdempotencyKey::parse(&key).map_err(|_| self.bad("an idempotency key", &key))?,
            fingerprint: self.fingerprint(fingerprint)?,
        }))
    }

    pub(crate) fn fingerprint(&self, bytes: Vec<u8>) -> Result<RequestFingerprint, Corruption> {
        bytes.try_into().map(RequestFingerprint).map_err(|bytes: Vec<u8>| self.bad("a fingerprint", bytes))
    }
}

/// A row of `entries`.
pub(crate) struct EntryRow {
    pub(crate) number: i64,
    pub(crate) kind: String,
    pub(crate) recorded_at: i64,
    pub(crate) effective_at: i64,
    pub(crate) reference: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_fingerprint: Option<Vec<u8>>,
    pub(crate) body: String,
}

impl EntryRow {
    /// Returns what the row says.
    pub(crate) fn record(self) -> Result<LogRecord, Corruption> {
        let place = || format!("entry {}", self.number);
        let reader = Reader::at(&place);
        if self.kind != "transaction" {
            return Err(reader.bad("a kind of entry", &self.kind));
        }
        let body = codec::decode(&self.body)
            .map_err(|error| Corruption::new(place(), format!("its body: {error}")))?;
        let reference = match &self.reference {
            None => None,
            Some(text) => Some(Reference::parse(text).map_err(|_| reader.bad("a reference", text))?),
        };
        let entry = Entry {
            number: entry_number(self.number)?,
            recorded_at: reader.time(self.recorded_at)?,
            effective_at: reader.time(self.effective_at)?,
            body: EntryBody::Transaction(Transaction {
                postings: body.postings,
                reference,
                metadata: body.metadata,
            }),
            balances: body.balances,
        };
        let request = reader.request(self.idempotency_key, self.request_fingerprint)?;
        Ok(LogRecord { entry, request })
    }
}

/// A row of `balances`.
pub(crate) struct BalanceRow {
    pub(crate) address: String,
    pub(crate) asset: String,
    pub(crate) posted_in: StoredNumber,
    pub(crate) posted_out: StoredNumber,
    pub(crate) pending_in: StoredNumber,
    pub(crate) pending_out: StoredNumber,
}

impl BalanceRow {
    /// Returns what the row says.
    pub(crate) fn balance(&self) -> Result<(BalanceKey, Balance), Corruption> {
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

/// A row of `lines` with the times of its entry, which is not there where the database is damaged.
pub(crate) struct LineRow {
    pub(crate) address: String,
    pub(crate) entry: i64,
    pub(crate) posting: i64,
    pub(crate) direction: String,
    pub(crate) counterparty: String,
    pub(crate) asset: String,
    pub(crate) amount: StoredNumber,
    pub(crate) balance: StoredNumber,
    pub(crate) recorded_at: Option<i64>,
    pub(crate) effective_at: Option<i64>,
}

impl LineRow {
    /// Returns what the row says.
    pub(crate) fn line(&self) -> Result<DatedLine, Corruption> {
        let place =
            || format!("the statement of {}, entry {}, posting {}", self.address, self.entry, self.posting);
        let reader = Reader::at(&place);
        let (Some(recorded_at), Some(effective_at)) = (self.recorded_at, self.effective_at) else {
            return Err(Corruption::new(place(), "there is no such entry"));
        };
        let line = StatementLine {
            account: reader.address(&self.address)?,
            entry: entry_number(self.entry)?,
            posting: usize::try_from(self.posting).map_err(|_| reader.bad("a posting", self.posting))?,
            direction: match self.direction.as_str() {
                "debit" => Direction::Debit,
                "credit" => Direction::Credit,
                other => return Err(reader.bad("a direction", other)),
            },
            counterparty: reader.address(&self.counterparty)?,
            asset: reader.asset(&self.asset)?,
            amount: reader.amount(self.amount)?,
            balance: self.balance.0,
        };
        Ok(DatedLine {
            line,
            recorded_at: reader.time(recorded_at)?,
            effective_at: reader.time(effective_at)?,
        })
    }
}
