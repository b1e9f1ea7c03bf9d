//! Pages of accounts, and of the changes of one. Never looks at more than `scan_max` accounts for one, nor holds much
//! more than `PAGE_WEIGHT_MAX`.

use engine::port::{KeptAccount, LookedUp};
use engine::query::{Account, AccountQuery, PAGE_WEIGHT_MAX, Page, account_weight, scan_max, weight};
use ledger::{Address, Entry, EntryNumber, Metadata, Policy};

use crate::failure::Corruption;
use crate::rows::{BalanceRow, EntryRow, Reader, entry_number, one_more, stored_limit};

/// The first text after all texts that begin with a prefix, as far as addresses go: they are ASCII.
#[must_use]
pub fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

/// The first text from which on addresses lie behind one address, and from another text on: one bound, as SQLite goes
/// by one alone, and through all that lies between two. `!` comes before every sign of an address.
#[must_use]
pub fn first_behind(from: &str, after: &str) -> String {
    if after < from { from.to_owned() } else { format!("{after}!") }
}

/// Returns what is kept beside an account, from its row of `accounts`; of one that was never changed there is none.
fn kept(
    address: &Address,
    policy: Option<&str>,
    metadata: Option<&str>,
) -> Result<(Policy, Metadata), Corruption> {
    let place = || format!("the account {address}");
    let reader = Reader::at(&place);
    let policy = match policy {
        Some(text) => reader.policy(text)?,
        None => Policy::standard(address).clone(),
    };
    Ok((policy, metadata.map_or_else(|| Ok(Metadata::default()), |text| reader.metadata(text))?))
}

/// A row of `accounts`.
pub struct KeptRow {
    /// The account.
    pub address: String,
    /// What it allows.
    pub policy: String,
    /// What callers keep beside it.
    pub metadata: String,
}

impl KeptRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn account(&self) -> Result<KeptAccount, Corruption> {
        let place = || "the list of changed accounts".to_owned();
        let address = Reader::at(&place).address(&self.address)?;
        let (policy, metadata) = kept(&address, Some(&self.policy), Some(&self.metadata))?;
        Ok(KeptAccount { address, policy, metadata })
    }
}

/// A row per account and balance; without a balance where the account has none that is asked for. What is kept beside
/// the account counts in its first row alone, which may have no balance. Each row may know of a later entry.
pub struct AccountRow<N> {
    /// The account.
    pub address: String,
    /// What it allows, where it was ever changed.
    pub policy: Option<String>,
    /// What callers keep beside it, where it was ever changed.
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

impl<N> AccountRow<N> {
    /// Returns the account as it is without its balances.
    ///
    /// # Errors
    /// Where the row says nothing sensible.
    pub fn account(&self) -> Result<Account, Corruption> {
        let place = || "the list of accounts".to_owned();
        let address = Reader::at(&place).address(&self.address)?;
        let (policy, metadata) = kept(&address, self.policy.as_deref(), self.metadata.as_deref())?;
        Ok(Account { address, policy, metadata, version: Some(self.version()?), balances: Vec::new() })
    }

    /// Returns the version that the account has at least.
    fn version(&self) -> Result<u64, Corruption> {
        Ok(self.last.map(entry_number).transpose()?.map_or(0, |last| last.next().0))
    }

    /// Returns the balance, where there is one.
    pub fn balance(self) -> Option<BalanceRow<N>> {
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

/// Adds a row of one account to what is known of it. A row of nothing at all says that it is not there.
///
/// # Errors
/// Where the row says nothing sensible.
pub fn add_to_account<N: Copy + Into<i128>>(
    account: &mut Option<Account>,
    row: AccountRow<N>,
) -> Result<(), Corruption> {
    if row.policy.is_none() && row.asset.is_none() && row.last.is_none() {
        return Ok(());
    }
    let account = match account {
        Some(account) => account,
        None => account.insert(row.account()?),
    };
    account.version = account.version.max(Some(row.version()?));
    if let Some(row) = row.balance() {
        let (key, balance) = row.balance()?;
        account.balances.push((key.asset, balance));
    }
    Ok(())
}

/// Adds a row to what was looked up for a batch: a balance, what its account allows, or both.
///
/// # Errors
/// Where the row says nothing sensible.
pub fn add_looked_up<N: Copy + Into<i128>>(
    found: &mut LookedUp,
    row: AccountRow<N>,
) -> Result<(), Corruption> {
    if row.policy.is_some() {
        let account = row.account()?;
        found.policies.push((account.address, account.policy));
    }
    if let Some(row) = row.balance() {
        found.balances.push(row.balance()?);
    }
    Ok(())
}

/// The accounts found so far, and how far the list was looked at.
pub struct AccountPage<'q> {
    query: &'q AccountQuery,
    items: Vec<Account>,
    /// The account whose rows are coming, unless it is not asked for.
    current: Option<Account>,
    weight: usize,
    looked_at: usize,
    last: Option<Address>,
    more: bool,
}

impl<'q> AccountPage<'q> {
    /// Begins a page.
    #[must_use]
    pub fn new(query: &'q AccountQuery) -> Self {
        Self {
            query,
            items: Vec::new(),
            current: None,
            weight: 0,
            looked_at: 0,
            last: query.after.clone(),
            more: false,
        }
    }

