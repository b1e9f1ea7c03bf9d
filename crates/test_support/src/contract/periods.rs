//! Statements for a period: opening balance, lines, closing balance.

use engine::port::{DatedLine, Store};
use engine::query::{Clock, Order, StatementQuery, TimeRange};
use engine::statement::{Part, Period, Statement};
use ledger::{Asset, Direction, LedgerName};

use crate::fixture::create;
use crate::{
    Naive, Seed, StoreFixture, address, any_history, any_statement_query, append, asset, at, ledger_name,
    post, posting, transfer,
};

const HISTORIES: usize = 12;
const PERIODS: usize = 24;

/// What a statement says of one asset.
#[derive(Debug, PartialEq)]
struct Section {
    asset: Asset,
    opening: i128,
    lines: Vec<(DatedLine, i128)>,
    debits: u128,
    credits: u128,
    closing: i128,
}

/// Reads a statement to its end. `None` where the account never moved and was never changed.
async fn read(store: &dyn Store, ledger: &LedgerName, period: &Period) -> Option<Vec<Section>> {
    let statement = Statement::begin(store, ledger, period.clone()).await.unwrap()?;
    Some(finish(store, statement).await)
}

async fn finish(store: &dyn Store, mut statement: Statement) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    while let Some(part) = statement.next(store).await.unwrap() {
        match part {
            Part::Nothing => {}
            Part::Opening { asset, balance } => sections.push(Section {
                asset,
                opening: balance,
                lines: Vec::new(),
                debits: 0,
                credits: 0,
                closing: 0,
            }),
            Part::Lines(lines) => {
                let section = sections.last_mut().expect("an opening comes first");
                section.lines.extend(lines.into_iter().map(|line| (line.dated, line.balance)));
            }
            Part::Closing { totals } => {
                let section = sections.last_mut().expect("an opening comes first");
                assert_eq!(section.asset, totals.asset);
                (section.debits, section.credits) = (totals.debits, totals.credits);
                section.closing = totals.balance;
            }
        }
    }
    sections
}

/// What follows from the log: every line ever, in the order of the clock, and which of them are in the period.
fn expected(naive: &Naive, period: &Period) -> Option<Vec<Section>> {
    let of = |asset: Option<Asset>, time: TimeRange| StatementQuery {
        account: period.account.clone(),
        asset,
        time,
        clock: period.clock,
        order: Order::Ascending,
        after: None,
        limit: usize::MAX,
    };
    let account = naive.account(&period.account)?;
    let lines = |asset, time| naive.statement(&of(asset, time)).unwrap_or_default();
    let assets: Vec<Asset> = match &period.asset {
        Some(asset) => vec![asset.clone()],
        None => account.balances.into_iter().map(|(asset, _)| asset).collect(),
    };
    let signed = |line: &DatedLine| match line.line.direction {
        Direction::Debit => -line.line.amount.signed(),
        Direction::Credit => line.line.amount.signed(),
    };
    let sections = assets.into_iter().map(|asset| {
        let earlier = TimeRange { from: None, to: period.time.from };
        let earlier = lines(Some(asset.clone()), earlier);
        let opening = if period.time.from.is_some() { earlier.iter().map(signed).sum() } else { 0 };
        let within = lines(Some(asset.clone()), period.time);
        let sum = |wanted: Direction| {
            within.iter().filter(|l| l.line.direction == wanted).map(|l| l.line.amount.get()).sum::<u128>()
        };
        let (debits, credits) = (sum(Direction::Debit), sum(Direction::Credit));
        let mut balance = opening;
        let lines = within.into_iter().map(|line| {
            balance += signed(&line);
            (line, balance)
        });
        let lines: Vec<_> = lines.collect();
        let closing = opening + credits.cast_signed() - debits.cast_signed();
        Section { asset, opening, lines, debits, credits, closing }
    });
    Some(sections.collect())
}

