//! A ledger as a store would hold it, in vectors, so that each part can be damaged.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use engine::pair::MetadataPair;
use engine::port::{KeptAccount, KeptHold, LogRecord, Movements, ReadError, Snapshot};
use engine::shifted::ShiftedMovement;
use ledger::{
    Address, Amount, Asset, Balance, BalanceKey, BalanceTotal, Book, CaptureHold, ChangeAccount,
    ChangeTransaction, Command, CreateHold, Entry, EntryBody, EntryNumber, Expectations, Frozen,
    HoldStanding, Metadata, MetadataPatch, PolicyPatch, PostTransaction, Posting, Postings, Reference,
    ReleaseCause, ReleaseHold, Remainder, ReverseTransaction, Root, RootKey, Timestamp, Transaction, decide,
};

/// A ledger's head, log and projections, each given out as it stands.
pub(crate) struct Stored {
    pub(crate) head: EntryNumber,
    pub(crate) records: Vec<LogRecord>,
    pub(crate) balances: Vec<(BalanceKey, Balance)>,
    /// By root and asset.
    pub(crate) sums: Vec<(RootKey, BalanceTotal)>,
    /// By place. Each list but a balance's last one has two entries.
    pub(crate) movements: Vec<Movements>,
    /// By place.
    pub(crate) shifted: Vec<ShiftedMovement>,
    /// By address.
    pub(crate) accounts: Vec<KeptAccount>,
    /// By account and entry.
    pub(crate) changes: Vec<(Address, EntryNumber)>,
    /// By number.
    pub(crate) holds: Vec<KeptHold>,
    /// By account and hold.
    pub(crate) hold_accounts: Vec<(Address, EntryNumber)>,
    /// By number.
    pub(crate) reversals: Vec<(EntryNumber, Vec<Amount>)>,
    /// By number.
    pub(crate) changed_transactions: Vec<(EntryNumber, Metadata)>,
    /// By transaction and entry.
    pub(crate) transaction_changes: Vec<(EntryNumber, EntryNumber)>,
    /// By pair and number.
    pub(crate) transactions_by_pair: Vec<(MetadataPair, EntryNumber)>,
    /// By pair and address.
    pub(crate) accounts_by_pair: Vec<(MetadataPair, Address)>,
    /// The largest chunk that it gives out, however much is asked for.
    pub(crate) chunk_max: usize,
}

impl Stored {
    /// Returns what a store holds once these transactions are committed.
    pub(crate) fn after(transactions: impl IntoIterator<Item = (PostTransaction, Timestamp)>) -> Self {
        Self::of(transactions.into_iter().map(|(post, now)| (Command::PostTransaction(post), now)))
    }

