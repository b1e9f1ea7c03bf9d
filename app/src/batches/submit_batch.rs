//! `POST /v1/ledgers/{ledger}/batches`.

use engine::{Outcome, Submission, SubmitError, Submitted};
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;
use pavex::{IntoResponse as _, Response, post};

use super::in_order::{Departing, InOrder, NoRoom};
use super::keys::Keys;
use super::result::Teller;
use super::submit_lines::submit_lines;
use super::{BatchError, BatchMode, BatchRequest, BatchView, ResultView};
use crate::commands::let_through;
use crate::configuration::ServerConfig;
use crate::http::input::Write;
use crate::http::many::{ManyLines, WriteMany};
use crate::http::path::InLedger;
use crate::http::principal::{Granted, LedgerWrite};
use crate::http::reply::Reply;
use crate::http::stopping::Stopping;
use crate::http::stream::Streams;
use crate::storage::Engine;

/// Carries out many commands, in order: all of them or none, or each for itself. Answers once all that happened is
/// durable; to lines, as they come.
///
/// # Errors
/// [`BatchError`], as a problem.
#[expect(clippy::too_many_arguments, reason = "each is something of its own in the graph")]
#[post(path = "/v1/ledgers/{ledger}/batches")]
pub async fn submit_batch(
    granted: Granted<LedgerWrite>,
    request: WriteMany<(InLedger, BatchRequest)>,
    head: &RequestHead,
    engine: &Engine,
    streams: &Streams,
    stopping: &Stopping,
    server: &ServerConfig,
    request_id: ServerRequestId,
) -> Result<Response, BatchError> {
    let engine = engine.clone();
    // What is large is boxed: a request of any route has room for the largest.
    match request {
        WriteMany::Whole(Write { key, input: (InLedger { ledger }, BatchRequest { mode, commands }) }) => {
            // All of them, before the first one: what is in one body is let through as a whole.
            let submissions = commands.submissions(&Keys::of(key.as_ref())).into_iter();
            let submissions =
                submissions.map(|submission| let_through(granted.caller(), &ledger, submission));
            let submissions = submissions.collect::<Result<Vec<_>, _>>()?;
            let teller = Teller { engine, ledger, request_id, caller: granted.caller().clone() };
            let view = match mode {
                BatchMode::Atomic => Box::pin(submit_together(&teller, submissions)).await?,
                BatchMode::Independent => Box::pin(submit_in_order(teller, submissions)).await,
            };
            Ok(Reply(view).into_response())
        }
        WriteMany::Lines(ManyLines { path: InLedger { ledger }, key, lines }) => {
            let place = streams.place(head)?;
            let teller = Teller { engine, ledger, request_id, caller: granted.caller().clone() };
            // Half of what a piece of the reply may take, so that a slow client is told that it is slow.
            let patience = server.request_timeout() / 2;
            Box::pin(submit_lines(teller, Keys::of(key.as_ref()), lines, place, stopping.clone(), patience))
                .await
        }
    }
}

/// Carries out all commands or none.
async fn submit_together(teller: &Teller, submissions: Vec<Submission>) -> Result<BatchView, BatchError> {
    let (weight, max) = (submissions.iter().map(Submission::weight).sum(), teller.engine.together_max());
    if weight > max {
        return Err(BatchError::too_heavy(weight, max));
    }
    let answers = teller.engine.submit_together(&teller.ledger, submissions).await;
    if let Some(error) = failed_as_a_whole(&answers) {
        return Err(error.into());
    }
    let applied = was_applied(&answers);
    let mut results = Vec::with_capacity(answers.len());
    for answer in answers {
        results.push(teller.tell(answer).await.view);
    }
    Ok(BatchView { applied: Some(applied), results })
}

/// Returns what befell all commands alike and is about none of them.
fn failed_as_a_whole(answers: &[Result<Submitted, SubmitError>]) -> Option<SubmitError> {
    let about_none = |answer: &Result<Submitted, SubmitError>| {
        matches!(
            answer,
            Err(SubmitError::LedgerNotFound
                | SubmitError::Overloaded
                | SubmitError::ShuttingDown
                | SubmitError::Unavailable(_)
                | SubmitError::OutcomeUnknown(_))
        )
    };
    if !answers.iter().all(about_none) {
        return None;
    }
    // Where one may have happened, all may have.
    let is_unknown = |error: &&SubmitError| matches!(error, SubmitError::OutcomeUnknown(_));
    let errors = || answers.iter().filter_map(|answer| answer.as_ref().err());
    errors().find(is_unknown).or_else(|| errors().next()).cloned()
}

/// Says whether the batch happened, now or before. One that was recorded before and cannot be read now happened all
/// the same.
fn was_applied(answers: &[Result<Submitted, SubmitError>]) -> bool {
    answers.iter().all(|answer| match answer {
        Ok(submitted) => matches!(submitted.outcome, Outcome::Recorded | Outcome::Replayed),
        Err(error) => matches!(error, SubmitError::Unavailable(_)),
    })
}

/// Carries out each command for itself.
async fn submit_in_order(teller: Teller, submissions: Vec<Submission>) -> BatchView {
    let mut results: Vec<ResultView> = Vec::with_capacity(submissions.len());
    let mut in_order = InOrder::new(teller.clone());
    for (number, submission) in (0..).zip(submissions) {
        // The body that it came in is in memory as a whole in any case.
        let departing = Departing { number, submission, bytes: 0 };
        loop {
            while !in_order.takes(&departing) {
                results.extend(in_order.next().await.map(|(_, told)| told.view));
            }
            let Err(NoRoom) = in_order.put(&departing) else { break };
            let Some((_, told)) = in_order.next().await else {
                // Others have filled the queue.
                results.push(teller.tell(Err(SubmitError::Overloaded)).await.view);
                break;
            };
            results.push(told.view);
        }
    }
    while let Some((_, told)) = in_order.next().await {
        results.push(told.view);
    }
    BatchView { applied: None, results }
}

#[cfg(test)]
mod tests {
    use std::io::Error;
    use std::sync::Arc;

    use engine::SharedSource;

    use super::*;

    /// The first command was recorded before; of the second, which is new, nobody knows.
    #[test]
    fn what_may_have_happened_is_never_said_not_to_have() {
        let source = || SharedSource(Arc::new(Error::other("the line was cut")));
        let unavailable = || Err(SubmitError::Unavailable(source()));
        let unknown = Err(SubmitError::OutcomeUnknown(source()));
        let whole = failed_as_a_whole(&[unavailable(), unknown]);
        assert!(matches!(whole, Some(SubmitError::OutcomeUnknown(_))), "{whole:?}");
        let whole = failed_as_a_whole(&[unavailable(), unavailable()]);
        assert!(matches!(whole, Some(SubmitError::Unavailable(_))), "{whole:?}");
        assert!(failed_as_a_whole(&[unavailable(), Err(SubmitError::NotApplied)]).is_none());
    }
}
