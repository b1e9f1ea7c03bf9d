//! Reads of single accounts: those that wait at the same time are fetched by one statement. Nobody waits for
//! company; whoever comes while all fetches are under way goes with the next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::query::Account;
use ledger::{Address, LedgerName};
use sql_rows::{Failure, add_to_account};
use sqlx::PgConnection;
use tokio::sync::oneshot;

use crate::connections::{Connections, run};
use crate::number::StoredNumber;
use crate::rows::AccountRow;

/// How many accounts one statement fetches at most.
const FETCHED_MAX: usize = 256;

type Answer = Result<Option<Account>, Failure>;

/// Fetches accounts for whoever asks. Cheap to clone: clones are the same.
#[derive(Clone)]
pub(crate) struct Together(Arc<Shared>);

struct Shared {
    readers: Connections,
    fetches_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Asked>,
    fetches: usize,
}

struct Asked {
    ledger: LedgerName,
    address: Address,
    answer: oneshot::Sender<Answer>,
}

/// A fetch under way; dropping it makes room for another, however it ended.
struct Fetch {
    shared: Arc<Shared>,
    ended: bool,
}

/// The fetch ended before it answered: the runtime is shutting down.
#[derive(Debug, thiserror::Error)]
#[error("the read was given up")]
struct GivenUp;

impl Together {
    /// Leaves half of the connections to all other reads.
    pub(crate) fn new(readers: Connections, connections: u32) -> Self {
        let fetches_max = (connections as usize / 2).max(1);
        Self(Arc::new(Shared { readers, fetches_max, state: Mutex::default() }))
    }

    pub(crate) async fn account(&self, ledger: &LedgerName, address: &Address) -> Answer {
        let (answer, answered) = oneshot::channel();
        let starts = {
            let mut state = self.0.state();
            state.waiting.push(Asked { ledger: ledger.clone(), address: address.clone(), answer });
            let starts = state.fetches < self.0.fetches_max;
            state.fetches += usize::from(starts);
            starts
        };
        if starts {
            tokio::spawn(Fetch { shared: Arc::clone(&self.0), ended: false }.run());
        }
        answered.await.unwrap_or_else(|_| Err(Failure::Disconnected(GivenUp.into())))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // It is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        if !self.ended {
            self.shared.state().fetches -= 1;
        }
    }
}

impl Fetch {
    /// Fetches until nobody waits.
    async fn run(mut self) {
        while let Some(asked) = self.next() {
            match self.fetch(&asked).await {
                Ok(answers) => {
                    for (asked, answer) in asked.into_iter().zip(answers) {
                        // Who has gone away wants no answer.
                        let _ = asked.answer.send(answer);
                    }
                }
                Err(failure) => {
                    let failure = Arc::new(failure);
                    for asked in asked {
                        let _ = asked.answer.send(Err(Failure::Shared(Arc::clone(&failure))));
                    }
                }
            }
        }
    }

    /// Takes those who wait longest and are still there; ends where nobody is.
    fn next(&mut self) -> Option<Vec<Asked>> {
        let mut state = self.shared.state();
        state.waiting.retain(|asked| !asked.answer.is_closed());
        if state.waiting.is_empty() {
            // Under the same lock as looking: who comes now starts a fetch of its own.
            state.fetches -= 1;
            self.ended = true;
            return None;
        }
        let count = state.waiting.len().min(FETCHED_MAX);
        Some(state.waiting.drain(..count).collect())
    }

    async fn fetch(&self, asked: &[Asked]) -> Result<Vec<Answer>, Failure> {
        let mut lease = self.shared.readers.acquire().await?;
        let mut answers = run!(lease, fetch(&mut lease, asked));
        if lease.went_stale() {
            lease = self.shared.readers.acquire().await?;
            answers = run!(lease, fetch(&mut lease, asked));
        }
        answers
    }
}

