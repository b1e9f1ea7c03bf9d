//! The job on pavex, served by `pavex::server`: what is asked stands in `bench/peers/pavex_app`, and the server that its
//! compiler made of that in `bench/peers/pavex_sdk`.
//!
//! As <https://pavex.dev/docs/> has it: a worker for each core is the default, each a runtime of its own.

use job::{Job, Settings};
use pavex::server::Server;
use peer_pavex_sdk::{ApplicationConfig, ApplicationState, run};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let job = Job::open(&settings).await?;
    let state = ApplicationState::new(ApplicationConfig {}, job).await?;
    let server = Server::new().bind(settings.address).await?;
    run(server, state).await;
    Ok(())
}
