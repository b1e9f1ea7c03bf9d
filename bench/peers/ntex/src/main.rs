//! The job on ntex, on its tokio runtime, which sqlx needs.
//!
//! As <https://ntex.rs/docs/> has it: state that is shared is made once and cloned into each worker, extractors for path and
//! body, errors that are responses. As many workers as cores is the default. It sets `TCP_NODELAY` by itself.

use std::fmt;

use job::{Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings};
use ntex::http::StatusCode;
use ntex::http::header::LOCATION;
use ntex::util::Bytes;
use ntex::web::types::{Json, Path, State};
use ntex::web::{self, App, HttpRequest, HttpResponse, HttpServer, WebResponseError};

/// The JSON text that never changes.
struct StaticReply(Bytes);

#[ntex::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let app = async move || {
        // It has a type of bytes of its own: each worker makes them once.
        let static_reply = StaticReply(Bytes::copy_from_slice(&job.static_reply()));
        App::new()
            .state(job.clone())
            .state(static_reply)
            .route("/version", web::get().to(get_version))
            .route("/v1/ledgers/{ledger}/accounts/{address}", web::get().to(get_account))
            .route("/v1/ledgers/{ledger}/transactions", web::post().to(create_transaction))
    };
    HttpServer::new(app).bind(settings.address)?.run().await?;
    Ok(())
}

async fn get_version(reply: State<StaticReply>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(reply.0.clone())
}

async fn get_account(job: State<Job>, path: Path<(String, String)>) -> Result<HttpResponse, Refused> {
    let (ledger, address) = path.into_inner();
    Ok(HttpResponse::Ok().json(&job.account(&ledger, &address).await?))
}

async fn create_transaction(
    job: State<Job>,
    ledger: Path<String>,
    request: Json<NewTransaction>,
) -> Result<HttpResponse, Refused> {
    let transaction = job.transfer(&ledger, request.into_inner()).await?;
    Ok(HttpResponse::Created().header(LOCATION, transaction.location()).json(&transaction))
}

/// Why a request was not answered.
#[derive(Debug)]
struct Refused(JobError);

impl From<JobError> for Refused {
    fn from(error: JobError) -> Self {
        Self(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl WebResponseError for Refused {
    fn error_response(&self, _: &HttpRequest) -> HttpResponse {
        let problem = Problem::from(&self.0);
        let status = StatusCode::from_u16(problem.status()).expect("problems have a status");
        HttpResponse::build(status).content_type(PROBLEM_JSON).body(problem.to_json())
    }
}
