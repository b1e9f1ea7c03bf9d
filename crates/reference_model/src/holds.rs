//! What the model makes of holds, and what is left of postings that others use up.

use ledger::{
    Amount, Capture, CaptureHold, CreateHold, EntryBody, EntryNumber, Hold, HoldState, Origin, Posting,
    Postings, Quantity, Rejection, Release, ReleaseCause, ReleaseHold, Timestamp, Transaction,
};

use crate::{Kind, Model};

impl Model {
    pub(crate) fn hold(&mut self, create: &CreateHold, now: Timestamp) -> Result<EntryBody, Rejection> {
        self.free_reference(create.reference.as_ref())?;
        match create.expires_at {
            Some(expires_at) if expires_at <= now => return Err(Rejection::HoldExpiryPassed { expires_at }),
            _ => {}
        }
        for (index, posting) in create.postings.as_slice().iter().enumerate() {
            self.lets_through(index, posting)?;
            let amount = self.amount_of(index, posting)?;
            self.affords(index, posting, amount)?;
            self.has_room(index, posting, amount)?;
            self.remember(Kind::Reserved, posting, amount);
        }
        self.holds.push((self.next(), create.expires_at));
        Ok(EntryBody::Hold(Hold {
            postings: Postings::new(self.reserved_by(self.next())).unwrap(),
            reference: create.reference.clone(),
            metadata: create.metadata.clone(),
            expires_at: create.expires_at,
        }))
    }

    pub(crate) fn capture(&mut self, capture: &CaptureHold, now: Timestamp) -> Result<EntryBody, Rejection> {
        let hold = capture.hold.0;
        let state = self.state(hold, now).ok_or(Rejection::HoldNotFound { hold: capture.hold })?;
        self.free_reference(capture.reference.as_ref())?;
        if state != HoldState::Open {
            return Err(Rejection::HoldNotOpen { hold: capture.hold, state });
        }
        for (index, posting) in self.asked_of_hold(capture).iter().enumerate() {
            self.lets_through(index, posting)?;
            let left = left_alike(&self.reserved_by(hold), &self.captured_of(hold), posting);
            let is_of_it = has_alike(&self.reserved_by(hold), posting);
            let amount = capped(posting.amount(), left).filter(|_| is_of_it);
            let amount = amount.ok_or(Rejection::HoldExceedsRemaining {
                hold: capture.hold,
                posting: index,
                remaining: Amount::new(left).unwrap(),
                amount: named(posting.amount()),
            })?;
            self.remember(Kind::Captured(hold), posting, amount);
        }
        let left = rest(&self.reserved_by(hold), &self.captured_of(hold));
        let closes = capture.is_final || left.is_empty();
        let released = if closes { left } else { vec![] };
        for posting in &released {
            self.remember(Kind::LetGo(hold), posting, posting.amount().get());
        }
        if closes {
            self.ends.push((hold, HoldState::Captured));
        }
        Ok(EntryBody::Transaction(Transaction {
            postings: Postings::new(self.moved_by(self.next())).unwrap(),
            reference: capture.reference.clone(),
            metadata: capture.metadata.clone(),
            origin: Origin::Capture(Capture { hold: capture.hold, closes, released }),
        }))
    }

    /// Returns what a capture asks for, which is all that is left where it does not say: of a hold of nothing, nothing
    /// of every posting.
    fn asked_of_hold(&self, capture: &CaptureHold) -> Vec<Posting<Quantity>> {
        let hold = capture.hold.0;
        if let Some(postings) = &capture.postings {
            return postings.as_slice().to_vec();
        }
        let left = rest(&self.reserved_by(hold), &self.captured_of(hold));
        let all = if left.is_empty() { self.reserved_by(hold) } else { left };
        all.into_iter().map(Posting::from).collect()
    }

    pub(crate) fn release(&mut self, release: ReleaseHold, now: Timestamp) -> Result<EntryBody, Rejection> {
        let ReleaseHold { hold, cause } = release;
        let state = self.state(hold.0, now).ok_or(Rejection::HoldNotFound { hold })?;
        let ended = self.ends.iter().any(|(other, _)| *other == hold.0);
        let end = match (cause, state) {
            (ReleaseCause::Voided, HoldState::Open) => HoldState::Voided,
            // Its time has come, and nobody has let go yet what is left of it.
            (ReleaseCause::Expired, HoldState::Expired) if !ended => HoldState::Expired,
            (ReleaseCause::Expired, HoldState::Open) => return Err(Rejection::HoldNotDue { hold }),
            _ => return Err(Rejection::HoldNotOpen { hold, state }),
        };
        let postings = rest(&self.reserved_by(hold.0), &self.captured_of(hold.0));
        for posting in &postings {
            self.remember(Kind::LetGo(hold.0), posting, posting.amount().get());
        }
        self.ends.push((hold.0, end));
        Ok(EntryBody::Release(Release { hold, cause, postings }))
    }

