//! Everything that can be read, and what stores answer. Lists are followed to their end.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::pair::MetadataPair;
use engine::port::{DatedLine, KeptAccount, LogRecord, ReadError, Store};
use engine::query::{
    Account, AccountQuery, AsOf, BalanceGroup, BalanceQuery, ChangeQuery, Clock, Ledger, Order, Page,
    StatementQuery, TimeRange, TransactionChangeQuery, TransactionQuery,
};
use engine::shifted::ShiftedMovement;
use engine::verify::{Report, verify};
use ledger::{Address, Balance, BalanceKey, BalanceTotal, Entry, EntryNumber, LedgerName, Metadata, RootKey};
use proptest::prelude::*;
use test_support::pools::ACCOUNTS;
use test_support::{
    address, any_account_as_of, any_account_query, any_balance_query, any_change_query, any_statement_query,
    any_transaction_change_query, any_transaction_query, read_movements, try_drain,
};

/// A question about a ledger. Where it has a limit, that is the length of the pages in which the whole list is
/// read.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Ledgers { limit: usize },
    Ledger,
    Log { limit: usize },
    Entry(EntryNumber),
    Transaction(EntryNumber),
    Transactions(TransactionQuery),
    TransactionChanges(TransactionChangeQuery),
    Account(Address),
    AccountAsOf(Address, AsOf),
    Accounts(AccountQuery),
    Changes(ChangeQuery),
    Statement(StatementQuery),
    Balances(BalanceQuery),
    Snapshot { limit: usize },
    Verification,
}

/// What a store answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    NoSuchLedger,
    Ledgers(Vec<Ledger>),
    Ledger(Ledger),
    Log(Vec<LogRecord>),
    Entry(Option<LogRecord>),
    Transaction(Option<Entry>),
    Transactions(Vec<Entry>),
    Account(Option<Account>),
    Accounts(Vec<Account>),
    Changes(Option<Vec<Entry>>),
    Statement(Option<Vec<DatedLine>>),
    Balances(Vec<BalanceGroup>),
    Snapshot(Box<Snapshotted>),
    Verification(Report),
}

/// Everything that a snapshot has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshotted {
    next: EntryNumber,
    records: Vec<LogRecord>,
    balances: Vec<(BalanceKey, Balance)>,
    sums: Vec<(RootKey, BalanceTotal)>,
    /// The entries that moved each balance; where their lists end is the store's own business.
    movements: BTreeMap<BalanceKey, Vec<EntryNumber>>,
    shifted_movements: Vec<ShiftedMovement>,
    accounts: Vec<KeptAccount>,
    changes: Vec<(Address, EntryNumber)>,
    changed_transactions: Vec<(EntryNumber, Metadata)>,
    transaction_changes: Vec<(EntryNumber, EntryNumber)>,
    transactions_by_pair: Vec<(MetadataPair, EntryNumber)>,
    accounts_by_pair: Vec<(MetadataPair, Address)>,
}

/// Makes questions of every kind.
pub(crate) fn any_question() -> impl Strategy<Value = Question> {
    prop_oneof![
        4 => any_transaction_query().prop_map(Question::Transactions),
        3 => any_account_as_of().prop_map(|(account, as_of)| Question::AccountAsOf(account, as_of)),
        2 => any_account_query().prop_map(Question::Accounts),
        1 => any_change_query().prop_map(Question::Changes),
        1 => any_transaction_change_query().prop_map(Question::TransactionChanges),
        1 => (0..50_u64).prop_map(|number| Question::Transaction(EntryNumber(number))),
        3 => any_statement_query().prop_map(Question::Statement),
        2 => any_balance_query().prop_map(Question::Balances),
        1 => (0..50_u64).prop_map(|number| Question::Entry(EntryNumber(number))),
    ]
}

