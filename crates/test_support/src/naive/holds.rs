//! Holds and reversals, worked out from the log: every question goes through all entries again. What is left of a
//! posting is counted down unit by unit of what used it, in the order of the postings.

use engine::port::KeptHold;
use engine::query::{Hold, HoldQuery};
use ledger::{
    Address, Amount, Balance, Entry, EntryBody, EntryNumber, HoldStanding, HoldState, Origin, Posting,
    ReleaseCause, Remainder, Timestamp,
};

use super::Naive;

/// What a posting of an entry does to the counters of its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It moves.
    Posted,
    /// It is reserved.
    Held,
    /// It moves after it was reserved.
    Captured,
    /// It is reserved no longer.
    LetGo,
}

/// Changes the counters of a balance.
type Change = Box<dyn Fn(&mut Balance)>;

impl Effect {
    /// Returns what it does to the source's counters, and to the destination's.
    pub(super) fn on_counters(self, amount: Amount) -> (Change, Change) {
        let (posted, pending) = match self {
            Self::Posted => (1, 0),
            Self::Held => (0, 1),
            Self::Captured => (1, -1),
            Self::LetGo => (0, -1),
        };
        let change = move |counter: &mut Amount, times: i128| {
            let changed = counter.signed() + times * amount.signed();
            let changed = u128::try_from(changed).ok().and_then(Amount::new);
            *counter = changed.expect("counters stay within what they hold");
        };
        (
            Box::new(move |balance| {
                change(&mut balance.posted_out, posted);
                change(&mut balance.pending_out, pending);
            }),
            Box::new(move |balance| {
                change(&mut balance.posted_in, posted);
                change(&mut balance.pending_in, pending);
            }),
        )
    }
}

/// Returns what an entry does, posting by posting.
pub(super) fn effects(entry: &Entry) -> impl Iterator<Item = (&Posting, Effect)> {
    let (moved, effect, let_go): (&[Posting], Effect, &[Posting]) = match &entry.body {
        EntryBody::Transaction(transaction) => match &transaction.origin {
            Origin::Posted | Origin::Reversal(_) => (transaction.postings.as_slice(), Effect::Posted, &[]),
            Origin::Capture(capture) => {
                (transaction.postings.as_slice(), Effect::Captured, &capture.released)
            }
        },
        EntryBody::Hold(hold) => (hold.postings.as_slice(), Effect::Held, &[]),
        EntryBody::Release(release) => (&[], Effect::LetGo, &release.postings),
        EntryBody::Account(_) | EntryBody::TransactionChange(_) => (&[], Effect::Posted, &[]),
    };
    let moved = moved.iter().map(move |posting| (posting, effect));
    moved.chain(let_go.iter().map(|posting| (posting, Effect::LetGo)))
}

/// Uses up amounts of postings that are alike, of the first that have something left, and returns how much is used of
/// each.
fn used_up<'p>(of: &[Posting], by: impl IntoIterator<Item = &'p Posting>) -> Vec<Amount> {
    let mut used = vec![0_u128; of.len()];
    for taken in by {
        let mut missing = taken.amount().get();
        for (posting, used) in of.iter().zip(&mut used) {
            let is_alike = posting.source() == taken.source()
                && posting.destination() == taken.destination()
                && posting.asset() == taken.asset();
            if is_alike {
                let part = missing.min(posting.amount().get() - *used);
                *used += part;
                missing -= part;
            }
        }
        assert_eq!(missing, 0, "no more is used than there was");
    }
    used.into_iter().map(|used| Amount::new(used).expect("less than an amount")).collect()
}

impl Naive {
    /// Returns all holds with how they stand, by number.
    ///
    /// # Panics
    /// When more was captured of one than it reserved.
    #[must_use]
    pub fn all_holds(&self) -> Vec<(&Entry, KeptHold)> {
        let mut holds = Vec::new();
        for entry in self.entries() {
            if let EntryBody::Hold(hold) = &entry.body {
                let expires_at = hold.expires_at;
                let captured = used_up(hold.postings.as_slice(), self.captures(entry.number));
                let state = self.state(entry.number);
                holds.push((entry, KeptHold { hold: entry.number, state, captured, expires_at }));
            }
        }
        holds
    }

