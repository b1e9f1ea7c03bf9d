//! The reference model: a ledger so simple that its correctness can be seen.
//!
//! It remembers every movement it ever accepted and answers each question by going through all of them.
//! It never keeps a balance, and never calls the code that it is there to check: it shares nothing with
//! it but the types in which questions and answers are put.

use ledger::{
    Address, Amount, Asset, Bound, ChangeAccount, Command, Direction, EntryNumber, Expectation, Figure,
    FloorsPatch, Frozen, PostTransaction, Posting, Quantity, Reference, Rejection, Timestamp, Unmet,
};

/// Amounts and every sum of amounts stay below this.
const LIMIT: u128 = 1 << 127;

/// One movement, and the entry that made it.
#[derive(Clone, Debug)]
struct Movement {
    entry: u64,
    source: Address,
    destination: Address,
    asset: Asset,
    amount: u128,
}

/// The history of a ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    movements: Vec<Movement>,
    references: Vec<(Reference, u64)>,
    recorded: Vec<Timestamp>,
    /// Every change of an account that was ever asked for: there is none that is refused.
    changes: Vec<ChangeAccount>,
}

/// What a model says of an accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) number: EntryNumber,
    pub(crate) recorded_at: Timestamp,
    pub(crate) effective_at: Timestamp,
    /// What each posting moved.
    pub(crate) amounts: Vec<u128>,
}

impl Model {
    /// Accepts a command and remembers it, or says why not and remembers nothing.
    pub(crate) fn take(&mut self, command: &Command, now: Timestamp) -> Result<Accepted, Rejection> {
        match command {
            Command::PostTransaction(post) => self.post(post, now),
            Command::ChangeAccount(change) => {
                self.changes.push(change.clone());
                let number = EntryNumber(self.recorded.len() as u64);
                let recorded_at = self.record(now);
                Ok(Accepted { number, recorded_at, effective_at: recorded_at, amounts: vec![] })
            }
        }
    }

    fn record(&mut self, now: Timestamp) -> Timestamp {
        let recorded_at = self.recorded.iter().copied().fold(now, Timestamp::max);
        self.recorded.push(recorded_at);
        recorded_at
    }

    fn post(&mut self, post: &PostTransaction, now: Timestamp) -> Result<Accepted, Rejection> {
        let number = self.recorded.len() as u64;
        if let Some(wanted) = &post.reference {
            for (reference, entry) in &self.references {
                if reference == wanted {
                    let entry = EntryNumber(*entry);
                    return Err(Rejection::ReferenceTaken { reference: wanted.clone(), entry });
                }
            }
        }
        let before = self.movements.len();
        for (index, posting) in post.postings.as_slice().iter().enumerate() {
            let moved = self.lets_through(index, posting).and_then(|()| self.amount_of(index, posting));
            let moved = moved.and_then(|amount| {
                let movement = Movement {
                    entry: number,
                    source: posting.source().clone(),
                    destination: posting.destination().clone(),
                    asset: posting.asset().clone(),
                    amount,
                };
                self.allows(index, &movement).map(|()| movement)
            });
            match moved {
                Ok(movement) => self.movements.push(movement),
                Err(rejection) => {
                    self.movements.truncate(before);
                    return Err(rejection);
                }
            }
        }
        for (index, expectation) in post.expectations.as_slice().iter().enumerate() {
            if let Err(unmet) = self.meets(expectation) {
                self.movements.truncate(before);
                let (account, asset) = (expectation.key().account.clone(), expectation.key().asset.clone());
                return Err(Rejection::ExpectationFailed { expectation: index, account, asset, unmet });
            }
        }
        let recorded_at = self.record(now);
        if let Some(reference) = &post.reference {
            self.references.push((reference.clone(), number));
        }
        Ok(Accepted {
            number: EntryNumber(number),
            recorded_at,
            effective_at: post.effective_at.unwrap_or(recorded_at),
            amounts: self.movements[before..].iter().map(|movement| movement.amount).collect(),
        })
    }

    /// Returns how far an account may fall, by going through all changes; `None` where it may without end.
    pub(crate) fn floor(&self, account: &Address, asset: &Asset) -> Option<i128> {
        let mut floor = if account.as_str() == "world" { None } else { Some(0) };
        for change in self.changes.iter().filter(|change| change.account == *account) {
            match &change.policy.floors {
                None => {}
                Some(FloorsPatch::Unbounded) => floor = None,
                Some(FloorsPatch::PerAsset(floors)) => match floors.get(asset) {
                    Some(Some(units)) => floor = Some(*units),
                    Some(None) => floor = Some(0),
                    None => floor = floor.or(Some(0)),
                },
            }
        }
        floor
    }

    fn is_closed(&self, account: &Address) -> bool {
        let own = self.changes.iter().filter(|change| change.account == *account);
        own.filter_map(|change| change.policy.closed).next_back().unwrap_or(false)
    }

    fn frozen(&self, account: &Address) -> Frozen {
        let own = self.changes.iter().filter(|change| change.account == *account);
        own.filter_map(|change| change.policy.frozen).next_back().unwrap_or(Frozen::None)
    }

