//! The job on pavex: constructors, routes and the error handler, which its compiler makes a server of
//! (`bench/peers/pavex_sdk`).
//!
//! As <https://pavex.dev/docs/> has it: extractors as arguments, errors with a handler of their own, what is shared as a
//! prebuilt type. Without its starter's telemetry, as the other peers are without theirs.

use pavex::blueprint::from;
use pavex::http::StatusCode;
use pavex::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use pavex::request::body::JsonBody;
use pavex::request::path::PathParams;
use pavex::response::body::Json;
use pavex::{Blueprint, Response, error_handler, get, post, prebuilt};

use job::{JobError, NewTransaction, PROBLEM_JSON, Problem};

/// What does the job.
#[prebuilt]
pub use job::Job;

/// Returns the blueprint.
#[must_use]
pub fn blueprint() -> Blueprint {
    let mut bp = Blueprint::new();
    bp.import(from![pavex, crate]);
    bp.routes(from![crate]);
    bp
}

/// An account's place.
#[PathParams]
pub struct AccountPath {
    /// The ledger.
    pub ledger: String,
    /// The account.
    pub address: String,
}

/// A ledger.
#[PathParams]
pub struct LedgerPath {
    /// Its name.
    pub ledger: String,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The job was not done.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The reply cannot be written.
    #[error("a reply cannot be written")]
    Reply,
}

/// Sends the text that never changes.
#[get(path = "/version")]
pub fn get_version(job: &Job) -> Response {
    Response::ok()
        .set_typed_body(job.static_reply())
        .insert_header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
}

/// Shows an account.
///
/// # Errors
/// As [`Refused`] says.
#[get(path = "/v1/ledgers/{ledger}/accounts/{address}")]
pub async fn get_account(path: PathParams<AccountPath>, job: &Job) -> Result<Response, Refused> {
    let AccountPath { ledger, address } = path.0;
    let account = job.account(&ledger, &address).await?;
    Ok(Response::ok().set_typed_body(Json::new(account).map_err(|_| Refused::Reply)?))
}

/// Moves money.
///
/// # Errors
/// As [`Refused`] says.
#[post(path = "/v1/ledgers/{ledger}/transactions")]
pub async fn create_transaction(
    path: PathParams<LedgerPath>,
    body: JsonBody<NewTransaction>,
    job: &Job,
) -> Result<Response, Refused> {
    let transaction = job.transfer(&path.0.ledger, body.0).await?;
    let location = HeaderValue::from_str(&transaction.location()).map_err(|_| Refused::Reply)?;
    let body = Json::new(transaction).map_err(|_| Refused::Reply)?;
    Ok(Response::created().set_typed_body(body).insert_header(LOCATION, location))
}

/// Says why.
#[error_handler]
pub fn refuse(#[px(error_ref)] error: &Refused) -> Response {
    let Refused::Job(error) = error else { return Response::internal_server_error() };
    let problem = Problem::from(error);
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::new(status)
        .set_typed_body(problem.to_json())
        .insert_header(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))
}
