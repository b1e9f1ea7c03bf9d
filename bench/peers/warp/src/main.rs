//! The job on warp.
//!
//! As <https://docs.rs/warp/latest/warp/> has it: filters for path, body and shared state, combined with `or`, and boxed where
//! they end; handlers turn their errors into replies themselves, as its example of to-dos does, so that no rejection is made
//! for what is no routing matter.

use std::convert::Infallible;

use job::{Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings};
use warp::Filter;
use warp::http::header::{CONTENT_TYPE, LOCATION};
use warp::http::{Response, StatusCode};
use warp::hyper::body::Bytes;

/// The longest body that is read.
const BODY_MAX: u64 = 2 << 20;

type Reply = Response<Bytes>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let with_job = warp::any().map(move || job.clone());
    let get_version = warp::path!("version").and(warp::get()).and(with_job.clone()).map(|job: Job| {
        Response::builder().header(CONTENT_TYPE, "application/json").body(job.static_reply())
    });
    let get_account = warp::path!("v1" / "ledgers" / String / "accounts" / String)
        .and(warp::get())
        .and(with_job.clone())
        .and_then(get_account);
    let create_transaction = warp::path!("v1" / "ledgers" / String / "transactions")
        .and(warp::post())
        .and(with_job)
        .and(warp::body::content_length_limit(BODY_MAX))
        .and(warp::body::json())
        .and_then(create_transaction);
    warp::serve(get_version.or(get_account).or(create_transaction)).run(settings.address).await;
    Ok(())
}

async fn get_account(ledger: String, address: String, job: Job) -> Result<Reply, Infallible> {
    Ok(match job.account(&ledger, &address).await {
        Ok(account) => json(StatusCode::OK, to_json(&account)),
        Err(error) => refuse(&error),
    })
}

async fn create_transaction(ledger: String, job: Job, request: NewTransaction) -> Result<Reply, Infallible> {
    Ok(match job.transfer(&ledger, request).await {
        Ok(transaction) => {
            let location = transaction.location().parse().expect("names of ledgers are plain");
            let mut reply = json(StatusCode::CREATED, to_json(&transaction));
            reply.headers_mut().insert(LOCATION, location);
            reply
        }
        Err(error) => refuse(&error),
    })
}

fn refuse(error: &JobError) -> Reply {
    let problem = Problem::from(error);
    let status = StatusCode::from_u16(problem.status()).expect("problems have a status");
    let mut reply = json(status, problem.to_json().into());
    reply.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON.parse().expect("a type is a value"));
    reply
}

fn to_json(reply: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(reply).expect("replies can be written").into()
}

fn json(status: StatusCode, body: Bytes) -> Reply {
    let reply = Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body);
    reply.expect("these headers are values")
}
