//! The job on hyper, without a framework: what the others are built on.
//!
//! As <https://hyper.rs/guides/1/server/hello-world/> has it: one task for each connection on the multi-threaded runtime,
//! `service_fn` over a state that is shared. `TCP_NODELAY` is set, so that no reply waits for the acknowledgement of the
//! one before.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use job::{Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings};
use tokio::net::TcpListener;

/// The longest body that is read.
const BODY_MAX: usize = 2 << 20;

type Reply = Response<Full<Bytes>>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Arc::new(Job::open(&settings).await?);
    let listener = TcpListener::bind(settings.address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let job = Arc::clone(&job);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&job, request));
            // Whoever goes away ends the connection; that concerns nobody else.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(job: &Job, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let path = request.uri().path().to_owned();
    let mut segments = path.split('/').skip(1);
    let parts = [(); 5].map(|()| segments.next());
    let reply = match (parts, segments.next()) {
        ([Some("version"), None, ..], _) => match *request.method() {
            Method::GET => json(StatusCode::OK, job.static_reply()),
            _ => not_allowed("GET"),
        },
        ([Some("v1"), Some("ledgers"), Some(ledger), Some("accounts"), Some(address)], None) => {
            match *request.method() {
                Method::GET => get_account(job, ledger, address).await,
                _ => not_allowed("GET"),
            }
        }
        ([Some("v1"), Some("ledgers"), Some(ledger), Some("transactions"), None], None) => {
            match *request.method() {
                Method::POST => create_transaction(job, ledger, request.into_body()).await,
                _ => not_allowed("POST"),
            }
        }
        _ => empty(StatusCode::NOT_FOUND),
    };
    Ok(reply)
}

async fn get_account(job: &Job, ledger: &str, address: &str) -> Reply {
    match job.account(ledger, address).await {
        Ok(account) => json(StatusCode::OK, to_json(&account)),
        Err(error) => refuse(&error),
    }
}

async fn create_transaction(job: &Job, ledger: &str, body: Incoming) -> Reply {
    let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let Ok(request) = serde_json::from_slice::<NewTransaction>(&body.to_bytes()) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    match job.transfer(ledger, request).await {
        Ok(transaction) => {
            let location = HeaderValue::from_str(&transaction.location());
            let mut reply = json(StatusCode::CREATED, to_json(&transaction));
            reply.headers_mut().insert(LOCATION, location.expect("names of ledgers are plain"));
            reply
        }
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &JobError) -> Reply {
    let problem = Problem::from(error);
    let status = StatusCode::from_u16(problem.status()).expect("problems have a status");
    let mut reply = json(status, problem.to_json().into());
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    reply
}

fn to_json(reply: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(reply).expect("replies can be written").into()
}

fn json(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = status;
    reply
}

fn not_allowed(method: &'static str) -> Reply {
    let mut reply = empty(StatusCode::METHOD_NOT_ALLOWED);
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(method));
    reply
}
