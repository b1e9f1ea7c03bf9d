//! The generated graph as the service takes it.

use http::Request;
use hyper::body::Incoming;
use pavex::Response;
use service::{BuildError, InvalidValue, Prebuilt};

use crate::{ApplicationConfig, ApplicationState, Router};

/// The routes with everything that they need.
pub struct Graph {
    router: Router,
    state: ApplicationState,
}

impl service::Graph for Graph {
    type Config = ApplicationConfig;

    fn problems(config: &ApplicationConfig) -> Vec<InvalidValue> {
        config.loyalty.problems()
    }

    async fn build(config: ApplicationConfig, given: Prebuilt) -> Result<Self, BuildError> {
        let Prebuilt {
            api,
            database,
            engine,
            factors,
            mailer,
            metrics,
            principals,
            readiness,
            stopping,
            tokens,
        } = given;
        // In the order that the Pavex compiler chose: the types say whether it is right.
        let state = ApplicationState::new(
            config, tokens, stopping, factors, readiness, principals, metrics, mailer, api, engine, database,
        );
        Ok(Self { router: Router::new(), state: state.await? })
    }

    async fn route(&self, request: Request<Incoming>) -> Response {
        self.router.route(request, None, &self.state).await
    }
}
