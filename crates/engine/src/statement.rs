//! An account's statement for a period: what it had at the beginning, each line with the balance after it, what it
//! had at the end; asset by asset, by either clock.
//!
//! It is read part by part, oldest line first, with one page in memory however long the period is. Which entries count
//! is fixed when it begins, so that opening balance and lines always add up to the closing balance, whatever is written
//! meanwhile.

use std::collections::VecDeque;

use ledger::{Address, Amount, Asset, Direction, EntryNumber, LedgerName};

use crate::port::{DatedLine, ReadError, Store};
use crate::query::{Clock, Order, Page, StatementPosition, StatementQuery, TimeRange};

/// How many lines are read at once, at most: pages of entries with many postings are shorter.
const LINES_PER_READ: usize = 500;

/// Which statement is wanted.
#[derive(Clone, Debug)]
pub struct Period {
    /// The account.
    pub account: Address,
    /// Only this asset.
    pub asset: Option<Asset>,
    /// When, by `clock`.
    pub time: TimeRange,
    /// Which time `time`, the order and the balances mean.
    pub clock: Clock,
}

/// A part of a statement. For each asset come an opening, any number of lines, and a closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A page was read in which there was nothing to tell.
    Nothing,
    /// What there was of an asset when the period began.
    Opening {
        /// The asset.
        asset: Asset,
        /// Credits less debits before the period.
        balance: i128,
    },
    /// Some lines, the next ones in order.
    Lines(Vec<BalancedLine>),
    /// What there was of the asset when the period ended.
    Closing {
        /// The sums of the lines, and the balance after the last.
        totals: Totals,
    },
}

/// A line of the period, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancedLine {
    /// The line. Its own balance is that in the order of the log.
    pub dated: DatedLine,
    /// What there was after it, in the order of the statement's clock.
    pub balance: i128,
}

/// What the lines of an asset come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The asset.
    pub asset: Asset,
    /// The sum of all debits of the period.
    pub debits: u128,
    /// The sum of all credits of the period.
    pub credits: u128,
    /// The opening balance, and the credits less the debits.
    pub balance: i128,
}

impl Totals {
    /// Counts a line.
    fn count(&mut self, direction: Direction, amount: Amount) {
        // Wrapping and saturating, as an entry read from a damaged log may hold anything.
        match direction {
            Direction::Debit => {
                self.debits = self.debits.saturating_add(amount.get());
                self.balance = self.balance.wrapping_sub(amount.signed());
            }
            Direction::Credit => {
                self.credits = self.credits.saturating_add(amount.get());
                self.balance = self.balance.wrapping_add(amount.signed());
            }
        }
    }
}

/// A statement that is being read.
#[derive(Debug)]
pub struct Statement {
    ledger: LedgerName,
    period: Period,
    /// The first entry that does not count.
    before: EntryNumber,
    /// Whether the account had moved when this began.
    moved: bool,
    assets: VecDeque<Asset>,
    stage: Stage,
}

/// Where reading stands. All but the first are about the asset in front.
#[derive(Debug)]
enum Stage {
    /// Between assets.
    Between,
    /// Looking for the opening balance: after this place, with this much so far.
    Before(Option<StatementPosition>, i128),
    /// At the lines of the period: after this place, with these sums so far.
    Within(Option<StatementPosition>, Totals),
    /// At the end of the period.
    After(Totals),
}

