//! Holds: money is reserved, then moved in one or several captures, or let go.

use super::free_reference;
use super::postings::Moving;
use crate::{
    Book, Capture, CaptureHold, CreateHold, EntryNumber, Exceeded, Hold, HoldStanding, HoldState, Origin,
    Rejection, Release, ReleaseCause, ReleaseHold, Timestamp, Transaction,
};

/// Finds how a hold stands.
pub(super) fn find(book: &Book, hold: EntryNumber) -> Result<&HoldStanding, Rejection> {
    book.hold(hold).ok_or(Rejection::HoldNotFound { hold })
}

/// Reserves what a hold is to have, under the same rules as if it moved.
pub(super) fn create(
    moving: &mut Moving<'_>,
    create: &CreateHold,
    now: Timestamp,
) -> Result<Hold, Rejection> {
    free_reference(moving.book, create.reference.as_ref())?;
    if let Some(expires_at) = create.expires_at.filter(|expires_at| *expires_at <= now) {
        return Err(Rejection::HoldExpiryPassed { expires_at });
    }
    let postings = create.postings.try_map(|(index, posting)| {
        moving.let_through(index, posting)?;
        let posting = moving.afforded(index, posting)?;
        moving.reserve(index, &posting)?;
        Ok(posting)
    })?;
    let (reference, metadata) = (create.reference.clone(), create.metadata.clone());
    Ok(Hold { postings, reference, metadata, expires_at: create.expires_at })
}

/// Moves what is reserved. It cannot lack funds, as it reserved them; but accounts that were frozen or closed since
/// take no part in it.
pub(super) fn capture(
    moving: &mut Moving<'_>,
    capture: &CaptureHold,
    now: Timestamp,
) -> Result<Transaction, Rejection> {
    let standing = find(moving.book, capture.hold)?;
    free_reference(moving.book, capture.reference.as_ref())?;
    open(standing, capture.hold, now)?;
    let mut left = standing.left.clone();
    let asked = capture.postings.clone().unwrap_or_else(|| left.rest_or_nothing().into());
    let postings = asked.try_map(|(index, posting)| {
        moving.let_through(index, posting)?;
        let exceeds = |Exceeded { left, asked }| Rejection::HoldExceedsRemaining {
            hold: capture.hold,
            posting: index,
            remaining: left,
            amount: asked,
        };
        let posting = posting.with_amount(left.cap(posting).map_err(exceeds)?.at_most());
        left.take(&posting).map_err(exceeds)?;
        moving.settle(index, &posting)?;
        Ok(posting)
    })?;
    let closes = capture.is_final || left.is_empty();
    let released = if closes { left.rest() } else { Vec::new() };
    for (index, posting) in released.iter().enumerate() {
        moving.let_go(index, posting)?;
    }
    let (reference, metadata) = (capture.reference.clone(), capture.metadata.clone());
    let origin = Origin::Capture(Capture { hold: capture.hold, closes, released });
    Ok(Transaction { postings, reference, metadata, origin })
}

/// Lets go what is left of a hold. Nothing moves, so no account can be against it.
pub(super) fn release(
    moving: &mut Moving<'_>,
    release: ReleaseHold,
    now: Timestamp,
) -> Result<Release, Rejection> {
    let ReleaseHold { hold, cause } = release;
    let standing = find(moving.book, hold)?;
    match cause {
        ReleaseCause::Voided => open(standing, hold, now)?,
        ReleaseCause::Expired if standing.state != HoldState::Open => {
            return Err(Rejection::HoldNotOpen { hold, state: standing.state });
        }
        ReleaseCause::Expired if !standing.is_due(now) => return Err(Rejection::HoldNotDue { hold }),
        ReleaseCause::Expired => {}
    }
    let postings = standing.left.rest();
    for (index, posting) in postings.iter().enumerate() {
        moving.let_go(index, posting)?;
    }
    Ok(Release { hold, cause, postings })
}

/// Says whether a hold can still be captured or voided: not from the moment on at which it expires, also where nobody
/// has let go yet what is left of it.
fn open(standing: &HoldStanding, hold: EntryNumber, now: Timestamp) -> Result<(), Rejection> {
    match standing.state {
        HoldState::Open if !standing.is_due(now) => Ok(()),
        HoldState::Open => Err(Rejection::HoldNotOpen { hold, state: HoldState::Expired }),
        state => Err(Rejection::HoldNotOpen { hold, state }),
    }
}
