//! What replies look like: Florin's, to the byte.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::JobError;
use crate::amount::Units;
use crate::balance::Balance;
use crate::names::Address;
use crate::policy::{STANDARD, WORLD};

/// An account with its balances.
#[derive(Debug, Serialize)]
pub struct Account {
    address: String,
    policy: Box<RawValue>,
    metadata: Box<RawValue>,
    version: i64,
    balances: Vec<AssetBalance>,
}

#[derive(Debug, Serialize)]
struct AssetBalance {
    asset: String,
    #[serde(flatten)]
    counters: Counters,
}

/// The counters of a balance, and what follows from them.
#[derive(Debug, Serialize)]
pub(crate) struct Counters {
    posted_in: Units,
    posted_out: Units,
    pending_in: Units,
    pending_out: Units,
    posted: Units,
    available: Units,
}

impl From<Balance> for Counters {
    fn from(balance: Balance) -> Self {
        Self {
            posted_in: Units(balance.posted_in),
            posted_out: Units(balance.posted_out),
            pending_in: Units(balance.pending_in),
            pending_out: Units(balance.pending_out),
            posted: balance.posted(),
            available: balance.available(),
        }
    }
}

/// What a database tells of an account, row by row: what is kept beside it stands in each.
#[derive(Debug)]
pub(crate) struct AccountRow {
    pub(crate) policy: Option<String>,
    pub(crate) metadata: Option<String>,
    /// The last entry that changed the account.
    pub(crate) changed: Option<i64>,
    /// None where the account never moved.
    pub(crate) asset: Option<String>,
    pub(crate) counters: [Option<String>; 4],
    /// The last entries that moved it: numbers with a space behind each.
    pub(crate) recent: Option<String>,
    /// The last entry that moved it, where that stands elsewhere.
    pub(crate) earlier: Option<i64>,
}

/// The columns of such a row, in the order in which both databases are asked for them.
pub(crate) type AccountColumns = (
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
);

impl From<AccountColumns> for AccountRow {
    fn from(columns: AccountColumns) -> Self {
        let (
            policy,
            metadata,
            changed,
            asset,
            posted_in,
            posted_out,
            pending_in,
            pending_out,
            recent,
            earlier,
        ) = columns;
        let counters = [posted_in, posted_out, pending_in, pending_out];
        Self { policy, metadata, changed, asset, counters, recent, earlier }
    }
}

impl Account {
    /// Puts an account together of its rows, by asset. Without any row there is no such ledger.
    pub(crate) fn read(address: &Address, rows: Vec<AccountRow>) -> Result<Self, JobError> {
        let Some(first) = rows.first() else { return Err(JobError::LedgerNotFound) };
        if first.asset.is_none() && first.policy.is_none() {
            return Err(JobError::AccountNotFound);
        }
        let standard = if address.is_world() { WORLD } else { STANDARD };
        let policy = first.policy.clone().unwrap_or_else(|| standard.to_owned());
        let metadata = first.metadata.clone().unwrap_or_else(|| "{}".to_owned());
        let mut last = first.changed.unwrap_or(-1);
        let mut balances = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(asset) = row.asset else { continue };
            let texts = row.counters.each_ref().map(|text| text.as_deref().unwrap_or_default());
            let recent = row.recent.as_deref().unwrap_or_default().trim_end();
            let moved = match recent.rsplit(' ').next() {
                Some(number) if !number.is_empty() => number.parse().ok(),
                _ => row.earlier,
            };
            last = last.max(moved.ok_or(JobError::Corrupt("a list of entries"))?);
            balances.push(AssetBalance { asset, counters: Balance::parse(texts)?.into() });
        }
        let json = |text| RawValue::from_string(text).map_err(|_| JobError::Corrupt("JSON"));
        Ok(Self {
            address: address.as_str().to_owned(),
            policy: json(policy)?,
            metadata: json(metadata)?,
            version: last + 1,
            balances,
        })
    }
}

/// Money that moved.
#[derive(Debug, Serialize)]
pub struct Transaction {
    pub(crate) id: i64,
    pub(crate) ledger: String,
    pub(crate) postings: Vec<Posting>,
    pub(crate) reference: Option<String>,
    pub(crate) metadata: NoMetadata,
    pub(crate) effective_at: String,
    pub(crate) recorded_at: String,
    pub(crate) reverses: Option<i64>,
    pub(crate) reversed: Vec<Units>,
    pub(crate) balances: Vec<AccountBalance>,
}

/// Nothing is kept beside a transaction here.
#[derive(Debug, Serialize)]
pub(crate) struct NoMetadata {}

#[derive(Debug, Serialize)]
pub(crate) struct Posting {
    pub(crate) source: String,
    pub(crate) destination: String,
    pub(crate) asset: String,
    pub(crate) amount: Units,
}

#[derive(Debug, Serialize)]
pub(crate) struct AccountBalance {
    pub(crate) account: String,
    pub(crate) asset: String,
    #[serde(flatten)]
    pub(crate) counters: Counters,
}

impl Transaction {
    /// Returns where it can be read.
    #[must_use]
    pub fn location(&self) -> String {
        format!("/v1/ledgers/{}/transactions/{}", self.ledger, self.id)
    }
}