    /// Returns what a store holds once these commands are committed.
    pub(crate) fn of(commands: impl IntoIterator<Item = (Command, Timestamp)>) -> Self {
        let mut book = Book::default();
        (0..20).for_each(|number| book.load_transaction(EntryNumber(number), None));
        let mut kept: BTreeMap<EntryNumber, Metadata> = BTreeMap::new();
        let mut changed_transactions: BTreeMap<EntryNumber, Metadata> = BTreeMap::new();
        let mut transaction_changes = Vec::new();
        let mut records = Vec::new();
        let mut moved_by: BTreeMap<BalanceKey, Vec<EntryNumber>> = BTreeMap::new();
        let mut accounts: BTreeMap<Address, KeptAccount> = BTreeMap::new();
        let mut changes = Vec::new();
        let (mut held, mut reversed) = (BTreeSet::new(), BTreeSet::new());
        let mut hold_accounts = BTreeSet::new();
        for (command, now) in commands {
            let entry = decide(&book, &command, now).expect("the fixture's commands are accepted");
            book.apply(&entry);
            if let EntryBody::Transaction(transaction) = &entry.body {
                book.load_unreversed(entry.number, Remainder::whole(transaction.postings.clone()));
            }
            if let EntryBody::Hold(hold) = &entry.body {
                held.insert(entry.number);
                for posting in hold.postings.as_slice() {
                    hold_accounts.insert((posting.source().clone(), entry.number));
                    hold_accounts.insert((posting.destination().clone(), entry.number));
                }
            }
            reversed.extend(entry.body.reversed());
            for (key, _) in &entry.balances {
                moved_by.entry(key.clone()).or_default().push(entry.number);
            }
            match entry.body.clone() {
                EntryBody::Account(change) => {
                    let (address, policy, metadata) = (change.account, change.policy, change.metadata);
                    changes.push((address.clone(), entry.number));
                    accounts.insert(address.clone(), KeptAccount { address, policy, metadata });
                }
                EntryBody::TransactionChange(change) => {
                    transaction_changes.push((change.transaction, entry.number));
                    kept.insert(change.transaction, change.metadata.clone());
                    changed_transactions.insert(change.transaction, change.metadata);
                }
                EntryBody::Transaction(transaction) => {
                    kept.insert(entry.number, transaction.metadata);
                }
                EntryBody::Hold(_) | EntryBody::Release(_) => {}
            }
            let key = IdempotencyKey::parse(&format!("key-{}", entry.number.0)).unwrap();
            let request = KeyedRequest { key, fingerprint: RequestFingerprint([7; 16]) };
            records.push(LogRecord { entry, request: Some(request) });
        }
        let mut balances: Vec<_> = book.balances().map(|(key, b)| (key.clone(), *b)).collect();
        balances.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut shifted: Vec<_> =
            records.iter().flat_map(|record: &LogRecord| ShiftedMovement::all_of(&record.entry)).collect();
        shifted.sort_by(|a, b| a.place().cmp(&b.place()));
        let mut sums = BTreeMap::<RootKey, BalanceTotal>::new();
        for (key, balance) in &balances {
            if let Some(root) = Root::of(&key.account) {
                sums.entry(RootKey { root, asset: key.asset.clone() }).or_default().add_balance(balance);
            }
        }
        let movements = moved_by.iter().flat_map(|(key, entries)| lists(key, entries, 2)).collect();
        let mut transactions_by_pair = Vec::new();
        for (number, metadata) in &kept {
            transactions_by_pair
                .extend(MetadataPair::all_of(metadata).into_iter().map(|pair| (pair, *number)));
        }
        let accounts: Vec<KeptAccount> = accounts.into_values().collect();
        let mut accounts_by_pair = Vec::new();
        for KeptAccount { address, metadata, .. } in &accounts {
            let pairs = MetadataPair::all_of(metadata).into_iter();
            accounts_by_pair.extend(pairs.map(|pair| (pair, address.clone())));
        }
        transactions_by_pair.sort();
        accounts_by_pair.sort();
        transaction_changes.sort();
        changes.sort();
        let kept = |hold| {
            let HoldStanding { state, left, expires_at } = book.hold(hold).expect("it was made");
            KeptHold { hold, state: *state, captured: left.used(), expires_at: *expires_at }
        };
        let used = |number| (number, book.unreversed(number).expect("it was made").used());
        let changed_transactions = changed_transactions.into_iter().collect();
        Self {
            head: book.next(),
            records,
            balances,
            sums: sums.into_iter().collect(),
            movements,
            shifted,
            accounts,
            changes,
            changed_transactions,
            transaction_changes,
            transactions_by_pair,
            accounts_by_pair,
            holds: held.into_iter().map(kept).collect(),
            hold_accounts: hold_accounts.into_iter().collect(),
            reversals: reversed.into_iter().map(used).collect(),
            chunk_max: usize::MAX,
        }
    }

    /// Returns a small ledger: four entries, two assets, an account passed through within an entry, a
    /// zero amount, two entries in one microsecond, and one that counts from earlier on.
    pub(crate) fn small() -> Self {
        Self::of(Self::small_commands())
    }

    /// Returns the small ledger with four changes of three accounts after it, as entries 4 to 7, and a payment on the
    /// credit that one of them gave. Then three changes of two transactions, as entries 9 to 11.
    pub(crate) fn changed() -> Self {
        let closed = PolicyPatch { closed: Some(true), ..PolicyPatch::default() };
        let frozen = PolicyPatch { frozen: Some(Frozen::Credits), ..PolicyPatch::default() };
        let floors = ledger::FloorsPatch::PerAsset([(Asset::parse("USD/2").unwrap(), Some(-50))].into());
        let credit = PolicyPatch { floors: Some(floors), ..PolicyPatch::default() };
        let more = [
            change("a", frozen, &[("tier", "gold")]),
            change("quiet", closed, &[]),
            change("b", credit, &[("note", "")]),
            change("a", PolicyPatch::default(), &[("tier", "lead")]),
            Command::PostTransaction(transaction(vec![posting("b", "c", "USD/2", 60)])),
            annotate(0, &[("order", "1"), ("note", "")]),
            annotate(8, &[("order", "2")]),
            annotate(0, &[("order", "3")]),
        ];
        let more = more.into_iter().map(|command| (command, micros(5000)));
        Self::of(Self::small_commands().into_iter().chain(more))
    }