impl Statement {
    /// Begins a statement. `None` where the account never moved and was never changed.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    pub async fn begin(
        store: &dyn Store,
        ledger: &LedgerName,
        period: Period,
    ) -> Result<Option<Self>, ReadError> {
        let before = store.ledger(ledger).await?.entries;
        let Some(account) = store.account(ledger, &period.account).await? else { return Ok(None) };
        let moved = !account.balances.is_empty();
        let assets = match &period.asset {
            Some(asset) => VecDeque::from([asset.clone()]),
            None => account.balances.into_iter().map(|(asset, _)| asset).collect(),
        };
        Ok(Some(Self { ledger: ledger.clone(), period, before, moved, assets, stage: Stage::Between }))
    }

    /// Returns what the statement is of.
    #[must_use]
    pub fn period(&self) -> &Period {
        &self.period
    }

    /// Returns the ledger that the account is in.
    #[must_use]
    pub fn ledger(&self) -> &LedgerName {
        &self.ledger
    }

    /// Reads the next part. `None` when all were read.
    ///
    /// # Errors
    /// Those of [`ReadError`].
    pub async fn next(&mut self, store: &dyn Store) -> Result<Option<Part>, ReadError> {
        let Some(asset) = self.assets.front().cloned() else { return Ok(None) };
        let (stage, part) = match std::mem::replace(&mut self.stage, Stage::Between) {
            Stage::Between => match self.period.time.from {
                Some(_) => (Stage::Before(None, 0), Part::Nothing),
                None => opened(asset, 0),
            },
            Stage::Before(after, balance) => self.look_before(store, asset, after, balance).await?,
            Stage::Within(after, totals) => self.read_lines(store, after, totals).await?,
            Stage::After(totals) => {
                self.assets.pop_front();
                (Stage::Between, Part::Closing { totals })
            }
        };
        self.stage = stage;
        Ok(Some(part))
    }

    async fn look_before(
        &self,
        store: &dyn Store,
        asset: Asset,
        after: Option<StatementPosition>,
        balance: i128,
    ) -> Result<(Stage, Part), ReadError> {
        let time = TimeRange { from: None, to: self.period.time.from };
        match self.period.clock {
            // The last line before the period says it.
            Clock::Recorded => {
                let page = self.read(store, &asset, time, Order::Descending, after, 1).await?;
                let last = page.items.iter().find(|line| self.counts(line));
                Ok(match (last, page.next) {
                    (Some(line), _) => opened(asset, line.line.balance),
                    (None, None) => opened(asset, 0),
                    (None, next) => (Stage::Before(next, 0), Part::Nothing),
                })
            }
            // The log knows no balances by effective time: they are summed up.
            Clock::Effective => {
                let page = self.read(store, &asset, time, Order::Ascending, after, LINES_PER_READ).await?;
                let mut sum = Totals { asset, debits: 0, credits: 0, balance };
                for line in page.items.iter().filter(|line| self.counts(line)) {
                    sum.count(line.line.direction, line.line.amount);
                }
                Ok(match page.next {
                    None => opened(sum.asset, sum.balance),
                    next => (Stage::Before(next, sum.balance), Part::Nothing),
                })
            }
        }
    }

    async fn read_lines(
        &self,
        store: &dyn Store,
        after: Option<StatementPosition>,
        mut totals: Totals,
    ) -> Result<(Stage, Part), ReadError> {
        let time = self.period.time;
        let page = self.read(store, &totals.asset, time, Order::Ascending, after, LINES_PER_READ).await?;
        let counted = page.items.into_iter().filter(|line| self.counts(line)).map(|dated| {
            totals.count(dated.line.direction, dated.line.amount);
            BalancedLine { balance: totals.balance, dated }
        });
        let lines: Vec<_> = counted.collect();
        let part = if lines.is_empty() { Part::Nothing } else { Part::Lines(lines) };
        Ok(match page.next {
            None => (Stage::After(totals), part),
            next => (Stage::Within(next, totals), part),
        })
    }

    async fn read(
        &self,
        store: &dyn Store,
        asset: &Asset,
        time: TimeRange,
        order: Order,
        after: Option<StatementPosition>,
        limit: usize,
    ) -> Result<Page<DatedLine, StatementPosition>, ReadError> {
        if !self.moved {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let Period { account, clock, .. } = &self.period;
        let (account, asset, clock) = (account.clone(), Some(asset.clone()), *clock);
        let query = StatementQuery { account, asset, time, clock, order, after, limit };
        let page = store.statement(&self.ledger, &query).await?;
        // An account that moved has a statement; a copy that lags behind may not know yet.
        page.ok_or_else(|| ReadError::Unavailable(Box::new(Gone)))
    }

    fn counts(&self, line: &DatedLine) -> bool {
        line.line.entry < self.before
    }
}

fn opened(asset: Asset, balance: i128) -> (Stage, Part) {
    let totals = Totals { asset: asset.clone(), debits: 0, credits: 0, balance };
    (Stage::Within(None, totals), Part::Opening { asset, balance })
}

/// The account is not there any more.
#[derive(Debug, thiserror::Error)]
#[error("an account that had moved is not there")]
struct Gone;
