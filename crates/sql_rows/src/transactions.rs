//! Pages of entries. Never looks at more than `scan_max` entries for one, nor holds much more than
//! `PAGE_WEIGHT_MAX`.

use engine::port::LogRecord;
use engine::query::{Order, PAGE_WEIGHT_MAX, Page, TransactionPosition, TransactionQuery, scan_max, weight};
use ledger::Entry;

use crate::rows::stored_limit;

/// The transactions found so far, and how far the list was looked at.
pub struct TransactionPage<'q> {
    query: &'q TransactionQuery,
    page: Page<Entry, TransactionPosition>,
    last: Option<TransactionPosition>,
    looked_at: usize,
    weight: usize,
}

impl<'q> TransactionPage<'q> {
    /// Begins a page.
    #[must_use]
    pub fn new(query: &'q TransactionQuery) -> Self {
        Self {
            query,
            page: Page { items: Vec::new(), next: None },
            last: query.after,
            looked_at: 0,
            weight: 0,
        }
    }

    /// Says whether there is room to look at another entry; where not, the list goes on.
    pub fn has_room(&mut self) -> bool {
        let full = self.page.items.len() >= self.query.limit
            || self.looked_at >= scan_max(self.query.limit)
            || self.weight >= PAGE_WEIGHT_MAX;
        if full {
            self.page.next = self.last;
        }
        !full
    }

    /// Looks at an entry, with what is kept beside it now.
    pub fn take(&mut self, entry: Entry) {
        let position = TransactionPosition::of(&entry, self.query.clock);
        self.looked_at += 1;
        self.last = Some(position);
        if is_ahead(self.query, position) && self.query.matches(&entry) {
            self.weight += weight(&entry);
            self.page.items.push(entry);
        }
    }

    /// Counts entries as looked at of which an index tells that they do not match, and which lie ahead of the last one that
    /// was taken.
    pub fn pass(&mut self, entries: usize) {
        self.looked_at = self.looked_at.saturating_add(entries);
    }

    /// Returns how many more entries it may take until the page is full and the next one is seen, by how many of those so
    /// far matched, and half as many again; `None` where none did.
    #[must_use]
    pub fn rows_expected(&self) -> Option<i64> {
        let missing = self.query.limit.saturating_sub(self.page.items.len()).saturating_add(1);
        let expected = missing.saturating_mul(self.looked_at).checked_div(self.page.items.len())?;
        Some(stored_limit(expected.saturating_add(expected / 2)))
    }

    /// Returns how far the list was looked at: the last entry's place.
    #[must_use]
    pub fn last(&self) -> Option<TransactionPosition> {
        self.last
    }

    /// Returns the page.
    #[must_use]
    pub fn finish(self) -> Page<Entry, TransactionPosition> {
        self.page
    }
}

/// The records of a log read so far.
#[derive(Default)]
pub struct LogPage {
    records: Vec<LogRecord>,
    weight: usize,
}

impl LogPage {
    /// Says whether another record may be read.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.weight < PAGE_WEIGHT_MAX
    }

    /// Adds the next record.
    pub fn take(&mut self, record: LogRecord) {
        self.weight += weight(&record.entry);
        self.records.push(record);
    }

    /// Returns the records.
    #[must_use]
    pub fn finish(self) -> Vec<LogRecord> {
        self.records
    }
}

/// Says whether a place of the list lies ahead of where it is to be continued.
fn is_ahead(query: &TransactionQuery, position: TransactionPosition) -> bool {
    query.after.is_none_or(|after| {
        let order = (position.time, position.number).cmp(&(after.time, after.number));
        match query.order {
            Order::Ascending => order.is_gt(),
            Order::Descending => order.is_lt(),
        }
    })
}
