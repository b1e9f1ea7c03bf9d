//! Random histories: what happens to a service of some replicas, in order.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use ledger::{LedgerName, Metadata};
use proptest::prelude::*;
use proptest::sample::select;
use test_support::{key, ledger_name};

use crate::commands::{Asked, Draft, LEDGERS, any_draft, any_kind_of_amounts, any_ledger, first_holds};
use crate::questions::{Question, any_question};

/// What happens to a service.
#[derive(Clone)]
pub(crate) struct History {
    /// How its replicas begin.
    pub(crate) replicas: Vec<Shape>,
    /// What happens, each step after the one before has ended.
    pub(crate) steps: Vec<Step>,
    /// What is asked in the end, beside what always is.
    pub(crate) questions: Vec<Question>,
}

/// How a replica is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) batch_max: usize,
    pub(crate) cached_balances_max: usize,
    pub(crate) lane_idle: Duration,
    /// How far its clock runs ahead, in microseconds.
    pub(crate) ahead: i64,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A replica is asked for something, or for several things that then wait together. So much time has passed
    /// before, in microseconds; a clock that is set back makes it negative.
    Ask { replica: usize, elapsed: i64, asked: Vec<Asked> },
    /// Somebody reads.
    Read { replica: usize, ledger: LedgerName, question: Box<Question> },
    /// A replica ends, in order or not, and another one takes its place.
    Replace { replica: usize, in_order: bool, shape: Shape },
}

#[derive(Clone, Debug)]
enum StepDraft {
    Ask { replica: usize, elapsed: i64, drafts: Vec<Draft> },
    Read { replica: usize, ledger: LedgerName, question: Box<Question> },
    Replace { replica: usize, in_order: bool, shape: Shape },
}

/// One line for each thing that happens.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, "replica", &self.replicas)?;
        write_list(f, "step", &self.steps)?;
        write_list(f, "question", &self.questions)
    }
}

/// Writes a list, one item to a line.
pub(crate) fn write_list(f: &mut fmt::Formatter<'_>, name: &str, items: &[impl fmt::Debug]) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(number, item)| writeln!(f, "{name} {number}: {item:?}"))
}

/// Makes histories.
pub(crate) fn any_history() -> impl Strategy<Value = History> {
    any_kind_of_amounts().prop_flat_map(|amount| {
        let draft = any_draft(amount).boxed();
        (
            any_replicas(),
            prop::bool::weighted(0.5),
            prop::collection::vec(any_step(draft), 1..50),
            prop::collection::vec(any_question(), 0..25),
        )
            .prop_map(|(replicas, begins_with_holds, drafts, questions)| {
                let first = if begins_with_holds { first_holds() } else { Vec::new() };
                let steps = resolve(first, drafts, replicas.len());
                History { replicas, steps, questions }
            })
    })
}

/// Makes two or three replicas.
pub(crate) fn any_replicas() -> impl Strategy<Value = Vec<Shape>> {
    prop::collection::vec(any_shape(), 2..4)
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let lane_idle = prop_oneof![3 => Just(Duration::from_mins(1)), 1 => Just(Duration::from_millis(1))];
    (select(&[1, 3, 2_048][..]), select(&[0, 4, 16_384][..]), lane_idle, -4..5_i64).prop_map(
        |(batch_max, cached_balances_max, lane_idle, ahead)| Shape {
            batch_max,
            cached_balances_max,
            lane_idle,
            ahead,
        },
    )
}

fn any_step(draft: BoxedStrategy<Draft>) -> impl Strategy<Value = StepDraft> {
    let drafts = prop_oneof![
        2 => draft.clone().prop_map(|draft| vec![draft]),
        1 => prop::collection::vec(draft, 2..12),
    ];
    let elapsed = prop_oneof![2 => Just(0), 3 => 1..5_i64, 1 => -3..0_i64];
    // Mostly the first: a lane that finds its ledger as it left it works in other ways than one that does not.
    let replica = prop_oneof![3 => Just(0_usize), 2 => 0..3_usize];
    prop_oneof![
        20 => (replica.clone(), elapsed, drafts)
            .prop_map(|(replica, elapsed, drafts)| StepDraft::Ask { replica, elapsed, drafts }),
        3 => (replica.clone(), any_ledger(), any_question().prop_map(Box::new))
            .prop_map(|(replica, ledger, question)| StepDraft::Read { replica, ledger, question }),
        1 => (replica, any::<bool>(), any_shape())
            .prop_map(|(replica, in_order, shape)| StepDraft::Replace { replica, in_order, shape }),
    ]
}

/// Makes steps out of drafts. The first ones create ledgers, and ask for what is to come first.
fn resolve(first: Vec<Asked>, drafts: Vec<StepDraft>, replicas: usize) -> Vec<Step> {
    let mut steps = Vec::with_capacity(drafts.len() + LEDGERS.len() + first.len());
    let mut before = Vec::new();
    for name in &LEDGERS[..LEDGERS.len() - 1] {
        let (name, key) = (ledger_name(name), Some(key(name)));
        before.push(Asked::CreateLedger { name, metadata: Metadata::default(), key });
        steps.push(Step::Ask { replica: 0, elapsed: 0, asked: before[before.len() - 1..].to_vec() });
    }
    for asked in first {
        before.push(asked.clone());
        steps.push(Step::Ask { replica: 0, elapsed: 0, asked: vec![asked] });
    }
    for draft in drafts {
        steps.push(match draft {
            StepDraft::Ask { replica, elapsed, drafts } => {
                let asked = waiting_together(drafts, &before);
                before.extend(asked.iter().cloned());
                Step::Ask { replica: replica % replicas, elapsed, asked }
            }
            StepDraft::Read { replica, ledger, question } => {
                Step::Read { replica: replica % replicas, ledger, question }
            }
            StepDraft::Replace { replica, in_order, shape } => {
                Step::Replace { replica: replica % replicas, in_order, shape }
            }
        });
    }
    steps
}

/// Makes requests of which the replies do not depend on when one of them is answered. Of those that wait
/// together none creates a ledger, and no two have one key.
fn waiting_together(drafts: Vec<Draft>, before: &[Asked]) -> Vec<Asked> {
    let alone = drafts.len() == 1;
    let mut asked: Vec<Asked> = drafts.into_iter().filter_map(|draft| draft.resolve(before)).collect();
    if !alone {
        let mut keys = HashSet::new();
        asked.retain(|asked| {
            let key = asked.key().map(|(ledger, key)| (ledger.clone(), key.clone()));
            matches!(asked, Asked::Submit { .. }) && key.is_none_or(|key| keys.insert(key))
        });
    }
    asked
}