/// A row of what is kept beside the account and of its last entry, if there is any of it, then one per balance.
struct PlacedRow {
    place: i64,
    address: String,
    policy: Option<String>,
    metadata: Option<String>,
    last: Option<i64>,
    asset: Option<String>,
    posted_in: Option<StoredNumber>,
    posted_out: Option<StoredNumber>,
    pending_in: Option<StoredNumber>,
    pending_out: Option<StoredNumber>,
}

impl PlacedRow {
    fn account(self) -> AccountRow {
        AccountRow {
            address: self.address,
            policy: self.policy,
            metadata: self.metadata,
            last: self.last,
            asset: self.asset,
            posted_in: self.posted_in,
            posted_out: self.posted_out,
            pending_in: self.pending_in,
            pending_out: self.pending_out,
        }
    }
}

async fn fetch(connection: &mut PgConnection, asked: &[Asked]) -> Result<Vec<Answer>, Failure> {
    let ledgers: Vec<&str> = asked.iter().map(|asked| asked.ledger.as_str()).collect();
    let addresses: Vec<&str> = asked.iter().map(|asked| asked.address.as_str()).collect();
    let rows = sqlx::query_as!(
        PlacedRow,
        r#"SELECT place AS "place!", wanted.address AS "address!", policy AS "policy?",
            metadata AS "metadata?", last AS "last?", asset AS "asset?",
            posted_in AS "posted_in?: StoredNumber", posted_out AS "posted_out?: StoredNumber",
            pending_in AS "pending_in?: StoredNumber", pending_out AS "pending_out?: StoredNumber"
        FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS wanted (ledger, address, place)
        CROSS JOIN LATERAL (SELECT id FROM ledgers WHERE name = wanted.ledger OFFSET 0) AS its_ledger
        LEFT JOIN LATERAL (
            SELECT policy, metadata, last, NULL AS asset, NULL::numeric AS posted_in, NULL::numeric AS posted_out,
                NULL::numeric AS pending_in, NULL::numeric AS pending_out
            FROM (
                SELECT GREATEST(
                    (
                        SELECT max(COALESCE(substring(recent_movements FROM '([0-9]+) $')::bigint, (
                            SELECT max(e.last) FROM earlier_movements AS e
                            WHERE e.ledger = its_ledger.id AND e.address = wanted.address AND e.asset = b.asset
                        )))
                        FROM balances AS b WHERE b.ledger = its_ledger.id AND b.address = wanted.address
                    ), (
                        SELECT max(number) FROM account_changes AS c
                        WHERE c.ledger = its_ledger.id AND c.address = wanted.address
                    )
                ) AS last
            ) AS touched
            LEFT JOIN LATERAL (
                SELECT policy, metadata FROM accounts
                WHERE accounts.ledger = its_ledger.id AND accounts.address = wanted.address OFFSET 0
            ) AS kept ON true
            UNION ALL
            SELECT NULL, NULL, NULL, asset, posted_in, posted_out, pending_in, pending_out
            FROM balances WHERE balances.ledger = its_ledger.id AND balances.address = wanted.address
        ) AS own ON true
        ORDER BY place, asset NULLS FIRST"#,
        &ledgers as _,
        &addresses as _
    )
    .fetch_all(connection)
    .await?;
    // Without any row there is no such ledger.
    let mut answers: Vec<Answer> = asked.iter().map(|_| Err(Failure::LedgerNotFound)).collect();
    for row in rows {
        let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        if let Some(answer) = answers.get_mut(place) {
            add(answer, row.account());
        }
    }
    Ok(answers)
}

/// Adds a row to what is known of an account. What is damaged stays so.
fn add(answer: &mut Answer, row: AccountRow) {
    let mut account = match answer {
        Ok(account) => account.take(),
        Err(Failure::LedgerNotFound) => None,
        Err(_) => return,
    };
    *answer = add_to_account(&mut account, row).map(|()| account).map_err(Failure::from);
}
