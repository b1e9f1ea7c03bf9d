//! Every read, worked out from the log in the most obvious way: go through all of it, sort, compare. Never
//! takes a shortcut, and trusts nothing in an entry but its postings, its times, and how it left an account or what is
//! kept beside a transaction.

mod holds;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use engine::pair::MetadataPair;
use engine::port::{DatedLine, LogRecord};
use engine::query::{
    Account, AccountQuery, AddressPattern, AsOf, BalanceGroup, BalanceQuery, BalanceSum, ChangeQuery, Clock,
    Order, StatementPosition, StatementQuery, TransactionChangeQuery, TransactionPosition, TransactionQuery,
};
use engine::shifted::ShiftedMovement;
use ledger::{
    AccountChange, Address, Asset, Balance, BalanceKey, Direction, Entry, EntryBody, EntryNumber, Metadata,
    Policy, Posting, StatementLine, Timestamp,
};

/// A ledger's log, and what follows from it.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    /// The log.
    pub records: Vec<LogRecord>,
}

impl Naive {
    /// Returns the number that the next entry will get, which is also how many there are.
    #[must_use]
    pub fn next(&self) -> EntryNumber {
        EntryNumber(self.records.len() as u64)
    }

    /// Returns all balances.
    ///
    /// # Panics
    /// When a counter overflows.
    #[must_use]
    pub fn balances(&self) -> BTreeMap<BalanceKey, Balance> {
        let mut balances: BTreeMap<BalanceKey, Balance> = BTreeMap::new();
        for (posting, effect) in self.entries().flat_map(holds::effects) {
            let [source, destination] = keys(posting);
            let (out, into) = effect.on_counters(posting.amount());
            out(balances.entry(source).or_default());
            into(balances.entry(destination).or_default());
        }
        balances
    }

    /// Returns for each balance the entries that moved it, in order.
    #[must_use]
    pub fn movements(&self) -> BTreeMap<BalanceKey, Vec<EntryNumber>> {
        let mut movements: BTreeMap<BalanceKey, Vec<EntryNumber>> = BTreeMap::new();
        for entry in self.entries() {
            let moved: BTreeSet<BalanceKey> =
                holds::effects(entry).flat_map(|(posting, _)| keys(posting)).collect();
            for key in moved {
                movements.entry(key).or_default().push(entry.number);
            }
        }
        movements
    }

    /// Returns the statement lines of an account, as they came.
    fn lines_of(&self, account: &Address) -> Vec<DatedLine> {
        let mut balances: BTreeMap<BalanceKey, i128> = BTreeMap::new();
        let mut lines = Vec::new();
        for entry in self.entries() {
            for (index, posting) in postings(entry).iter().enumerate() {
                let amount = posting.amount().signed();
                let [source, destination] = keys(posting);
                for (key, other, direction, change) in [
                    (&source, &destination, Direction::Debit, -amount),
                    (&destination, &source, Direction::Credit, amount),
                ] {
                    if key.account != *account {
                        continue;
                    }
                    let balance = balances.entry(key.clone()).or_default();
                    *balance += change;
                    lines.push(DatedLine {
                        line: StatementLine {
                            account: key.account.clone(),
                            entry: entry.number,
                            posting: index,
                            direction,
                            counterparty: other.account.clone(),
                            asset: key.asset.clone(),
                            amount: posting.amount(),
                            balance: *balance,
                        },
                        recorded_at: entry.recorded_at,
                        effective_at: entry.effective_at,
                    });
                }
            }
        }
        lines
    }

    /// Returns the whole list that a query asks for, from its position on.
    #[must_use]
    pub fn transactions(&self, query: &TransactionQuery) -> Vec<Entry> {
        let place = |entry: &Entry| {
            let position = TransactionPosition::of(entry, query.clock);
            (position.time, position.number)
        };
        let mut entries = self.current();
        entries.retain(|entry| transaction_matches(query, entry));
        entries.sort_by_key(place);
        if query.order == Order::Descending {
            entries.reverse();
        }
        if let Some(after) = query.after {
            let after = (after.time, after.number);
            entries.retain(|entry| match query.order {
                Order::Ascending => place(entry) > after,
                Order::Descending => place(entry) < after,
            });
        }
        entries
    }