    /// Returns how a hold stands: how it ended, else whether its time has come; `None` where there is no such hold.
    fn state(&self, hold: u64, now: Timestamp) -> Option<HoldState> {
        let (_, expires_at) = self.holds.iter().find(|(other, _)| *other == hold)?;
        let ended = self.ends.iter().find(|(other, _)| *other == hold).map(|(_, state)| *state);
        let is_due = expires_at.is_some_and(|expires_at| expires_at <= now);
        Some(ended.unwrap_or(if is_due { HoldState::Expired } else { HoldState::Open }))
    }

    /// Returns every hold with how it ended, if it did, and what of it was never captured.
    ///
    /// # Panics
    /// Never: every hold that is listed is there.
    #[must_use]
    pub fn holds(&self) -> Vec<(EntryNumber, HoldState, Vec<Posting>)> {
        let stands = |(hold, _): &(u64, Option<Timestamp>)| {
            let left = rest(&self.reserved_by(*hold), &self.captured_of(*hold));
            (EntryNumber(*hold), self.state(*hold, Timestamp::MIN).unwrap(), left)
        };
        self.holds.iter().map(stands).collect()
    }

    /// Returns how much of each posting of a hold was captured, in order.
    #[must_use]
    pub fn captured(&self, hold: EntryNumber) -> Vec<Amount> {
        used(&self.reserved_by(hold.0), &self.captured_of(hold.0))
    }

    fn reserved_by(&self, hold: u64) -> Vec<Posting> {
        self.postings(|m| m.entry == hold && m.kind == Kind::Reserved)
    }

    fn captured_of(&self, hold: u64) -> Vec<Posting> {
        self.postings(|m| m.kind == Kind::Captured(hold))
    }
}

/// Returns how much of what is left a posting takes; `None` where it wants a certain amount, and that is more.
pub(crate) fn capped(asked: Quantity, left: u128) -> Option<u128> {
    match asked {
        Quantity::Exactly(amount) if amount.get() > left => None,
        Quantity::Exactly(amount) => Some(amount.get()),
        Quantity::UpTo(most) if most.get() < left => Some(most.get()),
        Quantity::UpTo(_) | Quantity::All => Some(left),
    }
}

/// Returns the amount that a quantity names; nothing where it names none.
pub(crate) fn named(quantity: Quantity) -> Amount {
    match quantity {
        Quantity::Exactly(amount) | Quantity::UpTo(amount) => amount,
        Quantity::All => Amount::ZERO,
    }
}

/// Says whether there is a posting of the same source, destination and asset.
pub(crate) fn has_alike<A: Copy>(postings: &[Posting], like: &Posting<A>) -> bool {
    postings.iter().any(|posting| {
        posting.source() == like.source()
            && posting.destination() == like.destination()
            && posting.asset() == like.asset()
    })
}

fn sum_alike<A: Copy>(postings: &[Posting], like: &Posting<A>) -> u128 {
    let is_alike = |posting: &&Posting| {
        posting.source() == like.source()
            && posting.destination() == like.destination()
            && posting.asset() == like.asset()
    };
    postings.iter().filter(is_alike).map(|posting| posting.amount().get()).sum()
}

/// Returns how much is left, over all postings of the same source, destination and asset, after others used them up.
pub(crate) fn left_alike<A: Copy>(postings: &[Posting], used: &[Posting], like: &Posting<A>) -> u128 {
    sum_alike(postings, like) - sum_alike(used, like)
}

/// Returns how much of each posting others used up: of several alike, what those before it hold is used first.
pub(crate) fn used(postings: &[Posting], used: &[Posting]) -> Vec<Amount> {
    let used = |(index, posting): (usize, &Posting)| {
        let used_of_it = sum_alike(used, posting).saturating_sub(sum_alike(&postings[..index], posting));
        Amount::new(used_of_it.min(posting.amount().get())).unwrap()
    };
    postings.iter().enumerate().map(used).collect()
}

/// Returns what is left of each posting, where anything is: of several alike, what those before it hold is used first.
pub(crate) fn rest(postings: &[Posting], used: &[Posting]) -> Vec<Posting> {
    let left = |(index, posting): (usize, &Posting)| {
        let used_of_it = sum_alike(used, posting).saturating_sub(sum_alike(&postings[..index], posting));
        let left = posting.amount().get().saturating_sub(used_of_it);
        (left > 0).then(|| posting.with_amount(Amount::new(left).unwrap()))
    };
    postings.iter().enumerate().filter_map(left).collect()
}
