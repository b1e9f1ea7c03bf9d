//! Random steps that are about what earlier ones made: holds, and transactions to reverse. Their numbers, what is left
//! of them and when they expire are known only once those are decided on. So steps are planned first, and carried out
//! one after the other.
//!
//! That is only how these steps aim. Whether what they meet is right is judged elsewhere.

use ledger::{
    Amount, CaptureHold, Command, CreateHold, EntryBody, EntryNumber, Expectations, Metadata, Origin,
    PostTransaction, Posting, Postings, Quantity, ReleaseCause, ReleaseHold, Remainder, ReverseTransaction,
    Timestamp,
};
use proptest::prelude::*;

use super::accounts::{change, expectations};
use super::postings::{one_posting, postings};
use super::{REFERENCES, Step, micros, reference};
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
}

/// What a step is about, counted from the last one of its kind.
#[derive(Clone, Copy, Debug)]
enum Target {
    OpenHold(usize),
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
        let (mut now, mut expires_at) = (0, None);
        let mut aim = |target: Target| {
            let number = target.number(played);
            expires_at = played.book().hold(number).and_then(|standing| standing.expires_at);
            number
        };
        let command = match self.task {
            Task::Given(command) => command,
            Task::Hold(create, after) => {
                if let Clock::At(at) = self.clock {
                    now = at;
                }
                let recorded_at = played.book().last_recorded_at().map_or(now, |last| last.micros().max(now));
                let expires_at = after.map(|after| micros(recorded_at + after));
                Command::CreateHold(CreateHold { expires_at, ..create })
            }
            Task::Capture(capture, target, parts) => {
                let hold = aim(target);
                let left = played.book().hold(hold).map(|standing| &standing.left);
                let postings = parts.map(|parts| postings_of(&parts, left, false));
                Command::CaptureHold(CaptureHold { hold, postings, ..capture })
            }
            Task::Release(target, cause) => Command::ReleaseHold(ReleaseHold { hold: aim(target), cause }),
            Task::Reverse(reversal, target, parts) => {
                let transaction = aim(target);
                let postings = parts.map(|parts| postings_of(&parts, played.book().unreversed(transaction), true));
                Command::ReverseTransaction(ReverseTransaction { transaction, postings, ..reversal })
            }
        };
        let now = match (self.clock, expires_at) {
            (Clock::At(at), _) => at,
            (Clock::Due(after), Some(at)) => Timestamp::micros(at) + after,
            (Clock::Due(_), None) => now,
        };
        Step { command, now: micros(now) }
    }
}

impl Target {
    fn number(self, played: &Played) -> EntryNumber {
        let last_but = |nth: usize, is_meant: &dyn Fn(EntryNumber, &EntryBody) -> bool| {
            let meant = played.log().iter().filter(|entry| is_meant(entry.number, &entry.body));
            let meant: Vec<_> = meant.map(|entry| entry.number).collect();
            let place = meant.len().checked_sub(1 + nth % meant.len().max(1));
            place.map_or(EntryNumber(nth as u64), |place| meant[place])
        };
        let origin = |body: &EntryBody| body.transaction().map(|transaction| transaction.origin.clone());
        match self {
            Self::OpenHold(nth) => last_but(nth, &|number, _| {
                played.book().hold(number).is_some_and(|standing| standing.state == ledger::HoldState::Open)
            }),
            Self::Hold(nth) => last_but(nth, &|_, body| matches!(body, EntryBody::Hold(_))),
            Self::Transaction(nth) => last_but(nth, &|_, body| body.transaction().is_some()),
            Self::Capture(nth) => last_but(nth, &|_, body| matches!(origin(body), Some(Origin::Capture(_)))),
            Self::Reversal(nth) => last_but(nth, &|_, body| matches!(origin(body), Some(Origin::Reversal(_)))),
            Self::Entry(number) => EntryNumber(number),
        }
    }
}

