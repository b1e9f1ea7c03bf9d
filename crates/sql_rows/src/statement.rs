//! Pages of statements. Never looks at more than `scan_max` lines and entries for one.

use engine::port::DatedLine;
use engine::query::{
    Clock, Order, PAGE_WEIGHT_MAX, Page, StatementPosition, StatementQuery, scan_max, weight,
};
use ledger::{Entry, StatementLine};

use crate::failure::Corruption;
use crate::rows::{one_more, stored_number};
use crate::spans::{EffectivePlace, EffectivePlaces, Numbers};

/// The lines found so far, and how far the list was looked at.
pub struct StatementPage<'q> {
    query: &'q StatementQuery,
    items: Vec<DatedLine>,
    looked_at: usize,
    weight: usize,
    last: Option<StatementPosition>,
    more: bool,
}

impl<'q> StatementPage<'q> {
    /// Begins a page.
    #[must_use]
    pub fn new(query: &'q StatementQuery) -> Self {
        Self { query, items: Vec::new(), looked_at: 0, weight: 0, last: query.after, more: false }
    }

    /// Says whether there is room to look at something else; where not, the list goes on.
    fn has_room(&mut self) -> bool {
        self.more = self.items.len() >= self.query.limit
            || self.looked_at >= scan_max(self.query.limit)
            || self.weight >= PAGE_WEIGHT_MAX;
        !self.more
    }

    /// Looks at an entry, as far as there is room. Says whether all of it was looked at.
    ///
    /// # Errors
    /// Where the entry lacks what its lines are worked out from.
    pub fn take(&mut self, entry: &Entry) -> Result<bool, Corruption> {
        let lines = entry.statement_lines(&self.query.account).ok_or_else(|| {
            let place = format!("entry {}", entry.number.0);
            Corruption::new(place, format!("there is no balance of {}", self.query.account.as_str()))
        })?;
        let time = match self.query.clock {
            Clock::Recorded => entry.recorded_at,
            Clock::Effective => entry.effective_at,
        };
        let position = |posting| StatementPosition { time, entry: entry.number, posting };
        let is_wanted =
            |line: &StatementLine| self.query.asset.as_ref().is_none_or(|asset| *asset == line.asset);
        let mut wanted: Vec<_> = lines.into_iter().filter(is_wanted).collect();
        if wanted.is_empty() && self.is_ahead(position(0)) {
            if !self.has_room() {
                return Ok(false);
            }
            self.pass(position(0));
        }
        if self.query.order == Order::Descending {
            wanted.reverse();
        }
        for line in wanted {
            let position = position(line.posting);
            if !self.is_ahead(position) {
                continue;
            }
            if !self.has_room() {
                return Ok(false);
            }
            self.pass(position);
            let (recorded_at, effective_at) = (entry.recorded_at, entry.effective_at);
            self.items.push(DatedLine { line, recorded_at, effective_at });
        }
        self.weight += weight(entry);
        Ok(true)
    }

    fn is_ahead(&self, position: StatementPosition) -> bool {
        let place = |at: StatementPosition| (at.time, at.entry, at.posting);
        self.last.is_none_or(|last| match self.query.order {
            Order::Ascending => place(position) > place(last),
            Order::Descending => place(position) < place(last),
        })
    }

    fn pass(&mut self, position: StatementPosition) {
        self.looked_at += 1;
        self.last = Some(position);
    }

    /// Returns the page.
    #[must_use]
    pub fn finish(self) -> Page<DatedLine, StatementPosition> {
        Page { items: self.items, next: self.last.filter(|_| self.more) }
    }

    /// Returns how many entries to ask for where `looks` of them may be looked at: one more, which says whether the
    /// list goes on, and the one in which the last page ended, all lines of which may have been listed.
    #[must_use]
    pub fn rows_wanted(looks: usize) -> i64 {
        one_more(looks).saturating_add(1)
    }

    /// Returns the numbers among which a page by recorded time finds its next entries: also the one that it looked
    /// at last, which may have more lines.
    #[must_use]
    pub fn numbers(&self, mut numbers: Numbers) -> Numbers {
        if let Some(last) = self.last {
            let last = stored_number(last.entry);
            match self.query.order {
                Order::Ascending => numbers.from = numbers.from.max(last),
                Order::Descending => numbers.before = numbers.before.min(last.saturating_add(1)),
            }
        }
        numbers
    }

    /// Returns the places at which a page by effective time finds its next entries: also that of the one that it
    /// looked at last, which may have more lines.
    #[must_use]
    pub fn places(&self) -> EffectivePlaces {
        let mut places = EffectivePlaces::within(&self.query.time);
        if let Some(last) = self.last {
            let last = EffectivePlace::of(last.time, last.entry);
            match self.query.order {
                Order::Ascending => places.from = places.from.max(last),
                Order::Descending => places.before = places.before.min(last.next()),
            }
        }
        places
    }
}
