//! A service on one store: a few replicas on one database, as a history has them come and go. The time of day is
//! what the history says.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::port::{Store, Wanted};
use engine::{Engine, EngineMetrics, EngineOptions};
use futures_util::future::{join_all, poll_immediate};
use ledger::LedgerName;
use prometheus_client::registry::Registry;
use test_support::pools::START;
use test_support::{StoreFixture, at};

use crate::commands::Asked;
use crate::history::{Shape, Step};
use crate::questions::{Answer, Question, answer};
use crate::reply::Reply;

/// A service with its database.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    database: Box<dyn StoreFixture>,
    replicas: Vec<Replica>,
    now: Arc<AtomicI64>,
}

/// An engine with its own opening of the database.
struct Replica {
    engine: Engine,
    store: Arc<dyn Store>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Replies(Vec<Reply>),
    Answer(Answer),
    Replaced,
}

impl Service {
    /// Starts a service on an empty database.
    pub(crate) async fn start(name: &'static str, database: Box<dyn StoreFixture>, shapes: &[Shape]) -> Self {
        let mut service = Self { name, database, replicas: Vec::new(), now: Arc::new(AtomicI64::new(START)) };
        for shape in shapes {
            let store = service.database.open().await;
            let replica = service.replica(store, *shape);
            service.replicas.push(replica);
        }
        service
    }

    fn replica(&self, store: Arc<dyn Store>, shape: Shape) -> Replica {
        let options = EngineOptions {
            batch_max: shape.batch_max,
            cached_balances_max: shape.cached_balances_max,
            lane_idle: shape.lane_idle,
            ..EngineOptions::default()
        };
        let metrics = EngineMetrics::register(&mut Registry::default());
        let now = Arc::clone(&self.now);
        let clock = move || at(now.load(Ordering::SeqCst) + shape.ahead);
        let engine = Engine::start_with_clock(Arc::clone(&store), options, metrics, clock);
        Replica { engine, store }
    }

    /// Does what a step says.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub(crate) async fn play(&mut self, step: &Step) -> Result<Outcome, String> {
        match step {
            Step::Ask { replica, elapsed, asked } => {
                self.now.fetch_add(*elapsed, Ordering::SeqCst);
                Ok(Outcome::Replies(self.ask_together(*replica, asked).await))
            }
            Step::Read { replica, ledger, question } => {
                let opening = std::slice::from_ref(&self.replicas[*replica].store);
                let answer = answer(opening, ledger, question).await;
                answer.map(Outcome::Answer).map_err(|error| format!("{}: {error:?}", self.name))
            }
            Step::Replace { replica, in_order, shape } => {
                let old = &self.replicas[*replica];
                let store = if *in_order {
                    old.engine.drain().await;
                    old.store.close().await;
                    self.database.open().await
                } else {
                    // Its lanes go when they have been idle for long, and see what others write meanwhile.
                    Arc::clone(&old.store)
                };
                self.replicas[*replica] = self.replica(store, *shape);
                Ok(Outcome::Replaced)
            }
        }
    }

    /// Asks for several things at once: they wait in the order in which they stand here, and while somebody else
    /// has the head of the first one's ledger, so that there is something to wait for.
    async fn ask_together(&self, replica: usize, asked: &[Asked]) -> Vec<Reply> {
        let Replica { engine, store } = &self.replicas[replica];
        let ledger = asked.iter().find_map(Asked::ledger).filter(|_| asked.len() > 1);
        let head = match ledger {
            Some(ledger) => store.begin(ledger, Wanted::default()).await.ok(),
            None => None,
        };
        let mut replies = pin!(join_all(asked.iter().map(|asked| Reply::of(engine, asked.clone()))));
        let early = poll_immediate(&mut replies).await;
        drop(head);
        match early {
            Some(replies) => replies,
            None => replies.await,
        }
    }

    /// Returns a replica's engine.
    pub(crate) fn engine(&self, replica: usize) -> Engine {
        self.replicas[replica % self.replicas.len()].engine.clone()
    }

    /// Answers a question about a ledger, through all replicas in turns.
    ///
    /// # Errors
    /// Where the store does not answer, or the ledger does not hold.
    pub(crate) async fn answer(&self, ledger: &LedgerName, question: &Question) -> Result<Answer, String> {
        let openings: Vec<_> = self.replicas.iter().map(|replica| Arc::clone(&replica.store)).collect();
        let answer = answer(&openings, ledger, question).await;
        let answer = answer.map_err(|error| format!("{}: {question:?}: {error:?}", self.name))?;
        match &answer {
            Answer::Verification(report) if !report.is_clean() => {
                Err(format!("{}: {ledger} does not hold: {:#?}", self.name, report.findings))
            }
            _ => Ok(answer),
        }
    }

    /// Ends everything.
    pub(crate) async fn stop(self) {
        for replica in &self.replicas {
            replica.engine.drain().await;
            replica.store.close().await;
        }
    }
}