    /// Returns all transactions with what is kept beside them now, by number.
    fn current(&self) -> Vec<Entry> {
        let changed = self.changed_transactions();
        let mut transactions = Vec::new();
        for mut entry in self.entries().cloned() {
            if let EntryBody::Transaction(transaction) = &mut entry.body {
                if let Some(metadata) = changed.get(&entry.number) {
                    transaction.metadata = metadata.clone();
                }
                transactions.push(entry);
            }
        }
        transactions
    }

    /// Returns a transaction with what is kept beside it now.
    #[must_use]
    pub fn transaction(&self, number: EntryNumber) -> Option<Entry> {
        self.current().into_iter().find(|entry| entry.number == number)
    }

    /// Returns what is kept beside each transaction that was ever changed.
    #[must_use]
    pub fn changed_transactions(&self) -> BTreeMap<EntryNumber, Metadata> {
        let mut changed = BTreeMap::new();
        for entry in self.entries() {
            if let EntryBody::TransactionChange(change) = &entry.body {
                changed.insert(change.transaction, change.metadata.clone());
            }
        }
        changed
    }

    /// Returns each change of a transaction, by transaction and entry.
    #[must_use]
    pub fn all_transaction_changes(&self) -> BTreeSet<(EntryNumber, EntryNumber)> {
        let mut changes = BTreeSet::new();
        for entry in self.entries() {
            if let EntryBody::TransactionChange(change) = &entry.body {
                changes.insert((change.transaction, entry.number));
            }
        }
        changes
    }

    /// Returns the whole list that a query asks for, from its position on.
    #[must_use]
    pub fn transaction_changes(&self, query: &TransactionChangeQuery) -> Option<Vec<Entry>> {
        self.transaction(query.transaction)?;
        let is_one = |entry: &Entry| match &entry.body {
            EntryBody::TransactionChange(change) => change.transaction == query.transaction,
            EntryBody::Transaction(_)
            | EntryBody::Account(_)
            | EntryBody::Hold(_)
            | EntryBody::Release(_) => false,
        };
        let is_ahead = |entry: &Entry| query.after.is_none_or(|after| entry.number < after);
        let mut changes: Vec<Entry> =
            self.entries().filter(|entry| is_one(entry) && is_ahead(entry)).cloned().collect();
        changes.reverse();
        Some(changes)
    }

    /// Returns what was moved at another time than it was recorded, by place.
    #[must_use]
    pub fn shifted_movements(&self) -> Vec<ShiftedMovement> {
        let mut all: Vec<_> =
            self.records.iter().flat_map(|record| ShiftedMovement::all_of(&record.entry)).collect();
        all.sort_by(|a, b| a.place().cmp(&b.place()));
        all
    }

    /// Returns what transactions are found by.
    #[must_use]
    pub fn transactions_by_pair(&self) -> BTreeSet<(MetadataPair, EntryNumber)> {
        let mut found = BTreeSet::new();
        for entry in self.current() {
            for (key, value) in entry.body.metadata().as_map() {
                found.insert((MetadataPair::of(key, value), entry.number));
            }
        }
        found
    }

    /// Returns what accounts are found by.
    #[must_use]
    pub fn accounts_by_pair(&self) -> BTreeSet<(MetadataPair, Address)> {
        let mut found = BTreeSet::new();
        for (account, change) in self.changed() {
            for (key, value) in change.metadata.as_map() {
                found.insert((MetadataPair::of(key, value), account.clone()));
            }
        }
        found
    }

    /// Returns the changes of accounts, as they came.
    #[must_use]
    pub fn changes(&self) -> Vec<(EntryNumber, &AccountChange)> {
        let mut changes = Vec::new();
        for entry in self.entries() {
            if let EntryBody::Account(change) = &entry.body {
                changes.push((entry.number, change));
            }
        }
        changes
    }

    /// Returns how the last change left each account that was ever changed.
    #[must_use]
    pub fn changed(&self) -> BTreeMap<Address, &AccountChange> {
        self.changes().into_iter().map(|(_, change)| (change.account.clone(), change)).collect()
    }

    /// Returns an account.
    #[must_use]
    pub fn account(&self, address: &Address) -> Option<Account> {
        self.account_at(address, None)
    }

