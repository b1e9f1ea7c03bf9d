//! The generated graph as something that answers requests.

use std::net::SocketAddr;

use app::Engine;
use app::health::Readiness;
use app::http::door::{DoorMetrics, FrontDoor, SecurityHeaders};
use app::http::head::HeadOnly;
use app::http::peer::Peer;
use app::http::problem_types::ROUTE_NOT_FOUND;
use app::http::second_factors::SecondFactors;
use app::http::stopping::Stopping;
use app::http::tokens::Tokens;
use app::http::unrouted::answer;
use app::mailer::Mailer;
use app::metrics::Metrics;
use http::{Request, Response};
use hyper::body::Incoming;
use identity::{Purpose, ServiceSecret};
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
    /// With what is sealed that is stored and has to be read back.
    pub secret: ServiceSecret,
    /// What sends mails to users.
    pub mailer: Mailer,
    /// What the front door counts.
    pub door: DoorMetrics,
}

/// The routes with everything that they need, behind the front door.
pub struct Graph {
    door: FrontDoor,
    router: Router,
    state: ApplicationState,
}

impl Graph {
    /// Builds all that lives as long as the graph does.
    ///
    /// # Errors
    /// Those of the graph's constructors.
    pub async fn build(config: ApplicationConfig, given: Prebuilt) -> Result<Self, ApplicationStateError> {
        let Prebuilt { readiness, metrics, engine, stopping, secret, mailer, door } = given;
        let tokens = Tokens::configured(&config.authentication, &engine, &secret);
        let factors = SecondFactors::new(engine.clone(), secret.sealer(Purpose::SecondFactors));
        let door = FrontDoor::configured(&config.server, &config.limits, &config.cors, door);
        let principals = door.principals().clone();
        let state = ApplicationState::new(
            config, tokens, stopping, factors, readiness, principals, metrics, mailer, engine,
        )
        .await?;
        Ok(Self { door, router: Router::new(), state })
    }

    /// Answers a request that came from `peer`.
    pub async fn answer(&self, mut request: Request<Incoming>, peer: SocketAddr) -> Response<ResponseBody> {
        let client = self.door.client(request.headers(), peer);
        let (mut visit, early) = self.door.enter(&request, client);
        let head = HeadOnly::take(request.method_mut());
        let response = if let Some(response) = early {
            response
        } else {
            // Pavex keeps what it knows of a connection in a type that only its own server can make. What
            // routes need to know is in `Peer`. Boxed, so that a connection is small while nothing is asked on it.
            let routed = Box::pin(Peer::scope(client, self.router.route(request, None, &self.state)));
            let (response, standing) = self.door.principals().scope(routed).await;
            visit.tell(standing);
            response
        };
        head.trim(self.door.leave(visit, response)).into()
    }

    /// Answers a request that came from `peer` over a network of the operators' own, where only some paths are served:
    /// past the front door, which has nothing to say there.
    pub async fn answer_inside(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
        paths: &[&str],
    ) -> Response<ResponseBody> {
        let head = HeadOnly::take(request.method_mut());
        let mut response = if paths.contains(&request.uri().path()) {
            Peer::scope(peer, self.router.route(request, None, &self.state)).await
        } else {
            answer(&ROUTE_NOT_FOUND)
        };
        SecurityHeaders::default().put(response.headers_mut());
        head.trim(response).into()
    }

    /// Returns the front door.
    #[must_use]
    pub fn door(&self) -> &FrontDoor {
        &self.door
    }
}
