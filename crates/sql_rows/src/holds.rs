//! Holds and reversals: what rows say of them, what a batch changes of them, and where pages of holds end.

use engine::codec::{decode_amounts, decode_state};
use engine::port::{KeptHold, LogRecord};
use engine::query::{Hold, HoldQuery, PAGE_WEIGHT_MAX, Page, scan_max, weight};
use ledger::{
    Address, Amount, BalanceKey, Book, Entry, EntryBody, EntryNumber, HoldStanding, Posting, Remainder,
    Timestamp,
};

use crate::failure::Corruption;
use crate::rows::{EntryRow, Reader, entry_number};

/// A row of `holds`.
pub struct HoldRow {
    /// The number of the hold's entry.
    pub number: i64,
    /// How far it has come.
    pub state: String,
    /// How much of each posting was captured.
    pub captured: String,
    /// When what is left of it is let go, if ever.
    pub expires_at: Option<i64>,
}

impl HoldRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn kept(&self) -> Result<KeptHold, Corruption> {
        let place = || format!("hold {}", self.number);
        let expires_at = self.expires_at.map(|micros| Reader::at(&place).time(micros)).transpose()?;
        Ok(KeptHold {
            hold: entry_number(self.number)?,
            state: decode_state(&self.state).map_err(|error| Corruption::new(place(), error.to_string()))?,
            captured: amounts(&place, &self.captured)?,
            expires_at,
        })
    }

    /// Returns how the hold stands that an entry made.
    ///
    /// # Errors
    /// Where the row says nothing sensible, or the entry made no hold.
    pub fn standing(&self, entry: &Entry) -> Result<HoldStanding, Corruption> {
        let KeptHold { hold, state, captured, expires_at } = self.kept()?;
        let bad = |problem: &str| Corruption::new(format!("hold {}", hold.0), problem);
        let EntryBody::Hold(made) = &entry.body else { return Err(bad("its entry is no hold")) };
        let left = Remainder::after(made.postings.clone(), &captured)
            .ok_or_else(|| bad("more is captured than it reserved"))?;
        Ok(HoldStanding { state, left, expires_at })
    }
}

/// A row of `reversals`.
pub struct ReversalRow {
    /// The number of the transaction's entry.
    pub number: i64,
    /// How much of each posting was reversed.
    pub reversed: String,
}

impl ReversalRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn reversed(&self) -> Result<(EntryNumber, Vec<Amount>), Corruption> {
        let place = || format!("the reversals of transaction {}", self.number);
        Ok((entry_number(self.number)?, amounts(&place, &self.reversed)?))
    }
}

fn amounts(place: &dyn Fn() -> String, text: &str) -> Result<Vec<Amount>, Corruption> {
    decode_amounts(text).map_err(|error| Corruption::new(place(), error.to_string()))
}

/// Returns how holds stand, by the rows of their entries.
///
/// # Errors
/// Where a row says nothing sensible, or an entry is missing.
pub fn standings(
    rows: &[HoldRow],
    entries: Vec<EntryRow>,
) -> Result<Vec<(EntryNumber, HoldStanding)>, Corruption> {
    let holds = holds(rows, entries)?;
    Ok(holds.into_iter().map(|hold| (hold.entry.number, hold.standing)).collect())
}

fn holds(rows: &[HoldRow], entries: Vec<EntryRow>) -> Result<Vec<Hold>, Corruption> {
    let mut holds = Vec::with_capacity(entries.len());
    for row in entries {
        let entry = row.record()?.entry;
        let kept = rows.iter().find(|row| row.number.unsigned_abs() == entry.number.0);
        let kept =
            kept.ok_or_else(|| Corruption::new("the holds", format!("hold {} is missing", entry.number.0)))?;
        let standing = kept.standing(&entry)?;
        holds.push(Hold { entry, standing });
    }
    Ok(holds)
}

/// Returns what of transactions has not been reversed; of entries that are none, nothing.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn unreversed(
    entries: Vec<EntryRow>,
    rows: &[ReversalRow],
) -> Result<Vec<(EntryNumber, Remainder)>, Corruption> {
    let mut found = Vec::with_capacity(entries.len());
    for row in entries {
        let entry = row.record()?.entry;
        let EntryBody::Transaction(transaction) = entry.body else { continue };
        let postings = transaction.postings;
        let left = match rows.iter().find(|row| row.number.unsigned_abs() == entry.number.0) {
            None => Remainder::whole(postings),
            Some(row) => Remainder::after(postings, &row.reversed()?.1).ok_or_else(|| {
                let place = format!("the reversals of transaction {}", entry.number.0);
                Corruption::new(place, "more is reversed than it moved")
            })?,
        };
        found.push((entry.number, left));
    }
    Ok(found)
}