/// Opening balance and lines are the closing balance, by either clock, in random histories.
pub async fn random_periods_open_and_close_as_the_log_says(fixture: &dyn StoreFixture) {
    let store = fixture.open().await;
    let mut seed = Seed::draw();
    for number in 0..HISTORIES {
        let ledger = ledger_name(&format!("periods-{number}"));
        create(&*store, &ledger).await;
        let mut naive = Naive::default();
        for batch in seed.pick(&any_history()).batches {
            naive.records.extend(append(&*store, &ledger, &batch).await);
        }
        for _ in 0..PERIODS {
            let StatementQuery { account, asset, time, clock, .. } = seed.pick(&any_statement_query());
            let period = Period { account, asset, time, clock };
            let read = read(&*store, &ledger, &period).await;
            assert_eq!(read, expected(&naive, &period), "{period:?}");
            for section in read.iter().flatten() {
                // By the clock of the log, the lines' own balances are those of the statement.
                let in_order = |(line, balance): &(DatedLine, i128)| line.line.balance == *balance;
                assert!(clock == Clock::Effective || section.lines.iter().all(in_order), "{section:?}");
            }
        }
    }
}

/// Longer than what is read at once, before the period and in it.
pub async fn a_long_period_is_read_in_parts(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let mut naive = Naive::default();
    for round in 0..4_i64 {
        let requests = (0..450).map(|n| {
            let asset = if n % 50 == 7 { "EUR/2" } else { "USD/2" };
            let postings =
                [posting("world", "a", asset, 5), posting("a", "b", asset, u128::from(n % 7 == 0))];
            // Backdated ones come in between by the other clock.
            let effective_at =
                if n % 3 == 0 { 2_000 - round * 450 - i64::from(n) } else { round * 450 + i64::from(n) };
            post(postings).now(round * 450 + i64::from(n)).effective_at(effective_at)
        });
        naive.records.extend(append(&*store, &main, &requests.collect::<Vec<_>>()).await);
    }
    for clock in [Clock::Recorded, Clock::Effective] {
        for (from, to) in [(None, None), (Some(900), None), (Some(900), Some(1_700)), (Some(5_000), None)] {
            for wanted in [None, Some(asset("EUR/2"))] {
                let time = TimeRange { from: from.map(at), to: to.map(at) };
                let period = Period { account: address("a"), asset: wanted, time, clock };
                let read = read(&*store, &main, &period).await;
                assert!(read == expected(&naive, &period), "{period:?}");
            }
        }
    }
}

/// Also what counts in the period, or before it.
pub async fn what_is_written_while_a_period_is_read_does_not_count(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    let requests = [transfer("world", "a", 10).now(100), transfer("a", "b", 3).now(200).effective_at(50)];
    let mut naive = Naive { records: append(&*store, &main, &requests).await };
    for clock in [Clock::Recorded, Clock::Effective] {
        for from in [None, Some(at(60)), Some(at(150)), Some(at(10_000))] {
            let time = TimeRange { from, to: None };
            let period = Period { account: address("a"), asset: Some(asset("USD/2")), time, clock };
            let statement = Statement::begin(&*store, &main, period.clone()).await.unwrap().unwrap();
            let later = [
                transfer("world", "a", 1).now(300).effective_at(40),
                transfer("world", "a", 1).now(300).effective_at(70),
                transfer("world", "a", 1).now(300),
            ];
            let written = append(&*store, &main, &later).await;
            let read = finish(&*store, statement).await;
            assert_eq!(Some(read), expected(&naive, &period), "{period:?}");
            naive.records.extend(written);
        }
    }
}

/// An asset that the account never moved has a statement of nothing.
pub async fn an_account_that_never_moved_has_no_period(fixture: &dyn StoreFixture) {
    let (store, main) = fixture.with_main().await;
    append(&*store, &main, &[transfer("world", "a:b", 10)]).await;
    let of = |account, asset| Period {
        account: address(account),
        asset,
        time: TimeRange::default(),
        clock: Clock::Recorded,
    };
    assert_eq!(read(&*store, &main, &of("a", None)).await, None);
    assert_eq!(read(&*store, &main, &of("a", Some(asset("USD/2")))).await, None);
    let nothing = read(&*store, &main, &of("a:b", Some(asset("EUR/2")))).await.unwrap();
    let [Section { opening: 0, closing: 0, lines, .. }] = nothing.as_slice() else { panic!("{nothing:?}") };
    assert_eq!(lines.len(), 0);
}
