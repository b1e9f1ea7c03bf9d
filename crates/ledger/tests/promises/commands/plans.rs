//! Random steps that are about what earlier ones made: holds, and transactions to reverse. Their numbers, what is left
//! of them and when they expire are known only once those are decided on. So steps are planned first, and carried out
//! one after the other.
//!
//! That is only how these steps aim. Whether what they meet is right is judged elsewhere.

use ledger::{
    Amount, CaptureHold, ChangeTransaction, Command, CreateHold, EntryBody, EntryNumber, Expectations,
    HoldState, Metadata, MetadataPatch, Origin, PostTransaction, Posting, Postings, Quantity, Reference,
    ReleaseCause, ReleaseHold, Remainder, ReverseTransaction, Timestamp,
};
use proptest::prelude::*;

use super::accounts::{change, expectations, many_keys, metadata};
use super::postings::{one_posting, postings, single_postings};
use super::{REFERENCES, Step, holding, micros, perhaps, posting, reference, transaction};
use crate::played::Played;

/// What a step is to be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    task: Task,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Task {
    /// This command, with that reference and time where it takes them.
    Given(Command),
    /// A hold that expires so long after it is made.
    Hold(CreateHold, Option<i64>),
    /// A capture of a hold. The number in it does not count; nor do its postings.
    Capture(CaptureHold, Target, Option<Vec<Part>>),
    Release(Target, ReleaseCause),
    /// A reversal. The number in it does not count; nor do its postings.
    Reverse(ReverseTransaction, Target, Option<Vec<Part>>),
    /// A change of a transaction.
    Annotate(MetadataPatch, Target),
}

/// What a step is about, counted from the last one of its kind.
#[derive(Clone, Copy, Debug)]
enum Target {
    OpenHold(usize),
    /// An open hold that expires.
    Expiring(usize),
    Hold(usize),
    Transaction(usize),
    Capture(usize),
    Reversal(usize),
    /// Whatever has this number, if anything has.
    Entry(u64),
}

/// What the clock says.
#[derive(Clone, Copy, Debug)]
enum Clock {
    At(i64),
    /// So long after the time at which the step's hold expires, if it does.
    Due(i64),
}

/// One posting of what a step is about, and how much of it; or one that need not be there.
#[derive(Clone, Debug)]
enum Part {
    Of(usize, Share),
    Other(Posting<Quantity>),
}

#[derive(Clone, Copy, Debug)]
enum Share {
    Left,
    Half,
    OneMore,
    Nothing,
    UpToHalf,
    UpToOneMore,
    All,
}

/// Carries out plans, one after the other.
pub(super) fn carried_out(plans: Vec<Plan>) -> Vec<Step> {
    let mut played = Played::default();
    let carry_out = |plan: Plan| {
        let step = plan.carried_out(&played);
        let _ = played.take(&step);
        step
    };
    plans.into_iter().map(carry_out).collect()
}

impl Plan {
    fn carried_out(self, played: &Played) -> Step {
        let recorded_at =
            |now: i64| played.book().last_recorded_at().map_or(now, |last| last.micros().max(now));
        let mut expires_at = None;
        let mut about = |hold: EntryNumber| {
            expires_at = played.book().hold(hold).and_then(|standing| standing.expires_at);
            hold
        };
        let command = match self.task {
            Task::Given(command) => command,
            Task::Hold(create, after) => {
                let expires_at = after.map(|after| micros(recorded_at(self.clock.at()) + after));
                Command::CreateHold(CreateHold { expires_at, ..create })
            }
            Task::Capture(capture, target, parts) => match target.number(played).map(&mut about) {
                Some(hold) => {
                    let left = played.book().hold(hold).map(|standing| &standing.left);
                    let postings = parts.map(|parts| postings_of(&parts, left, false));
                    Command::CaptureHold(CaptureHold { hold, postings, ..capture })
                }
                None => Command::CreateHold(holding(something())),
            },
            Task::Release(target, cause) => match target.number(played).map(&mut about) {
                Some(hold) => Command::ReleaseHold(ReleaseHold { hold, cause }),
                None => Command::CreateHold(holding(something())),
            },
            Task::Reverse(reversal, target, parts) => match target.number(played) {
                Some(transaction) => {
                    let left = played.book().unreversed(transaction);
                    let postings = parts.map(|parts| postings_of(&parts, left, true));
                    Command::ReverseTransaction(ReverseTransaction { transaction, postings, ..reversal })
                }
                None => Command::PostTransaction(transaction(something())),
            },
            Task::Annotate(metadata, target) => match target.number(played) {
                Some(transaction) => Command::ChangeTransaction(ChangeTransaction { transaction, metadata }),
                None => Command::PostTransaction(transaction(something())),
            },
        };
        let now = match (self.clock, expires_at) {
            (Clock::Due(after), Some(expires_at)) => expires_at.micros() + after,
            (clock, _) => clock.at(),
        };
        Step { command, now: micros(now) }
    }
}

