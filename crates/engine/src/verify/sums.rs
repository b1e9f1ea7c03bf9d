//! Compares the sums that are kept of balances with those that the log leads to.

use std::collections::BTreeMap;

use ledger::{BalanceTotal, Book, Root, RootKey};

use super::{Finding, Progress, ROWS_PER_READ, Report, Stage, goes_back};
use crate::port::{ReadError, Snapshot};

/// Compares every sum. Those that the log leads to are added up from the book: of how a store keeps them, nothing counts.
pub(super) async fn compare_sums(
    snapshot: &mut dyn Snapshot,
    book: &Book,
    report: &mut Report,
    progress: &mut impl FnMut(Progress),
) -> Result<(), ReadError> {
    let mut expected = added_up(book);
    let total = expected.len() as u64;
    let mut after: Option<RootKey> = None;
    loop {
        progress(Progress { stage: Stage::Sums, done: report.sums, total });
        let sums = snapshot.sums(after.as_ref(), ROWS_PER_READ).await?;
        let Some((last, _)) = sums.last() else { break };
        if after.as_ref().is_some_and(|after| last <= after) {
            return Err(goes_back(Stage::Sums));
        }
        after = Some(last.clone());
        for (key, found) in sums {
            report.sums += 1;
            let followed = expected.remove(&key);
            if followed != Some(found) {
                report.add(Finding::sum_differs(&key, followed, Some(found)));
            }
        }
    }
    for (missing, sum) in expected {
        report.add(Finding::sum_differs(&missing, Some(sum), None));
    }
    Ok(())
}

fn added_up(book: &Book) -> BTreeMap<RootKey, BalanceTotal> {
    let mut sums = BTreeMap::<RootKey, BalanceTotal>::new();
    for (key, balance) in book.balances() {
        if let Some(root) = Root::of(&key.account) {
            sums.entry(RootKey { root, asset: key.asset.clone() }).or_default().add_balance(balance);
        }
    }
    sums
}