/// Returns the balances that commands on holds and reversals may touch, each once.
#[must_use]
pub fn balances_of(
    holds: &[(EntryNumber, HoldStanding)],
    unreversed: &[(EntryNumber, Remainder)],
) -> Vec<BalanceKey> {
    let remainders = holds.iter().map(|(_, standing)| &standing.left);
    let remainders = remainders.chain(unreversed.iter().map(|(_, left)| left));
    let postings = remainders.flat_map(|left| left.postings().as_slice());
    let mut keys: Vec<BalanceKey> = postings
        .flat_map(|posting| {
            [posting.source(), posting.destination()]
                .map(|account| BalanceKey { account: account.clone(), asset: posting.asset().clone() })
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Which earlier entries the entries of a batch use up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UsedEntries {
    /// Holds.
    pub holds: Vec<EntryNumber>,
    /// Transactions that are reversed.
    pub transactions: Vec<EntryNumber>,
}

impl UsedEntries {
    /// Collects those that are not in the batch itself, each once.
    #[must_use]
    pub fn of(records: &[LogRecord]) -> Self {
        let first = records.first().map_or(EntryNumber(0), |record| record.entry.number);
        let collect = |used: &dyn Fn(&EntryBody) -> Option<EntryNumber>| {
            let used = records.iter().filter_map(|record| used(&record.entry.body));
            let mut used: Vec<_> = used.filter(|number| *number < first).collect();
            used.sort_unstable();
            used.dedup();
            used
        };
        Self { holds: collect(&EntryBody::hold), transactions: collect(&EntryBody::reversed) }
    }
}

/// What a batch writes of holds and reversals.
#[derive(Debug, Default)]
pub struct HoldRows {
    /// Every hold that it made or used, as it leaves it.
    pub holds: Vec<KeptHold>,
    /// Every account that a hold which it made names.
    pub accounts: Vec<(Address, EntryNumber)>,
    /// How much of each posting was reversed, of the transactions that it reversed something of.
    pub reversals: Vec<(EntryNumber, Vec<Amount>)>,
}

impl HoldRows {
    /// Says whether entries change anything of holds or reversals.
    #[must_use]
    pub fn are_changed_by(records: &[LogRecord]) -> bool {
        records
            .iter()
            .any(|record| record.entry.body.rests_on_holds() || record.entry.body.reversed().is_some())
    }

    /// Works out what entries change, that follow each other, from how what they [use](UsedEntries) stood before.
    ///
    /// # Errors
    /// Where an entry uses something that is not there.
    pub fn of(
        records: &[LogRecord],
        holds: Vec<(EntryNumber, HoldStanding)>,
        unreversed: Vec<(EntryNumber, Remainder)>,
    ) -> Result<Self, Corruption> {
        let mut rows = Self::default();
        let Some(first) = records.first() else { return Ok(rows) };
        let mut book = Book::at(first.entry.number, None);
        for (number, standing) in holds {
            book.load_hold(number, standing);
        }
        for (number, left) in unreversed {
            book.load_unreversed(number, left);
        }
        let (mut used_holds, mut reversed) = (Vec::new(), Vec::new());
        for LogRecord { entry, .. } in records {
            // A transaction of the batch itself, which nobody can have loaded.
            if let Some(of) = entry.body.reversed()
                && book.unreversed(of).is_none()
                && let Some(record) = records.iter().find(|record| record.entry.number == of)
                && let EntryBody::Transaction(transaction) = &record.entry.body
            {
                book.load_unreversed(of, Remainder::whole(transaction.postings.clone()));
            }
            // Balances are none of its business, and take time.
            book.apply(&Entry { balances: Vec::new(), ..entry.clone() });
            used_holds.extend(entry.body.hold());
            reversed.extend(entry.body.reversed());
            if let EntryBody::Hold(hold) = &entry.body {
                used_holds.push(entry.number);
                rows.accounts.extend(accounts_of(hold.postings.as_slice(), entry.number));
            }
        }
        for numbers in [&mut used_holds, &mut reversed] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        let missing = |what: &str, number: EntryNumber| {
            Corruption::new("the log", format!("{what} {} that an entry uses is missing", number.0))
        };
        for number in used_holds {
            let HoldStanding { state, left, expires_at } =
                book.hold(number).ok_or_else(|| missing("hold", number))?;
            let (captured, expires_at) = (left.used(), *expires_at);
            rows.holds.push(KeptHold { hold: number, state: *state, captured, expires_at });
        }
        for number in reversed {
            let left = book.unreversed(number).ok_or_else(|| missing("transaction", number))?;
            rows.reversals.push((number, left.used()));
        }
        Ok(rows)
    }
}

fn accounts_of(postings: &[Posting], hold: EntryNumber) -> Vec<(Address, EntryNumber)> {
    let mut accounts: Vec<Address> = postings
        .iter()
        .flat_map(|posting| [posting.source(), posting.destination()].map(Address::clone))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts.into_iter().map(|account| (account, hold)).collect()
}

/// A page of holds: which rows to look at, and which of them are listed.
pub struct HoldPage {
    wanted: Vec<HoldRow>,
    next: Option<i64>,
}

impl HoldPage {
    /// Returns how many rows to ask for: as many as may be looked at, and one more, which says whether the list goes
    /// on.
    #[must_use]
    pub fn rows_wanted(query: &HoldQuery) -> i64 {
        // Where an account or a state of ended holds is asked for, rows may be looked at that are not listed.
        let may_differ = query.state.is_some();
        crate::rows::one_more(if may_differ { scan_max(query.limit) } else { query.limit })
    }

    /// Takes the rows that were asked for, by number, the largest first. Those that are listed are the first ones of
    /// the state that is asked for.
    ///
    /// # Errors
    /// Where a row says nothing sensible.
    pub fn of(query: &HoldQuery, rows: Vec<HoldRow>) -> Result<Self, Corruption> {
        let looks = usize::try_from(Self::rows_wanted(query) - 1).unwrap_or(usize::MAX);
        let mut page = Self { wanted: Vec::new(), next: None };
        let mut last = None;
        for (looked_at, row) in rows.into_iter().enumerate() {
            if page.wanted.len() == query.limit || looked_at == looks {
                page.next = last;
                break;
            }
            last = Some(row.number);
            let state = row.kept()?.state;
            if query.state.is_none_or(|wanted| wanted == state) {
                page.wanted.push(row);
            }
        }
        Ok(page)
    }

    /// Returns the numbers of the entries that are needed.
    #[must_use]
    pub fn numbers(&self) -> Vec<i64> {
        self.wanted.iter().map(|row| row.number).collect()
    }

    /// Returns the page, by the rows of its entries. Where these are large it ends earlier.
    ///
    /// # Errors
    /// Where a row says nothing sensible.
    pub fn finish(self, entries: Vec<EntryRow>) -> Result<Page<Hold, EntryNumber>, Corruption> {
        let Self { wanted, next } = self;
        let asked = wanted.len();
        let mut items = holds(&wanted, entries)?;
        let mut weighed = 0;
        let fits = |hold: &Hold| {
            let has_room = weighed < PAGE_WEIGHT_MAX;
            weighed += weight(&hold.entry);
            has_room
        };
        let fitting = items.iter().map(fits).take_while(|fits| *fits).count();
        items.truncate(fitting);
        let next = if items.len() < asked {
            items.last().map(|hold| hold.entry.number)
        } else {
            next.map(entry_number).transpose()?
        };
        Ok(Page { items, next })
    }
}

/// Returns a time for SQL.
#[must_use]
pub fn stored_time(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::micros)
}

/// An account with the last entries that touched it, as far as one row knows of them.
pub struct VersionRow {
    /// The account.
    pub address: String,
    /// A list of movements, which may be empty.
    pub recent_movements: String,
    /// The last entry of another list, or the last change.
    pub last: Option<i64>,
}

/// Returns the versions of accounts: the number of the last entry that touched each, plus one.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn versions(rows: Vec<VersionRow>) -> Result<Vec<(Address, u64)>, Corruption> {
    let mut versions = std::collections::BTreeMap::new();
    for row in rows {
        let place = || format!("the movements of {}", row.address);
        let address = Reader::at(&place).address(&row.address)?;
        let recent = match row.recent_movements.trim_end().rsplit(' ').next() {
            None | Some("") => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| Corruption::new(place(), format!("{text:?} as an entry's number")))?,
            ),
        };
        let last = recent.max(row.last).map(entry_number).transpose()?;
        let version: &mut u64 = versions.entry(address).or_default();
        *version = (*version).max(last.map_or(0, |last| last.next().0));
    }
    Ok(versions.into_iter().collect())
}
