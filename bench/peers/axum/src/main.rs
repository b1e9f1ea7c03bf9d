//! The job on axum.
//!
//! As <https://docs.rs/axum/latest/axum/> has it: extractors for path, body and state, errors that are replies, `axum::serve`
//! on the multi-threaded runtime; `tap_io` for `TCP_NODELAY`, as <https://docs.rs/axum/latest/axum/serve/trait.ListenerExt.html>
//! shows.

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use job::{Account, Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings, Transaction};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let router = Router::new()
        .route("/version", get(get_version))
        .route("/v1/ledgers/{ledger}/accounts/{address}", get(get_account))
        .route("/v1/ledgers/{ledger}/transactions", post(create_transaction))
        .with_state(job);
    let listener = TcpListener::bind(settings.address).await?.tap_io(|stream| {
        // Without it, it is slower and as right.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn get_version(State(job): State<Job>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], job.static_reply())
}

async fn get_account(
    State(job): State<Job>,
    Path((ledger, address)): Path<(String, String)>,
) -> Result<Json<Account>, Refused> {
    Ok(Json(job.account(&ledger, &address).await?))
}

async fn create_transaction(
    State(job): State<Job>,
    Path(ledger): Path<String>,
    Json(request): Json<NewTransaction>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Transaction>), Refused> {
    let transaction = job.transfer(&ledger, request).await?;
    Ok((StatusCode::CREATED, [(LOCATION, transaction.location())], Json(transaction)))
}

/// Why a request was not answered.
struct Refused(JobError);

impl From<JobError> for Refused {
    fn from(error: JobError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = Problem::from(&self.0);
        let status = StatusCode::from_u16(problem.status()).expect("problems have a status");
        (status, [(CONTENT_TYPE, PROBLEM_JSON)], problem.to_json()).into_response()
    }
}
