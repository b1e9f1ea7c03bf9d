//! The job on actix-web.
//!
//! As <https://actix.rs/docs/application/> has it: shared state is `web::Data`, made once and cloned into each worker;
//! extractors for path and body, errors that are responses (<https://actix.rs/docs/errors/>). As many workers as cores, each
//! a runtime of its own, is the default (<https://actix.rs/docs/server/>); so are keep-alive and `TCP_NODELAY` left as they
//! come but for the latter, which is set as for everybody.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use actix_web::{App, HttpResponse, HttpServer, ResponseError, get, post};
use job::{Account, Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings};

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Data::new(Job::open(&settings).await?);
    let app = move || {
        App::new()
            .app_data(Data::clone(&job))
            .service(get_version)
            .service(get_account)
            .service(create_transaction)
    };
    HttpServer::new(app).tcp_nodelay(true).bind(settings.address)?.run().await?;
    Ok(())
}

#[get("/version")]
async fn get_version(job: Data<Job>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(job.static_reply())
}

#[get("/v1/ledgers/{ledger}/accounts/{address}")]
async fn get_account(job: Data<Job>, path: Path<(String, String)>) -> Result<Json<Account>, Refused> {
    let (ledger, address) = path.into_inner();
    Ok(Json(job.account(&ledger, &address).await?))
}

#[post("/v1/ledgers/{ledger}/transactions")]
async fn create_transaction(
    job: Data<Job>,
    ledger: Path<String>,
    request: Json<NewTransaction>,
) -> Result<HttpResponse, Refused> {
    let transaction = job.transfer(&ledger, request.into_inner()).await?;
    Ok(HttpResponse::Created().insert_header((LOCATION, transaction.location())).json(transaction))
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

impl ResponseError for Refused {
    fn error_response(&self) -> HttpResponse {
        let problem = Problem::from(&self.0);
        let status = StatusCode::from_u16(problem.status()).expect("problems have a status");
        HttpResponse::build(status).content_type(PROBLEM_JSON).body(problem.to_json())
    }
}
