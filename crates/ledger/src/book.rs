//! The part of a ledger's state that decisions need.

mod savepoint;

use std::collections::HashMap;

use self::savepoint::Savepoint;

use crate::{
    Address, Balance, BalanceKey, Entry, EntryBody, EntryNumber, HoldStanding, HoldState, Metadata, Origin,
    Policy, Reference, ReleaseCause, Remainder, Timestamp, Transaction,
};

/// What is known of a ledger: where its log stands, balances, policies, references in use, the metadata of accounts
/// and of transactions that are to be changed, holds that are to be used, and transactions that are to be reversed.
///
/// A book may hold a part of the ledger only. Whoever decides on it has loaded every balance and
/// reference that the command touches: what is missing counts as never used. With a balance comes the policy of
/// its account: where that is missing, it is the standard one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    next: EntryNumber,
    last_recorded_at: Option<Timestamp>,
    balances: HashMap<BalanceKey, Balance>,
    policies: HashMap<Address, Policy>,
    references: HashMap<Reference, EntryNumber>,
    metadata: HashMap<Address, Metadata>,
    holds: HashMap<EntryNumber, HoldStanding>,
    unreversed: HashMap<EntryNumber, Remainder>,
    versions: HashMap<Address, u64>,
    savepoint: Option<Box<Savepoint>>,
    /// By number; none where there is no such transaction.
    transactions: HashMap<EntryNumber, Option<Metadata>>,
}

impl Book {
    /// Returns a book whose log stands where the arguments say, with no balance loaded.
    #[must_use]
    pub fn at(next: EntryNumber, last_recorded_at: Option<Timestamp>) -> Self {
        Self { next, last_recorded_at, ..Self::default() }
    }

    /// Returns the number that the next entry will get, which is also how many there are.
    #[must_use]
    pub fn next(&self) -> EntryNumber {
        self.next
    }

    /// Returns when the last entry was recorded.
    #[must_use]
    pub fn last_recorded_at(&self) -> Option<Timestamp> {
        self.last_recorded_at
    }

    /// Returns a balance; that of an account that never moved is all zeros.
    #[must_use]
    pub fn balance(&self, key: &BalanceKey) -> Balance {
        self.balances.get(key).copied().unwrap_or_default()
    }

    /// Says whether a balance is loaded.
    #[must_use]
    pub fn has_balance(&self, key: &BalanceKey) -> bool {
        self.balances.contains_key(key)
    }

