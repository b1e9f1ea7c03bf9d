//! What the model lets move: what accounts allow, what they have, and what callers expect.

use ledger::{Amount, Bound, Direction, Expectation, Figure, Frozen, Posting, Quantity, Rejection, Unmet};

use crate::{LIMIT, Model};

impl Model {
    pub(crate) fn lets_through(&self, index: usize, posting: &Posting<Quantity>) -> Result<(), Rejection> {
        for (account, side, barring) in [
            (posting.source(), Direction::Debit, Frozen::Debits),
            (posting.destination(), Direction::Credit, Frozen::Credits),
        ] {
            let account = account.clone();
            if self.is_closed(&account) {
                return Err(Rejection::AccountClosed { posting: index, account });
            }
            let frozen = self.frozen(&account);
            if frozen == barring || frozen == Frozen::All {
                return Err(Rejection::AccountFrozen { posting: index, account, side });
            }
        }
        Ok(())
    }

    /// Returns what a posting moves where it does not ask for an amount but for what there is.
    pub(crate) fn amount_of(&self, index: usize, posting: &Posting<Quantity>) -> Result<u128, Rejection> {
        let (source, asset) = (posting.source(), posting.asset());
        // No amount is larger than the limit.
        let has = self.floor(source, asset).map(|floor| {
            u128::try_from(self.available(source, asset).saturating_sub(floor)).unwrap_or(0).min(LIMIT - 1)
        });
        match (posting.amount(), has) {
            (Quantity::Exactly(amount), _) => Ok(amount.get()),
            (Quantity::UpTo(most), None) => Ok(most.get()),
            (Quantity::UpTo(most), Some(has)) => Ok(if most.get() < has { most.get() } else { has }),
            (Quantity::All, None) => Err(Rejection::AccountUnbounded {
                posting: index,
                account: source.clone(),
                asset: asset.clone(),
            }),
            (Quantity::All, Some(has)) => Ok(has),
        }
    }

    /// Says whether a source has so much above its floor.
    pub(crate) fn affords(
        &self,
        index: usize,
        posting: &Posting<Quantity>,
        amount: u128,
    ) -> Result<(), Rejection> {
        let (source, asset) = (posting.source(), posting.asset());
        let Some(floor) = self.floor(source, asset) else { return Ok(()) };
        let available = self.available(source, asset);
        let distance = available.abs_diff(floor);
        let (over, under) = if available < floor { (0, distance) } else { (distance, 0) };
        let needed = amount.saturating_add(under);
        if amount == 0 || needed <= over {
            return Ok(());
        }
        Err(Rejection::InsufficientFunds {
            posting: index,
            account: source.clone(),
            asset: asset.clone(),
            available,
            amount: Amount::new(amount).unwrap(),
            shortfall: Amount::new((needed - over).min(LIMIT - 1)).unwrap(),
        })
    }

    /// Says whether all that ever left the source, with what is reserved to leave it, has room for so much more; and
    /// likewise what reached the destination. What is reserved was let in already, so captures never ask.
    pub(crate) fn has_room(
        &self,
        index: usize,
        posting: &Posting<Quantity>,
        amount: u128,
    ) -> Result<(), Rejection> {
        let (source, destination, asset) = (posting.source(), posting.destination(), posting.asset());
        let out = self.posted_out(source, asset) + self.pending_out(source, asset);
        let into = self.posted_in(destination, asset) + self.pending_in(destination, asset);
        for (account, sum) in [(source, out), (destination, into)] {
            if sum + amount >= LIMIT {
                let (account, asset) = (account.clone(), asset.clone());
                return Err(Rejection::AmountOverflow { posting: index, account, asset });
            }
        }
        Ok(())
    }

    /// Says whether what there is is as expected.
    pub(crate) fn meets(&self, expectation: &Expectation) -> Result<(), Unmet> {
        let account = expectation.account();
        let (posted, available) = match expectation.key() {
            Some(key) => (self.posted(account, &key.asset), self.available(account, &key.asset)),
            None => (0, 0),
        };
        let bounds = expectation.bounds();
        for (figure, bounds, actual) in [
            (Figure::Posted, bounds.posted, posted),
            (Figure::Available, bounds.available, available),
            (Figure::Version, bounds.version, i128::from(self.version(account))),
        ] {
            let unmet = |bound| Err(Unmet { figure, bound, actual });
            match bounds.at_least {
                Some(least) if actual < least => return unmet(Bound::AtLeast(least)),
                _ => {}
            }
            match bounds.at_most {
                Some(most) if actual > most => return unmet(Bound::AtMost(most)),
                _ => {}
            }
            match bounds.equals {
                Some(wanted) if actual != wanted => return unmet(Bound::Equals(wanted)),
                _ => {}
            }
        }
        Ok(())
    }
}
