//! A graph as something that answers requests, behind the front door.

use std::net::SocketAddr;

use app::Engine;
use app::configuration::{FlorinConfig, InvalidValue};
use app::health::Readiness;
use app::http::door::{DoorMetrics, FrontDoor, SecurityHeaders};
use app::http::head::HeadOnly;
use app::http::peer::Peer;
use app::http::principal_limit::PrincipalLimit;
use app::http::problem_types::ROUTE_NOT_FOUND;
use app::http::second_factors::SecondFactors;
use app::http::stopping::Stopping;
use app::http::tokens::Tokens;
use app::http::unrouted::answer;
use app::mailer::Mailer;
use app::metrics::Metrics;
use app::openapi::Api;
use app::storage::Database;
use http::{Request, Response};
use hyper::body::Incoming;
use identity::{Purpose, ServiceSecret};
use pavex::response::ResponseBody;
use serde::de::DeserializeOwned;

/// What the Pavex compiler generated, as the service needs it: it takes a request, and returns the reply.
pub trait Graph: Send + Sync + Sized + 'static {
    /// The configuration that the graph takes: the generated `ApplicationConfig`.
    type Config: Clone + DeserializeOwned + Send + Sync + 'static;

    /// Lists the values of the program's own sections that are out of bounds. Those of Florin's are looked at already.
    #[must_use]
    fn problems(_config: &Self::Config) -> Vec<InvalidValue> {
        Vec::new()
    }

    /// Builds all that lives as long as the graph does.
    ///
    /// # Errors
    /// Those of the graph's constructors.
    fn build(
        config: Self::Config,
        given: Prebuilt,
    ) -> impl Future<Output = Result<Self, anyhow::Error>> + Send;

    /// Answers a request by its route.
    fn route(&self, request: Request<Incoming>) -> impl Future<Output = pavex::Response> + Send;
}

/// What a graph may take ready-made: it takes of these what its components ask for.
pub struct Prebuilt {
    /// What the API is described by.
    pub api: Api,
    /// The database, for rows of one's own.
    pub database: Database,
    /// What takes commands.
    pub engine: Engine,
    /// What users prove beside their passwords.
    pub factors: SecondFactors,
    /// What sends mails to users.
    pub mailer: Mailer,
    /// What the service counts.
    pub metrics: Metrics,
    /// How often principals may ask.
    pub principals: PrincipalLimit,
    /// Whether the service is ready.
    pub readiness: Readiness,
    /// Whether the service is about to end.
    pub stopping: Stopping,
    /// What tokens are given and checked by.
    pub tokens: Tokens,
}

/// What the service makes for the graph, and needs itself.
pub struct Given {
    /// What the API is described by.
    pub api: Api,
    /// The database.
    pub database: Database,
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

/// A graph's routes with everything that they need, behind the front door.
pub struct Behind<G> {
    door: FrontDoor,
    graph: G,
}

impl<G: Graph> Behind<G> {
    /// Builds the front door and the graph. `florin` is what `config` says in Florin's sections.
    ///
    /// # Errors
    /// Those of the graph's constructors.
    pub async fn build(florin: &FlorinConfig, config: G::Config, given: Given) -> anyhow::Result<Self> {
        let Given { api, database, readiness, metrics, engine, stopping, secret, mailer, door } = given;
        let tokens = Tokens::configured(&florin.authentication, &engine, &secret);
        let factors = SecondFactors::new(engine.clone(), secret.sealer(Purpose::SecondFactors));
        let door = FrontDoor::configured(&florin.server, &florin.limits, &florin.cors, door);
        let principals = door.principals().clone();
        let given = Prebuilt {
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
        };
        Ok(Self { door, graph: G::build(config, given).await? })
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
            let routed = Box::pin(Peer::scope(client, self.graph.route(request)));
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
            Peer::scope(peer, self.graph.route(request)).await
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
