//! Commands on their way through the lane, each for itself: put in and answered in order, so many at a time that no
//! queue is filled by one request alone.

use std::collections::HashSet;
use std::pin::Pin;

use engine::idempotency::IdempotencyKey;
use engine::{Submission, SubmitError};
use futures_util::future::ready;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::result::{Teller, Told};

/// The most commands on their way.
const COMMANDS_MAX: usize = 1000;
/// The most bytes of text that commands on their way were read from; a larger one goes alone.
const BYTES_MAX: usize = 1024 * 1024;
/// Which part of a queue they may fill.
const PART_OF_QUEUE: usize = 4;

/// Commands on their way, with the numbers that the caller gave them.
pub(super) struct InOrder {
    teller: Teller,
    waiting: FuturesOrdered<Pin<Box<dyn Future<Output = Arrived> + Send>>>,
    weight_max: usize,
    weight: usize,
    bytes: usize,
    keys: HashSet<IdempotencyKey>,
}

/// A command, with what it takes up on its way.
pub(super) struct Departing {
    pub(super) number: u64,
    pub(super) submission: Submission,
    pub(super) bytes: usize,
}

struct Arrived {
    number: u64,
    told: Told,
    weight: usize,
    bytes: usize,
    key: Option<IdempotencyKey>,
}

/// The queue has no room for a command.
pub(super) struct NoRoom;

impl InOrder {
    pub(super) fn new(teller: Teller) -> Self {
        let weight_max = teller.engine.together_max() / PART_OF_QUEUE;
        Self { teller, waiting: FuturesOrdered::new(), weight_max, weight: 0, bytes: 0, keys: HashSet::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Says whether there is room for more, whatever it is.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < COMMANDS_MAX && self.bytes < BYTES_MAX && self.weight < self.weight_max
    }

    /// Says whether a command may follow. One whose key is on its way already has to wait, so that it finds what the
    /// other one did.
    pub(super) fn takes(&self, Departing { submission, bytes, .. }: &Departing) -> bool {
        let fits = self.waiting.len() < COMMANDS_MAX
            && self.bytes + bytes <= BYTES_MAX
            && self.weight + submission.weight() <= self.weight_max;
        let key_is_free = submission.key.as_ref().is_none_or(|key| !self.keys.contains(key));
        self.is_empty() || fits && key_is_free
    }

    /// Puts a command into the lane.
    pub(super) fn put(&mut self, departing: &Departing) -> Result<(), NoRoom> {
        let Departing { number, submission, bytes } = departing;
        let (number, bytes, weight) = (*number, *bytes, submission.weight());
        let key = submission.key.clone();
        let (teller, own) = (self.teller.clone(), submission.clone());
        let mut answer = Box::pin(async move { teller.engine.submit(&teller.ledger, own).await });
        // Polled once, it is in the lane, behind those before it.
        let at_once = (&mut answer).now_or_never();
        if let Some(Err(SubmitError::Overloaded)) = at_once {
            return Err(NoRoom);
        }
        self.weight += weight;
        self.bytes += bytes;
        self.keys.extend(key.clone());
        let teller = self.teller.clone();
        self.waiting.push_back(Box::pin(async move {
            let answer = match at_once {
                Some(answer) => answer,
                None => answer.await,
            };
            Arrived { number, told: teller.tell(answer).await, weight, bytes, key }
        }));
        Ok(())
    }

    /// Lets something follow that is no command, and is told already.
    pub(super) fn put_told(&mut self, number: u64, told: Told) {
        // It takes up as much as a small command, so that there are never too many.
        let arrived = Arrived { number, told, weight: 1, bytes: 0, key: None };
        self.weight += 1;
        self.waiting.push_back(Box::pin(ready(arrived)));
    }

    /// Waits for what came of the first one. `None` where none is on its way. Who stops waiting loses nothing.
    pub(super) async fn next(&mut self) -> Option<(u64, Told)> {
        let Arrived { number, told, weight, bytes, key } = self.waiting.next().await?;
        self.weight -= weight;
        self.bytes -= bytes;
        if let Some(key) = key {
            self.keys.remove(&key);
        }
        Some((number, told))
    }
}
