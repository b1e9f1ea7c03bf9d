//! Reads of single accounts. Those that wait at the same time go to the store together, and an account that nothing has
//! touched since it was read is answered from a copy: then all that the store is asked is where the log stands.
//!
//! Never answers from a copy that the store has not confirmed since the question came, and nobody waits for company:
//! whoever comes while the store is asked goes with the next question.

mod copies;

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use ledger::{Address, LedgerName};
use tokio::sync::oneshot;

use self::copies::{Copies, Standing};
use crate::port::{AccountsAtHead, Head, LogRecord, ReadError, Store};
use crate::query::Account;

/// How many accounts go to the store together at most.
const TOGETHER_MAX: usize = 256;

/// How many questions about one ledger may be under way at a time. Only what is not in the copy is worth a second one.
const LOOKS_MAX: usize = 4;

type Answer = Result<Option<Arc<Account>>, ReadError>;

/// Reads accounts for whoever asks, of all ledgers.
pub(crate) struct AccountReads(Mutex<State>);

struct State {
    ledgers: HashMap<LedgerName, Reads>,
    /// How much all copies may weigh together, and how much they do.
    weight_max: usize,
    weight: usize,
}

/// What goes on about one ledger.
#[derive(Default)]
struct Reads {
    waiting: Vec<Asked>,
    looks: usize,
    copies: Copies,
}

struct Asked {
    address: Address,
    /// Whether it has to come from the store, and not from the copy.
    anew: bool,
    answer: oneshot::Sender<Answer>,
}

/// A series of questions to the store; dropping it makes room for another, however it ended. Where the store panicked and
/// nobody else asks, those who wait fail as well.
struct Look {
    reads: Arc<AccountReads>,
    store: Arc<dyn Store>,
    ledger: LedgerName,
    ended: bool,
}

/// What goes to the store in one question.
struct Together {
    asked: Vec<Asked>,
    /// Where the copy stood when the question was put.
    copy_at: Option<Head>,
}

impl AccountReads {
    /// Begins with no copy. `weight_max` is about how many bytes they may take together; with 0 there are none.
    pub(crate) fn new(weight_max: usize) -> Self {
        Self(Mutex::new(State { ledgers: HashMap::default(), weight_max, weight: 0 }))
    }

    /// Reads an account as it stands at some moment after this was called.
    ///
    /// # Panics
    /// When the store panics, with everybody who went with the same question or waited for the next.
    pub(crate) async fn account(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        ledger: &LedgerName,
        address: &Address,
    ) -> Answer {
        let (answer, answered) = oneshot::channel();
        if self.ask(ledger, Asked { address: address.clone(), anew: false, answer }) {
            let (reads, store, ledger) = (Arc::clone(self), Arc::clone(store), ledger.clone());
            tokio::spawn(Look { reads, store, ledger, ended: false }.run());
        }
        answered.await.expect("the store answers, unless it panics")
    }

    /// Takes in what a lane has written on a state that it knew, and has committed.
    pub(crate) fn written(&self, ledger: &LedgerName, on: Head, records: &[LogRecord]) {
        let state = &mut *self.state();
        if let Some(reads) = state.ledgers.get_mut(ledger) {
            let before = reads.copies.weight();
            reads.copies.go_on(on, records);
            state.weight = state.weight - before + reads.copies.weight();
        }
    }

    /// Has somebody wait, and says whether a look has to start for it.
    fn ask(&self, ledger: &LedgerName, asked: Asked) -> bool {
        let mut state = self.state();
        let reads = match state.ledgers.get_mut(ledger) {
            Some(reads) => reads,
            None => state.ledgers.entry(ledger.clone()).or_default(),
        };
        let looks_max = if reads.copies.have(&asked.address) { 1 } else { LOOKS_MAX };
        reads.waiting.push(asked);
        let starts = reads.looks < looks_max;
        reads.looks += usize::from(starts);
        starts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while holding it did so before it changed anything, or between two whole states.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        if !self.ended {
            self.reads.state().end_look(&self.ledger);
        }
    }
}

