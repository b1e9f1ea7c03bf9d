//! Log entries: the truth, of which everything else is a projection.

use crate::{
    Address, Amount, Asset, Balance, BalanceKey, Metadata, Policy, Posting, Postings, Reference, Timestamp,
    TransactionChange,
};

/// The number of an entry in its ledger's log: 0, 1, 2, … without gaps. A transaction's id is the
/// number of its entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryNumber(pub u64);

impl EntryNumber {
    /// Returns the number that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// One change of a ledger, as recorded. Nothing recorded ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub number: EntryNumber,
    /// When it was written; never before the entry ahead of it.
    pub recorded_at: Timestamp,
    /// When it counts.
    pub effective_at: Timestamp,
    /// What changed.
    pub body: EntryBody,
    /// Every balance that the change touched, as it stood after it, by account and asset.
    pub balances: Vec<(BalanceKey, Balance)>,
}

/// What an entry changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryBody {
    /// Money moved.
    Transaction(Transaction),
    /// An account was changed.
    Account(AccountChange),
    /// Money was reserved.
    Hold(Hold),
    /// Reserved money was let go.
    Release(Release),
    /// What is kept beside a transaction was changed.
    TransactionChange(TransactionChange),
}

impl EntryBody {
    /// Returns the transaction, where it is one.
    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction> {
        match self {
            Self::Transaction(transaction) => Some(transaction),
            Self::Account(_) | Self::TransactionChange(_) | Self::Hold(_) | Self::Release(_) => None,
        }
    }

    /// Returns what was posted, in order: nothing, where it is no transaction.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        self.transaction().map_or(&[], |transaction| transaction.postings.as_slice())
    }

    /// Returns what was posted, or reserved, or let go, in order.
    #[must_use]
    pub fn movements(&self) -> &[Posting] {
        match self {
            Self::Transaction(transaction) => transaction.postings.as_slice(),
            Self::Hold(hold) => hold.postings.as_slice(),
            Self::Release(release) => &release.postings,
            Self::Account(_) | Self::TransactionChange(_) => &[],
        }
    }

    /// Returns every posting whose balances it touches: what [moved](Self::movements), and what a capture let go.
    pub fn touching(&self) -> impl Iterator<Item = &Posting> {
        let released = match self.transaction().map(|transaction| &transaction.origin) {
            Some(Origin::Capture(capture)) => &*capture.released,
            Some(Origin::Posted | Origin::Reversal(_)) | None => &[],
        };
        self.movements().iter().chain(released)
    }

    /// Returns the hold that it used or ended.
    #[must_use]
    pub fn hold(&self) -> Option<EntryNumber> {
        match self {
            Self::Transaction(Transaction { origin: Origin::Capture(capture), .. }) => Some(capture.hold),
            Self::Release(release) => Some(release.hold),
            Self::Transaction(_) | Self::Account(_) | Self::TransactionChange(_) | Self::Hold(_) => None,
        }
    }

    /// Returns the transaction that it reversed.
    #[must_use]
    pub fn reversed(&self) -> Option<EntryNumber> {
        match self {
            Self::Transaction(Transaction { origin: Origin::Reversal(reversal), .. }) => Some(reversal.of),
            Self::Transaction(_)
            | Self::Account(_)
            | Self::TransactionChange(_)
            | Self::Hold(_)
            | Self::Release(_) => None,
        }
    }

    /// Says whether it touches what is pending, and so a hold: its own, or an earlier one.
    #[must_use]
    pub fn rests_on_holds(&self) -> bool {
        match self {
            Self::Transaction(transaction) => matches!(transaction.origin, Origin::Capture(_)),
            Self::Hold(_) | Self::Release(_) => true,
            Self::Account(_) | Self::TransactionChange(_) => false,
        }
    }

    /// Returns the caller's own name for it.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Transaction(transaction) => transaction.reference.as_ref(),
            Self::Hold(hold) => hold.reference.as_ref(),
            Self::Account(_) | Self::TransactionChange(_) | Self::Release(_) => None,
        }
    }

    /// Returns what the caller keeps beside it: beside a transaction or a hold, or beside the account or the transaction
    /// as it was changed.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Transaction(transaction) => &transaction.metadata,
            Self::Account(change) => &change.metadata,
            Self::Hold(hold) => &hold.metadata,
            Self::Release(_) => &NO_METADATA,
            Self::TransactionChange(change) => &change.metadata,
        }
    }
}