    /// Returns how many balances and policies are loaded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.balances.len() + self.policies.len()
    }

    /// Says whether no balance and no policy is loaded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.balances.is_empty() && self.policies.is_empty()
    }

    /// Returns every loaded balance, in no order.
    pub fn balances(&self) -> impl Iterator<Item = (&BalanceKey, &Balance)> {
        self.balances.iter()
    }

    /// Returns the entry that has a reference.
    #[must_use]
    pub fn reference(&self, reference: &Reference) -> Option<EntryNumber> {
        self.references.get(reference).copied()
    }

    /// Returns what an account allows.
    #[must_use]
    pub fn policy(&self, account: &Address) -> &Policy {
        self.policies.get(account).unwrap_or_else(|| Policy::standard(account))
    }

    /// Returns every loaded policy, in no order.
    pub fn policies(&self) -> impl Iterator<Item = (&Address, &Policy)> {
        self.policies.iter()
    }

    /// Returns what callers keep beside an account; nothing, where it is not loaded.
    #[must_use]
    pub fn metadata(&self, account: &Address) -> Option<&Metadata> {
        self.metadata.get(account)
    }

    /// Returns how a hold stands.
    #[must_use]
    pub fn hold(&self, number: EntryNumber) -> Option<&HoldStanding> {
        self.holds.get(&number)
    }

    /// Returns what of a transaction has not been reversed.
    #[must_use]
    pub fn unreversed(&self, transaction: EntryNumber) -> Option<&Remainder> {
        self.unreversed.get(&transaction)
    }

    /// Returns an account's version: 0 where nothing ever touched it, else the number of the last entry that did, plus
    /// one. It counts only where it is loaded.
    #[must_use]
    pub fn version(&self, account: &Address) -> u64 {
        self.versions.get(account).copied().unwrap_or(0)
    }

    /// Returns what callers keep beside a transaction; nothing, where it is not there or not loaded.
    #[must_use]
    pub fn transaction_metadata(&self, transaction: EntryNumber) -> Option<&Metadata> {
        self.transactions.get(&transaction)?.as_ref()
    }

    /// Loads a balance, zeros included: a loaded zero says that the account never moved.
    pub fn load_balance(&mut self, key: BalanceKey, balance: Balance) {
        self.balances.insert(key, balance);
    }

    /// Takes all balances out, in no order.
    pub fn take_balances(&mut self) -> impl Iterator<Item = (BalanceKey, Balance)> {
        self.balances.drain()
    }

    /// Loads what an account allows.
    pub fn load_policy(&mut self, account: Address, policy: Policy) {
        self.policies.insert(account, policy);
    }

    /// Loads what callers keep beside an account.
    pub fn load_metadata(&mut self, account: Address, metadata: Metadata) {
        self.metadata.insert(account, metadata);
    }

    /// Loads what callers keep beside a transaction, or that there is none of this number: it may be the number of
    /// one that is applied later.
    pub fn load_transaction(&mut self, transaction: EntryNumber, metadata: Option<Metadata>) {
        self.transactions.insert(transaction, metadata);
    }

    /// Loads a reference that an earlier entry has.
    pub fn load_reference(&mut self, reference: Reference, entry: EntryNumber) {
        self.references.insert(reference, entry);
    }

    /// Loads how a hold stands.
    pub fn load_hold(&mut self, number: EntryNumber, standing: HoldStanding) {
        self.holds.insert(number, standing);
    }

    /// Loads what of a transaction has not been reversed.
    pub fn load_unreversed(&mut self, transaction: EntryNumber, left: Remainder) {
        self.unreversed.insert(transaction, left);
    }

    /// Loads an account's version, zero included.
    pub fn load_version(&mut self, account: Address, version: u64) {
        self.versions.insert(account, version);
    }

    /// Forgets all that is looked up anew for every batch: everything but balances and policies.
    pub fn forget_look_ups(&mut self) {
        self.references.clear();
        self.metadata.clear();
        self.holds.clear();
        self.unreversed.clear();
        self.versions.clear();
        self.transactions.clear();
    }

    /// Takes an entry over: it becomes the last one of the log.
    ///
    /// # Panics
    /// When the entry is not the next one: a log has no gaps.
    pub fn apply(&mut self, entry: &Entry) {
        assert_eq!(entry.number, self.next, "entries are applied in order, without gaps");
        self.next = entry.number.next();
        self.last_recorded_at = Some(entry.recorded_at);
        for (key, balance) in &entry.balances {
            let before = self.balances.insert(key.clone(), *balance);
            if let Some(savepoint) = &mut self.savepoint {
                savepoint.balance(key, before);
            }
        }
        self.apply_versions(entry);
        if let Some(reference) = entry.body.reference() {
            self.references.insert(reference.clone(), entry.number);
        }
        match &entry.body {
            EntryBody::Transaction(transaction) => {
                self.apply_origin(transaction);
                if let Some(kept) = self.transactions.get_mut(&entry.number) {
                    *kept = Some(transaction.metadata.clone());
                }
            }
            EntryBody::Account(change) => {
                let before = self.policies.insert(change.account.clone(), change.policy.clone());
                if let Some(savepoint) = &mut self.savepoint {
                    savepoint.policy(&change.account, before);
                }
                self.metadata.insert(change.account.clone(), change.metadata.clone());
            }
            EntryBody::Hold(hold) => {
                let left = Remainder::whole(hold.postings.clone());
                let standing = HoldStanding { state: HoldState::Open, left, expires_at: hold.expires_at };
                self.holds.insert(entry.number, standing);
            }
            EntryBody::Release(release) => {
                if let Some(standing) = self.holds.get_mut(&release.hold) {
                    standing.state = match release.cause {
                        ReleaseCause::Voided => HoldState::Voided,
                        ReleaseCause::Expired => HoldState::Expired,
                    };
                }
            }
            EntryBody::TransactionChange(change) => {
                self.transactions.insert(change.transaction, Some(change.metadata.clone()));
            }
        }
    }

    /// Raises the versions that are loaded; there are seldom any.
    fn apply_versions(&mut self, entry: &Entry) {
        if self.versions.is_empty() {
            return;
        }
        let changed = match &entry.body {
            EntryBody::Account(change) => Some(&change.account),
            EntryBody::Transaction(_)
            | EntryBody::TransactionChange(_)
            | EntryBody::Hold(_)
            | EntryBody::Release(_) => None,
        };
        for account in entry.balances.iter().map(|(key, _)| &key.account).chain(changed) {
            if let Some(version) = self.versions.get_mut(account) {
                *version = entry.number.0 + 1;
            }
        }
    }

    /// Uses up what a transaction rests on. Of a damaged log it may use up more than there is: then nothing is used.
    fn apply_origin(&mut self, transaction: &Transaction) {
        let postings = transaction.postings.as_slice();
        match &transaction.origin {
            Origin::Posted => {}
            Origin::Capture(capture) => {
                if let Some(standing) = self.holds.get_mut(&capture.hold) {
                    for posting in postings {
                        let _ = standing.left.take(posting);
                    }
                    if capture.closes {
                        standing.state = HoldState::Captured;
                    }
                }
            }
            Origin::Reversal(reversal) => {
                if let Some(left) = self.unreversed.get_mut(&reversal.of) {
                    for posting in postings {
                        let _ = left.take(&posting.reversed());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountChange, Amount, Asset, Posting, Postings, Transaction, TransactionChange};

    fn key(account: &str) -> BalanceKey {
        BalanceKey { account: Address::parse(account).unwrap(), asset: Asset::parse("USD/2").unwrap() }
    }

    fn entry(number: u64, reference: Option<&Reference>) -> Entry {
        let amount = Amount::from(number + 1);
        let (world, a) = (key("world"), key("a"));
        let posting =
            Posting::new(world.account.clone(), a.account.clone(), a.asset.clone(), amount).unwrap();
        Entry {
            number: EntryNumber(number),
            recorded_at: Timestamp::default(),
            effective_at: Timestamp::MIN,
            body: EntryBody::Transaction(Transaction {
                postings: Postings::new(vec![posting]).unwrap(),
                reference: reference.cloned(),
                metadata: Metadata::default(),
                origin: Origin::Posted,
            }),
            balances: vec![
                (a, Balance { posted_in: amount, ..Balance::default() }),
                (world, Balance { posted_out: amount, ..Balance::default() }),
            ],
        }
    }

    #[test]
    fn what_is_not_loaded_counts_as_never_used() {
        let book = Book::at(EntryNumber(3), None);
        assert_eq!(book.next(), EntryNumber(3));
        assert_eq!(book.balance(&key("a")), Balance::default());
        assert!(!book.has_balance(&key("a")));
        assert_eq!(book.reference(&Reference::parse("r").unwrap()), None);
        assert!(book.is_empty());
    }

    #[test]
    fn a_loaded_zero_is_held() {
        let mut book = Book::default();
        book.load_balance(key("a"), Balance::default());
        assert!(book.has_balance(&key("a")));
        assert_eq!((book.len(), book.is_empty()), (1, false));
    }

    #[test]
    fn an_applied_entry_moves_the_head_the_time_the_balances_and_the_reference() {
        let reference = Reference::parse("r").unwrap();
        let mut book = Book::default();
        let (first, second) = (entry(0, Some(&reference)), entry(1, None));
        book.apply(&first);
        book.apply(&second);
        assert_eq!(book.next(), EntryNumber(2));
        assert_eq!(book.last_recorded_at(), Some(second.recorded_at));
        assert_eq!(book.reference(&reference), Some(first.number));
        assert_eq!(book.len(), 2);
        for (key, balance) in &second.balances {
            assert_eq!(book.balance(key), *balance);
        }
        book.forget_look_ups();
        assert_eq!(book.reference(&reference), None);
    }

    #[test]
    fn a_change_of_an_account_is_its_policy_and_metadata_from_then_on() {
        let (account, policy) =
            (key("a").account, Policy { closed: true, ..Policy::standard(&key("a").account).clone() });
        let metadata = Metadata::new([("k".to_owned(), "v".to_owned())].into()).unwrap();
        let mut book = Book::default();
        assert_eq!((book.policy(&account), book.metadata(&account)), (Policy::standard(&account), None));
        let change =
            AccountChange { account: account.clone(), policy: policy.clone(), metadata: metadata.clone() };
        book.apply(&Entry { body: EntryBody::Account(change), balances: vec![], ..entry(0, None) });
        assert_eq!(book.next(), EntryNumber(1));
        assert_eq!((book.policy(&account), book.metadata(&account)), (&policy, Some(&metadata)));
        assert_eq!(book.policy(&key("b").account), Policy::standard(&key("b").account));
        assert_eq!((book.len(), book.is_empty()), (1, false));
        book.forget_look_ups();
        assert_eq!((book.policy(&account), book.metadata(&account)), (&policy, None));
    }

    #[test]
    fn a_book_goes_back_to_its_savepoint() {
        let reference = Reference::parse("r").unwrap();
        let (account, policy) =
            (key("a").account, Policy { closed: true, ..Policy::standard(&key("a").account).clone() });
        let change = |number| {
            let change = AccountChange {
                account: account.clone(),
                policy: policy.clone(),
                metadata: Metadata::none(),
            };
            Entry { body: EntryBody::Account(change), balances: vec![], ..entry(number, None) }
        };
        let mut book = Book::default();
        book.apply(&entry(0, None));
        let before = book.clone();
        book.savepoint();
        book.apply(&entry(1, Some(&reference)));
        book.apply(&entry(2, None));
        book.apply(&change(3));
        book.roll_back();
        assert_eq!(book, before);

        book.savepoint();
        book.apply(&entry(1, Some(&reference)));
        book.release_savepoint();
        book.roll_back();
        assert_eq!((book.next(), book.reference(&reference)), (EntryNumber(2), Some(EntryNumber(1))));
    }

    #[test]
    fn a_transaction_that_is_asked_for_is_known_once_it_is_applied() {
        let mut book = Book::default();
        book.load_transaction(EntryNumber(0), None);
        assert_eq!(book.transaction_metadata(EntryNumber(0)), None);
        book.apply(&entry(0, None));
        book.apply(&entry(1, None));
        assert_eq!(book.transaction_metadata(EntryNumber(0)), Some(&Metadata::default()));
        // Nobody asked for the second one.
        assert_eq!(book.transaction_metadata(EntryNumber(1)), None);
        let metadata = Metadata::new([("k".to_owned(), "v".to_owned())].into()).unwrap();
        let change = TransactionChange { transaction: EntryNumber(0), metadata: metadata.clone() };
        let body = EntryBody::TransactionChange(change);
        book.apply(&Entry { body, balances: vec![], ..entry(2, None) });
        assert_eq!(book.transaction_metadata(EntryNumber(0)), Some(&metadata));
        book.forget_look_ups();
        assert_eq!(book.transaction_metadata(EntryNumber(0)), None);
    }

    #[test]
    #[should_panic(expected = "without gaps")]
    fn an_entry_that_is_not_the_next_is_a_bug() {
        Book::default().apply(&entry(1, None));
    }
}
