//! A history played on a store: what was replied on the way, and what can be read in the end. And how it differs
//! from the same history on another one.

use std::fmt::Debug;

use futures_util::{StreamExt, TryStreamExt, stream};
use ledger::LedgerName;
use test_support::{StoreFixture, ledger_name};

use crate::commands::LEDGERS;
use crate::history::History;
use crate::questions::{Answer, Question, all_there_is};
use crate::reply::Reply;
use crate::service::{Outcome, Service};

const QUESTIONS_AT_ONCE: usize = 8;

/// What came of a history.
pub(crate) struct Played {
    name: &'static str,
    pub(crate) outcomes: Vec<Outcome>,
    answers: Vec<Answer>,
}

impl Played {
    /// Plays a history on an empty database.
    ///
    /// # Errors
    /// Where the store fails, or does not hold in the end.
    pub(crate) async fn play(
        name: &'static str,
        database: Box<dyn StoreFixture>,
        history: &History,
    ) -> Result<Self, String> {
        let mut service = Service::start(name, database, &history.replicas).await;
        let mut outcomes = Vec::with_capacity(history.steps.len());
        for step in &history.steps {
            let outcome = service.play(step).await?;
            if let Outcome::Replies(replies) = &outcome
                && let Some(failed) = replies.iter().find(|reply| matches!(reply, Reply::AskAgain(_)))
            {
                return Err(format!("{name}: {step:?}: {failed:?}"));
            }
            outcomes.push(outcome);
        }
        // Several at once: some stores fetch together what is asked together.
        let questions = last_questions(history);
        let asked = questions.iter().map(|(ledger, question)| service.answer(ledger, question));
        let answers = stream::iter(asked).buffered(QUESTIONS_AT_ONCE).try_collect().await?;
        service.stop().await;
        Ok(Self { name, outcomes, answers })
    }
}

/// Lists what is asked in the end, of every ledger that there may be.
fn last_questions(history: &History) -> Vec<(LedgerName, Question)> {
    let questions = all_there_is().into_iter().chain(history.questions.iter().cloned());
    let questions: Vec<Question> = questions.collect();
    let of_all = LEDGERS.iter().flat_map(|name| questions.iter().map(|it| (ledger_name(name), it.clone())));
    of_all.collect()
}

/// Holds what came of a history on one store to what came of it on the reference.
///
/// # Errors
/// The first difference.
pub(crate) fn compare(reference: &Played, other: &Played, history: &History) -> Result<(), String> {
    let outcomes = reference.outcomes.iter().zip(&other.outcomes);
    for (number, (expected, found)) in outcomes.enumerate() {
        let place = || format!("step {number} on {}, {:?}", other.name, history.steps[number]);
        alike(expected, found, place)?;
    }
    let answers = reference.answers.iter().zip(&other.answers);
    for ((ledger, question), (expected, found)) in last_questions(history).iter().zip(answers) {
        alike(expected, found, || format!("in the end on {}, {ledger}: {question:?}", other.name))?;
    }
    Ok(())
}

/// Says where something differs from the reference, and how.
///
/// # Errors
/// Where it does.
pub(crate) fn alike<T: Debug + PartialEq>(
    expected: &T,
    found: &T,
    place: impl FnOnce() -> String,
) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
    let same = expected.lines().zip(found.lines()).take_while(|(expected, found)| expected == found).count();
    let excerpt = |text: &str| {
        let lines: Vec<&str> = text.lines().skip(same.saturating_sub(LINES_BEFORE)).take(LINES).collect();
        lines.join("\n")
    };
    Err(format!(
        "{}\ndiffers from line {} on\n\nthe reference:\n{}\n\nthe other:\n{}",
        place(),
        same + 1,
        excerpt(&expected),
        excerpt(&found)
    ))
}

/// How much is shown of a difference, and how much of that before it.
const LINES: usize = 60;
const LINES_BEFORE: usize = 20;