static NO_METADATA: Metadata = Metadata::none();

/// A change of an account: all that is kept beside its balances, as it was afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account.
    pub account: Address,
    /// What it allows.
    pub policy: Policy,
    /// What callers keep beside it.
    pub metadata: Metadata,
}

/// Money that moved, all or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// What moved, in order.
    pub postings: Postings,
    /// The caller's own name for it.
    pub reference: Option<Reference>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
    /// What it comes of.
    pub origin: Origin,
}

/// What a transaction comes of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It was posted.
    #[default]
    Posted,
    /// It captured a hold.
    Capture(Capture),
    /// It reversed another transaction.
    Reversal(Reversal),
}

/// What a capture did to its hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The hold.
    pub hold: EntryNumber,
    /// Whether the hold ended with it.
    pub closes: bool,
    /// What was let go of the hold, in order; nothing, unless it ended.
    pub released: Vec<Posting>,
}

/// What a reversal reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The transaction.
    pub of: EntryNumber,
    /// Whether it could take accounts under their floors.
    pub forced: bool,
}

/// Money that was reserved, all or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What was reserved, in order.
    pub postings: Postings,
    /// The caller's own name for it.
    pub reference: Option<Reference>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
    /// When what is left of it is let go, if ever.
    pub expires_at: Option<Timestamp>,
}

/// The end of a hold of which something may have been left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The hold.
    pub hold: EntryNumber,
    /// Why.
    pub cause: ReleaseCause,
    /// What was let go, in order.
    pub postings: Vec<Posting>,
}

/// Why a hold was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseCause {
    /// The caller wanted it.
    Voided,
    /// Its time had come.
    Expired,
}

/// Which side of a posting an account was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The account was the source: money left it.
    Debit,
    /// The account was the destination: money reached it.
    Credit,
}

/// One line of an account's statement: one side of one posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The account whose statement the line is on.
    pub account: Address,
    /// The entry that it comes from.
    pub entry: EntryNumber,
    /// The posting's place in its transaction, from 0.
    pub posting: usize,
    /// The account's side.
    pub direction: Direction,
    /// The account on the other side.
    pub counterparty: Address,
    /// What moved.
    pub asset: Asset,
    /// How much moved.
    pub amount: Amount,
    /// What the account had of the asset (posted) after this posting.
    pub balance: i128,
}

impl Entry {
    /// Returns the lines that this entry puts on an account's statement, in the order of its postings. `None`
    /// where `balances` lacks one of the account's, which no entry made by [`decide`](crate::decide) does.
    #[must_use]
    pub fn statement_lines(&self, account: &Address) -> Option<Vec<StatementLine>> {
        // The entry holds the balances after its last posting. Going back from there gives each
        // posting's own, without asking anybody for what was before.
        let mut after: Vec<(&Asset, i128)> = self
            .balances
            .iter()
            .filter(|(key, _)| key.account == *account)
            .map(|(key, balance)| (&key.asset, balance.posted()))
            .collect();
        let mut lines = Vec::new();
        for (index, posting) in self.body.postings().iter().enumerate().rev() {
            let direction = match (posting.source() == account, posting.destination() == account) {
                (true, _) => Direction::Debit,
                (_, true) => Direction::Credit,
                _ => continue,
            };
            let (_, balance) = after.iter_mut().find(|(asset, _)| *asset == posting.asset())?;
            lines.push(self.line(index, posting, direction, *balance));
            // Wrapping, as an entry read from a damaged log may hold anything.
            *balance = match direction {
                Direction::Debit => balance.wrapping_add(posting.amount().signed()),
                Direction::Credit => balance.wrapping_sub(posting.amount().signed()),
            };
        }
        lines.reverse();
        Some(lines)
    }

