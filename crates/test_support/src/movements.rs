//! Reads what moved each balance out of a snapshot, and holds the lists that it comes in to what they promise. Never
//! says how long a list has to be.

use std::collections::BTreeMap;

use engine::port::{Movements, ReadError, Snapshot};
use ledger::{BalanceKey, EntryNumber};

/// Reads all lists, `limit` at a time, and returns for each balance the entries that moved it, as its lists have
/// them one after the other. Balances whose lists are all empty are among them.
///
/// # Errors
/// What reading a part failed with.
///
/// # Panics
/// When a part is longer than asked for, when lists do not ascend by their places, when one that has ended ends with
/// another entry than it says, or when a balance has no last list.
pub async fn read_movements(
    snapshot: &mut dyn Snapshot,
    limit: usize,
) -> Result<BTreeMap<BalanceKey, Vec<EntryNumber>>, ReadError> {
    let mut movements: BTreeMap<BalanceKey, Vec<EntryNumber>> = BTreeMap::new();
    let mut last: Option<Movements> = None;
    loop {
        let part = snapshot.movements(last.as_ref(), limit).await?;
        assert!(part.len() <= limit, "{} of at most {limit} lists", part.len());
        if part.is_empty() {
            break;
        }
        for list in part {
            if let Some(last) = &last {
                assert!(last.place() < list.place(), "{list:?} comes behind {last:?}");
                let goes_on = last.until.is_some() == (last.key == list.key);
                assert!(goes_on, "{list:?} follows {last:?}: a balance's last list, and only that, is open");
            }
            if list.until.is_some() {
                assert_eq!(list.entries.last().copied(), list.until, "{list:?}");
            }
            movements.entry(list.key.clone()).or_default().extend(&list.entries);
            last = Some(list);
        }
    }
    assert_eq!(last.and_then(|list| list.until), None, "the last balance's last list is open");
    Ok(movements)
}