    /// Returns how many accounts one page can need to look at, and one more: an index leads to those that keep a pair,
    /// or moved an asset, and to no others.
    #[must_use]
    pub fn rows_wanted(query: &AccountQuery) -> i64 {
        let filters = query.metadata.len() + usize::from(query.asset.is_some());
        one_more(if filters > 1 { scan_max(query.limit) } else { query.limit })
    }

    /// Takes a row over. Returns false where the page ends before its account.
    ///
    /// # Errors
    /// Where the row says nothing sensible.
    pub fn take<N: Copy + Into<i128>>(&mut self, row: AccountRow<N>) -> Result<bool, Corruption> {
        if self.last.as_ref().is_none_or(|last| last.as_str() != row.address) {
            self.end_account();
            if self.items.len() >= self.query.limit
                || self.looked_at >= scan_max(self.query.limit)
                || self.weight >= PAGE_WEIGHT_MAX
            {
                self.more = true;
                return Ok(false);
            }
            let account = row.account()?;
            self.last = Some(account.address.clone());
            self.looked_at += 1;
            self.current = Some(account).filter(|account| self.query.matches_metadata(&account.metadata));
        }
        if let Some(account) = &mut self.current
            && let Some(row) = row.balance()
        {
            let (key, balance) = row.balance()?;
            account.balances.push((key.asset, balance));
        }
        Ok(true)
    }

    fn end_account(&mut self) {
        let is_wanted = |account: &Account| self.query.asset.is_none() || !account.balances.is_empty();
        if let Some(account) = self.current.take().filter(is_wanted) {
            self.weight += account_weight(&account);
            self.items.push(account);
        }
    }

    /// Returns the page. Where as many accounts came as were asked for, there may be more: not all of them need have
    /// matched.
    #[must_use]
    pub fn finish(mut self) -> Page<Account, Address> {
        self.end_account();
        self.more |= stored_limit(self.looked_at) >= Self::rows_wanted(self.query);
        Page { items: self.items, next: self.last.filter(|_| self.more) }
    }
}

/// The changes of an account or of a transaction found so far.
pub struct ChangePage {
    limit: usize,
    page: Page<Entry, EntryNumber>,
    weight: usize,
}

impl ChangePage {
    /// Begins a page of up to `limit` changes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, page: Page { items: Vec::new(), next: None }, weight: 0 }
    }

    /// Takes the next change. Returns false where the page ends before it.
    ///
    /// # Errors
    /// Where the row says nothing sensible.
    pub fn take(&mut self, row: EntryRow) -> Result<bool, Corruption> {
        if self.page.items.len() >= self.limit || self.weight >= PAGE_WEIGHT_MAX {
            self.page.next = self.page.items.last().map(|last| last.number);
            return Ok(false);
        }
        let entry = row.record()?.entry;
        self.weight += weight(&entry);
        self.page.items.push(entry);
        Ok(true)
    }

    /// Returns the page. `more` says whether there are changes that were not read.
    #[must_use]
    pub fn finish(mut self, more: bool) -> Page<Entry, EntryNumber> {
        if more {
            self.page.next = self.page.items.last().map(|last| last.number);
        }
        self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_behind_an_address_and_not_before_its_prefix() {
        for (from, after, first) in
            [("", "", "!"), ("b", "", "b"), ("b", "a", "b"), ("b", "b", "b!"), ("b", "b:c", "b:c!")]
        {
            assert_eq!(first_behind(from, after), first);
        }
        // All that begins with an address lies behind it, whichever sign follows.
        for next in ["a-", "a0", "a:b", "aA", "a_", "aa", "b"] {
            assert!(first_behind("", "a").as_str() < next && first_behind("", "a").as_str() > "a");
        }
    }
}
