//! Balances as they were: worked out from the entries that moved an account, which record them. Never reads an entry
//! that did not.

use ledger::{Address, Asset, Balance, Entry, LedgerName};

use crate::port::{ReadError, Store};
use crate::query::{AddressPattern, Clock, Order, TransactionPosition, TransactionQuery};

/// Returns the balances of an account as they were when an entry was written that did not move it, in the order of the
/// assets. However much moved since, the answer stays the same.
///
/// # Errors
/// Those of [`ReadError`].
pub async fn balances_before(
    store: &dyn Store,
    ledger: &LedgerName,
    account: &Address,
    entry: &Entry,
) -> Result<Vec<(Asset, Balance)>, ReadError> {
    // Assets never go: what the account has moved by now is all that it can have moved by then.
    let now = store.account(ledger, account).await?.map(|account| account.balances).unwrap_or_default();
    let mut then = Vec::with_capacity(now.len());
    for (asset, _) in now {
        if let Some(last) = last_that_moved(store, ledger, account, &asset, entry).await? {
            let balances = last.balances.into_iter();
            let own = balances.filter(|(key, _)| key.account == *account && key.asset == asset);
            then.extend(own.map(|(key, balance)| (key.asset, balance)));
        }
    }
    Ok(then)
}

/// Returns the last transaction ahead of an entry that moved an account in an asset.
async fn last_that_moved(
    store: &dyn Store,
    ledger: &LedgerName,
    account: &Address,
    asset: &Asset,
    entry: &Entry,
) -> Result<Option<Entry>, ReadError> {
    let mut query = TransactionQuery {
        account: Some(AddressPattern::Exactly(account.clone())),
        asset: Some(asset.clone()),
        clock: Clock::Recorded,
        order: Order::Descending,
        after: Some(TransactionPosition::of(entry, Clock::Recorded)),
        limit: 1,
        ..TransactionQuery::default()
    };
    loop {
        let page = store.transactions(ledger, &query).await?;
        match (page.items.into_iter().next(), page.next) {
            (Some(last), _) => return Ok(Some(last)),
            (None, None) => return Ok(None),
            (None, next) => query.after = next,
        }
    }
}
