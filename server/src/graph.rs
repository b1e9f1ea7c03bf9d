//! The generated graph as the service takes it.

use app_base::api::Api;
use app_base::graph::{BuildError, Prebuilt};
use http::Request;
use hyper::body::Incoming;
use pavex::Response;

use crate::{ApplicationConfig, ApplicationState, Router};

/// The routes with everything that they need.
pub struct Graph {
    router: Router,
    state: ApplicationState,
}

impl Graph {
    /// Describes the API that it serves.
    #[must_use]
    pub fn api() -> Api {
        Api::florin(app::operations)
    }
}

impl app_base::graph::Graph for Graph {
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

#[cfg(test)]
mod tests {
    use app_base::graph::Graph as _;

    use super::*;

    /// Returns how large what a function makes is, without calling it.
    fn size_of_made<F>(_makes: impl FnOnce(&'static Graph, Request<Incoming>) -> F) -> usize {
        size_of::<F>()
    }

    /// It is moved several times before the first line of a handler runs, and every request has room for the largest
    /// route: what is large and rare is boxed where it is called.
    #[test]
    fn a_request_carries_little_with_it() {
        let size = size_of_made(Graph::route);
        assert!(size <= 6_000, "{size} bytes");
    }
}
