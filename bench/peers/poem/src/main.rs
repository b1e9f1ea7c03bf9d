//! The job on poem.
//!
//! As <https://docs.rs/poem/latest/poem/> has it: handlers with extractors, `Data` for what is shared, errors that implement
//! `ResponseError`, `Server::new(TcpListener::bind(…))` on the multi-threaded runtime.

use job::{Account, Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings};
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::http::header::LOCATION;
use poem::listener::TcpListener;
use poem::web::{Data, Json, Path};
use poem::{EndpointExt, IntoResponse, Response, Route, Server, get, handler, post};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let app = Route::new()
        .at("/version", get(get_version))
        .at("/v1/ledgers/:ledger/accounts/:address", get(get_account))
        .at("/v1/ledgers/:ledger/transactions", post(create_transaction))
        .data(job);
    Server::new(TcpListener::bind(settings.address)).run(app).await?;
    Ok(())
}

#[handler]
fn get_version(Data(job): Data<&Job>) -> Response {
    Response::builder().content_type("application/json").body(job.static_reply())
}

#[handler]
async fn get_account(
    Data(job): Data<&Job>,
    Path((ledger, address)): Path<(String, String)>,
) -> poem::Result<Json<Account>> {
    Ok(Json(job.account(&ledger, &address).await.map_err(Refused)?))
}

#[handler]
async fn create_transaction(
    Data(job): Data<&Job>,
    Path(ledger): Path<String>,
    Json(request): Json<NewTransaction>,
) -> poem::Result<Response> {
    let transaction = job.transfer(&ledger, request).await.map_err(Refused)?;
    let location = transaction.location();
    Ok(Json(transaction).with_status(StatusCode::CREATED).with_header(LOCATION, location).into_response())
}

/// Why a request was not answered.
#[derive(Debug)]
struct Refused(JobError);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl ResponseError for Refused {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(Problem::from(&self.0).status()).expect("problems have a status")
    }

    fn as_response(&self) -> Response {
        let problem = Problem::from(&self.0);
        Response::builder().status(self.status()).content_type(PROBLEM_JSON).body(problem.to_json())
    }
}
