//! Drives a store the way the engine does: load, decide, commit. Never retries and never remembers.

use std::collections::BTreeSet;

use engine::port::{Batch, Head, LogRecord, Store, Wanted};
use ledger::{BalanceKey, Book, Command, LedgerName, Timestamp, decide};

use crate::builders::{Request, at};

/// Starts a batch and decides the requests on what the store has. What was decided is not written yet.
///
/// # Panics
/// When the store fails or a request is rejected.
pub async fn decide_batch(
    store: &dyn Store,
    ledger: &LedgerName,
    requests: &[Request],
) -> (Box<dyn Batch>, Vec<LogRecord>) {
    let opened = store.begin(ledger, wanted(requests)).await.expect("the batch starts");
    let mut book = Book::at(opened.loaded.head.next, opened.loaded.head.last_recorded_at);
    for (key, balance) in opened.loaded.balances {
        book.load_balance(key, balance);
    }
    for (reference, entry) in opened.loaded.references {
        book.load_reference(reference, entry);
    }
    for (account, policy) in opened.loaded.policies {
        book.load_policy(account, policy);
    }
    for (account, metadata) in opened.loaded.metadata {
        book.load_metadata(account, metadata);
    }
    for (hold, standing) in opened.loaded.holds {
        book.load_hold(hold, standing);
    }
    for (transaction, left) in opened.loaded.unreversed {
        book.load_unreversed(transaction, left);
    }
    for (account, version) in opened.loaded.versions {
        book.load_version(account, version);
    }
    for request in requests {
        if let Command::ChangeTransaction(change) = &request.command {
            book.load_transaction(change.transaction, None);
        }
    }
    for (transaction, metadata) in opened.loaded.transactions {
        book.load_transaction(transaction, Some(metadata));
    }
    let mut records = Vec::new();
    for request in requests {
        let now = request.now.unwrap_or_else(|| after(book.last_recorded_at()));
        let entry = decide(&book, &request.command, now)
            .unwrap_or_else(|rejection| panic!("rejected: {rejection:?}"));
        book.apply(&entry);
        records.push(LogRecord { entry, request: request.keyed() });
    }
    (opened.batch, records)
}

/// Lists what the requests touch.
fn wanted(requests: &[Request]) -> Wanted {
    let mut missing = BTreeSet::new();
    let mut wanted = Wanted::default();
    for request in requests {
        for posting in request.command.postings() {
            for account in [posting.source(), posting.destination()] {
                missing.insert(BalanceKey { account: account.clone(), asset: posting.asset().clone() });
            }
        }
        wanted.references.extend(request.command.reference().cloned());
        wanted.holds.extend(request.command.hold());
        wanted.reversals.extend(request.command.reversed());
        match &request.command {
            Command::PostTransaction(post) => {
                for expectation in post.expectations.as_slice() {
                    missing.extend(expectation.key().cloned());
                    wanted.versions.push(expectation.account().clone());
                }
            }
            Command::ChangeAccount(change) => wanted.accounts.push(change.account.clone()),
            Command::ChangeTransaction(change) => wanted.transactions.push(change.transaction),
            Command::CreateHold(_)
            | Command::CaptureHold(_)
            | Command::ReleaseHold(_)
            | Command::ReverseTransaction(_) => {}
        }
    }
    wanted.missing = missing.into_iter().collect();
    wanted
}

/// Appends what the requests ask for to a ledger, in one batch.
///
/// # Panics
/// When the store fails or a request is rejected.
pub async fn append(store: &dyn Store, ledger: &LedgerName, requests: &[Request]) -> Vec<LogRecord> {
    let (batch, records) = decide_batch(store, ledger, requests).await;
    batch.commit(&records).await.expect("the batch commits");
    records
}

/// Returns where the log stood for whoever decided entries of requests without a time of their own.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn head_before(records: &[LogRecord]) -> Head {
    let first = &records[0].entry;
    let last_recorded_at = (first.number.0 > 0).then(|| at(first.recorded_at.micros() - STEP));
    Head { next: first.number, last_recorded_at }
}

/// How many microseconds lie between entries of requests without a time of their own.
const STEP: i64 = 1_000;

fn after(last: Option<Timestamp>) -> Timestamp {
    last.map_or(at(1_700_000_000_000_000), |last| at(last.micros() + STEP))
}
