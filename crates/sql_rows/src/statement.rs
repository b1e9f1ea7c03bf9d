//! Pages of statements, newest line first. Never looks at more than `SCAN_MAX` lines or entries for one.

use engine::port::DatedLine;
use engine::query::{Clock, Page, SCAN_MAX, StatementPosition, StatementQuery};
use ledger::{EntryNumber, Timestamp};

use crate::failure::Corruption;
use crate::rows::{LineRow, Reader, entry_number, one_more, stored_number};
use crate::spans::{EffectivePlaces, Numbers};

/// The lines found so far, and how far the list was looked at.
pub struct StatementPage<'q> {
    query: &'q StatementQuery,
    items: Vec<DatedLine>,
    looked_at: usize,
    last: Option<StatementPosition>,
    more: bool,
}

impl<'q> StatementPage<'q> {
    /// Begins a page.
    #[must_use]
    pub fn new(query: &'q StatementQuery) -> Self {
        Self { query, items: Vec::new(), looked_at: 0, last: query.after, more: false }
    }

    /// Says whether there is room to look at something else; where not, the list goes on.
    pub fn has_room(&mut self) -> bool {
        self.more = self.items.len() >= self.query.limit || self.looked_at == SCAN_MAX;
        !self.more
    }

    /// Looks at a line.
    pub fn take(&mut self, line: DatedLine) {
        let time = match self.query.clock {
            Clock::Recorded => line.recorded_at,
            Clock::Effective => line.effective_at,
        };
        self.pass(StatementPosition { time, entry: line.line.entry, posting: line.line.posting });
        if self.query.asset.as_ref().is_none_or(|asset| *asset == line.line.asset) {
            self.items.push(line);
        }
    }

    /// Looks at something that is no line of the account.
    pub fn pass(&mut self, position: StatementPosition) {
        self.looked_at += 1;
        self.last = Some(position);
    }

    /// Returns how far the list was looked at: the last line's place.
    #[must_use]
    pub fn last(&self) -> Option<StatementPosition> {
        self.last
    }

    /// Returns the page.
    #[must_use]
    pub fn finish(self) -> Page<DatedLine, StatementPosition> {
        Page { items: self.items, next: self.last.filter(|_| self.more) }
    }

    /// Returns how many lines one page can need, and one more.
    #[must_use]
    pub fn rows_wanted(query: &StatementQuery) -> i64 {
        one_more(if query.asset.is_none() { query.limit.min(SCAN_MAX) } else { SCAN_MAX })
    }

    /// Returns the entry and the posting before which a page by recorded time begins.
    #[must_use]
    pub fn recorded_before(query: &StatementQuery, numbers: Numbers) -> (i64, i64) {
        let before = (numbers.before, 0);
        query.after.map_or(before, |after| before.min((stored_number(after.entry), posting(after))))
    }

    /// Returns the time, the entry and the posting before which a page by effective time begins.
    #[must_use]
    pub fn effective_before(query: &StatementQuery, places: EffectivePlaces) -> (i64, i64, i64) {
        let before = (places.before.time, places.before.number, 0);
        query.after.map_or(before, |after| {
            before.min((after.time.micros(), stored_number(after.entry), posting(after)))
        })
    }

    /// Returns where a walk over the entries begins a page by effective time: the time and the entry that
    /// it begins before, then the entry that the last page ended in and the posting from which on that one
    /// is done with.
    #[must_use]
    pub fn walk_before(query: &StatementQuery, places: EffectivePlaces) -> ((i64, i64), (i64, i64)) {
        let before = (places.before.time, places.before.number);
        let Some(after) = query.after else { return (before, (-1, 0)) };
        let number = stored_number(after.entry);
        let first_undone = if after.posting == 0 { number } else { number.saturating_add(1) };
        (before.min((after.time.micros(), first_undone)), (number, posting(after)))
    }
}

fn posting(position: StatementPosition) -> i64 {
    i64::try_from(position.posting).unwrap_or(i64::MAX)
}

/// A row per line of an entry, or one without a line where the entry does not touch the account.
pub struct EntryLineRow<N> {
    /// The entry.
    pub number: i64,
    /// When it was written.
    pub recorded_at: i64,
    /// When it counts.
    pub effective_at: i64,
    /// The posting's place in it.
    pub posting: Option<i64>,
    /// `debit` or `credit`.
    pub direction: Option<String>,
    /// The other account.
    pub counterparty: Option<String>,
    /// The asset.
    pub asset: Option<String>,
    /// How much.
    pub amount: Option<N>,
    /// The balance after it.
    pub balance: Option<N>,
}

impl<N> EntryLineRow<N> {
    /// Returns the line, where there is one.
    #[must_use]
    pub fn line(self, address: &str) -> Option<LineRow<N>> {
        Some(LineRow {
            address: address.to_owned(),
            entry: self.number,
            posting: self.posting?,
            direction: self.direction?,
            counterparty: self.counterparty?,
            asset: self.asset?,
            amount: self.amount?,
            balance: self.balance?,
            recorded_at: Some(self.recorded_at),
            effective_at: Some(self.effective_at),
        })
    }

    /// Returns the entry's place in the order of effective times.
    ///
    /// # Errors
    /// Where it has none.
    pub fn place(&self) -> Result<(Timestamp, EntryNumber), Corruption> {
        let place = || format!("entry {}", self.number);
        Ok((Reader::at(&place).time(self.effective_at)?, entry_number(self.number)?))
    }
}
