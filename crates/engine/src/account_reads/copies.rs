//! Copies of accounts of one ledger, all of them as of one head of its log. Nothing in here waits.

use std::sync::Arc;

use foldhash::HashMap;
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

    /// Returns about how many bytes they take.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Gives up all copies.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Keeps a copy that belongs to the head at which the others are, unless it is large.
    pub(super) fn keep(&mut self, account: &Arc<Account>) {
        let weight = account_weight(account);
        if weight > WEIGHT_MAX || self.accounts.contains_key(&account.address) {
            return;
        }
        self.accounts.insert(account.address.clone(), Arc::clone(account));
        self.weight += weight;
    }

    /// Compares the copies, which stood at `began` when the store was asked, with where it says that the log stands, and
    /// gives them up where they are of no more use.
    pub(super) fn compare(&mut self, began: Option<Head>, head: Head) -> Standing {
        let Some(at) = self.at else {
            self.at = Some(head);
            return Standing::Same;
        };
        if at == head {
            self.behind = 0;
            return Standing::Same;
        }
        // It was confirmed before the store was asked: no log that goes on from there can be shorter, or as long and
        // different.
        let set_back = began.is_some_and(|began| head != began && head.next <= began.next);
        if set_back || at.next == head.next {
            return self.begin_anew(head);
        }
        if head.next < at.next {
            return Standing::Ahead;
        }
        self.behind += 1;
        if self.behind > BEHIND_MAX {
            return self.begin_anew(head);
        }
        Standing::Behind
    }

    fn begin_anew(&mut self, head: Head) -> Standing {
        self.forget();
        self.at = Some(head);
        Standing::Same
    }

    /// Goes on with what was written on the head `on`: what it touched is not true any more.
    pub(super) fn go_on(&mut self, on: Head, records: &[LogRecord]) {
        let Some(LogRecord { entry: last, .. }) = records.last() else { return };
        if self.at != Some(on) {
            return;
        }
        self.at = Some(Head::after(last));
        self.behind = 0;
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
        assert_eq!((copies.compare(None, at), copies.weight()), (Standing::Same, 0));
        for account in accounts {
            let (policy, metadata) = (Policy::standard(&address(account)).clone(), Metadata::default());
            let account =
                Account { address: address(account), policy, metadata, version: Some(1), balances: vec![] };
            let before = copies.weight();
            copies.keep(&Arc::new(account));
            assert!(copies.weight() > before);
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
        let weight = copies.weight();
        copies.go_on(head(4, 40), &[change(4, 50, "b")]);
        assert_eq!(copies.weight(), weight);
        assert_eq!(copies.at(), Some(head(5, 50)), "they were not there");
        copies.go_on(head(5, 50), &[change(5, 60, "a"), change(6, 70, "c")]);
        assert!(copies.weight() < weight);
        let weight = copies.weight();
        assert_eq!(copies.at(), Some(head(7, 70)));
        assert!(!copies.have(&address("a")) && copies.have(&address("b")));
        assert_eq!(copies.compare(Some(head(5, 50)), head(7, 70)), Standing::Same);
        assert_eq!(copies.compare(Some(head(5, 50)), head(6, 60)), Standing::Ahead);
        assert_eq!(copies.weight(), weight);
        assert!(copies.have(&address("b")));
    }

    #[test]
    fn a_store_that_stays_ahead_has_them_given_up() {
        let mut copies = copies(head(5, 50), &["a"]);
        for _ in 0..BEHIND_MAX {
            assert_eq!(copies.compare(Some(head(5, 50)), head(6, 60)), Standing::Behind);
        }
        // Its lane tells of it after all.
        copies.go_on(head(5, 50), &[change(5, 60, "b")]);
        assert_eq!(copies.compare(Some(head(5, 50)), head(6, 60)), Standing::Same);
        for _ in 0..BEHIND_MAX {
            assert_eq!(copies.compare(Some(head(6, 60)), head(9, 90)), Standing::Behind);
        }
        assert!(copies.weight() > 0);
        assert_eq!(copies.compare(Some(head(6, 60)), head(9, 90)), Standing::Same);
        assert_eq!(copies.weight(), 0);
        assert!(copies.is_empty() && copies.at() == Some(head(9, 90)));
    }

    #[test]
    fn a_log_that_was_set_back_has_them_given_up() {
        for (began, found) in
            [(head(5, 50), head(4, 40)), (head(5, 50), head(5, 51)), (head(4, 40), head(5, 51))]
        {
            let mut copies = copies(head(5, 50), &["a"]);
            assert!(copies.weight() > 0);
            let standing = copies.compare(Some(began), found);
            assert!(standing == Standing::Same && copies.weight() == 0, "{began:?}, {found:?}");
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
        copies.keep(&Arc::new(account));
        assert_eq!(copies.weight(), 0);
        assert!(copies.is_empty());
    }
}
