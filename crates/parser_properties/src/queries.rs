//! Query strings: whoever reads one says the same of it in whatever order its parameters stand.

use std::fmt::Debug;

use app::{accounts, balances, exports, holds, ledgers, log, schedules, transactions};
use app_base::http::fields::FieldErrors;
use app_base::http::query::{FromQuery, NoQuery, read_query};

pub(crate) fn queries(text: &str) {
    check::<NoQuery>(text);
    check::<accounts::GetAccountQuery>(text);
    check::<accounts::ListAccountsQuery>(text);
    check::<accounts::ListChangesQuery>(text);
    check::<accounts::ListEntriesQuery>(text);
    check::<accounts::StatementParameters>(text);
    check::<balances::ListBalancesQuery>(text);
    check::<exports::ExportQuery>(text);
    check::<holds::ListHoldsQuery>(text);
    check::<ledgers::ListLedgersQuery>(text);
    check::<log::ListLogQuery>(text);
    check::<schedules::ListRunsQuery>(text);
    check::<schedules::ListSchedulesQuery>(text);
    check::<transactions::ListTransactionChangesQuery>(text);
    check::<transactions::ListTransactionsQuery>(text);
}

fn check<Q: FromQuery + Debug>(text: &str) {
    let forth = read::<Q>(text);
    let turned: Vec<&str> = text.split('&').rev().collect();
    let back = read::<Q>(&turned.join("&"));
    assert_eq!(forth.is_ok(), back.is_ok(), "{text:?}: {forth:?}, and turned round {back:?}");
    for field in forth.err().into_iter().chain(back.err()).flatten() {
        assert!(!field.is_empty(), "{text:?}: what is wrong has a name");
    }
}

fn read<Q: FromQuery>(text: &str) -> Result<Q, Vec<String>> {
    let mut errors = FieldErrors::default();
    let query = read_query("/v1/ledgers/main/list", Some(text), &mut errors);
    if errors.is_empty() {
        return Ok(query);
    }
    Err(errors.as_slice().iter().map(|error| error.field.clone()).collect())
}