    /// Returns the small ledger with holds after it: 4 is captured in part and then let go, 7 is open, 8 has expired,
    /// and transactions 1 and 5 are reversed in part, the latter a capture.
    pub(crate) fn held() -> Self {
        let dollars = |source, destination, amount| posting(source, destination, "USD/2", amount);
        let part = |posting: Posting| Some(Postings::new(vec![posting.into()]).unwrap());
        let hold = |postings: Vec<Posting>, expires_at| {
            Command::CreateHold(CreateHold {
                postings: Postings::new(postings).unwrap().into(),
                expires_at,
                reference: None,
                metadata: Metadata::default(),
            })
        };
        let capture = |postings, is_final| {
            Command::CaptureHold(CaptureHold {
                hold: EntryNumber(4),
                postings,
                is_final,
                reference: None,
                effective_at: None,
                metadata: Metadata::default(),
            })
        };
        let reversal = |transaction, postings| {
            Command::ReverseTransaction(ReverseTransaction {
                transaction: EntryNumber(transaction),
                postings,
                forced: false,
                reference: None,
                effective_at: None,
                metadata: Metadata::default(),
            })
        };
        let expiry = ReleaseHold { hold: EntryNumber(8), cause: ReleaseCause::Expired };
        let more = [
            hold(vec![dollars("a", "b", 20), dollars("a", "c", 5)], None),
            capture(part(dollars("a", "b", 8)), false),
            capture(part(dollars("a", "c", 1)), true),
            hold(vec![dollars("b", "d", 3)], None),
            hold(vec![dollars("a", "world", 9)], Some(micros(6000))),
            reversal(1, part(dollars("b", "a", 7))),
            reversal(5, part(dollars("b", "a", 8))),
            reversal(1, part(dollars("b", "a", 2))),
        ];
        let more = more.into_iter().map(|command| (command, micros(5000)));
        let last = (Command::ReleaseHold(expiry), micros(6000));
        Self::of(Self::small_commands().into_iter().chain(more).chain([last]))
    }

    fn small_commands() -> Vec<(Command, Timestamp)> {
        let order = |text: &str, post| PostTransaction { reference: Some(reference(text)), ..post };
        let early = |post| PostTransaction { effective_at: Some(micros(500)), ..post };
        let dollars = |source, destination, amount| posting(source, destination, "USD/2", amount);
        let euros = |source, destination, amount| posting(source, destination, "EUR/2", amount);
        let posts = [
            (order("order-0", transaction(vec![dollars("world", "a", 100)])), micros(1000)),
            (order("order-1", transaction(vec![dollars("a", "b", 30)])), micros(2000)),
            (early(transaction(vec![euros("world", "a", 5), euros("a", "c", 5)])), micros(3000)),
            (transaction(vec![dollars("b", "c", 10), dollars("c", "d", 0)]), micros(3000)),
        ];
        posts.into_iter().map(|(post, now)| (Command::PostTransaction(post), now)).collect()
    }

    pub(crate) fn entry(&mut self, number: usize) -> &mut Entry {
        &mut self.records[number].entry
    }

    pub(crate) fn transaction(&mut self, number: usize) -> &mut Transaction {
        match &mut self.entry(number).body {
            EntryBody::Transaction(transaction) => transaction,
            other => panic!("{other:?} is no transaction"),
        }
    }

    pub(crate) fn account(&mut self, address: &str) -> &mut KeptAccount {
        self.accounts.iter_mut().find(|account| account.address.as_str() == address).unwrap()
    }

    pub(crate) fn balance(&mut self, account: &str, asset: &str) -> &mut Balance {
        let wanted = key(account, asset);
        &mut self.balances.iter_mut().find(|(key, _)| *key == wanted).unwrap().1
    }

    /// Returns the balance's list that has the entry.
    pub(crate) fn list(&mut self, account: &str, asset: &str, entry: u64) -> &mut Movements {
        let wanted = key(account, asset);
        let has_it = |list: &&mut Movements| list.key == wanted && list.entries.contains(&EntryNumber(entry));
        self.movements.iter_mut().find(has_it).unwrap()
    }

    /// Has the balance's lists be others, wherever it stands among all balances.
    pub(crate) fn put_lists(&mut self, lists: Vec<Movements>) {
        let key = lists[0].key.clone();
        self.movements.retain(|list| list.key != key);
        let place = self.movements.partition_point(|list| list.key < key);
        self.movements.splice(place..place, lists);
    }