    fn line(&self, posting: usize, p: &Posting, direction: Direction, balance: i128) -> StatementLine {
        let (account, counterparty) = match direction {
            Direction::Debit => (p.source(), p.destination()),
            Direction::Credit => (p.destination(), p.source()),
        };
        StatementLine {
            account: account.clone(),
            entry: self.number,
            posting,
            direction,
            counterparty: counterparty.clone(),
            asset: p.asset().clone(),
            amount: p.amount(),
            balance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Book, Command, Expectations, PostTransaction, decide};

    fn entry(postings: &[(&str, &str, &str, u64)]) -> Entry {
        let postings = postings.iter().map(|(source, destination, asset, amount)| {
            Posting::new(
                Address::parse(source).unwrap(),
                Address::parse(destination).unwrap(),
                Asset::parse(asset).unwrap(),
                Amount::from(*amount),
            )
            .unwrap()
        });
        let command = Command::PostTransaction(PostTransaction {
            postings: Postings::new(postings.collect()).unwrap().into(),
            reference: None,
            effective_at: None,
            metadata: Metadata::default(),
            expectations: Expectations::default(),
        });
        decide(&Book::default(), &command, Timestamp::default()).unwrap()
    }

    /// Posting, direction, counterparty, asset, amount, balance after it.
    type Line = (usize, Direction, String, String, u128, i128);

    fn line(
        posting: usize,
        direction: Direction,
        counterparty: &str,
        asset: &str,
        amount: u128,
        balance: i128,
    ) -> Line {
        (posting, direction, counterparty.to_owned(), asset.to_owned(), amount, balance)
    }

    fn lines_of(entry: &Entry, account: &str) -> Option<Vec<Line>> {
        let lines = entry.statement_lines(&Address::parse(account).unwrap())?;
        assert!(lines.iter().all(|l| l.account.as_str() == account && l.entry == entry.number));
        let line = |l: &StatementLine| {
            line(l.posting, l.direction, l.counterparty.as_str(), l.asset.as_str(), l.amount.get(), l.balance)
        };
        Some(lines.iter().map(line).collect())
    }

    #[test]
    fn each_posting_puts_a_debit_on_its_source_and_a_credit_on_its_destination() {
        use Direction::{Credit, Debit};
        let entry = entry(&[("world", "a", "USD/2", 10), ("a", "b", "USD/2", 4), ("world", "a", "EUR/2", 1)]);
        assert_eq!(
            lines_of(&entry, "a").unwrap(),
            [
                line(0, Credit, "world", "USD/2", 10, 10),
                line(1, Debit, "b", "USD/2", 4, 6),
                line(2, Credit, "world", "EUR/2", 1, 1),
            ]
        );
        assert_eq!(
            lines_of(&entry, "world").unwrap(),
            [line(0, Debit, "a", "USD/2", 10, -10), line(2, Debit, "a", "EUR/2", 1, -1)]
        );
        assert_eq!(lines_of(&entry, "b").unwrap(), [line(1, Credit, "a", "USD/2", 4, 4)]);
        assert_eq!(lines_of(&entry, "c").unwrap(), []);
    }

    #[test]
    fn a_zero_amount_has_its_lines_too() {
        let entry = entry(&[("a", "b", "USD/2", 0)]);
        assert_eq!([lines_of(&entry, "a").unwrap().len(), lines_of(&entry, "b").unwrap().len()], [1, 1]);
    }

    #[test]
    fn an_entry_that_lacks_a_balance_has_no_lines_to_show() {
        let mut entry = entry(&[("world", "a", "USD/2", 10)]);
        entry.balances.remove(0);
        assert_eq!(lines_of(&entry, "a"), None);
        assert_eq!(lines_of(&entry, "world").unwrap().len(), 1);
    }

    #[test]
    fn numbers_follow_each_other() {
        assert_eq!(EntryNumber::default().next(), EntryNumber(1));
    }
}