impl Clock {
    fn at(self) -> i64 {
        if let Self::At(at) = self { at } else { 0 }
    }
}

/// What is moved or held where there is nothing yet that a step could be about.
fn something() -> Vec<Posting> {
    vec![posting("world", "users:1", "USD/2", Amount::from(100))]
}

impl Target {
    /// Returns its number; `None` where there is nothing of the kind.
    fn number(self, played: &Played) -> Option<EntryNumber> {
        let last_but = |nth: usize, is_meant: &dyn Fn(EntryNumber, &EntryBody) -> bool| {
            let meant = played.log().iter().filter(|entry| is_meant(entry.number, &entry.body));
            let meant: Vec<_> = meant.rev().map(|entry| entry.number).collect();
            (!meant.is_empty()).then(|| meant[nth % meant.len()])
        };
        let is_open =
            |number| played.book().hold(number).is_some_and(|standing| standing.state == HoldState::Open);
        let origin = |body: &EntryBody| body.transaction().map(|transaction| transaction.origin.clone());
        match self {
            Self::OpenHold(nth) => last_but(nth, &|number, _| is_open(number)),
            Self::Expiring(nth) => last_but(nth, &|number, body| {
                is_open(number) && matches!(body, EntryBody::Hold(hold) if hold.expires_at.is_some())
            }),
            Self::Hold(nth) => last_but(nth, &|_, body| matches!(body, EntryBody::Hold(_))),
            Self::Transaction(nth) => last_but(nth, &|_, body| body.transaction().is_some()),
            Self::Capture(nth) => last_but(nth, &|_, body| matches!(origin(body), Some(Origin::Capture(_)))),
            Self::Reversal(nth) => {
                last_but(nth, &|_, body| matches!(origin(body), Some(Origin::Reversal(_))))
            }
            Self::Entry(number) => Some(EntryNumber(number)),
        }
    }
}

/// Returns parts as postings; of what is not there, the largest amount of anything.
fn postings_of(parts: &[Part], left: Option<&Remainder>, turned: bool) -> Postings<Quantity> {
    let asked = |part: &Part| match (part, left) {
        (Part::Of(nth, share), Some(left)) => {
            let postings = left.postings().as_slice();
            let nth = nth % postings.len();
            let amount = postings[nth].amount().get() - left.used()[nth].get();
            let posting = postings[nth].with_amount(share.of(amount));
            if turned { posting.reversed() } else { posting }
        }
        (Part::Of(..), None) => posting("fees", "world", "USD/2", Amount::MAX).into(),
        (Part::Other(posting), _) => posting.clone(),
    };
    Postings::new(parts.iter().map(asked).collect()).unwrap()
}

impl Share {
    fn of(self, left: u128) -> Quantity {
        let amount = |units| Amount::new(units).unwrap_or(Amount::MAX);
        match self {
            Self::Left => Quantity::Exactly(amount(left)),
            Self::Half => Quantity::Exactly(amount(left / 2)),
            Self::OneMore => Quantity::Exactly(amount(left + 1)),
            Self::Nothing => Quantity::Exactly(Amount::ZERO),
            Self::UpToHalf => Quantity::UpTo(amount(left / 2)),
            Self::UpToOneMore => Quantity::UpTo(amount(left + 1)),
            Self::All => Quantity::All,
        }
    }
}

