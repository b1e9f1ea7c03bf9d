//! Pages of accounts. Never looks at more than `SCAN_MAX` accounts for one.

use engine::query::{Account, AccountQuery, Page, SCAN_MAX};
use ledger::Address;

use crate::failure::Corruption;
use crate::rows::{BalanceRow, Reader, one_more};

/// The first text after all texts that begin with a prefix, as far as addresses go: they are ASCII.
#[must_use]
pub fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

/// A row per account and balance; without a balance where the account has none that is asked for.
pub struct AccountRow<N> {
    /// The account.
    pub address: String,
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

impl<N> AccountRow<N> {
    fn balance(self) -> Option<BalanceRow<N>> {
        Some(BalanceRow {
            address: self.address,
            asset: self.asset?,
            posted_in: self.posted_in?,
            posted_out: self.posted_out?,
            pending_in: self.pending_in?,
            pending_out: self.pending_out?,
        })
    }
}

/// The accounts found so far, and how far the list was looked at.
pub struct AccountPage {
    items: Vec<Account>,
    looked_at: usize,
    last: Option<Address>,
    limit: usize,
    more: bool,
}

impl AccountPage {
    /// Begins a page.
    #[must_use]
    pub fn new(query: &AccountQuery) -> Self {
        Self { items: Vec::new(), looked_at: 0, last: query.after.clone(), limit: query.limit, more: false }
    }

    /// Returns how many accounts one page can need to look at, and one more.
    #[must_use]
    pub fn rows_wanted(query: &AccountQuery) -> i64 {
        one_more(if query.asset.is_some() { SCAN_MAX } else { query.limit })
    }

    /// Takes a row over. Returns false where the page ends before its account.
    ///
    /// # Errors
    /// Where the row says nothing sensible.
    pub fn take<N: Copy + Into<i128>>(&mut self, row: AccountRow<N>) -> Result<bool, Corruption> {
        if self.last.as_ref().is_none_or(|last| last.as_str() != row.address) {
            if self.items.len() >= self.limit || self.looked_at == SCAN_MAX {
                self.more = true;
                return Ok(false);
            }
            let place = || "the list of accounts".to_owned();
            self.last = Some(Reader::at(&place).address(&row.address)?);
            self.looked_at += 1;
        }
        let Some(row) = row.balance() else { return Ok(true) };
        let (key, balance) = row.balance()?;
        match self.items.last_mut().filter(|account| account.address == key.account) {
            Some(account) => account.balances.push((key.asset, balance)),
            None => {
                self.items.push(Account { address: key.account, balances: vec![(key.asset, balance)] });
            }
        }
        Ok(true)
    }

    /// Returns the page.
    #[must_use]
    pub fn finish(self) -> Page<Account, Address> {
        Page { items: self.items, next: self.last.filter(|_| self.more) }
    }
}
