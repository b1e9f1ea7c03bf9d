//! A ledger as a store would hold it, in vectors, so that each part can be damaged.

use async_trait::async_trait;
use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::port::{DatedLine, LogRecord, ReadError, Snapshot};
use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, Book, Command, Entry, EntryBody, EntryNumber, Metadata,
    PostTransaction, Posting, Postings, Reference, StatementLine, Timestamp, Transaction, decide,
};

/// A ledger's head, log and projections, each given out as it stands.
pub(crate) struct Stored {
    pub(crate) head: EntryNumber,
    pub(crate) records: Vec<LogRecord>,
    pub(crate) balances: Vec<(BalanceKey, Balance)>,
    pub(crate) lines: Vec<DatedLine>,
    /// The largest chunk that it gives out, however much is asked for.
    pub(crate) chunk_max: usize,
}

impl Stored {
    /// Returns what a store holds once these commands are committed.
    pub(crate) fn after(commands: impl IntoIterator<Item = (PostTransaction, Timestamp)>) -> Self {
        let mut book = Book::default();
        let (mut records, mut lines) = (Vec::new(), Vec::new());
        for (post, now) in commands {
            let command = Command::PostTransaction(post);
            let entry = decide(&book, &command, now).expect("the fixture's commands are accepted");
            book.apply(&entry);
            lines.extend(entry.statement_lines().into_iter().map(|line| DatedLine {
                line,
                recorded_at: entry.recorded_at,
                effective_at: entry.effective_at,
            }));
            let key = IdempotencyKey::parse(&format!("key-{}", entry.number.0)).unwrap();
            let request = KeyedRequest { key, fingerprint: RequestFingerprint([7; 16]) };
            records.push(LogRecord { entry, request: Some(request) });
        }
        let mut balances: Vec<_> = book.balances().map(|(key, b)| (key.clone(), *b)).collect();
        balances.sort_by(|(a, _), (b, _)| a.cmp(b));
        lines.sort_by(|a, b| place(&a.line).cmp(&place(&b.line)));
        Self { head: book.next(), records, balances, lines, chunk_max: usize::MAX }
    }

    /// Returns a small ledger: four entries, two assets, an account passed through within an entry, a
    /// zero amount, two entries in one microsecond, and one that counts from earlier on.
    pub(crate) fn small() -> Self {
        let order = |text: &str, post| PostTransaction { reference: Some(reference(text)), ..post };
        let early = |post| PostTransaction { effective_at: Some(micros(500)), ..post };
        let dollars = |source, destination, amount| posting(source, destination, "USD/2", amount);
        let euros = |source, destination, amount| posting(source, destination, "EUR/2", amount);
        Self::after([
            (order("order-0", transaction(vec![dollars("world", "a", 100)])), micros(1000)),
            (order("order-1", transaction(vec![dollars("a", "b", 30)])), micros(2000)),
            (early(transaction(vec![euros("world", "a", 5), euros("a", "c", 5)])), micros(3000)),
            (transaction(vec![dollars("b", "c", 10), dollars("c", "d", 0)]), micros(3000)),
        ])
    }

    pub(crate) fn entry(&mut self, number: usize) -> &mut Entry {
        &mut self.records[number].entry
    }

    pub(crate) fn transaction(&mut self, number: usize) -> &mut Transaction {
        let EntryBody::Transaction(transaction) = &mut self.entry(number).body;
        transaction
    }

    pub(crate) fn balance(&mut self, account: &str, asset: &str) -> &mut Balance {
        let wanted = key(account, asset);
        &mut self.balances.iter_mut().find(|(key, _)| *key == wanted).unwrap().1
    }

    pub(crate) fn line(&mut self, account: &str, entry: u64) -> &mut DatedLine {
        let place = self.place_of_line(account, entry);
        &mut self.lines[place]
    }

    pub(crate) fn place_of_line(&self, account: &str, entry: u64) -> usize {
        let wanted = (address(account), EntryNumber(entry));
        self.lines.iter().position(|l| (&l.line.account, l.line.entry) == (&wanted.0, wanted.1)).unwrap()
    }
}

fn place(line: &StatementLine) -> (&Address, EntryNumber, usize) {
    (&line.account, line.entry, line.posting)
}

#[async_trait]
impl Snapshot for Stored {
    fn next(&self) -> EntryNumber {
        self.head
    }

    async fn records(&mut self, from: EntryNumber, limit: usize) -> Result<Vec<LogRecord>, ReadError> {
        let wanted = self.records.iter().filter(|record| record.entry.number >= from);
        Ok(wanted.take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, ReadError> {
        let wanted = self.balances.iter().filter(|(key, _)| after.is_none_or(|after| key > after));
        Ok(wanted.take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn lines(
        &mut self,
        after: Option<&StatementLine>,
        limit: usize,
    ) -> Result<Vec<DatedLine>, ReadError> {
        let wanted = self.lines.iter().filter(|l| after.is_none_or(|after| place(&l.line) > place(after)));
        Ok(wanted.take(limit.min(self.chunk_max)).cloned().collect())
    }
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn key(account: &str, asset: &str) -> BalanceKey {
    BalanceKey { account: address(account), asset: Asset::parse(asset).unwrap() }
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(crate) fn micros(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

pub(crate) fn posting(source: &str, destination: &str, asset: &str, amount: u64) -> Posting {
    let asset = Asset::parse(asset).unwrap();
    Posting::new(address(source), address(destination), asset, Amount::from(amount)).unwrap()
}

pub(crate) fn transaction(postings: Vec<Posting>) -> PostTransaction {
    PostTransaction {
        postings: Postings::new(postings).unwrap(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
    }
}
