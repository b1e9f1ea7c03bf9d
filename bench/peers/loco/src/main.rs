//! The job on loco, without its ORM: the statements are the same for everybody.
//!
//! As <https://loco.rs/docs/reference/hooks/> has it: an `App` with its hooks, controllers with their routes, shared things in
//! the store of the context (<https://loco.rs/docs/>), its default middlewares. `config/production.yaml` turns off pretty
//! backtraces, as the comments of its configuration advise where performance counts, and the log of requests.

use std::path::Path as FilePath;

use async_trait::async_trait;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, StatusCode};
use job::{Account, Job, JobError, NewTransaction, PROBLEM_JSON, Problem, Settings, Transaction};
use loco_rs::app::{AppContext, Hooks};
use loco_rs::bgworker::Queue;
use loco_rs::boot::{BootResult, ServeParams, StartMode, create_app, start};
use loco_rs::config::Config;
use loco_rs::controller::{AppRoutes, Routes};
use loco_rs::environment::Environment;
use loco_rs::prelude::{IntoResponse, Path, Response, State, get, post};
use loco_rs::task::Tasks;

struct App;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let environment = Environment::Production;
    let config = environment.load_from_folder(&FilePath::new(env!("CARGO_MANIFEST_DIR")).join("config"))?;
    let boot = App::boot(StartMode::ServerOnly, &environment, config).await?;
    boot.app_context.shared_store.insert(Job::open(&settings).await?);
    let (binding, port) = (settings.address.ip().to_string(), settings.address.port());
    start::<App>(boot, ServeParams { port: i32::from(port), binding }, true).await?;
    Ok(())
}

#[async_trait]
impl Hooks for App {
    fn app_name() -> &'static str {
        env!("CARGO_CRATE_NAME")
    }

    async fn boot(mode: StartMode, environment: &Environment, config: Config) -> loco_rs::Result<BootResult> {
        create_app::<Self>(mode, environment, config).await
    }

    fn routes(_: &AppContext) -> AppRoutes {
        let routes = Routes::new()
            .add("/version", get(get_version))
            .add("/v1/ledgers/{ledger}/accounts/{address}", get(get_account))
            .add("/v1/ledgers/{ledger}/transactions", post(create_transaction));
        AppRoutes::empty().add_route(routes)
    }

    async fn connect_workers(_: &AppContext, _: &Queue) -> loco_rs::Result<()> {
        Ok(())
    }

    fn register_tasks(_: &mut Tasks) {}
}

fn job(context: &AppContext) -> Job {
    context.shared_store.get::<Job>().expect("it was put there before anything was served")
}

async fn get_version(State(context): State<AppContext>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], job(&context).static_reply())
}

async fn get_account(
    State(context): State<AppContext>,
    Path((ledger, address)): Path<(String, String)>,
) -> Result<Json<Account>, Refused> {
    Ok(Json(job(&context).account(&ledger, &address).await?))
}

async fn create_transaction(
    State(context): State<AppContext>,
    Path(ledger): Path<String>,
    Json(request): Json<NewTransaction>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Transaction>), Refused> {
    let transaction = job(&context).transfer(&ledger, request).await?;
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