    fn captures(&self, hold: EntryNumber) -> Vec<&Posting> {
        let of_hold = self.entries().filter(|entry| entry.body.hold() == Some(hold));
        of_hold.flat_map(|entry| entry.body.postings()).collect()
    }

    fn state(&self, hold: EntryNumber) -> HoldState {
        let mut state = HoldState::Open;
        for entry in self.entries().filter(|entry| entry.body.hold() == Some(hold)) {
            match &entry.body {
                EntryBody::Release(release) if release.cause == ReleaseCause::Voided => {
                    state = HoldState::Voided;
                }
                EntryBody::Release(_) => state = HoldState::Expired,
                EntryBody::Transaction(transaction) => match &transaction.origin {
                    Origin::Capture(capture) if capture.closes => state = HoldState::Captured,
                    _ => {}
                },
                EntryBody::Hold(_) | EntryBody::Account(_) | EntryBody::TransactionChange(_) => {}
            }
        }
        state
    }

    /// Returns the whole list that a query asks for, from its position on.
    ///
    /// # Panics
    /// When more was captured of a hold than it reserved.
    #[must_use]
    pub fn holds(&self, query: &HoldQuery) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (entry, kept) in self.all_holds().into_iter().rev() {
            let names = |account: &Address| {
                entry.body.movements().iter().any(|p| p.source() == account || p.destination() == account)
            };
            if query.after.is_none_or(|after| entry.number < after)
                && query.state.is_none_or(|state| state == kept.state)
                && query.account.as_ref().is_none_or(names)
            {
                let EntryBody::Hold(hold) = &entry.body else { continue };
                let left =
                    Remainder::after(hold.postings.clone(), &kept.captured).expect("no more than there was");
                let standing = HoldStanding { state: kept.state, left, expires_at: kept.expires_at };
                holds.push(Hold { entry: entry.clone(), standing });
            }
        }
        holds
    }

    /// Returns the open holds whose time has come, the longest due first.
    #[must_use]
    pub fn due_holds(&self, now: Timestamp) -> Vec<(Timestamp, EntryNumber)> {
        let mut due = Vec::new();
        for (_, kept) in self.all_holds() {
            if let Some(expires_at) = kept.expires_at
                && kept.state == HoldState::Open
                && expires_at <= now
            {
                due.push((expires_at, kept.hold));
            }
        }
        due.sort();
        due
    }

    /// Returns every account with each hold that names it, by account and hold.
    #[must_use]
    pub fn hold_accounts(&self) -> Vec<(Address, EntryNumber)> {
        let mut accounts = Vec::new();
        for (entry, _) in self.all_holds() {
            for posting in entry.body.movements() {
                accounts.push((posting.source().clone(), entry.number));
                accounts.push((posting.destination().clone(), entry.number));
            }
        }
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// Returns how much of each posting was reversed, of the transactions that ever were, by number.
    ///
    /// # Panics
    /// When more was reversed than moved.
    #[must_use]
    pub fn reversed(&self) -> Vec<(EntryNumber, Vec<Amount>)> {
        let reversals: Vec<&Entry> = self.entries().filter(|entry| entry.body.reversed().is_some()).collect();
        let mut reversed: Vec<_> = reversals.iter().filter_map(|entry| entry.body.reversed()).collect();
        reversed.sort();
        reversed.dedup();
        let mut all = Vec::new();
        for number in reversed {
            let original = self.entries().find(|entry| entry.number == number).expect("it is in the log");
            let own = reversals.iter().filter(|entry| entry.body.reversed() == Some(number));
            let back: Vec<Posting> =
                own.flat_map(|entry| entry.body.postings()).map(Posting::reversed).collect();
            all.push((number, used_up(original.body.postings(), &back)));
        }
        all
    }

    /// Returns an account's version: 0 where nothing ever touched it, else the number of the last entry that did,
    /// plus one.
    #[must_use]
    pub fn version(&self, account: &Address) -> u64 {
        let mut version = 0;
        for entry in self.entries() {
            let is_changed = matches!(&entry.body, EntryBody::Account(change) if change.account == *account);
            let is_moved = effects(entry).any(|(p, _)| p.source() == account || p.destination() == account);
            if is_changed || is_moved {
                version = entry.number.0 + 1;
            }
        }
        version
    }
}
