//! Random histories: requests that a ledger accepts.

use ledger::{
    Amount, Book, CaptureHold, ChangeAccount, ChangeTransaction, Command, CreateHold, Entry, EntryBody,
    EntryNumber, Expectations, PostTransaction, Posting, Postings, Quantity, ReleaseCause, ReleaseHold,
    Remainder, ReverseTransaction, decide,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::builders::{Request, at, metadata, posting, reference};
use crate::changes::{any_change, any_transaction_change};
use crate::pools::{ACCOUNTS, ASSETS, PAIRS, START, reference_text};

/// Requests that a ledger which is empty at first accepts one after the other.
#[derive(Clone, Debug)]
pub struct History {
    /// The requests, batch by batch.
    pub batches: Vec<Vec<Request>>,
}

/// Makes histories of some batches.
pub fn any_history() -> impl Strategy<Value = History> {
    prop::collection::vec(prop::collection::vec(any_draft(), 1..8), 1..12).prop_map(History::of)
}

impl History {
    fn of(drafts: Vec<Vec<Draft>>) -> Self {
        let mut book = Book::default();
        // All that a history may change is known from the beginning.
        (0..100).for_each(|number| book.load_transaction(EntryNumber(number), None));
        let mut earlier = Earlier::default();
        let mut now = START;
        let batches = drafts.into_iter().map(|drafts| {
            let mut batch = Vec::new();
            // What a batch loads is what was there before it.
            let before = earlier.clone();
            for draft in drafts {
                now += draft.elapsed;
                let number = book.next().0;
                let request = draft.request(number, now, &before);
                // What the ledger would reject is no part of the history.
                if let Ok(entry) = decide(&book, &request.command, at(now)) {
                    book.apply(&entry);
                    earlier.note(&entry, &mut book);
                    batch.push(request);
                }
            }
            batch
        });
        Self { batches: batches.collect() }
    }
}

/// Entries that later ones can rest on.
#[derive(Clone, Debug, Default)]
struct Earlier {
    holds: Vec<Entry>,
    transactions: Vec<Entry>,
}

impl Earlier {
    fn note(&mut self, entry: &Entry, book: &mut Book) {
        match &entry.body {
            EntryBody::Hold(_) => self.holds.push(entry.clone()),
            EntryBody::Transaction(transaction) => {
                book.load_unreversed(entry.number, Remainder::whole(transaction.postings.clone()));
                self.transactions.push(entry.clone());
            }
            EntryBody::Account(_) | EntryBody::TransactionChange(_) | EntryBody::Release(_) => {}
        }
    }
}

/// How a posting asks for its amount.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// That amount.
    Exactly,
    /// Up to that amount.
    UpTo,
    /// All that there is, whatever the amount.
    All,
}

impl Kind {
    /// Asks for a posting in this way. All of `world`, where that has no floor, is a request that is rejected.
    #[must_use]
    pub fn of(self, posting: &Posting) -> Posting<Quantity> {
        posting.with_amount(match self {
            Self::Exactly => Quantity::Exactly(posting.amount()),
            Self::UpTo => Quantity::UpTo(posting.amount()),
            Self::All => Quantity::All,
        })
    }
}

/// Makes kinds, most of them exact.
pub fn any_kind_of_quantity() -> impl Strategy<Value = Kind> {
    prop_oneof![9 => Just(Kind::Exactly), 1 => Just(Kind::UpTo), 1 => Just(Kind::All)]
}

/// What a request is to do.
#[derive(Clone, Debug)]
enum What {
    Post,
    Change(ChangeAccount),
    Annotate(ChangeTransaction),
    Hold {
        /// How long from now on, in microseconds.
        lasts: Option<i64>,
    },
    /// All of an earlier hold, or half of its first posting.
    Capture {
        which: Index,
        part: bool,
        is_final: bool,
    },
    Release {
        which: Index,
        cause: ReleaseCause,
    },
    /// All of an earlier transaction, or half of its first posting.
    Reverse {
        which: Index,
        part: bool,
        forced: bool,
    },
}

/// A request before its references and times are known.
#[derive(Clone, Debug)]
struct Draft {
    what: What,
    postings: Vec<(&'static str, usize, &'static str, u128, Kind)>,
    has_reference: bool,
    has_key: bool,
    effective_at: Option<i64>,
    metadata: Option<(&'static str, &'static str)>,
    /// Since the request before it, in microseconds: often nothing, sometimes negative.
    elapsed: i64,
}