/// One step, with amounts of a kind.
pub(super) fn plan(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Plan> + use<> {
    let at = || (0_i64..100).prop_map(Clock::At);
    let about_due = || {
        (0_i64..100, 0..3_u8, -1_i64..2)
            .prop_map(|(at, n, after)| if n < 2 { Clock::At(at) } else { Clock::Due(after) })
    };
    let step = |(task, clock)| Plan { task, clock };
    prop_oneof![
        9 => (new_transaction(amount), at()).prop_map(step),
        6 => (new_hold(amount), at()).prop_map(step),
        8 => (capture(amount), about_due()).prop_map(step),
        6 => (reversal(amount), at()).prop_map(step),
        4 => (release(), about_due()).prop_map(step),
        3 => (change().prop_map(Task::Given), at()).prop_map(step),
        2 => (annotation(), at()).prop_map(step),
    ]
}

/// What a step has that makes an entry with a reference.
type Named = (Option<Reference>, Option<Timestamp>, Metadata);

fn named() -> impl Strategy<Value = Named> {
    let effective_at = (0..10_u8, -50_i64..150).prop_map(|(n, at)| (n > 6).then(|| micros(at)));
    let metadata = prop::bool::weighted(0.2).prop_map(|some| {
        let map = some.then(|| ("k".to_owned(), "v".to_owned())).into_iter().collect();
        Metadata::new(map).unwrap()
    });
    (perhaps(&REFERENCES, 25).prop_map(|text| text.map(reference)), effective_at, metadata)
}

fn new_transaction(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    (postings(amount), named(), expectations()).prop_map(
        |(postings, (reference, effective_at, metadata), expectations)| {
            let postings = Postings::new(postings).unwrap();
            let expectations = Expectations::new(expectations).unwrap();
            let post = PostTransaction { postings, reference, effective_at, metadata, expectations };
            Task::Given(Command::PostTransaction(post))
        },
    )
}

fn new_hold(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    let after = perhaps(&[0_i64, -1, 1, 1, 5, 5, 40, 40, 40, 40], 20);
    (single_postings(amount), named(), after).prop_map(|(postings, (reference, _, metadata), after)| {
        let postings = Postings::new(postings).unwrap();
        Task::Hold(CreateHold { postings, expires_at: None, reference, metadata }, after)
    })
}

fn a_hold() -> impl Strategy<Value = Target> {
    (0..12_u8, 0..4_usize, 0..25_u64).prop_map(|(n, nth, number)| match n {
        0..7 => Target::OpenHold(nth),
        7 | 8 => Target::Expiring(nth),
        9 | 10 => Target::Hold(nth),
        _ => Target::Entry(number),
    })
}

/// All that is left, or parts of it.
fn parts(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Option<Vec<Part>>> + use<> {
    use Share::{All, Half, Left, Nothing, OneMore, UpToHalf, UpToOneMore};
    let share = prop::sample::select(
        &[Left, Half, Half, Half, Half, OneMore, Nothing, UpToHalf, UpToOneMore, All][..],
    );
    let part = (0..9_u8, 0_usize..4, share, one_posting(amount))
        .prop_map(|(n, nth, share, other)| if n < 8 { Part::Of(nth, share) } else { Part::Other(other) });
    (0..4_u8, prop::collection::vec(part, 1..4)).prop_map(|(n, parts)| (n > 0).then_some(parts))
}

fn capture(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    let is_final = prop::bool::weighted(0.35);
    (a_hold(), parts(amount), is_final, named()).prop_map(
        |(target, parts, is_final, (reference, effective_at, metadata))| {
            let (hold, postings) = (EntryNumber(0), None);
            let capture = CaptureHold { hold, postings, is_final, reference, effective_at, metadata };
            Task::Capture(capture, target, parts)
        },
    )
}

fn release() -> impl Strategy<Value = Task> {
    (a_hold(), prop::bool::ANY).prop_map(|(target, voided)| {
        Task::Release(target, if voided { ReleaseCause::Voided } else { ReleaseCause::Expired })
    })
}

fn reversal(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    let target = (0..12_u8, 0..6_usize, 0..25_u64).prop_map(|(n, nth, number)| match n {
        0..6 => Target::Transaction(nth),
        6..8 => Target::Capture(nth),
        8..11 => Target::Reversal(nth),
        _ => Target::Entry(number),
    });
    let forced = prop::bool::weighted(0.3);
    (target, parts(amount), forced, named()).prop_map(
        |(target, parts, forced, (reference, effective_at, metadata))| {
            let (transaction, postings) = (EntryNumber(0), None);
            let reversal =
                ReverseTransaction { transaction, postings, forced, reference, effective_at, metadata };
            Task::Reverse(reversal, target, parts)
        },
    )
}

/// A change of one of the last transactions, or of what need not be one; now and then with as much as there may be.
fn annotation() -> impl Strategy<Value = Task> {
    let target = (0..12_u8, 0..3_usize, 0..25_u64).prop_map(|(n, nth, number)| match n {
        0..10 => Target::Transaction(nth),
        _ => Target::Entry(number),
    });
    let full = (many_keys(), Just(Target::Transaction(0)));
    prop_oneof![2 => (metadata(), target), 1 => full]
        .prop_map(|(metadata, target)| Task::Annotate(metadata, target))
}
