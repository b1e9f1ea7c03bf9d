//! Plays random histories to a running service over HTTP, and holds every reply against the reference model.
//!
//! Each history has a ledger of its own, in which one command follows the other, as the model has to know their order;
//! many ledgers are played at once. What is expected is written from what the model says and the description of the API,
//! with none of the service's code but the types in which commands are put. Only texts for people, request ids and the
//! moments themselves are not compared; of the latter, that they never go back and are the same wherever they are shown.

mod asked;
mod audit;
mod batches;
mod connection;
mod draw;
mod expiry;
mod exports;
mod faults;
mod filters;
mod groups;
mod history;
mod judge;
mod moments;
mod outcomes;
mod problems;
mod schedules;
mod shown;
mod statements;
mod sums;
mod times;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde_json::Value;

pub use self::outcomes::Outcomes;

pub use self::connection::ADMIN_KEY;
use self::connection::Connection;
use self::history::{Differs, History, Stop};

/// In so many of a hundred histories, holds expire by the clock: each of these waits for more than a second.
const EXPIRING_PER_HUNDRED: u32 = 10;

/// And in so many there are schedules that are due.
const SCHEDULING_PER_HUNDRED: u32 = 10;

/// What is to be played.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The seed of the first history; each one after it takes the next number.
    pub seed: u64,
    /// How many commands there are altogether.
    pub commands: u64,
    /// How many commands a history has at most.
    pub history: u64,
    /// How many ledgers are played at once.
    pub ledgers_at_once: usize,
}

/// What was played without a difference.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// How many commands.
    pub commands: u64,
    /// In how many histories.
    pub histories: u64,
    /// What came of them.
    pub outcomes: Outcomes,
}

/// Why not all was played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The service cannot be reached, cannot keep up, or does not speak HTTP.
    #[error("the service does not answer as it should")]
    Io(#[from] io::Error),
    /// The service and the model do not agree.
    #[error("the service and the model do not agree: {0:?}")]
    Differs(Box<Difference>),
}

/// A request on which the service and the model do not agree.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The seed of its history.
    pub seed: u64,
    /// The shortest beginning of the history, in commands, that shows a difference.
    pub commands: u64,
    /// The ledger that it was played in.
    pub ledger: String,
    /// The request.
    pub asked: String,
    /// What the model expects, in the parts that are compared.
    pub expected: Value,
    /// What the service said.
    pub got: Value,
    /// The requests right before it.
    pub before: Vec<String>,
}

/// Plays to the service at an address until all is done, or a difference is found. Tells `progress` about every command.
///
/// # Errors
/// [`PlayError`], of the history that ended first.
pub fn play(address: SocketAddr, plan: &Plan, progress: &(dyn Fn() + Sync)) -> Result<Played, PlayError> {
    let (next, played, failed) = (AtomicU64::new(0), Mutex::new(Played::default()), Mutex::new(None));
    let work = || {
        let mut connection = Connection::open(address)?;
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let commands = plan.commands.saturating_sub(nth.saturating_mul(plan.history)).min(plan.history);
            if commands == 0 {
                return Ok(());
            }
            let seed = plan.seed.wrapping_add(nth);
            let outcomes = in_full(&mut connection, seed, commands, progress)?;
            let mut played = played.lock().unwrap_or_else(PoisonError::into_inner);
            played.commands += commands;
            played.histories += 1;
            played.outcomes.add(&outcomes);
        }
    };
    thread::scope(|scope| {
        for _ in 0..plan.ledgers_at_once.max(1) {
            scope.spawn(|| {
                if let Err(error) = work() {
                    // Nobody begins another history.
                    next.store(u64::MAX / 2, Ordering::Relaxed);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(played.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Plays a history. Where it differs, plays shorter beginnings of it to find the shortest that does.
fn in_full(
    connection: &mut Connection,
    seed: u64,
    commands: u64,
    progress: &(dyn Fn() + Sync),
) -> Result<Outcomes, PlayError> {
    let mut outcomes = Outcomes::default();
    let ledger = format!("history-{seed}");
    let (mut shortest, mut differs) =
        match attempt(connection, ledger.clone(), seed, commands, progress, &mut outcomes) {
            Ok(()) => return Ok(outcomes),
            Err((_, Stop::Io(error))) => return Err(error.into()),
            Err((played, Stop::Differs(differs))) => (played, differs),
        };
    // It may be that the difference was there before it showed.
    let mut longest_good = 0;
    while longest_good + 1 < shortest {
        let middle = longest_good + (shortest - longest_good) / 2;
        let again = format!("{ledger}-{middle}");
        match attempt(connection, again, seed, middle, &|| (), &mut Outcomes::default()) {
            Ok(()) => longest_good = middle,
            Err((_, Stop::Io(error))) => return Err(error.into()),
            Err((played, Stop::Differs(earlier))) => (shortest, differs) = (played.min(middle), earlier),
        }
    }
    let Differs { asked, expected, got, before } = *differs;
    Err(PlayError::Differs(Box::new(Difference {
        seed,
        commands: shortest,
        ledger,
        asked,
        expected,
        got,
        before,
    })))
}

/// Plays so many commands of a history, and audits its ledger. Says after how many commands it stopped.
fn attempt(
    connection: &mut Connection,
    ledger: String,
    seed: u64,
    commands: u64,
    progress: &(dyn Fn() + Sync),
    outcomes: &mut Outcomes,
) -> Result<(), (u64, Stop)> {
    let mut history = History::begin(connection, ledger, seed).map_err(|stop| (0, stop))?;
    for played in 1..=commands {
        history.step(outcomes).map_err(|stop| (played, stop))?;
        // Late, so that little is played to find it again.
        if played == commands - commands / 10 && history.draw.chance(EXPIRING_PER_HUNDRED) {
            history.let_expire(outcomes).map_err(|stop| (played, stop))?;
        }
        if played == commands - commands / 10 && history.draw.chance(SCHEDULING_PER_HUNDRED) {
            history.run_schedules(outcomes).map_err(|stop| (played, stop))?;
        }
        progress();
    }
    history.audit().map_err(|stop| (commands, stop))
}
