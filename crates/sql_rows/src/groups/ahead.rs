//! Balances read ahead. Where groups have few accounts, one portion of rows tells of many groups, and none of them is
//! asked for by itself.

use std::collections::BTreeMap;

use engine::query::BalanceSum;
use ledger::{Address, Asset, Balance, BalanceKey};

use super::Group;
use crate::rows::stored_limit;

/// All balances of the accounts from one address on and before another.
#[derive(Default)]
pub(super) struct Ahead {
    from: String,
    before: String,
    balances: Vec<(BalanceKey, Balance)>,
}

impl Ahead {
    /// Takes the first balances, up to `limit`, of accounts from one address on and before another, in the order of
    /// addresses. Where they are as many, the last account may have more of them and does not count.
    pub(super) fn new(
        from: &str,
        before: &str,
        mut balances: Vec<(BalanceKey, Balance)>,
        limit: i64,
    ) -> Self {
        let last = balances.last().map(|(key, _)| key.account.clone());
        let before = match last {
            Some(last) if stored_limit(balances.len()) >= limit => {
                balances.retain(|(key, _)| key.account != last);
                last.as_str().to_owned()
            }
            _ => before.to_owned(),
        };
        Self { from: from.to_owned(), before, balances }
    }

    /// Returns the first account from an address on, where it is known.
    pub(super) fn first(&self, from: &str) -> Option<&Address> {
        if from < self.from.as_str() {
            return None;
        }
        self.balances.get(self.place(from)).map(|(key, _)| &key.account)
    }

    /// Returns the address from which on something has to be read to find the first account from `from` on.
    pub(super) fn unknown<'a>(&'a self, from: &'a str) -> &'a str {
        if from < self.from.as_str() { from } else { from.max(&self.before) }
    }

    /// Sums a group by asset, where all of its accounts are known.
    pub(super) fn sum(&self, group: &Group) -> Option<Vec<(Asset, BalanceSum)>> {
        let own_after = format!("{}\0", group.own);
        let own = if group.own.is_empty() { ("", "") } else { (group.own.as_str(), own_after.as_str()) };
        let mut sums = BTreeMap::<&Asset, BalanceSum>::new();
        for (from, before) in [own, (group.from.as_str(), group.before.as_str())] {
            if from >= before {
                continue;
            }
            if from < self.from.as_str() || before > self.before.as_str() {
                return None;
            }
            for (key, balance) in &self.balances[self.place(from)..self.place(before)] {
                sums.entry(&key.asset).or_default().add(balance);
            }
        }
        Some(sums.into_iter().map(|(asset, sum)| (asset.clone(), sum)).collect())
    }

    fn place(&self, address: &str) -> usize {
        self.balances.partition_point(|(key, _)| key.account.as_str() < address)
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Address, Amount, Asset, Balance, BalanceKey};

    use super::{Ahead, Group};

    /// A balance for each account and asset, with 1 posted to it.
    fn balances(accounts: &[(&str, &str)]) -> Vec<(BalanceKey, Balance)> {
        let balance = Balance { posted_in: Amount::new(1).unwrap(), ..Balance::default() };
        let key = |(account, asset): &(&str, &str)| BalanceKey {
            account: Address::parse(account).unwrap(),
            asset: Asset::parse(asset).unwrap(),
        };
        accounts.iter().map(|names| (key(names), balance)).collect()
    }

    fn group(name: &str) -> Group {
        let (from, before) = (format!("{name}:"), format!("{name};"));
        Group { name: name.to_owned(), own: name.to_owned(), from, before }
    }

    fn sum(ahead: &Ahead, name: &str) -> Option<Vec<(String, u128)>> {
        let sums = ahead.sum(&group(name))?;
        Some(sums.into_iter().map(|(asset, sum)| (asset.as_str().to_owned(), sum.posted_in)).collect())
    }

    #[test]
    fn a_portion_that_is_not_full_tells_of_all_there_is() {
        let known = balances(&[("a", "EUR"), ("a:1", "EUR"), ("a:1", "USD"), ("b", "EUR")]);
        let ahead = Ahead::new("a", "c", known, 5);
        assert_eq!(ahead.first("a:").map(Address::as_str), Some("a:1"));
        assert_eq!(ahead.first("b:"), None);
        assert_eq!(ahead.unknown("b:"), "c");
        let (eur, usd) = (|n| ("EUR".to_owned(), n), ("USD".to_owned(), 1));
        assert_eq!(sum(&ahead, "a"), Some(vec![eur(2), usd]));
        assert_eq!(sum(&ahead, "b"), Some(vec![eur(1)]));
        assert_eq!(sum(&ahead, "bb"), Some(vec![]));
        assert_eq!(sum(&ahead, "c"), None);
    }

    #[test]
    fn the_last_account_of_a_full_portion_does_not_count() {
        let known = balances(&[("a", "EUR"), ("a:1", "EUR"), ("a:2", "EUR")]);
        let ahead = Ahead::new("a", "z", known, 3);
        assert_eq!(ahead.first("a:2"), None);
        assert_eq!(ahead.unknown("a:"), "a:2");
        assert_eq!(ahead.unknown("b"), "b");
        assert_eq!(sum(&ahead, "a"), None, "what begins with `a:2` is not known");
    }

    #[test]
    fn one_account_may_fill_a_portion() {
        let ahead = Ahead::new("", "z", balances(&[("a", "EUR"), ("a", "USD")]), 2);
        assert_eq!(ahead.first("a"), None);
        assert_eq!(ahead.unknown("a"), "a");
        assert_eq!(sum(&ahead, "a"), None);
    }

    #[test]
    fn what_comes_before_is_not_known() {
        let ahead = Ahead::new("b", "z", balances(&[("b", "EUR")]), 2);
        assert_eq!(ahead.first("a"), None);
        assert_eq!(ahead.unknown("a"), "a");
        assert_eq!(sum(&ahead, "a"), None);
    }
}