    /// Returns an account as it was at a moment.
    #[must_use]
    pub fn account_as_of(&self, address: &Address, as_of: AsOf) -> Option<Account> {
        self.account_at(address, Some(as_of))
    }

    fn account_at(&self, address: &Address, as_of: Option<AsOf>) -> Option<Account> {
        let all = AccountQuery { as_of, limit: usize::MAX, ..AccountQuery::default() };
        self.accounts(&all).into_iter().find(|account| account.address == *address)
    }

    /// Returns the log as it had been recorded by a moment.
    fn recorded_by(&self, time: Timestamp) -> Self {
        let is_past = |record: &&LogRecord| record.entry.recorded_at <= time;
        Self { records: self.records.iter().filter(is_past).cloned().collect() }
    }

    fn balances_at(&self, as_of: Option<AsOf>) -> BTreeMap<BalanceKey, Balance> {
        as_of.map_or_else(|| self.balances(), |as_of| self.balances_as_of(as_of))
    }

    /// Returns all balances as they were at a moment. By the effective clock, what counts by then is what moved; what
    /// was pending is what had been recorded by then.
    fn balances_as_of(&self, as_of: AsOf) -> BTreeMap<BalanceKey, Balance> {
        let recorded = self.recorded_by(as_of.time).balances();
        if as_of.clock == Clock::Recorded {
            return recorded;
        }
        let mut balances: BTreeMap<BalanceKey, Balance> = BTreeMap::new();
        for entry in self.entries().filter(|entry| entry.effective_at <= as_of.time) {
            for posting in postings(entry) {
                let [source, destination] = keys(posting);
                let debited = balances.entry(source).or_default();
                *debited = debited.debited(posting.amount()).expect("no overflow");
                let credited = balances.entry(destination).or_default();
                *credited = credited.credited(posting.amount()).expect("no overflow");
            }
            // What only touches what is pending has been there since as well.
            if postings(entry).is_empty() {
                for key in holds::effects(entry).flat_map(|(posting, _)| keys(posting)) {
                    balances.entry(key).or_default();
                }
            }
        }
        for (key, balance) in &mut balances {
            let Balance { pending_in, pending_out, .. } = recorded.get(key).copied().unwrap_or_default();
            *balance = Balance { pending_in, pending_out, ..*balance };
        }
        balances
    }

    /// Returns the whole list that a query asks for, from its position on.
    #[must_use]
    pub fn accounts(&self, query: &AccountQuery) -> Vec<Account> {
        let recorded = query.as_of.map(|as_of| self.recorded_by(as_of.time));
        let changed = recorded.as_ref().unwrap_or(self).changed();
        let mut all: BTreeMap<Address, Vec<(Asset, Balance)>> = BTreeMap::new();
        for address in changed.keys() {
            all.insert(address.clone(), Vec::new());
        }
        for (key, balance) in self.balances_at(query.as_of) {
            all.entry(key.account).or_default().push((key.asset, balance));
        }
        let mut accounts = Vec::new();
        for (address, mut balances) in all {
            if let Some(asset) = &query.asset {
                balances.retain(|(its, _)| its == asset);
                if balances.is_empty() {
                    continue;
                }
            }
            let change = changed.get(&address);
            let metadata = change.map_or_else(Metadata::default, |change| change.metadata.clone());
            let standard = || Policy::standard(&address).clone();
            let policy = change.map_or_else(standard, |change| change.policy.clone());
            if has_prefix(&address, query.prefix.as_deref())
                && query.after.as_ref().is_none_or(|after| address > *after)
                && query.metadata.iter().all(|(key, value)| metadata.get(key) == Some(value))
            {
                let version = query.as_of.is_none().then(|| self.version(&address));
                accounts.push(Account { address, policy, metadata, version, balances });
            }
        }
        accounts
    }

    /// Returns the whole list that a query asks for, from its position on.
    #[must_use]
    pub fn account_changes(&self, query: &ChangeQuery) -> Option<Vec<Entry>> {
        self.account(&query.account)?;
        let is_one = |entry: &Entry| match &entry.body {
            EntryBody::Account(change) => change.account == query.account,
            EntryBody::Transaction(_)
            | EntryBody::TransactionChange(_)
            | EntryBody::Hold(_)
            | EntryBody::Release(_) => false,
        };
        let is_ahead = |entry: &Entry| {
            query.after.is_none_or(|after| entry.number < after)
                && query.until.is_none_or(|until| entry.recorded_at <= until)
        };
        let mut changes: Vec<Entry> =
            self.entries().filter(|entry| is_one(entry) && is_ahead(entry)).cloned().collect();
        changes.reverse();
        Some(changes)
    }