/// Lists the questions that leave nothing out.
pub(crate) fn all_there_is() -> Vec<Question> {
    let mut questions = vec![Question::Ledger, Question::Verification];
    for limit in [2, 1_000] {
        questions.extend([
            Question::Ledgers { limit },
            Question::Log { limit },
            Question::Snapshot { limit: limit + 3 },
            Question::Transactions(TransactionQuery { limit, ..TransactionQuery::default() }),
            Question::Accounts(AccountQuery { limit, ..AccountQuery::default() }),
        ]);
    }
    let depths = 1..4;
    questions.extend(depths.map(|depth| {
        Question::Balances(BalanceQuery { prefix: None, depth, as_of: None, after: None, limit: 2 })
    }));
    for account in ACCOUNTS.iter().map(|account| address(account)) {
        questions.extend([Clock::Recorded, Clock::Effective].map(|clock| {
            Question::Statement(StatementQuery {
                account: account.clone(),
                asset: None,
                time: TimeRange::default(),
                clock,
                order: Order::Descending,
                after: None,
                limit: 1_000,
            })
        }));
        questions.push(Question::Changes(ChangeQuery {
            account: account.clone(),
            until: None,
            after: None,
            limit: 2,
        }));
        questions.push(Question::Account(account));
    }
    questions
}

/// Asks stores that are openings of one database; every page is read through the next one of them.
///
/// # Errors
/// Where a store does not answer.
pub(crate) async fn answer(
    openings: &[Arc<dyn Store>],
    ledger: &LedgerName,
    question: &Question,
) -> Result<Answer, ReadError> {
    let mut turns = openings.iter().cycle();
    let mut turn = || turns.next().expect("a store is open");
    let answer = match question {
        Question::Ledgers { limit } => try_drain(*limit, None, async |after: Option<LedgerName>| {
            turn().ledgers(after.as_ref(), *limit).await
        })
        .await
        .map(Answer::Ledgers),
        Question::Ledger => turn().ledger(ledger).await.map(Answer::Ledger),
        Question::Log { limit } => try_drain(*limit, None, async |from| {
            let items = turn().log(ledger, from.unwrap_or_default(), *limit).await?;
            let next = items.last().map(|last: &LogRecord| last.entry.number.next());
            Ok(Page { items, next })
        })
        .await
        .map(Answer::Log),
        Question::Entry(number) => turn().entry(ledger, *number).await.map(Answer::Entry),
        Question::Transaction(number) => turn().transaction(ledger, *number).await.map(Answer::Transaction),
        Question::TransactionChanges(query) => {
            let changes = try_drain(query.limit, None, async |after| {
                let query = TransactionChangeQuery { after, ..query.clone() };
                turn().transaction_changes(ledger, &query).await.map_err(Some)?.ok_or(None)
            });
            match changes.await {
                Ok(changes) => Ok(Answer::Changes(Some(changes))),
                Err(None) => Ok(Answer::Changes(None)),
                Err(Some(error)) => Err(error),
            }
        }
        Question::Transactions(query) => try_drain(query.limit, None, async |after| {
            turn().transactions(ledger, &TransactionQuery { after, ..query.clone() }).await
        })
        .await
        .map(Answer::Transactions),
        Question::Account(account) => turn().account(ledger, account).await.map(Answer::Account),
        Question::AccountAsOf(account, as_of) => {
            turn().account_as_of(ledger, account, *as_of).await.map(Answer::Account)
        }
        Question::Accounts(query) => try_drain(query.limit, None, async |after| {
            turn().accounts(ledger, &AccountQuery { after, ..query.clone() }).await
        })
        .await
        .map(Answer::Accounts),
        Question::Changes(query) => {
            let changes = try_drain(query.limit, None, async |after| {
                let page = turn().account_changes(ledger, &ChangeQuery { after, ..query.clone() }).await;
                page.map_err(Some)?.ok_or(None)
            });
            match changes.await {
                Ok(changes) => Ok(Answer::Changes(Some(changes))),
                Err(None) => Ok(Answer::Changes(None)),
                Err(Some(error)) => Err(error),
            }
        }
        Question::Statement(query) => {
            let lines = try_drain(query.limit, None, async |after| {
                let page = turn().statement(ledger, &StatementQuery { after, ..query.clone() }).await;
                page.map_err(Some)?.ok_or(None)
            });
            match lines.await {
                Ok(lines) => Ok(Answer::Statement(Some(lines))),
                Err(None) => Ok(Answer::Statement(None)),
                Err(Some(error)) => Err(error),
            }
        }
        Question::Balances(query) => try_drain(query.limit, None, async |after| {
            turn().balances(ledger, &BalanceQuery { after, ..query.clone() }).await
        })
        .await
        .map(Answer::Balances),
        Question::Snapshot { limit } => snapshot(&**turn(), ledger, *limit).await,
        Question::Verification => verification(&**turn(), ledger).await,
    };
    match answer {
        Err(ReadError::LedgerNotFound) => Ok(Answer::NoSuchLedger),
        answer => answer,
    }
}

