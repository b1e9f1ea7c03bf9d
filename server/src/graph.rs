//! The generated graph as something that answers requests.

use app::Engine;
use app::health::Readiness;
use app::http::head::HeadOnly;
use app::http::stopping::Stopping;
use app::metrics::Metrics;
use http::{Request, Response};
use hyper::body::Incoming;
use pavex::response::ResponseBody;

use crate::{ApplicationConfig, ApplicationState, ApplicationStateError, Router};

/// What the graph is given ready-made, because the server needs it too.
pub struct Prebuilt {
    /// Whether the service is ready.
    pub readiness: Readiness,
    /// What the service counts.
    pub metrics: Metrics,
    /// What takes commands.
    pub engine: Engine,
    /// Whether the service is about to end.
    pub stopping: Stopping,
}

/// The routes with everything that they need.
pub struct Graph {
    router: Router,
    state: ApplicationState,
}

impl Graph {
    /// Builds all that lives as long as the graph does.
    ///
    /// # Errors
    /// Those of the graph's constructors.
    pub async fn build(config: ApplicationConfig, given: Prebuilt) -> Result<Self, ApplicationStateError> {
        let Prebuilt { readiness, metrics, engine, stopping } = given;
        let state = ApplicationState::new(config, stopping, readiness, metrics, engine).await?;
        Ok(Self { router: Router::new(), state })
    }

    /// Answers a request.
    pub async fn answer(&self, mut request: Request<Incoming>) -> Response<ResponseBody> {
        let head = HeadOnly::take(request.method_mut());
        // Pavex keeps what it knows of a connection in a type that only its own server can make. What
        // routes need to know is in `Peer`.
        head.trim(self.router.route(request, None, &self.state).await).into()
    }
}