    /// Returns what is kept beside an account under a key.
    pub(crate) fn kept(&self, account: &Address, key: &str) -> Option<&str> {
        let own = self.changes.iter().filter(|change| change.account == *account);
        own.filter_map(|change| change.metadata.as_map().get(key)).next_back()?.as_deref()
    }

    fn lets_through(&self, index: usize, posting: &Posting<Quantity>) -> Result<(), Rejection> {
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

    fn posted(&self, account: &Address, asset: &Asset) -> i128 {
        let credits = i128::try_from(self.total_in(account, asset)).unwrap();
        credits - i128::try_from(self.total_out(account, asset)).unwrap()
    }

    /// Returns what a posting moves where it does not ask for an amount but for what there is.
    fn amount_of(&self, posting_index: usize, posting: &Posting<Quantity>) -> Result<u128, Rejection> {
        let (source, asset) = (posting.source(), posting.asset());
        let floor = self.floor(source, asset);
        // No amount is larger than the limit.
        let has = floor.map(|floor| {
            u128::try_from(self.posted(source, asset).saturating_sub(floor)).unwrap_or(0).min(LIMIT - 1)
        });
        match (posting.amount(), has) {
            (Quantity::Exactly(amount), _) => Ok(amount.get()),
            (Quantity::UpTo(most), None) => Ok(most.get()),
            (Quantity::UpTo(most), Some(has)) => Ok(if most.get() < has { most.get() } else { has }),
            (Quantity::All, None) => Err(Rejection::AccountUnbounded {
                posting: posting_index,
                account: source.clone(),
                asset: asset.clone(),
            }),
            (Quantity::All, Some(has)) => Ok(has),
        }
    }

    /// Says whether what there is is as expected. Nothing is ever held, so that all of it is available.
    fn meets(&self, expectation: &Expectation) -> Result<(), Unmet> {
        let (account, asset) = (&expectation.key().account, &expectation.key().asset);
        let actual = self.posted(account, asset);
        let (posted, available) = (expectation.posted(), expectation.available());
        for (figure, bounds) in [(Figure::Posted, posted), (Figure::Available, available)] {
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

    fn allows(&self, posting: usize, next: &Movement) -> Result<(), Rejection> {
        let Movement { source, destination, asset, amount, .. } = next;
        let debits = self.total_out(source, asset);
        if let Some(floor) = self.floor(source, asset)
            && *amount > 0
        {
            let available = self.posted(source, asset);
            let distance = available.abs_diff(floor);
            let (over, under) = if available < floor { (0, distance) } else { (distance, 0) };
            let needed = amount.saturating_add(under);
            if needed > over {
                return Err(Rejection::InsufficientFunds {
                    posting,
                    account: source.clone(),
                    asset: asset.clone(),
                    available,
                    amount: Amount::new(*amount).unwrap(),
                    shortfall: Amount::new((needed - over).min(LIMIT - 1)).unwrap(),
                });
            }
        }
        let overflow = |account: &Address| Rejection::AmountOverflow {
            posting,
            account: account.clone(),
            asset: asset.clone(),
        };
        if debits + amount >= LIMIT {
            return Err(overflow(source));
        }
        if self.total_in(destination, asset) + amount >= LIMIT {
            return Err(overflow(destination));
        }
        Ok(())
    }

    /// Returns the sum of all that ever reached an account.
    pub(crate) fn total_in(&self, account: &Address, asset: &Asset) -> u128 {
        self.sum(|m| m.destination == *account && m.asset == *asset)
    }

    /// Returns the sum of all that ever left an account.
    pub(crate) fn total_out(&self, account: &Address, asset: &Asset) -> u128 {
        self.sum(|m| m.source == *account && m.asset == *asset)
    }

    fn sum(&self, counts: impl Fn(&Movement) -> bool) -> u128 {
        self.movements.iter().filter(|m| counts(m)).map(|m| m.amount).sum()
    }

    /// Returns what an account had after the posting of that place in that entry.
    pub(crate) fn posted_after(
        &self,
        account: &Address,
        asset: &Asset,
        entry: EntryNumber,
        posting: usize,
    ) -> i128 {
        let mut posted = 0;
        let mut place = 0;
        for movement in &self.movements {
            place = if movement.entry == entry.0 { place + 1 } else { 0 };
            if movement.entry > entry.0 || place > posting + 1 {
                break;
            }
            if movement.asset == *asset && movement.destination == *account {
                posted += i128::try_from(movement.amount).unwrap();
            }
            if movement.asset == *asset && movement.source == *account {
                posted -= i128::try_from(movement.amount).unwrap();
            }
        }
        posted
    }

    /// Returns every account and asset that ever moved, each once.
    pub(crate) fn moved(&self) -> Vec<(Address, Asset)> {
        let mut moved = Vec::new();
        for movement in &self.movements {
            for account in [&movement.source, &movement.destination] {
                let pair = (account.clone(), movement.asset.clone());
                if !moved.contains(&pair) {
                    moved.push(pair);
                }
            }
        }
        moved
    }
}
