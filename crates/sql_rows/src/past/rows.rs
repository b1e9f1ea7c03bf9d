//! Rows that say how something was, and what they say in the terms of the ledger.

use engine::codec::{self, DecodedBody};
use engine::port::KeptAccount;
use engine::shifted::ShiftedMovement;
use ledger::{AccountChange, Address, Balance, BalanceKey, EntryBody};

use crate::accounts::KeptRow;
use crate::failure::Corruption;
use crate::rows::{Reader, entry_number, stored_number};

/// What an entry says.
pub struct BodyRow {
    /// Its number.
    pub number: i64,
    /// Its kind.
    pub kind: String,
    /// Its text form.
    pub body: String,
}

impl BodyRow {
    /// Returns those of the balances after it that are wanted.
    pub(super) fn balances(
        &self,
        is_wanted: impl Fn(&str, &str) -> bool,
    ) -> Result<Vec<(BalanceKey, Balance)>, Corruption> {
        codec::decode_balances(&self.body, is_wanted).map_err(|error| self.corrupt(&error))
    }

    /// Returns the change of an account that it is.
    pub(super) fn account_change(&self) -> Result<AccountChange, Corruption> {
        let DecodedBody { body, .. } =
            codec::decode(&self.kind, &self.body, None).map_err(|error| self.corrupt(&error))?;
        match body {
            EntryBody::Account(change) => Ok(change),
            EntryBody::Transaction(_)
            | EntryBody::TransactionChange(_)
            | EntryBody::Hold(_)
            | EntryBody::Release(_) => {
                Err(Corruption::new(format!("entry {}", self.number), "it changes no account"))
            }
        }
    }

    fn corrupt(&self, error: &codec::DecodeError) -> Corruption {
        Corruption::new(format!("entry {}", self.number), format!("its body: {error}"))
    }
}

/// What is kept beside an account now, and its last change ahead of a moment.
pub struct ThenKeptRow {
    /// The account.
    pub address: String,
    /// The entry that changed it last ahead of the moment.
    pub number: i64,
    /// Whether it was changed since.
    pub is_changed_since: bool,
    /// What it allows now; none where there is no such row.
    pub policy: Option<String>,
    /// What callers keep beside it now.
    pub metadata: Option<String>,
}

impl ThenKeptRow {
    pub(super) fn address(&self) -> Result<Address, Corruption> {
        Reader::at(&|| "the changes of accounts".to_owned()).address(&self.address)
    }

    /// Returns what was kept, where that is what is kept now; `None` where the entry has to tell.
    pub(super) fn account(self) -> Result<Option<KeptAccount>, Corruption> {
        let (Some(policy), Some(metadata)) = (self.policy, self.metadata) else { return Ok(None) };
        if self.is_changed_since {
            return Ok(None);
        }
        Ok(Some(KeptRow { address: self.address, policy, metadata }.account()?))
    }
}

/// Returns the place in the order of a ledger's shifted movements after which the next ones are to be read: account,
/// later time, entry and asset.
#[must_use]
pub fn shifted_after(after: Option<&ShiftedMovement>) -> (&str, i64, i64, &str) {
    after.map_or(("", i64::MIN, -1, ""), |movement| {
        let (account, later_at, entry, asset) = movement.place();
        (account.as_str(), later_at.micros(), stored_number(entry), asset.as_str())
    })
}

/// A row of `shifted_movements`.
pub struct ShiftedRow<N> {
    /// The account.
    pub address: String,
    /// The later of the entry's two times.
    pub later_at: i64,
    /// The entry.
    pub number: i64,
    /// The asset.
    pub asset: String,
    /// The earlier one.
    pub earlier_at: i64,
    /// What it posted to the account.
    pub posted_in: N,
    /// What it posted from the account.
    pub posted_out: N,
}

impl<N: Copy + Into<i128>> ShiftedRow<N> {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn movement(&self) -> Result<ShiftedMovement, Corruption> {
        let place = || format!("the shifted movements of {} in {}", self.address, self.asset);
        let reader = Reader::at(&place);
        Ok(ShiftedMovement {
            key: BalanceKey { account: reader.address(&self.address)?, asset: reader.asset(&self.asset)? },
            later_at: reader.time(self.later_at)?,
            entry: entry_number(self.number)?,
            earlier_at: reader.time(self.earlier_at)?,
            posted_in: reader.amount(self.posted_in)?,
            posted_out: reader.amount(self.posted_out)?,
        })
    }
}
