//! Copies of accounts of one ledger, all of them as of one head of its log. Nothing in here waits.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::{Address, Entry, EntryBody};

use crate::port::{Head, LogRecord};
use crate::query::{Account, account_weight};

/// How often in a row the store may be ahead of the copies before they are given up. A lane of this process tells what
/// it has written a moment after the store shows it; what others write it never tells.
const BEHIND_MAX: u32 = 16;

/// No copy is kept of an account that weighs more than this.
const WEIGHT_MAX: usize = 4 << 10;

#[derive(Default)]
pub(super) struct Copies {
    at: Option<Head>,
    accounts: HashMap<Address, Arc<Account>>,
    weight: usize,
    behind: u32,
}

/// How copies stand to what the store has just said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Both stand at the same head.
    Same,
    /// A lane has committed more since the store answered: the copies are newer.
    Ahead,
    /// The store knows more.
    Behind,
}

impl Copies {
    /// Returns the head that the copies belong to, where there is one.
    pub(super) fn at(&self) -> Option<Head> {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Says whether there is a copy that the store will confirm, as far as is known.
    pub(super) fn have(&self, address: &Address) -> bool {
        self.behind == 0 && self.accounts.contains_key(address)
    }

    pub(super) fn get(&self, address: &Address) -> Option<Arc<Account>> {
        self.accounts.get(address).cloned()
    }

    /// Gives up all copies, and returns what they weighed.
    pub(super) fn forget(&mut self) -> usize {
        std::mem::take(self).weight
    }

    /// Keeps a copy that belongs to the head at which the others are. Returns what it weighs, or what that is more than
    /// the copy before it.
    pub(super) fn keep(&mut self, account: &Arc<Account>) -> usize {
        let weight = account_weight(account);
        if weight > WEIGHT_MAX || self.accounts.contains_key(&account.address) {
            return 0;
        }
        self.accounts.insert(account.address.clone(), Arc::clone(account));
        self.weight += weight;
        weight
    }

    /// Compares the copies, which stood at `began` when the store was asked, with where it says that the log stands.
    /// Returns also the weight of copies that were given up.
    pub(super) fn compare(&mut self, began: Option<Head>, head: Head) -> (Standing, usize) {
        let Some(at) = self.at else {
            self.at = Some(head);
            return (Standing::Same, 0);
        };
        if at == head {
            self.behind = 0;
            return (Standing::Same, 0);
        }
        // It was confirmed before the store was asked: no log that goes on from there can be shorter, or as long and
        // different.
        let set_back = began.is_some_and(|began| head != began && head.next <= began.next);
        if set_back || at.next == head.next {
            return self.begin_anew(head);
        }
        if head.next < at.next {
            return (Standing::Ahead, 0);
        }
        self.behind += 1;
        if self.behind > BEHIND_MAX {
            return self.begin_anew(head);
        }
        (Standing::Behind, 0)
    }

    fn begin_anew(&mut self, head: Head) -> (Standing, usize) {
        let freed = self.forget();
        self.at = Some(head);
        (Standing::Same, freed)
    }

    /// Goes on with what was written on the head `on`: what it touched is not true any more. Returns what that weighed.
    pub(super) fn go_on(&mut self, on: Head, records: &[LogRecord]) -> usize {
        let Some(LogRecord { entry: last, .. }) = records.last() else { return 0 };
        if self.at != Some(on) {
            return 0;
        }
        self.at = Some(Head { next: last.number.next(), last_recorded_at: Some(last.recorded_at) });
        self.behind = 0;
        let before = self.weight;
        for LogRecord { entry, .. } in records {
            for address in touched(entry) {
                if self.accounts.is_empty() {
                    break;
                }
                if let Some(account) = self.accounts.remove(address) {
                    self.weight -= account_weight(&account);
                }
            }
        }
        before - self.weight
    }
}

/// Lists the accounts that an entry touched, some of them more than once.
fn touched(entry: &Entry) -> impl Iterator<Item = &Address> {
    let changed = match &entry.body {
        EntryBody::Account(change) => Some(&change.account),
        _ => None,
    };
    entry.balances.iter().map(|(key, _)| &key.account).chain(changed)
}

#[cfg(test)]
mod tests {
    use ledger::{AccountChange, EntryNumber, Metadata, Policy, Timestamp};