/// Returns parts as postings; of what is not there, the largest amount of anything.
fn postings_of(parts: &[Part], left: Option<&Remainder>, turned: bool) -> Postings<Quantity> {
    let posting = |part: &Part| match (part, left) {
        (Part::Of(nth, share), Some(left)) => {
            let postings = left.postings().as_slice();
            let nth = nth % postings.len();
            let amount = postings[nth].amount().get() - left.used()[nth].get();
            let posting = postings[nth].with_amount(share.of(amount));
            if turned { posting.reversed() } else { posting }
        }
        (Part::Of(..), None) => super::posting("fees", "world", "USD/2", Amount::MAX).into(),
        (Part::Other(posting), _) => posting.clone(),
    };
    Postings::new(parts.iter().map(posting).collect()).unwrap()
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
    let about_due = || prop_oneof![2 => at(), 1 => (-1_i64..2).prop_map(Clock::Due)];
    let step = |(task, clock)| Plan { task, clock };
    prop_oneof![
        10 => (transaction(amount), at()).prop_map(step),
        2 => (change().prop_map(Task::Given), at()).prop_map(step),
        6 => (hold(amount), at()).prop_map(step),
        5 => (capture(amount), about_due()).prop_map(step),
        2 => (release(), about_due()).prop_map(step),
        5 => (reversal(amount), at()).prop_map(step),
    ]
}

fn used_reference() -> impl Strategy<Value = Option<ledger::Reference>> {
    prop::option::weighted(0.2, prop::sample::select(&REFERENCES[..]).prop_map(reference))
}

fn effective_at() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::weighted(0.3, (-50_i64..150).prop_map(micros))
}

fn metadata() -> impl Strategy<Value = Metadata> {
    prop::bool::weighted(0.2).prop_map(|some| {
        let map = some.then(|| ("k".to_owned(), "v".to_owned())).into_iter().collect();
        Metadata::new(map).unwrap()
    })
}

fn transaction(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    (postings(amount), used_reference(), effective_at(), metadata(), expectations()).prop_map(
        |(postings, reference, effective_at, metadata, expectations)| {
            let postings = Postings::new(postings).unwrap();
            let expectations = Expectations::new(expectations).unwrap();
            Task::Given(Command::PostTransaction(PostTransaction {
                postings,
                reference,
                effective_at,
                metadata,
                expectations,
            }))
        },
    )
}

fn hold(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    let after = prop::option::of(prop::sample::select(&[-1_i64, 0, 1, 1, 5, 5, 40, 40][..]));
    (postings(amount), used_reference(), metadata(), after).prop_map(|(postings, reference, metadata, after)| {
        let postings = Postings::new(postings).unwrap();
        Task::Hold(CreateHold { postings, expires_at: None, reference, metadata }, after)
    })
}

fn a_hold() -> impl Strategy<Value = Target> {
    prop_oneof![
        5 => (0_usize..3).prop_map(Target::OpenHold),
        2 => (0_usize..4).prop_map(Target::Hold),
        1 => (0_u64..25).prop_map(Target::Entry),
    ]
}

fn parts(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Option<Vec<Part>>> + use<> {
    use Share::{All, Half, Left, Nothing, OneMore, UpToHalf, UpToOneMore};
    let share = prop::sample::select(
        &[Left, Left, Half, Half, Half, OneMore, Nothing, UpToHalf, UpToOneMore, All][..],
    );
    let part = prop_oneof![
        8 => (0_usize..4, share).prop_map(|(nth, share)| Part::Of(nth, share)),
        1 => one_posting(amount).prop_map(Part::Other),
    ];
    prop::option::weighted(0.65, prop::collection::vec(part, 1..4))
}

fn capture(amount: &BoxedStrategy<Amount>) -> impl Strategy<Value = Task> + use<> {
    let is_final = prop::bool::weighted(0.3);
    (a_hold(), parts(amount), is_final, used_reference(), effective_at(), metadata()).prop_map(
        |(target, parts, is_final, reference, effective_at, metadata)| {
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
    let target = prop_oneof![
        6 => (0_usize..6).prop_map(Target::Transaction),
        2 => (0_usize..3).prop_map(Target::Capture),
        2 => (0_usize..3).prop_map(Target::Reversal),
        1 => (0_u64..25).prop_map(Target::Entry),
    ];
    let forced = prop::bool::weighted(0.3);
    (target, parts(amount), forced, used_reference(), effective_at(), metadata()).prop_map(
        |(target, parts, forced, reference, effective_at, metadata)| {
            let (transaction, postings) = (EntryNumber(0), None);
            let reversal =
                ReverseTransaction { transaction, postings, forced, reference, effective_at, metadata };
            Task::Reverse(reversal, target, parts)
        },
    )
}
