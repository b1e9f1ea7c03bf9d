//! The job on salvo.
//!
//! As <https://salvo.rs/book/> has it: handlers that return what can be written, a `Depot` with what is shared
//! (<https://salvo.rs/book/features/affix-state>), `Server::new(acceptor)` on the multi-threaded runtime.

use job::{Account, Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings};
use salvo::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use salvo::prelude::*;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let router = Router::new()
        .hoop(affix_state::inject(job))
        .push(Router::with_path("version").get(get_version))
        .push(Router::with_path("v1/ledgers/{ledger}/accounts/{address}").get(get_account))
        .push(Router::with_path("v1/ledgers/{ledger}/transactions").post(create_transaction));
    let acceptor = TcpListener::new(settings.address).bind().await;
    Server::new(acceptor).serve(router).await;
    Ok(())
}

fn job(depot: &Depot) -> &Job {
    depot.get_typed::<Job>().expect("the router was given the job")
}

#[handler]
async fn get_version(depot: &mut Depot, reply: &mut Response) {
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply.body(job(depot).static_reply());
}

#[handler]
async fn get_account(request: &mut Request, depot: &mut Depot) -> Result<Json<Account>, Refused> {
    let [ledger, address] =
        ["ledger", "address"].map(|name| request.param::<String>(name).unwrap_or_default());
    Ok(Json(job(depot).account(&ledger, &address).await?))
}

#[handler]
async fn create_transaction(
    request: &mut Request,
    depot: &mut Depot,
    reply: &mut Response,
) -> Result<(), Refused> {
    let ledger = request.param::<String>("ledger").unwrap_or_default();
    let Ok(body) = request.parse_json::<NewTransaction>().await else {
        reply.status_code(StatusCode::BAD_REQUEST);
        return Ok(());
    };
    let transaction = job(depot).transfer(&ledger, body).await?;
    let location = HeaderValue::from_str(&transaction.location()).expect("names of ledgers are plain");
    reply.headers_mut().insert(LOCATION, location);
    reply.status_code(StatusCode::CREATED);
    reply.render(Json(transaction));
    Ok(())
}

/// Why a request was not answered.
struct Refused(JobError);

impl From<JobError> for Refused {
    fn from(error: JobError) -> Self {
        Self(error)
    }
}

impl Scribe for Refused {
    fn render(self, reply: &mut Response) {
        let problem = Problem::from(&self.0);
        reply.status_code(StatusCode::from_u16(problem.status()).expect("problems have a status"));
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        reply.body(problem.to_json());
    }
}