    use super::*;

    fn head(next: u64, micros: i64) -> Head {
        Head { next: EntryNumber(next), last_recorded_at: Some(Timestamp::from_micros(micros).unwrap()) }
    }

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    /// Copies of some accounts at a head.
    fn copies(at: Head, accounts: &[&str]) -> Copies {
        let mut copies = Copies::default();
        assert_eq!(copies.compare(None, at), (Standing::Same, 0));
        for account in accounts {
            let (policy, metadata) = (Policy::standard(&address(account)).clone(), Metadata::default());
            let account =
                Account { address: address(account), policy, metadata, version: Some(1), balances: vec![] };
            assert!(copies.keep(&Arc::new(account)) > 0);
        }
        copies
    }

    fn change(number: u64, micros: i64, account: &str) -> LogRecord {
        let account = address(account);
        let policy = Policy::standard(&account).clone();
        let body = EntryBody::Account(AccountChange { account, policy, metadata: Metadata::default() });
        let at = Timestamp::from_micros(micros).unwrap();
        let entry = Entry {
            number: EntryNumber(number),
            recorded_at: at,
            effective_at: at,
            body,
            balances: Vec::new(),
        };
        LogRecord { entry, request: None }
    }

    #[test]
    fn what_is_written_on_them_takes_them_on() {
        let mut copies = copies(head(5, 50), &["a", "b"]);
        assert_eq!(copies.go_on(head(4, 40), &[change(4, 50, "b")]), 0);
        assert_eq!(copies.at(), Some(head(5, 50)), "they were not there");
        assert!(copies.go_on(head(5, 50), &[change(5, 60, "a"), change(6, 70, "c")]) > 0);
        assert_eq!(copies.at(), Some(head(7, 70)));
        assert!(!copies.have(&address("a")) && copies.have(&address("b")));
        assert_eq!(copies.compare(Some(head(5, 50)), head(7, 70)), (Standing::Same, 0));
        assert_eq!(copies.compare(Some(head(5, 50)), head(6, 60)), (Standing::Ahead, 0));
        assert!(copies.have(&address("b")));
    }

    #[test]
    fn a_store_that_stays_ahead_has_them_given_up() {
        let mut copies = copies(head(5, 50), &["a"]);
        for _ in 0..BEHIND_MAX {
            assert_eq!(copies.compare(Some(head(5, 50)), head(6, 60)), (Standing::Behind, 0));
        }
        // Its lane tells of it after all.
        copies.go_on(head(5, 50), &[change(5, 60, "b")]);
        assert_eq!(copies.compare(Some(head(5, 50)), head(6, 60)), (Standing::Same, 0));
        for _ in 0..BEHIND_MAX {
            assert_eq!(copies.compare(Some(head(6, 60)), head(9, 90)), (Standing::Behind, 0));
        }
        let (standing, freed) = copies.compare(Some(head(6, 60)), head(9, 90));
        assert!(standing == Standing::Same && freed > 0);
        assert!(copies.is_empty() && copies.at() == Some(head(9, 90)));
    }

    #[test]
    fn a_log_that_was_set_back_has_them_given_up() {
        for (began, found) in
            [(head(5, 50), head(4, 40)), (head(5, 50), head(5, 51)), (head(4, 40), head(5, 51))]
        {
            let mut copies = copies(head(5, 50), &["a"]);
            let (standing, freed) = copies.compare(Some(began), found);
            assert!(standing == Standing::Same && freed > 0, "{began:?}, {found:?}");
            assert!(copies.is_empty() && copies.at() == Some(found));
        }
    }

    #[test]
    fn a_large_account_is_not_kept() {
        let mut copies = copies(head(1, 10), &[]);
        let pairs = (0..40).map(|n| (format!("key{n}"), "x".repeat(100)));
        let metadata = Metadata::new(pairs.collect()).unwrap();
        let policy = Policy::standard(&address("a")).clone();
        let account = Account { address: address("a"), policy, metadata, version: Some(1), balances: vec![] };
        assert_eq!(copies.keep(&Arc::new(account)), 0);
        assert!(copies.is_empty());
    }
}
