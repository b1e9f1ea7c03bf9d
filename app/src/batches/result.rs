//! What came of a command of a batch: the status and the body that it would have had alone.

use std::borrow::Cow;

use engine::port::ReadError;
use engine::{Engine, Outcome, SubmitError, Submitted, balances_before};
use ledger::{EntryBody, LedgerName};
use pavex::http::StatusCode;
use pavex::telemetry::ServerRequestId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use crate::http::access_error::AccessError;
use crate::http::failures;
use crate::http::fields::FieldErrors;
use crate::http::input::InputError;
use crate::http::principal::Caller;
use crate::http::problem::Problem;
use crate::http::views::{AccountView, HoldView, TransactionChangeView, TransactionView};
use crate::telemetry::Failure;

/// What came of a batch.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Batch")]
pub struct BatchView {
    /// Whether an atomic batch happened, now or when it was sent before. Left out where commands are independent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<bool>,
    /// What came of each command, in order.
    pub results: Vec<ResultView>,
}

/// What came of a command: what its request would have got alone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "BatchResult")]
pub struct ResultView {
    /// The status.
    pub status: u16,
    /// Whether it happened when the same command came before. Left out where it did not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// The reply, where it went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<ResultBody>,
    /// The problem, where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
}

/// The reply to a command that went well.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "BatchResultBody")]
pub enum ResultBody {
    /// To a transaction, a capture, a reversal.
    Transaction(Box<TransactionView>),
    /// To a hold, a void.
    Hold(Box<HoldView>),
    /// To a change of an account.
    Account(Box<AccountView>),
    /// To a change of a transaction.
    TransactionChange(Box<TransactionChangeView>),
}

/// A problem inside a reply.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemView(Value);

impl JsonSchema for ProblemView {
    fn schema_name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "$ref": "#/components/schemas/Problem" })
    }
}

/// A result, and whether the ledger cannot be written to for now: whoever has more to ask need not go on.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) view: ResultView,
    pub(super) halts: bool,
}

/// Tells what came of commands of one ledger.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) engine: Engine,
    pub(super) ledger: LedgerName,
    pub(super) request_id: ServerRequestId,
    pub(super) caller: Caller,
}

impl Teller {
    /// Tells what came of a command.
    pub(super) async fn tell(&self, answer: Result<Submitted, SubmitError>) -> Told {
        match answer {
            Ok(submitted) => match self.reply(submitted).await {
                Ok(view) => Told { view, halts: false },
                Err(error) => {
                    self.log(&error);
                    let problem = match error {
                        // It happened, and the same key shows it; who hears this cannot know.
                        ReadError::Unavailable(_) => failures::outcome_unknown(),
                        error => failures::read_failed(&error),
                    };
                    Told { view: self.problem(problem), halts: true }
                }
            },
            Err(error) => {
                let halts = match &error {
                    SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown(_) => {
                        self.log(&error);
                        true
                    }
                    SubmitError::Overloaded | SubmitError::ShuttingDown | SubmitError::LedgerNotFound => true,
                    SubmitError::KeyReused
                    | SubmitError::KeyInProgress
                    | SubmitError::Rejected(_)
                    | SubmitError::NotApplied => false,
                };
                Told { view: self.problem(failures::not_submitted(&error)), halts }
            }
        }
    }

    /// Tells that a command is malformed.
    pub(super) fn malformed(&self, errors: FieldErrors) -> Told {
        self.refused(&InputError::Invalid(errors))
    }

    /// Tells that a command is not for this caller to give.
    pub(super) fn denied(&self, error: &AccessError) -> Told {
        Told { view: self.problem(error.into()), halts: false }
    }

    /// Tells that a command cannot be read.
    pub(super) fn refused(&self, error: &InputError) -> Told {
        Told { view: self.problem(Problem::from(error)), halts: false }
    }

    /// Shows a problem.
    pub(super) fn problem(&self, problem: Problem) -> ResultView {
        let status = problem.status().as_u16();
        let problem = Some(ProblemView(problem.into_json(self.request_id)));
        ResultView { status, replayed: false, body: None, problem }
    }

    /// Shows what was recorded as the reply to its request alone does.
    async fn reply(&self, submitted: Submitted) -> Result<ResultView, ReadError> {
        let ledger = self.ledger.clone();
        let replayed = submitted.outcome == Outcome::Replayed;
        let ok =
            |body| ResultView { status: StatusCode::OK.as_u16(), replayed, body: Some(body), problem: None };
        let created = |(status, body, replayed): (StatusCode, ResultBody, bool)| ResultView {
            status: status.as_u16(),
            replayed,
            body: Some(body),
            problem: None,
        };
        match &submitted.entry.body {
            EntryBody::Transaction(_) => {
                let (status, view, replayed) = TransactionView::created(ledger, submitted).into_parts();
                Ok(created((status, ResultBody::Transaction(Box::new(view)), replayed)))
            }
            EntryBody::Hold(_) => {
                let (status, view, replayed) = HoldView::created(ledger, submitted).into_parts();
                Ok(created((status, ResultBody::Hold(Box::new(view)), replayed)))
            }
            EntryBody::Release(release) => {
                let hold = self.engine.store().hold(&ledger, release.hold).await?;
                let missing = || ReadError::Corrupt(Box::new(HoldMissing));
                let view = HoldView::let_go(ledger, hold.ok_or_else(missing)?, submitted.entry);
                Ok(ok(ResultBody::Hold(Box::new(view))))
            }
            EntryBody::Account(change) => {
                let (store, account) = (self.engine.store(), &change.account);
                let balances = balances_before(store, &ledger, account, &submitted.entry).await?;
                Ok(ok(ResultBody::Account(Box::new(AccountView::changed(submitted.entry, balances)))))
            }
            EntryBody::TransactionChange(_) => {
                Ok(ok(ResultBody::TransactionChange(Box::new(submitted.entry.into()))))
            }
        }
    }

    /// Writes down what operators have to know: the request itself goes well.
    fn log(&self, error: &dyn std::error::Error) {
        let failure = Failure::none();
        failure.note(error);
        let request_id = self.request_id;
        tracing::error!(target: "florin::http", %request_id, error.message = failure.text(), "a command of a batch failed");
    }
}

/// A hold was let go that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the hold that was let go is missing")]
struct HoldMissing;