impl Draft {
    fn request(self, number: u64, now: i64, earlier: &Earlier) -> Request {
        let postings = self
            .postings
            .into_iter()
            .map(|(source, step, asset, amount, kind)| {
                let place = ACCOUNTS.iter().position(|account| *account == source).unwrap_or(0);
                kind.of(&posting(source, ACCOUNTS[(place + step) % ACCOUNTS.len()], asset, amount))
            })
            .collect();
        let reference = self.has_reference.then(|| reference(&reference_text(number)));
        let effective_at = self.effective_at.map(|time| at(START + time));
        let metadata = metadata(self.metadata.as_slice());
        let command = match self.what {
            What::Change(change) => Command::ChangeAccount(change),
            What::Annotate(change) => Command::ChangeTransaction(change),
            What::Hold { lasts } => Command::CreateHold(CreateHold {
                postings: Postings::new(postings).expect("there are some"),
                expires_at: lasts.map(|lasts| at(now + lasts)),
                reference,
                metadata,
            }),
            What::Capture { which, part, is_final } if !earlier.holds.is_empty() => {
                let hold = which.get(&earlier.holds);
                Command::CaptureHold(CaptureHold {
                    hold: hold.number,
                    postings: part.then(|| half_of_first(hold.body.movements(), false)),
                    is_final,
                    reference,
                    effective_at,
                    metadata,
                })
            }
            What::Release { which, cause } if !earlier.holds.is_empty() => {
                Command::ReleaseHold(ReleaseHold { hold: which.get(&earlier.holds).number, cause })
            }
            What::Reverse { which, part, forced } if !earlier.transactions.is_empty() => {
                let transaction = which.get(&earlier.transactions);
                Command::ReverseTransaction(ReverseTransaction {
                    transaction: transaction.number,
                    postings: part.then(|| half_of_first(transaction.body.postings(), true)),
                    forced,
                    reference,
                    effective_at,
                    metadata,
                })
            }
            What::Post | What::Capture { .. } | What::Release { .. } | What::Reverse { .. } => {
                Command::PostTransaction(PostTransaction {
                    postings: Postings::new(postings).expect("there are some"),
                    reference,
                    effective_at,
                    metadata,
                    expectations: Expectations::default(),
                })
            }
        };
        let request = Request::of(command).now(now);
        if self.has_key { request.key(&format!("key-{number}")) } else { request }
    }
}

/// Returns the first posting with half its amount, there or back.
fn half_of_first(postings: &[Posting], back: bool) -> Postings<Quantity> {
    let first = &postings[0];
    let half = first.with_amount(Amount::new(first.amount().get().div_ceil(2)).expect("less than an amount"));
    let half = if back { half.reversed() } else { half };
    Postings::new(vec![half.into()]).expect("there is one")
}

fn any_what() -> impl Strategy<Value = What> {
    let cause = prop_oneof![1 => Just(ReleaseCause::Voided), 2 => Just(ReleaseCause::Expired)];
    prop_oneof![
        10 => Just(What::Post),
        3 => any_change().prop_map(What::Change),
        2 => any_transaction_change().prop_map(What::Annotate),
        4 => prop::option::of(1..8i64).prop_map(|lasts| What::Hold { lasts }),
        4 => (any::<Index>(), any::<bool>(), any::<bool>())
            .prop_map(|(which, part, is_final)| What::Capture { which, part, is_final }),
        2 => (any::<Index>(), cause).prop_map(|(which, cause)| What::Release { which, cause }),
        3 => (any::<Index>(), any::<bool>(), any::<bool>())
            .prop_map(|(which, part, forced)| What::Reverse { which, part, forced }),
    ]
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let source = prop_oneof![2 => Just("world"), 1 => select(ACCOUNTS)];
    let amount = prop_oneof![
        1 => Just(0),
        8 => 1..1_000u128,
        1 => (1u128 << 63) - 2..(1u128 << 63) + 2,
        1 => (1u128 << 120)..(1u128 << 122),
        1 => Just(Amount::MAX.get()),
    ];
    let posting = (source, 1..ACCOUNTS.len(), select(ASSETS), amount, any_kind_of_quantity());
    (
        any_what(),
        prop::collection::vec(posting, 1..5),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(-5..20i64),
        prop::option::of(select(PAIRS)),
        prop_oneof![2 => Just(0), 2 => 1..5i64, 1 => -3..0i64],
    )
        .prop_map(|(what, postings, has_reference, has_key, effective_at, metadata, elapsed)| Draft {
            what,
            postings,
            has_reference,
            has_key,
            effective_at,
            metadata,
            elapsed,
        })
}
