//! What callers ask for, at random: from few ledgers, accounts, keys and references, so that requests meet.
//!
//! A new kind of command needs a branch in [`any_command`], a line in [`altered`], and its rejections in
//! [`Reply::kind`](crate::reply::Reply::kind); nothing else of these tests knows what commands there are.

use engine::Submission;
use engine::idempotency::IdempotencyKey;
use ledger::{
    Amount, Bounds, CaptureHold, ChangeAccount, ChangeTransaction, Command, CreateHold, EntryNumber,
    Expectation, Expectations, ExpectedBounds, LedgerName, Metadata, MetadataPatch, PostTransaction, Posting,
    Postings, Quantity, Reference, ReleaseCause, ReleaseHold, ReverseTransaction,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use test_support::pools::{ACCOUNTS, ASSETS, PAIRS, START, reference_text};
use test_support::{
    Request, address, any_change, any_kind_of_quantity, any_transaction_change, asset, at, hold, key,
    ledger_name, metadata, post, posting, reference,
};

/// Ledgers that there may be. All but the last are created at the beginning of every history.
pub(crate) const LEDGERS: [&str; 3] = ["main", "a-b", "a_b"];

const KEYS: u8 = 20;
const REFERENCES: u64 = 8;

/// What a caller asks for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A new ledger.
    CreateLedger { name: LedgerName, metadata: Metadata, key: Option<IdempotencyKey> },
    /// A change of a ledger.
    Submit { ledger: LedgerName, submission: Submission },
}

impl Asked {
    /// Names the ledger that is to change.
    pub(crate) fn ledger(&self) -> Option<&LedgerName> {
        match self {
            Self::CreateLedger { .. } => None,
            Self::Submit { ledger, .. } => Some(ledger),
        }
    }

    /// Names the key, which counts within a ledger.
    pub(crate) fn key(&self) -> Option<(&LedgerName, &IdempotencyKey)> {
        match self {
            Self::CreateLedger { .. } => None,
            Self::Submit { ledger, submission } => submission.key.as_ref().map(|key| (ledger, key)),
        }
    }

    /// Asks for something else under the same key.
    fn altered(&self) -> Self {
        match self.clone() {
            Self::CreateLedger { name, metadata: was, key } => {
                Self::CreateLedger { name, metadata: other_than(&was), key }
            }
            Self::Submit { ledger, submission } => {
                let command = altered(&submission.command);
                Self::Submit { ledger, submission: Submission { command, ..submission } }
            }
        }
    }
}

/// What a caller asks for, before it is known what was asked before.
#[derive(Clone, Debug)]
pub(crate) enum Draft {
    /// Something new.
    New(Asked),
    /// The same as at some time before.
    Again(Index),
    /// Something else under the key of some time before.
    Altered(Index),
}

impl Draft {
    /// Makes what is asked for out of what was asked before; `None` where nothing was.
    pub(crate) fn resolve(self, before: &[Asked]) -> Option<Asked> {
        match self {
            Self::New(asked) => Some(asked),
            Self::Again(_) | Self::Altered(_) if before.is_empty() => None,
            Self::Again(which) => Some(which.get(before).clone()),
            Self::Altered(which) => Some(which.get(before).altered()),
        }
    }
}

