//! The generated graph as the service takes it.

use app::graph::{BuildError, Prebuilt};
use http::Request;
use hyper::body::Incoming;
use pavex::Response;

use crate::{ApplicationConfig, ApplicationState, Router};

/// The routes with everything that they need.
pub struct Graph {
    router: Router,
    state: ApplicationState,
}

impl app::graph::Graph for Graph {
    type Config = ApplicationConfig;

    async fn build(config: ApplicationConfig, given: Prebuilt) -> Result<Self, BuildError> {
        let Prebuilt {
            api, engine, factors, mailer, metrics, principals, readiness, stopping, tokens, ..
        } = given;
        let state = ApplicationState::new(
            config, tokens, stopping, factors, readiness, principals, metrics, mailer, api, engine,
        )
        .await?;
        Ok(Self { router: Router::new(), state })
    }

    async fn route(&self, request: Request<Incoming>) -> Response {
        self.router.route(request, None, &self.state).await
    }
}
