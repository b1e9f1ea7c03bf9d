//! Random questions about random histories. They ask for the first page; whoever follows a list goes on from there.

use engine::query::{
    AccountQuery, AddressPattern, AmountRange, AsOf, BalanceQuery, ChangeQuery, Clock, HoldQuery, Order,
    StatementQuery, TimeRange, TransactionChangeQuery, TransactionQuery,
};
use ledger::{Address, Amount, EntryNumber, HoldState, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use crate::builders::{address, asset, at};
use crate::pools::{ACCOUNTS, ASSETS, PAIRS, START, reference_text};

const PREFIXES: &[&str] =
    &["", "u", "users", "users:", "users:1", "users:1:", "users-", "bank:f", "w", "nobody", "ü", "users;"];

/// Makes queries for transactions.
pub fn any_transaction_query() -> impl Strategy<Value = TransactionQuery> {
    (
        (rarely(any_pattern()), rarely(any_pattern()), rarely(any_pattern())),
        any_asset(),
        prop_oneof![9 => Just(None), 1 => (0..40u64).prop_map(Some)],
        any_pairs(),
        any_time_range(),
        any_clock(),
        (prop_oneof![Just(Order::Ascending), Just(Order::Descending)], any_amount_range()),
        any_limit(),
    )
        .prop_map(|(patterns, asset, reference, metadata, time, clock, (order, amount), limit)| {
            TransactionQuery {
                account: patterns.0,
                source: patterns.1,
                destination: patterns.2,
                asset,
                amount,
                reference: reference.map(|number| crate::builders::reference(&reference_text(number))),
                metadata,
                time,
                clock,
                order,
                after: None,
                limit,
            }
        })
}

/// Makes queries for accounts.
pub fn any_account_query() -> impl Strategy<Value = AccountQuery> {
    (any_prefix(), any_asset(), any_pairs(), prop::option::of(any_moment()), any_limit()).prop_map(
        |(prefix, asset, metadata, as_of, limit)| AccountQuery {
            prefix,
            asset,
            metadata,
            as_of,
            after: None,
            limit,
        },
    )
}

/// Makes queries for the changes of a transaction.
pub fn any_transaction_change_query() -> impl Strategy<Value = TransactionChangeQuery> {
    (0..24_u64, any_limit()).prop_map(|(transaction, limit)| TransactionChangeQuery {
        transaction: EntryNumber(transaction),
        after: None,
        limit,
    })
}

fn any_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = select(PAIRS).prop_map(|(key, value)| (key.to_owned(), value.to_owned()));
    prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(pair, 1..3)]
}

fn any_amount_range() -> impl Strategy<Value = AmountRange> {
    let amount = || prop_oneof![3 => (0..600_u64).prop_map(Amount::from), 1 => Just(Amount::MAX)];
    (rarely(amount()), rarely(amount())).prop_map(|(at_least, at_most)| AmountRange { at_least, at_most })
}

/// Makes queries for the changes of an account.
pub fn any_change_query() -> impl Strategy<Value = ChangeQuery> {
    (select(ACCOUNTS), rarely(any_time()), any_limit()).prop_map(|(account, until, limit)| ChangeQuery {
        account: address(account),
        until,
        after: None,
        limit,
    })
}

/// Makes queries for statements.
pub fn any_statement_query() -> impl Strategy<Value = StatementQuery> {
    (select(ACCOUNTS), any_asset(), any_time_range(), any_clock(), any_order(), any_limit()).prop_map(
        |(account, asset, time, clock, order, limit)| StatementQuery {
            account: address(account),
            asset,
            time,
            clock,
            order,
            after: None,
            limit,
        },
    )
}

/// Makes queries for sums of balances.
pub fn any_balance_query() -> impl Strategy<Value = BalanceQuery> {
    (any_prefix(), 1..5usize, prop::option::of(any_moment()), any_limit())
        .prop_map(|(prefix, depth, as_of, limit)| BalanceQuery { prefix, depth, as_of, after: None, limit })
}

fn rarely<T: Clone + std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.3, strategy)
}

fn any_pattern() -> impl Strategy<Value = AddressPattern> {
    prop_oneof![
        3 => select(ACCOUNTS).prop_map(|account| AddressPattern::Exactly(address(account))),
        1 => select(&["users", "bank", "users:1", "bank:fees", "nobody"][..])
            .prop_map(|account| AddressPattern::Under(address(account))),
    ]
}

fn any_asset() -> impl Strategy<Value = Option<ledger::Asset>> {
    rarely(select(ASSETS).prop_map(asset))
}

fn any_prefix() -> impl Strategy<Value = Option<String>> {
    prop::option::of(select(PREFIXES).prop_map(str::to_owned))
}

/// Makes questions for an account as it was.
pub fn any_account_as_of() -> impl Strategy<Value = (Address, AsOf)> {
    (select(ACCOUNTS).prop_map(address), any_moment())
}

fn any_moment() -> impl Strategy<Value = AsOf> {
    (any_time(), any_clock()).prop_map(|(time, clock)| AsOf { time, clock })
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (START - 8..START + 60).prop_map(at)
}

fn any_time_range() -> impl Strategy<Value = TimeRange> {
    let time = || rarely(any_time());
    (time(), time()).prop_map(|(from, to)| TimeRange { from, to })
}

fn any_clock() -> impl Strategy<Value = Clock> {
    prop_oneof![Just(Clock::Recorded), Just(Clock::Effective)]
}

fn any_order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Ascending), Just(Order::Descending)]
}

fn any_limit() -> impl Strategy<Value = usize> {
    prop_oneof![1..6usize, Just(1_000)]
}

const STATES: &[HoldState] = &[HoldState::Open, HoldState::Captured, HoldState::Voided, HoldState::Expired];

/// Makes queries for holds.
pub fn any_hold_query() -> impl Strategy<Value = HoldQuery> {
    let state = prop::option::of(select(STATES));
    let account = prop::option::of(select(ACCOUNTS).prop_map(address));
    (state, account, any_limit()).prop_map(|(state, account, limit)| HoldQuery {
        state,
        account,
        after: None,
        limit,
    })
}
