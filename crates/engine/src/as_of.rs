//! Balances as they were: taken from the entries that touched an account, which record them. Never reads an entry that
//! did not.

use ledger::{Address, Asset, Balance, BalanceKey, Entry, LedgerName};

use crate::port::{ReadError, Store};

/// Returns the balances of an account as they were when an entry was written that did not touch them, in the order of
/// the assets. However much moved since, or was held or let go, the answer stays the same.
///
/// # Errors
/// Those of [`ReadError`].
pub async fn balances_before(
    store: &dyn Store,
    ledger: &LedgerName,
    account: &Address,
    entry: &Entry,
) -> Result<Vec<(Asset, Balance)>, ReadError> {
    // Assets never go: those that the account has by now are all that it can have had by then.
    let now = store.account(ledger, account).await?.map(|account| account.balances).unwrap_or_default();
    let mut then = Vec::with_capacity(now.len());
    for (asset, _) in now {
        let key = BalanceKey { account: account.clone(), asset };
        if let Some(last) = store.last_movement(ledger, &key, entry.number).await? {
            let own = last.balances.into_iter().filter(|(its, _)| *its == key);
            then.extend(own.map(|(key, balance)| (key.asset, balance)));
        }
    }
    Ok(then)
}
