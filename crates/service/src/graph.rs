//! A graph as something that answers requests, behind the front door.

use std::net::SocketAddr;
use std::pin::Pin;

use app_base::api::Api;
use app_base::configuration::FlorinConfig;
use app_base::graph::{Graph, Prebuilt};
use app_base::http::door::{DoorMetrics, FrontDoor, SecurityHeaders};
use app_base::http::head::HeadOnly;
use app_base::http::peer::Peer;
use app_base::http::problem_types::ROUTE_NOT_FOUND;
use app_base::http::second_factors::SecondFactors;
use app_base::http::stopping::Stopping;
use app_base::http::tokens::Tokens;
use app_base::http::unrouted::answer;
use app_base::mailer::Mailer;
use app_base::readiness::Readiness;
use app_base::storage::Database;
use app_base::storage::Engine;
use app_base::telemetry::Metrics;
use http::{Request, Response};
use hyper::body::Incoming;
use identity::{Purpose, ServiceSecret};
use pavex::response::ResponseBody;

/// A future of something, whatever makes it.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A graph by what it does alone. All that stands around a graph is compiled once, in this crate, and not again with each
/// change of the graph.
trait Routes: Send + Sync {
    /// Answers a request by its route. Boxed, so that a connection is small while nothing is asked on it.
    fn route(&self, request: Request<Incoming>) -> Boxed<'_, pavex::Response>;
}

impl<G: Graph> Routes for G {
    fn route(&self, request: Request<Incoming>) -> Boxed<'_, pavex::Response> {
        Box::pin(Graph::route(self, request))
    }
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
pub struct Behind {
    door: FrontDoor,
    graph: Box<dyn Routes>,
}

impl Behind {
    /// Builds the front door and the graph. `florin` is what `config` says in Florin's sections.
    ///
    /// # Errors
    /// Those of the graph's constructors.
    pub async fn build<G: Graph>(
        florin: &FlorinConfig,
        config: G::Config,
        given: Given,
    ) -> anyhow::Result<Self> {
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
        let graph = G::build(config, given).await.map_err(anyhow::Error::from_boxed)?;
        Ok(Self { door, graph: Box::new(graph) })
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
            // routes need to know is in `Peer`.
            let routed = Peer::scope(client, self.graph.route(request));
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