    /// Has lists of this many entries, and one of what is left over.
    pub(crate) fn cut_lists(&mut self, length: usize) {
        let mut entries: BTreeMap<BalanceKey, Vec<EntryNumber>> = BTreeMap::new();
        for list in self.movements.drain(..) {
            entries.entry(list.key).or_default().extend(list.entries);
        }
        self.movements = entries.iter().flat_map(|(key, entries)| lists(key, entries, length)).collect();
    }
}

/// Returns the lists of a balance that has been moved by these entries.
fn lists(key: &BalanceKey, entries: &[EntryNumber], length: usize) -> Vec<Movements> {
    let ended = entries.chunks_exact(length);
    let recent = Movements { key: key.clone(), until: None, entries: ended.remainder().to_vec() };
    let ended = ended.map(|entries| Movements {
        key: key.clone(),
        until: entries.last().copied(),
        entries: entries.to_vec(),
    });
    ended.chain([recent]).collect()
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

    async fn sums(
        &mut self,
        after: Option<&RootKey>,
        limit: usize,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, ReadError> {
        let wanted = self.sums.iter().filter(|(key, _)| after.is_none_or(|after| key > after));
        Ok(wanted.take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn movements(
        &mut self,
        after: Option<&Movements>,
        limit: usize,
    ) -> Result<Vec<Movements>, ReadError> {
        let is_ahead = |list: &&Movements| after.is_none_or(|after| list.place() > after.place());
        Ok(self.movements.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn accounts(
        &mut self,
        after: Option<&Address>,
        limit: usize,
    ) -> Result<Vec<KeptAccount>, ReadError> {
        let is_ahead = |kept: &&KeptAccount| after.is_none_or(|after| kept.address > *after);
        Ok(self.accounts.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn account_changes(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        let is_ahead = |change: &&(Address, EntryNumber)| after.is_none_or(|after| *change > after);
        Ok(self.changes.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn holds(&mut self, after: Option<EntryNumber>, limit: usize) -> Result<Vec<KeptHold>, ReadError> {
        let is_ahead = |kept: &&KeptHold| after.is_none_or(|after| kept.hold > after);
        Ok(self.holds.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn hold_accounts(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        let is_ahead = |account: &&(Address, EntryNumber)| after.is_none_or(|after| *account > after);
        Ok(self.hold_accounts.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn reversals(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        let is_ahead = |(number, _): &&(EntryNumber, Vec<Amount>)| after.is_none_or(|after| *number > after);
        Ok(self.reversals.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn changed_transactions(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Metadata)>, ReadError> {
        let ahead =
            self.changed_transactions.iter().filter(|(number, _)| after.is_none_or(|it| *number > it));
        Ok(ahead.take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn transaction_changes(
        &mut self,
        after: Option<(EntryNumber, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, EntryNumber)>, ReadError> {
        let ahead = self.transaction_changes.iter().filter(|change| after.is_none_or(|it| **change > it));
        Ok(ahead.take(limit.min(self.chunk_max)).copied().collect())
    }

    async fn shifted_movements(
        &mut self,
        after: Option<&ShiftedMovement>,
        limit: usize,
    ) -> Result<Vec<ShiftedMovement>, ReadError> {
        let is_ahead = |it: &&ShiftedMovement| after.is_none_or(|after| it.place() > after.place());
        Ok(self.shifted.iter().filter(is_ahead).take(limit.min(self.chunk_max)).cloned().collect())
    }

    async fn transactions_by_pair(
        &mut self,
        after: Option<(MetadataPair, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, EntryNumber)>, ReadError> {
        let ahead = self.transactions_by_pair.iter().filter(|found| after.is_none_or(|it| **found > it));
        Ok(ahead.take(limit.min(self.chunk_max)).copied().collect())
    }

    async fn accounts_by_pair(
        &mut self,
        after: Option<&(MetadataPair, Address)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, Address)>, ReadError> {
        let ahead = self.accounts_by_pair.iter().filter(|found| after.is_none_or(|it| *found > it));
        Ok(ahead.take(limit.min(self.chunk_max)).cloned().collect())
    }
}

fn annotate(transaction: u64, metadata: &[(&str, &str)]) -> Command {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
    let metadata = MetadataPatch::new(metadata.collect()).unwrap();
    Command::ChangeTransaction(ChangeTransaction { transaction: EntryNumber(transaction), metadata })
}

fn change(account: &str, policy: PolicyPatch, metadata: &[(&str, &str)]) -> Command {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
    let metadata = MetadataPatch::new(metadata.collect()).unwrap();
    Command::ChangeAccount(ChangeAccount { account: address(account), policy, metadata })
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
        postings: Postings::new(postings).unwrap().into(),
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    }
}
