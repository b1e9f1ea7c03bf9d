//! Accounts that were read by one statement, together with the head of the log.

use engine::port::{AccountsAtHead, Head, ReadError};
use engine::query::Account;
use ledger::{Address, LedgerName};

use crate::accounts::{AccountRow, add_to_account};
use crate::failure::{Corruption, Failure};
use crate::rows::{Reader, entry_number};

/// The head of a log, as stored.
#[derive(Clone, Copy)]
pub struct HeadRow {
    /// How many entries the log has.
    pub next: i64,
    /// When the last of them was recorded.
    pub last_recorded_at: Option<i64>,
}

impl HeadRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn head(self, ledger: &LedgerName) -> Result<Head, Corruption> {
        let place = || format!("the head of ledger {ledger}");
        let next = entry_number(self.next)?;
        let last_recorded_at =
            self.last_recorded_at.map(|micros| Reader::at(&place).time(micros)).transpose()?;
        Ok(Head { next, last_recorded_at })
    }
}

/// A row of one of several accounts: of what is kept beside it, if there is any of it, then one per balance. Every row has
/// the head as well, and there is at least one, if the ledger is there.
pub struct PlacedRow<N> {
    /// How many entries the log has.
    pub next: i64,
    /// When the last of them was recorded.
    pub last_recorded_at: Option<i64>,
    /// The account's place among those that were asked for, from 0; `None` in a row that has the head alone.
    pub place: Option<i64>,
    /// What the account allows.
    pub policy: Option<String>,
    /// What callers keep beside it.
    pub metadata: Option<String>,
    /// The last entry that touched it, as far as the row knows.
    pub last: Option<i64>,
    /// The asset.
    pub asset: Option<String>,
    /// All credits.
    pub posted_in: Option<N>,
    /// All debits.
    pub posted_out: Option<N>,
    /// Held credits.
    pub pending_in: Option<N>,
    /// Held debits.
    pub pending_out: Option<N>,
}

/// Puts together what rows say of the accounts that were asked for. What one account holds that makes no sense fails that
/// one alone.
///
/// # Errors
/// Where there is no such ledger, or its head makes no sense.
pub fn accounts_at_head<N: Copy + Into<i128>>(
    ledger: &LedgerName,
    addresses: &[Address],
    rows: Vec<PlacedRow<N>>,
) -> Result<AccountsAtHead, Failure> {
    let PlacedRow { next, last_recorded_at, .. } = *rows.first().ok_or(Failure::LedgerNotFound)?;
    let head = HeadRow { next, last_recorded_at }.head(ledger)?;
    let mut accounts: Vec<Result<Option<Account>, ReadError>> = addresses.iter().map(|_| Ok(None)).collect();
    for row in rows {
        let place = row.place.and_then(|place| usize::try_from(place).ok());
        let Some((address, answer)) =
            place.and_then(|place| addresses.get(place).zip(accounts.get_mut(place)))
        else {
            continue;
        };
        if let Ok(account) = answer
            && let Err(wrong) = add_to_account(account, row.of(address))
        {
            *answer = Err(Failure::from(wrong).into());
        }
    }
    Ok(AccountsAtHead { head, accounts })
}

impl<N> PlacedRow<N> {
    fn of(self, address: &Address) -> AccountRow<N> {
        AccountRow {
            address: address.as_str().to_owned(),
            policy: self.policy,
            metadata: self.metadata,
            last: self.last,
            asset: self.asset,
            posted_in: self.posted_in,
            posted_out: self.posted_out,
            pending_in: self.pending_in,
            pending_out: self.pending_out,
        }
    }
}