impl Look {
    /// Asks until nobody waits.
    async fn run(mut self) {
        loop {
            // Requests that have come in already get to ask as well: a round trip takes longer than to look at them.
            tokio::task::yield_now().await;
            let Some(Together { asked, copy_at }) = self.next() else { return };
            let wanted: Vec<_> =
                asked.iter().filter(|asked| asked.anew).map(|asked| asked.address.clone()).collect();
            match self.store.accounts_at_head(&self.ledger, &wanted).await {
                Ok(found) => {
                    let answers = self.reads.state().take_in(&self.ledger, asked, copy_at, found);
                    for (to, answer) in answers {
                        // Who has gone away wants no answer.
                        let _ = to.send(answer);
                    }
                }
                Err(error) => {
                    let again = error.share();
                    for asked in asked {
                        let _ = asked.answer.send(Err(again()));
                    }
                }
            }
        }
    }

    /// Takes those who wait longest and are still there; ends where nobody is.
    fn next(&mut self) -> Option<Together> {
        let mut state = self.reads.state();
        let reads = state.ledgers.get_mut(&self.ledger)?;
        reads.waiting.retain(|asked| !asked.answer.is_closed());
        if reads.waiting.is_empty() {
            // Under the same lock as looking: who comes now starts a look of its own.
            self.ended = true;
            state.end_look(&self.ledger);
            return None;
        }
        let count = reads.waiting.len().min(TOGETHER_MAX);
        let mut asked: Vec<_> = reads.waiting.drain(..count).collect();
        for one in &mut asked {
            one.anew |= !reads.copies.have(&one.address);
        }
        Some(Together { asked, copy_at: reads.copies.at() })
    }
}

impl State {
    /// A ledger of which nothing is known is not kept in mind: nobody can fill the memory with names.
    fn end_look(&mut self, ledger: &LedgerName) {
        if let Entry::Occupied(mut reads) = self.ledgers.entry(ledger.clone()) {
            reads.get_mut().looks -= 1;
            if reads.get().looks == 0 {
                reads.get_mut().waiting.clear();
                if reads.get().copies.is_empty() {
                    reads.remove();
                }
            }
        }
    }

    /// Returns the answers to those who can be answered; the others wait again.
    fn take_in(
        &mut self,
        ledger: &LedgerName,
        asked: Vec<Asked>,
        copy_at: Option<Head>,
        found: AccountsAtHead,
    ) -> Vec<(oneshot::Sender<Answer>, Answer)> {
        let reads = self.ledgers.entry(ledger.clone()).or_default();
        let before = reads.copies.weight();
        let standing = reads.copies.compare(copy_at, found.head);
        let mut answers = Vec::with_capacity(asked.len());
        let mut accounts = found.accounts.into_iter();
        for one in asked {
            if one.anew {
                let account = accounts.next().expect("an answer for each address");
                let account = account.map(|account| account.map(Arc::new));
                if let (Standing::Same, Ok(Some(account))) = (standing, &account) {
                    reads.copies.keep(account);
                }
                answers.push((one.answer, account));
            } else {
                let copy = reads.copies.get(&one.address).filter(|_| standing != Standing::Behind);
                match copy {
                    Some(account) => answers.push((one.answer, Ok(Some(account)))),
                    // Touched since it was asked for.
                    None => reads.waiting.push(Asked { anew: true, ..one }),
                }
            }
        }
        self.weight = self.weight - before + reads.copies.weight();
        if self.weight > self.weight_max {
            // Rare, and what is asked for often is soon there again.
            for reads in self.ledgers.values_mut() {
                reads.copies.forget();
            }
            self.ledgers.retain(|_, reads| reads.looks > 0 || !reads.waiting.is_empty());
            self.weight = 0;
        }
        answers
    }
}