    /// Returns the whole statement that a query asks for, from its position on.
    #[must_use]
    pub fn statement(&self, query: &StatementQuery) -> Option<Vec<DatedLine>> {
        if !self.balances().keys().any(|key| key.account == query.account) {
            return None;
        }
        let mut lines = self.lines_of(&query.account);
        let time = |line: &DatedLine| match query.clock {
            Clock::Recorded => line.recorded_at,
            Clock::Effective => line.effective_at,
        };
        let place = |line: &DatedLine| (time(line), line.line.entry, line.line.posting);
        lines.retain(|line| {
            query.asset.as_ref().is_none_or(|asset| *asset == line.line.asset)
                && query.time.contains(time(line))
                && query.after.is_none_or(|StatementPosition { time, entry, posting }| match query.order {
                    Order::Ascending => place(line) > (time, entry, posting),
                    Order::Descending => place(line) < (time, entry, posting),
                })
        });
        lines.sort_by_key(place);
        if query.order == Order::Descending {
            lines.reverse();
        }
        Some(lines)
    }

    /// Returns the whole list that a query asks for, from its position on.
    ///
    /// # Panics
    /// Never: the first segments of an address are one.
    #[must_use]
    pub fn groups(&self, query: &BalanceQuery) -> Vec<BalanceGroup> {
        let mut groups: BTreeMap<String, BTreeMap<_, BalanceSum>> = BTreeMap::new();
        for (key, balance) in self.balances_at(query.as_of) {
            if has_prefix(&key.account, query.prefix.as_deref()) {
                let group = groups.entry(key.account.truncated(query.depth).to_owned()).or_default();
                group.entry(key.asset).or_default().add(&balance);
            }
        }
        groups
            .into_iter()
            .filter(|(name, _)| query.after.as_ref().is_none_or(|after| name > after))
            .map(|(name, sums)| BalanceGroup {
                address: Address::parse(&name).expect("whole segments of an address"),
                balances: sums.into_iter().collect(),
            })
            .collect()
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.records.iter().map(|record| &record.entry)
    }
}

fn postings(entry: &Entry) -> &[Posting] {
    entry.body.postings()
}

fn keys(posting: &Posting) -> [BalanceKey; 2] {
    [posting.source(), posting.destination()]
        .map(|account| BalanceKey { account: account.clone(), asset: posting.asset().clone() })
}

fn has_prefix(address: &Address, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| address.as_str().starts_with(prefix))
}

fn transaction_matches(query: &TransactionQuery, entry: &Entry) -> bool {
    let EntryBody::Transaction(transaction) = &entry.body else { return false };
    let time = match query.clock {
        Clock::Recorded => entry.recorded_at,
        Clock::Effective => entry.effective_at,
    };
    if query.time.from.is_some_and(|from| time < from) || query.time.to.is_some_and(|to| time >= to) {
        return false;
    }
    if query.reference.is_some() && query.reference != transaction.reference {
        return false;
    }
    if query.metadata.iter().any(|(key, value)| transaction.metadata.get(key) != Some(value)) {
        return false;
    }
    postings(entry).iter().any(|posting| {
        let (source, destination) = (posting.source(), posting.destination());
        is_meant(query.source.as_ref(), source)
            && is_meant(query.destination.as_ref(), destination)
            && (is_meant(query.account.as_ref(), source) || is_meant(query.account.as_ref(), destination))
            && query.asset.as_ref().is_none_or(|asset| asset == posting.asset())
            && query.amount.at_least.is_none_or(|least| posting.amount() >= least)
            && query.amount.at_most.is_none_or(|most| posting.amount() <= most)
    })
}

fn is_meant(pattern: Option<&AddressPattern>, address: &Address) -> bool {
    match pattern {
        None => true,
        Some(AddressPattern::Exactly(exact)) => address == exact,
        Some(AddressPattern::Under(prefix)) => address.as_str().starts_with(&format!("{prefix}:")),
    }
}
