//! Roots: the first segments under which accounts lie, whose balances are kept as sums.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Address, Asset, BalanceTotal, Entry, EntryBody, Origin, Posting, Total};

/// The first segment of accounts that have more than one: `users` of `users:42`. An account of one segment lies under no
/// root, and is not part of the root of its own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root(Address);

impl Root {
    /// Parses a root; `None` where the text is not one segment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let address = Address::parse(text).ok()?;
        (address.truncated(1) == text).then_some(Self(address))
    }

    /// Returns the segment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the root of an address, where it has one.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        address.root().and_then(Self::parse)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which sum of balances: a root and an asset, ordered by root first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootKey {
    /// The root of the accounts.
    pub root: Root,
    /// The asset.
    pub asset: Asset,
}

impl Address {
    /// Returns the segment that is the address's [root](Root): the first one, where there are more.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        let first = self.truncated(1);
        (first.len() < self.as_str().len()).then_some(first)
    }
}

/// What entries change of the sums of balances, by root and asset: of every sum that has a balance they touch, be it by
/// nothing.
///
/// It follows from the entries alone: what a counter was before does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumChanges<'a>(BTreeMap<(&'a str, &'a Asset), BalanceTotal>);

/// How one of the counters changes.
type Step = fn(Total, Total) -> Total;

impl<'a> SumChanges<'a> {
    /// Adds what an entry changes.
    pub fn add(&mut self, entry: &'a Entry) {
        let (plus, minus): (Step, Step) = (Total::plus, Total::minus);
        match &entry.body {
            EntryBody::Transaction(transaction) => {
                let postings = transaction.postings.as_slice();
                self.post(postings);
                if let Origin::Capture(capture) = &transaction.origin {
                    self.reserve(postings, minus);
                    self.reserve(&capture.released, minus);
                }
            }
            EntryBody::Hold(hold) => self.reserve(hold.postings.as_slice(), plus),
            EntryBody::Release(release) => self.reserve(&release.postings, minus),
            EntryBody::Account(_) | EntryBody::TransactionChange(_) => {}
        }
    }

    fn post(&mut self, postings: &'a [Posting]) {
        for posting in postings {
            let amount = Total::from(posting.amount());
            if let Some(sum) = self.sum(posting.source(), posting) {
                sum.posted_out = sum.posted_out.plus(amount);
            }
            if let Some(sum) = self.sum(posting.destination(), posting) {
                sum.posted_in = sum.posted_in.plus(amount);
            }
        }
    }

    fn reserve(&mut self, postings: &'a [Posting], step: Step) {
        for posting in postings {
            let amount = Total::from(posting.amount());
            if let Some(sum) = self.sum(posting.source(), posting) {
                sum.pending_out = step(sum.pending_out, amount);
            }
            if let Some(sum) = self.sum(posting.destination(), posting) {
                sum.pending_in = step(sum.pending_in, amount);
            }
        }
    }

    fn sum(&mut self, account: &'a Address, posting: &'a Posting) -> Option<&mut BalanceTotal> {
        Some(self.0.entry((account.root()?, posting.asset())).or_default())
    }

    /// Returns how many sums change.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each sum's root and asset, and what it changes by, in this order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a Asset, &BalanceTotal)> {
        self.0.iter().map(|((root, asset), change)| (*root, *asset, change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Amount, Book, CaptureHold, Command, CreateHold, EntryNumber, Expectations, Metadata, PostTransaction,
        Postings, ReleaseCause, ReleaseHold, ReverseTransaction, Timestamp, decide,
    };

    fn postings<A: From<Amount> + Copy>(rows: &[(&str, &str, u64)]) -> Postings<A> {
        let asset = Asset::parse("USD/2").unwrap();
        let posting = |(source, destination, amount): &(&str, &str, u64)| {
            let (source, destination) =
                (Address::parse(source).unwrap(), Address::parse(destination).unwrap());
            Posting::new(source, destination, asset.clone(), A::from(Amount::from(*amount))).unwrap()
        };
        Postings::new(rows.iter().map(posting).collect()).unwrap()
    }

    /// The sums that an applied entry leaves, added up over the book's balances.
    fn added_up(book: &Book) -> BTreeMap<RootKey, BalanceTotal> {
        let mut sums = BTreeMap::new();
        for (key, balance) in book.balances() {
            if let Some(root) = Root::of(&key.account) {
                let key = RootKey { root, asset: key.asset.clone() };
                sums.entry(key).or_insert_with(BalanceTotal::default).add_balance(balance);
            }
        }
        sums
    }

    #[test]
    fn a_root_is_one_segment_with_more_behind_it() {
        let root = |text: &str| Root::of(&Address::parse(text).unwrap()).map(|root| root.to_string());
        assert_eq!(root("users"), None);
        assert_eq!(root("users:1"), Some("users".to_owned()));
        assert_eq!(root("users:1:wallet"), Some("users".to_owned()));
        assert_eq!((Root::parse("users:1"), Root::parse("")), (None, None));
    }

    #[test]
    fn changes_of_every_kind_of_entry_are_those_of_its_balances() {
        let post = |rows| {
            Command::PostTransaction(PostTransaction {
                postings: postings(rows),
                reference: None,
                effective_at: None,
                metadata: Metadata::none(),
                expectations: Expectations::default(),
            })
        };
        let hold = |rows| {
            Command::CreateHold(CreateHold {
                postings: postings(rows),
                expires_at: None,
                reference: None,
                metadata: Metadata::none(),
            })
        };
        let capture = |hold, rows: &[(&str, &str, u64)], is_final| {
            Command::CaptureHold(CaptureHold {
                hold: EntryNumber(hold),
                postings: Some(postings(rows)),
                is_final,
                reference: None,
                effective_at: None,
                metadata: Metadata::none(),
            })
        };
        let commands = [
            post(&[("world", "users:1", 100), ("world", "users", 7), ("users:1", "users:2:x", 30)]),
            post(&[("users:2:x", "shops:1", 0), ("users", "banks:1", 2)]),
            hold(&[("users:1", "shops:1", 20), ("users:2:x", "users:1", 10)]),
            capture(2, &[("users:1", "shops:1", 5)], false),
            capture(2, &[("users:1", "shops:1", 6)], true),
            hold(&[("users:1", "shops", 9)]),
            Command::ReleaseHold(ReleaseHold { hold: EntryNumber(5), cause: ReleaseCause::Voided }),
            Command::ReverseTransaction(ReverseTransaction {
                transaction: EntryNumber(4),
                postings: None,
                forced: false,
                reference: None,
                effective_at: None,
                metadata: Metadata::none(),
            }),
        ];
        let mut book = Book::default();
        let mut kept = BTreeMap::<RootKey, BalanceTotal>::new();
        for command in &commands {
            if let Command::ReverseTransaction(_) = command {
                let moved = postings(&[("users:1", "shops:1", 6)]);
                book.load_unreversed(EntryNumber(4), crate::Remainder::whole(moved));
            }
            let entry = decide(&book, command, Timestamp::default()).unwrap();
            let mut changes = SumChanges::default();
            changes.add(&entry);
            for (root, asset, change) in changes.iter() {
                let key = RootKey { root: Root::parse(root).unwrap(), asset: asset.clone() };
                kept.entry(key).or_default().add(change);
            }
            book.apply(&entry);
            assert_eq!(kept, added_up(&book), "{command:?}");
        }
        assert_eq!(kept.len(), 3);
    }
}