/// Reads all of a snapshot, in parts.
async fn snapshot(store: &dyn Store, ledger: &LedgerName, limit: usize) -> Result<Answer, ReadError> {
    let mut snapshot = store.snapshot(ledger).await?;
    let mut records: Vec<LogRecord> = Vec::new();
    loop {
        let from = records.last().map(|last| last.entry.number.next()).unwrap_or_default();
        match snapshot.records(from, limit).await? {
            part if part.is_empty() => break,
            part => records.extend(part),
        }
    }
    let mut balances: Vec<(BalanceKey, Balance)> = Vec::new();
    loop {
        let after = balances.last().map(|(key, _)| key.clone());
        match snapshot.balances(after.as_ref(), limit).await? {
            part if part.is_empty() => break,
            part => balances.extend(part),
        }
    }
    let mut sums: Vec<(RootKey, BalanceTotal)> = Vec::new();
    loop {
        let after = sums.last().map(|(key, _)| key.clone());
        match snapshot.sums(after.as_ref(), limit).await? {
            part if part.is_empty() => break,
            part => sums.extend(part),
        }
    }
    let movements = read_movements(&mut *snapshot, limit).await?;
    let mut shifted_movements: Vec<ShiftedMovement> = Vec::new();
    loop {
        match snapshot.shifted_movements(shifted_movements.last(), limit).await? {
            part if part.is_empty() => break,
            part => shifted_movements.extend(part),
        }
    }
    let mut accounts: Vec<KeptAccount> = Vec::new();
    loop {
        let after = accounts.last().map(|last| last.address.clone());
        match snapshot.accounts(after.as_ref(), limit).await? {
            part if part.is_empty() => break,
            part => accounts.extend(part),
        }
    }
    let mut changes: Vec<(Address, EntryNumber)> = Vec::new();
    loop {
        match snapshot.account_changes(changes.last(), limit).await? {
            part if part.is_empty() => break,
            part => changes.extend(part),
        }
    }
    let mut changed_transactions: Vec<(EntryNumber, Metadata)> = Vec::new();
    loop {
        let after = changed_transactions.last().map(|last| last.0);
        match snapshot.changed_transactions(after, limit).await? {
            part if part.is_empty() => break,
            part => changed_transactions.extend(part),
        }
    }
    let mut transaction_changes: Vec<(EntryNumber, EntryNumber)> = Vec::new();
    loop {
        match snapshot.transaction_changes(transaction_changes.last().copied(), limit).await? {
            part if part.is_empty() => break,
            part => transaction_changes.extend(part),
        }
    }
    let mut transactions_by_pair: Vec<(MetadataPair, EntryNumber)> = Vec::new();
    loop {
        match snapshot.transactions_by_pair(transactions_by_pair.last().copied(), limit).await? {
            part if part.is_empty() => break,
            part => transactions_by_pair.extend(part),
        }
    }
    let mut accounts_by_pair: Vec<(MetadataPair, Address)> = Vec::new();
    loop {
        match snapshot.accounts_by_pair(accounts_by_pair.last(), limit).await? {
            part if part.is_empty() => break,
            part => accounts_by_pair.extend(part),
        }
    }
    Ok(Answer::Snapshot(Box::new(Snapshotted {
        next: snapshot.next(),
        records,
        balances,
        sums,
        movements,
        shifted_movements,
        accounts,
        changes,
        changed_transactions,
        transaction_changes,
        transactions_by_pair,
        accounts_by_pair,
    })))
}

async fn verification(store: &dyn Store, ledger: &LedgerName) -> Result<Answer, ReadError> {
    let mut snapshot = store.snapshot(ledger).await?;
    Ok(Answer::Verification(verify(&mut *snapshot, |_| {}).await?))
}
