//! The job on Rocket.
//!
//! As <https://rocket.rs/guide/v0.5/state/> has it: managed state, request guards and responders, errors that derive
//! nothing but a `Responder`. Configured as <https://rocket.rs/guide/v0.5/configuration/> advises for production: the release
//! profile's settings, workers as many as cores, logging off.

use job::{Account, Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings, Transaction};
use rocket::config::{Config, Ident, LogLevel};
use rocket::http::{ContentType, Header, Status};
use rocket::response::Responder;
use rocket::serde::json::Json;
use rocket::{Request, Response, State, get, post, response, routes};

#[rocket::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let config = Config {
        address: settings.address.ip(),
        port: settings.address.port(),
        log_level: LogLevel::Off,
        ident: Ident::none(),
        ..Config::release_default()
    };
    rocket::custom(config)
        .manage(job)
        .mount("/", routes![get_version, get_account, create_transaction])
        .launch()
        .await?;
    Ok(())
}

#[get("/version")]
fn get_version(job: &State<Job>) -> (ContentType, Vec<u8>) {
    (ContentType::JSON, job.static_reply().into())
}

#[get("/v1/ledgers/<ledger>/accounts/<address>")]
async fn get_account(job: &State<Job>, ledger: &str, address: &str) -> Result<Json<Account>, Refused> {
    Ok(Json(job.account(ledger, address).await?))
}

#[post("/v1/ledgers/<ledger>/transactions", data = "<request>")]
async fn create_transaction(
    job: &State<Job>,
    ledger: &str,
    request: Json<NewTransaction>,
) -> Result<Created, Refused> {
    Ok(Created(job.transfer(ledger, request.into_inner()).await?))
}

/// A transaction that is on disk.
struct Created(Transaction);

impl<'r> Responder<'r, 'static> for Created {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let location = Header::new("location", self.0.location());
        Response::build_from(Json(self.0).respond_to(request)?).status(Status::Created).header(location).ok()
    }
}

/// Why a request was not answered.
struct Refused(JobError);

impl From<JobError> for Refused {
    fn from(error: JobError) -> Self {
        Self(error)
    }
}

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let problem = Problem::from(&self.0);
        let (kind, subkind) = PROBLEM_JSON.split_once('/').expect("a type has two parts");
        Response::build_from(problem.to_json().respond_to(request)?)
            .status(Status::new(problem.status()))
            .header(ContentType::new(kind, subkind))
            .ok()
    }
}
