//! Movements that were recorded at one time and count at another: between the two, one clock knows of them and the other
//! does not. Stores keep a row for each, by the later of the two times. Never says anything of all other movements.

use std::collections::BTreeMap;

use ledger::{Address, Amount, Asset, BalanceKey, Entry, EntryNumber, Timestamp};

/// What an entry posted to a balance and from it, where its two times differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftedMovement {
    /// The balance.
    pub key: BalanceKey,
    /// The later of the entry's two times.
    pub later_at: Timestamp,
    /// The entry.
    pub entry: EntryNumber,
    /// The earlier one.
    pub earlier_at: Timestamp,
    /// What it posted to the account.
    pub posted_in: Amount,
    /// What it posted from the account.
    pub posted_out: Amount,
}

impl ShiftedMovement {
    /// Returns what an entry moved, by account and asset; nothing, where its times are the same. What is reserved or let
    /// go has one time only, that of its recording.
    #[must_use]
    pub fn all_of(entry: &Entry) -> Vec<Self> {
        if entry.recorded_at == entry.effective_at {
            return Vec::new();
        }
        let mut moved: BTreeMap<BalanceKey, (Amount, Amount)> = BTreeMap::new();
        for posting in entry.body.postings() {
            let key =
                |account: &Address| BalanceKey { account: account.clone(), asset: posting.asset().clone() };
            let (_, posted_out) = moved.entry(key(posting.source())).or_default();
            *posted_out = add(*posted_out, posting.amount());
            let (posted_in, _) = moved.entry(key(posting.destination())).or_default();
            *posted_in = add(*posted_in, posting.amount());
        }
        let (earlier_at, later_at) =
            (entry.recorded_at.min(entry.effective_at), entry.recorded_at.max(entry.effective_at));
        let shifted = |(key, (posted_in, posted_out))| Self {
            key,
            later_at,
            entry: entry.number,
            earlier_at,
            posted_in,
            posted_out,
        };
        moved.into_iter().map(shifted).collect()
    }

    /// Returns its place among all of a ledger.
    #[must_use]
    pub fn place(&self) -> (&Address, Timestamp, EntryNumber, &Asset) {
        (&self.key.account, self.later_at, self.entry, &self.key.asset)
    }
}

/// Saturating, as an entry read from a damaged log may hold anything; what is decided never comes near.
fn add(sum: Amount, amount: Amount) -> Amount {
    sum.checked_add(amount).unwrap_or(Amount::MAX)
}

#[cfg(test)]
mod tests {
    use ledger::{EntryBody, Metadata, Origin, Posting, Postings, Transaction};

    use super::*;

    fn entry(recorded: i64, effective: i64) -> Entry {
        let posting = |source: &str, destination: &str, asset: &str, amount: u64| {
            let [source, destination] = [source, destination].map(|text| Address::parse(text).unwrap());
            Posting::new(source, destination, Asset::parse(asset).unwrap(), Amount::from(amount)).unwrap()
        };
        let postings =
            vec![posting("a", "b", "USD/2", 5), posting("b", "a", "USD/2", 2), posting("a", "b", "EUR/2", 0)];
        let [recorded_at, effective_at] =
            [recorded, effective].map(|micros| Timestamp::from_micros(micros).unwrap());
        let transaction = Transaction {
            postings: Postings::new(postings).unwrap(),
            reference: None,
            metadata: Metadata::default(),
            origin: Origin::Posted,
        };
        let body = EntryBody::Transaction(transaction);
        Entry { number: EntryNumber(7), recorded_at, effective_at, body, balances: Vec::new() }
    }

    #[test]
    fn an_entry_with_one_time_shifts_nothing() {
        assert_eq!(ShiftedMovement::all_of(&entry(3, 3)), []);
    }

    #[test]
    fn an_entry_has_one_movement_for_each_balance_whichever_time_is_later() {
        for (recorded, effective) in [(9, 4), (4, 9)] {
            let shifted = ShiftedMovement::all_of(&entry(recorded, effective));
            let texts: Vec<String> = shifted
                .iter()
                .map(|it| {
                    let (later, earlier) = (it.later_at.micros(), it.earlier_at.micros());
                    let (account, asset) = (&it.key.account, it.key.asset.as_str());
                    format!("{account} {asset} {later} {earlier} {} {}", it.posted_in, it.posted_out)
                })
                .collect();
            assert_eq!(texts, ["a EUR/2 9 4 0 0", "a USD/2 9 4 2 5", "b EUR/2 9 4 0 0", "b USD/2 9 4 5 2"]);
        }
    }
}