/// Makes drafts whose amounts come from a strategy.
pub(crate) fn any_draft(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Draft> {
    prop_oneof![
        1 => any_new_ledger().prop_map(Draft::New),
        8 => any_submission(amount).prop_map(Draft::New),
        2 => any::<Index>().prop_map(Draft::Again),
        1 => any::<Index>().prop_map(Draft::Altered),
    ]
}

/// Amounts of a history: small ones alone, or huge ones among them, which leave little that later ones could
/// still do.
pub(crate) fn any_kind_of_amounts() -> impl Strategy<Value = BoxedStrategy<Amount>> {
    let small = || prop_oneof![1 => Just(0), 6 => 1..10_u128, 3 => 10..1_000_u128];
    let max = Amount::MAX.get();
    let huge = prop_oneof![
        2 => (1_u128 << 63) - 2..(1_u128 << 63) + 2,
        2 => max / 2 - 3..max / 2 + 3,
        1 => max - 3..=max,
    ];
    let amount = |units: BoxedStrategy<u128>| units.prop_map(|units| Amount::new(units).unwrap()).boxed();
    let mixed = prop_oneof![4 => small(), 1 => huge];
    prop_oneof![3 => Just(amount(small().boxed())), 1 => Just(amount(mixed.boxed()))]
}

fn any_new_ledger() -> impl Strategy<Value = Asked> {
    (any_ledger(), any_metadata(), any_key()).prop_map(|(name, metadata, key)| Asked::CreateLedger {
        name,
        metadata,
        key,
    })
}

fn any_submission(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Asked> {
    (any_ledger(), any_command(amount), any_key(), prop::bool::weighted(0.1)).prop_map(
        |(ledger, command, key, dry_run)| Asked::Submit {
            ledger,
            submission: Submission { command, key, dry_run, audit: None },
        },
    )
}

fn any_command(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Command> {
    prop_oneof![
        12 => any_transaction(amount.clone()).prop_map(Command::PostTransaction),
        2 => any_change().prop_map(Command::ChangeAccount),
        1 => any_transaction_change().prop_map(Command::ChangeTransaction),
        4 => any_hold(amount.clone()).prop_map(Command::CreateHold),
        4 => any_capture(amount.clone()).prop_map(Command::CaptureHold),
        4 => any_release().prop_map(Command::ReleaseHold),
        2 => any_reversal(amount).prop_map(Command::ReverseTransaction),
    ]
}

/// An entry that may be what is wanted: the first entries of a history are asked for often.
fn any_number() -> impl Strategy<Value = EntryNumber> {
    prop_oneof![3 => 0..6_u64, 2 => 0..20_u64].prop_map(EntryNumber)
}

fn any_postings(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Postings<Quantity>> {
    let postings = prop::collection::vec((any_posting(amount), any_kind_of_quantity()), 1..3);
    postings.prop_map(|postings| {
        Postings::new(postings.iter().map(|(posting, kind)| kind.of(posting)).collect()).unwrap()
    })
}

fn any_reference() -> impl Strategy<Value = Option<Reference>> {
    prop::option::weighted(0.2, (0..REFERENCES).prop_map(|number| reference(&reference_text(number))))
}

/// What some histories begin with in the first ledger: money, and holds that [`any_part_of_first_holds`] is likely to
/// find under the numbers that they have.
pub(crate) fn first_holds() -> Vec<Asked> {
    let moved = |source, destination, units| [posting(source, destination, ASSETS[0], units)];
    let held = || hold(moved(ACCOUNTS[1], ACCOUNTS[2], 300));
    let requests = [
        post(moved(ACCOUNTS[0], ACCOUNTS[1], 900)),
        held(),
        held().expires_at(START + 2),
        held().expires_at(START + 12),
    ];
    let submit = |request: Request| Asked::Submit {
        ledger: ledger_name(LEDGERS[0]),
        submission: Submission::new(request.command, None),
    };
    requests.map(submit).into()
}

fn any_part_of_first_holds() -> impl Strategy<Value = (EntryNumber, Option<Postings<Quantity>>)> {
    (1..4_u64, 1..120_u128).prop_map(|(number, units)| {
        let part = Postings::new(vec![posting(ACCOUNTS[1], ACCOUNTS[2], ASSETS[0], units)]).unwrap();
        (EntryNumber(number), Some(part.into()))
    })
}

fn any_hold(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = CreateHold> {
    let expires_at = prop::option::weighted(0.5, START - 2..START + 60);
    (any_postings(amount), expires_at, any_reference(), any_metadata()).prop_map(
        |(postings, expires_at, reference, metadata)| CreateHold {
            postings,
            expires_at: expires_at.map(at),
            reference,
            metadata,
        },
    )
}

fn any_capture(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = CaptureHold> {
    let postings = prop::option::weighted(0.5, any_postings(amount));
    let part = prop_oneof![2 => (any_number(), postings), 1 => any_part_of_first_holds()];
    let effective_at = prop::option::weighted(0.3, START - 6..START + 60);
    (part, any::<bool>(), any_reference(), effective_at, any_metadata()).prop_map(
        |((hold, postings), is_final, reference, effective_at, metadata)| CaptureHold {
            hold,
            postings,
            is_final,
            reference,
            effective_at: effective_at.map(at),
            metadata,
        },
    )
}

fn any_release() -> impl Strategy<Value = ReleaseHold> {
    let cause = select(vec![ReleaseCause::Voided, ReleaseCause::Expired]);
    (any_number(), cause).prop_map(|(hold, cause)| ReleaseHold { hold, cause })
}

fn any_reversal(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = ReverseTransaction> {
    let postings = prop::option::weighted(0.4, any_postings(amount));
    let effective_at = prop::option::weighted(0.3, START - 6..START + 60);
    (any_number(), postings, any::<bool>(), any_reference(), effective_at, any_metadata()).prop_map(
        |(transaction, postings, forced, reference, effective_at, metadata)| ReverseTransaction {
            transaction,
            postings,
            forced,
            reference,
            effective_at: effective_at.map(at),
            metadata,
        },
    )
}

/// Another command than this.
fn altered(command: &Command) -> Command {
    match command {
        Command::PostTransaction(post) => {
            Command::PostTransaction(PostTransaction { metadata: other_than(&post.metadata), ..post.clone() })
        }
        Command::ChangeAccount(change) => Command::ChangeAccount(ChangeAccount {
            metadata: altered_patch(&change.metadata),
            ..change.clone()
        }),
        Command::ChangeTransaction(change) => Command::ChangeTransaction(ChangeTransaction {
            metadata: altered_patch(&change.metadata),
            ..change.clone()
        }),
        Command::CreateHold(hold) => {
            Command::CreateHold(CreateHold { metadata: other_than(&hold.metadata), ..hold.clone() })
        }
        Command::CaptureHold(capture) => {
            Command::CaptureHold(CaptureHold { is_final: !capture.is_final, ..capture.clone() })
        }
        Command::ReleaseHold(release) => {
            let cause = match release.cause {
                ReleaseCause::Voided => ReleaseCause::Expired,
                ReleaseCause::Expired => ReleaseCause::Voided,
            };
            Command::ReleaseHold(ReleaseHold { cause, ..*release })
        }
        Command::ReverseTransaction(reversal) => {
            Command::ReverseTransaction(ReverseTransaction { forced: !reversal.forced, ..reversal.clone() })
        }
    }
}

fn altered_patch(patch: &MetadataPatch) -> MetadataPatch {
    let mut changes = patch.as_map().clone();
    if changes.remove("altered").is_none() {
        changes.insert("altered".to_owned(), None);
    }
    MetadataPatch::new(changes).unwrap()
}

fn any_transaction(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = PostTransaction> {
    let postings = prop_oneof![
        3 => prop::collection::vec(any_posting(amount.clone()), 1..4),
        2 => any_chain(amount),
    ];
    let numbered = prop::option::weighted(0.2, 0..REFERENCES);
    let effective_at = prop::option::weighted(0.3, START - 6..START + 60);
    let kinds = prop::collection::vec(any_kind_of_quantity(), 5);
    (postings, kinds, numbered, effective_at, any_metadata(), any_expectations()).prop_map(
        |(postings, kinds, numbered, effective_at, metadata, expectations)| {
            let postings = postings.iter().zip(kinds).map(|(posting, kind)| kind.of(posting)).collect();
            PostTransaction {
                postings: Postings::new(postings).unwrap(),
                reference: numbered.map(|number| reference(&reference_text(number))),
                effective_at: effective_at.map(at),
                metadata,
                expectations,
            }
        },
    )
}

/// None most of the time. They tell balances apart that no posting of theirs touches.
fn any_expectations() -> impl Strategy<Value = Expectations> {
    let bounds = (-20..20_i128).prop_flat_map(|bound| {
        select(vec![
            Bounds { at_least: Some(bound), ..Bounds::default() },
            Bounds { at_most: Some(50 * bound), ..Bounds::default() },
            Bounds { equals: Some(bound.max(0)), ..Bounds::default() },
        ])
    });
    let one = (select(ACCOUNTS), any_asset(), bounds, 0..3);
    let one = one.prop_map(|(account, asset_text, bounds, figure)| {
        let none = ExpectedBounds::default();
        let (asset, bounds) = match figure {
            0 => (Some(asset(asset_text)), ExpectedBounds { posted: bounds, ..none }),
            1 => (Some(asset(asset_text)), ExpectedBounds { available: bounds, ..none }),
            _ => (None, ExpectedBounds { version: bounds, ..none }),
        };
        Expectation::new(address(account), asset, bounds).unwrap()
    });
    prop_oneof![5 => Just(vec![]), 1 => prop::collection::vec(one, 1..3)]
        .prop_map(|expectations| Expectations::new(expectations).unwrap())
}

fn any_posting(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Posting> {
    let source = prop_oneof![3 => Just(0), 1 => 1..ACCOUNTS.len()];
    (source, 1..ACCOUNTS.len(), any_asset(), amount).prop_map(|(source, step, asset, amount)| {
        let destination = (source + step) % ACCOUNTS.len();
        posting(ACCOUNTS[source], ACCOUNTS[destination], asset, amount.get())
    })
}

/// Postings that pass one amount on from account to account: all but the first have what reached them in the
/// same transaction.
fn any_chain(amount: BoxedStrategy<Amount>) -> impl Strategy<Value = Vec<Posting>> {
    let steps = prop::collection::vec(1..ACCOUNTS.len(), 2..5);
    (steps, any_asset(), amount).prop_map(|(steps, asset, amount)| {
        let mut source = 0;
        let pass_on = |step: usize| {
            let destination = (source + step) % ACCOUNTS.len();
            let posting = posting(ACCOUNTS[source], ACCOUNTS[destination], asset, amount.get());
            source = destination;
            posting
        };
        steps.into_iter().map(pass_on).collect()
    })
}

pub(crate) fn any_ledger() -> impl Strategy<Value = LedgerName> {
    prop_oneof![12 => Just(LEDGERS[0]), 2 => Just(LEDGERS[1]), 1 => Just(LEDGERS[2])].prop_map(ledger_name)
}

fn any_asset() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(ASSETS[0]), 1 => select(ASSETS)]
}

fn any_key() -> impl Strategy<Value = Option<IdempotencyKey>> {
    prop::option::of((0..KEYS).prop_map(|number| key(&format!("key-{number}"))))
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    prop::collection::vec(select(PAIRS), 0..3).prop_map(|pairs| metadata(&pairs))
}

fn other_than(was: &Metadata) -> Metadata {
    let other = metadata(&[("altered", "yes")]);
    if *was == other { Metadata::default() } else { other }
}
