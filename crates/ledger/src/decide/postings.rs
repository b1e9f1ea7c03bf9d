//! Postings one after the other, on the balances that those before them have left.

use std::collections::BTreeMap;

use crate::{
    Address, Amount, Balance, BalanceKey, Book, Direction, Expectations, Floor, Posting, Postings, Quantity,
    Rejection,
};

/// A command's postings on their way: the balances that they have touched, as they have left them. Nothing of it is
/// in the book.
pub(super) struct Moving<'b> {
    pub(super) book: &'b Book,
    touched: BTreeMap<BalanceKey, Balance>,
}

/// How an amount leaves one balance or reaches another: one of the steps of [`Balance`].
type Step = fn(Balance, Amount) -> Option<Balance>;

impl<'b> Moving<'b> {
    pub(super) fn on(book: &'b Book) -> Self {
        Self { book, touched: BTreeMap::new() }
    }

    /// Returns every balance touched, by account and asset.
    pub(super) fn balances(self) -> Vec<(BalanceKey, Balance)> {
        self.touched.into_iter().collect()
    }

    /// Moves postings in order, and returns them with the amounts that moved.
    pub(super) fn all(&mut self, postings: &Postings<Quantity>) -> Result<Postings, Rejection> {
        postings.try_map(|(index, posting)| {
            self.let_through(index, posting)?;
            let posting = self.afforded(index, posting)?;
            self.post(index, &posting)?;
            Ok(posting)
        })
    }

    /// Says whether both accounts of a posting take part in it.
    pub(super) fn let_through<A: Copy>(&self, index: usize, posting: &Posting<A>) -> Result<(), Rejection> {
        let sides = [(posting.source(), Direction::Debit), (posting.destination(), Direction::Credit)];
        for (account, side) in sides {
            let policy = self.book.policy(account);
            if policy.closed {
                return Err(Rejection::AccountClosed { posting: index, account: account.clone() });
            }
            if policy.frozen.bars(side) {
                return Err(Rejection::AccountFrozen { posting: index, account: account.clone(), side });
            }
        }
        Ok(())
    }

    /// Returns a posting with the amount that its source can give without passing its floor.
    pub(super) fn afforded(&self, index: usize, posting: &Posting<Quantity>) -> Result<Posting, Rejection> {
        let source = key(posting.source(), posting);
        let available = self.current(&source).available();
        let floor = self.book.policy(&source.account).floor(&source.asset);
        let Some(amount) = posting.amount().out_of(available, floor) else {
            let BalanceKey { account, asset } = source;
            return Err(Rejection::AccountUnbounded { posting: index, account, asset });
        };
        if let Floor::AtLeast(floor) = floor
            && let Some(shortfall) = shortfall(available, floor, amount)
        {
            let BalanceKey { account, asset } = source;
            return Err(Rejection::InsufficientFunds {
                posting: index,
                account,
                asset,
                available,
                amount,
                shortfall,
            });
        }
        Ok(posting.with_amount(amount))
    }

    /// Moves an amount that was not reserved.
    pub(super) fn post(&mut self, index: usize, posting: &Posting) -> Result<(), Rejection> {
        self.step(index, posting, Balance::debited, Balance::credited)
    }

    /// Reserves an amount.
    pub(super) fn reserve(&mut self, index: usize, posting: &Posting) -> Result<(), Rejection> {
        self.step(index, posting, Balance::debit_held, Balance::credit_held)
    }

    /// Moves an amount that was reserved.
    pub(super) fn settle(&mut self, index: usize, posting: &Posting) -> Result<(), Rejection> {
        self.step(index, posting, Balance::debit_settled, Balance::credit_settled)
    }

    /// Lets an amount go that was reserved.
    pub(super) fn let_go(&mut self, index: usize, posting: &Posting) -> Result<(), Rejection> {
        self.step(index, posting, Balance::debit_let_go, Balance::credit_let_go)
    }

    /// Moves an amount by a step on either side. A counter that has no room for it, or of what is reserved has less,
    /// is an overflow; the latter no log leads to.
    fn step(&mut self, index: usize, posting: &Posting, out: Step, into: Step) -> Result<(), Rejection> {
        for (account, step) in [(posting.source(), out), (posting.destination(), into)] {
            let key = key(account, posting);
            let Some(after) = step(self.current(&key), posting.amount()) else {
                let BalanceKey { account, asset } = key;
                return Err(Rejection::AmountOverflow { posting: index, account, asset });
            };
            self.touched.insert(key, after);
        }
        Ok(())
    }

    /// Holds what the postings have left to what the caller expects.
    pub(super) fn meets(&self, expectations: &Expectations) -> Result<(), Rejection> {
        for (index, expectation) in expectations.as_slice().iter().enumerate() {
            let balance = expectation.key().map(|key| self.current(key)).unwrap_or_default();
            if let Some(unmet) = expectation.unmet(&balance, self.book.version(expectation.account())) {
                let account = expectation.account().clone();
                let asset = expectation.key().map(|key| key.asset.clone());
                return Err(Rejection::ExpectationFailed { expectation: index, account, asset, unmet });
            }
        }
        Ok(())
    }

    /// Returns a balance as the postings so far have left it.
    fn current(&self, key: &BalanceKey) -> Balance {
        self.touched.get(key).copied().unwrap_or_else(|| self.book.balance(key))
    }
}

fn key<A: Copy>(account: &Address, posting: &Posting<A>) -> BalanceKey {
    BalanceKey { account: account.clone(), asset: posting.asset().clone() }
}

/// How much is missing for an amount to leave `available` without passing the floor, if anything.
///
/// A zero amount moves nothing, so it never misses anything. More than the largest amount counts as
/// the largest amount.
pub(super) fn shortfall(available: i128, floor: i128, amount: Amount) -> Option<Amount> {
    if amount == Amount::ZERO {
        return None;
    }
    let room = available.saturating_sub(floor);
    let missing = u128::try_from(amount.signed().saturating_sub(room)).ok()?;
    (missing > 0).then(|| Amount::new(missing).unwrap_or(Amount::MAX))
}
