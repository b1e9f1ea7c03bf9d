//! Log entries: the truth, of which everything else is a projection.

use crate::{Address, Amount, Asset, Balance, BalanceKey, Metadata, Posting, Postings, Reference, Timestamp};

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
    /// Returns the statement lines that this entry puts on accounts: for each posting in order the
    /// source's, then the destination's.
    ///
    /// # Panics
    /// When `balances` lacks an account that a posting names, which no entry made by
    /// [`decide`](crate::decide) does.
    #[must_use]
    pub fn statement_lines(&self) -> Vec<StatementLine> {
        let EntryBody::Transaction(transaction) = &self.body;
        let postings = transaction.postings.as_slice();
        // The entry holds the balances after its last posting. Going back from there gives each
        // posting's own, without asking anybody for what was before.
        let mut after: Vec<i128> = self.balances.iter().map(|(_, b)| b.posted()).collect();
        let place = |account: &Address, asset: &Asset| {
            self.balances
                .binary_search_by(|(key, _)| (&key.account, &key.asset).cmp(&(account, asset)))
                .expect("an entry holds the balances of all that it touched")
        };
        let mut lines = Vec::with_capacity(2 * postings.len());
        for (index, posting) in postings.iter().enumerate().rev() {
            let moved = posting.amount().signed();
            let destination = place(posting.destination(), posting.asset());
            lines.push(self.line(index, posting, Direction::Credit, after[destination]));
            after[destination] -= moved;
            let source = place(posting.source(), posting.asset());
            lines.push(self.line(index, posting, Direction::Debit, after[source]));
            after[source] += moved;
        }
        lines.reverse();
        lines
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
    use crate::{Book, Command, PostTransaction, decide};

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
            postings: Postings::new(postings.collect()).unwrap(),
            reference: None,
            effective_at: None,
            metadata: Metadata::default(),
        });
        decide(&Book::default(), &command, Timestamp::default()).unwrap()
    }

    #[test]
    fn each_posting_puts_a_debit_on_its_source_and_a_credit_on_its_destination() {
        use Direction::{Credit, Debit};
        let lines = entry(&[("world", "a", "USD/2", 10), ("a", "b", "USD/2", 4), ("world", "a", "EUR/2", 1)])
            .statement_lines();
        let lines: Vec<_> = lines
            .iter()
            .map(|l| {
                let (account, counterparty) = (l.account.as_str(), l.counterparty.as_str());
                (l.posting, l.direction, account, counterparty, l.asset.as_str(), l.amount.get(), l.balance)
            })
            .collect();
        assert_eq!(
            lines,
            [
                (0, Debit, "world", "a", "USD/2", 10, -10),
                (0, Credit, "a", "world", "USD/2", 10, 10),
                (1, Debit, "a", "b", "USD/2", 4, 6),
                (1, Credit, "b", "a", "USD/2", 4, 4),
                (2, Debit, "world", "a", "EUR/2", 1, -1),
                (2, Credit, "a", "world", "EUR/2", 1, 1),
            ]
        );
    }

    #[test]
    fn a_zero_amount_has_its_lines_too() {
        let lines = entry(&[("a", "b", "USD/2", 0)]).statement_lines();
        assert_eq!(
            lines.iter().map(|l| (l.account.as_str(), l.balance)).collect::<Vec<_>>(),
            [("a", 0), ("b", 0)]
        );
    }

    #[test]
    #[should_panic(expected = "an entry holds the balances of all that it touched")]
    fn an_entry_that_lacks_a_balance_is_a_bug() {
        let mut entry = entry(&[("world", "a", "USD/2", 10)]);
        entry.balances.remove(0);
        let _ = entry.statement_lines();
    }

    #[test]
    fn numbers_follow_each_other() {
        assert_eq!(EntryNumber::default().next(), EntryNumber(1));
    }
}
