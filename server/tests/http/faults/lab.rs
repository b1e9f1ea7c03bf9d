//! The graph and the edge on a store that fails on purpose, in the test's own process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use app_base::api::Api;
use app_base::configuration::AuthenticationMode;
use app_base::http::door::DoorMetrics;
use app_base::http::stopping::Stopping;
use app_base::mailer::Mailer;
use app_base::readiness::Readiness;
use app_base::storage::Database;
use app_base::telemetry::Metrics;
use bytes::Bytes;
use edge::{Edge, EdgeMetrics, Limits};
use engine::port::Store;
use engine::{Engine, EngineMetrics, EngineOptions};
use figment::Figment;
use figment::providers::{Format as _, Yaml};
use mail::{MailMetrics, Outbox, Sender, Transport};
use prometheus_client::registry::Registry;
use server_graph::ApplicationConfig;
use server_graph::graph::Graph;
use service::{Behind, Given};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::store::Troubled;
use crate::harness::{Client, LONG, Reply, Request, wait_until};
use crate::sections::florin;
use crate::site;

/// A service on a store that fails on purpose.
pub(crate) struct Lab {
    runtime: Runtime,
    address: SocketAddr,
    store: Arc<Troubled>,
    engine: Engine,
}

impl Lab {
    /// Starts the service with the configuration that a test wants.
    pub(crate) fn start(configure: impl FnOnce(&mut ApplicationConfig)) -> Self {
        let defaults = Yaml::string(include_str!("../../../../configuration/base.yml"));
        let mut config: ApplicationConfig =
            Figment::from(defaults).extract().expect("the defaults are complete");
        // Nobody could be looked up here.
        config.authentication.mode = AuthenticationMode::Off;
        configure(&mut config);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let store = Arc::new(Troubled::default());
        let (address, engine) = runtime.block_on(serve(config, Arc::clone(&store) as Arc<dyn Store>));
        Self { runtime, address, store, engine }
    }

    pub(super) fn connect(&self) -> Client {
        Client::connect(self.address).expect("it listens")
    }

    /// Sends a request on a connection of its own, and holds the reply against the description of the API.
    pub(crate) fn call(&self, request: &Request) -> Reply {
        site::call(&mut self.connect(), request)
    }

    /// Waits until so many batches were begun.
    pub(super) fn wait_for_batches(&self, count: usize) {
        wait_until("a batch", || self.store.begun.load(Ordering::SeqCst) >= count);
    }

    /// Lets the engine finish and take nothing new.
    pub(super) fn drain(&self) {
        self.runtime.block_on(self.engine.drain());
    }
}

async fn serve(config: ApplicationConfig, store: Arc<dyn Store>) -> (SocketAddr, Engine) {
    let mut registry = Registry::default();
    let engine_metrics = EngineMetrics::register(&mut registry);
    let edge_metrics = EdgeMetrics::register(&mut registry);
    let options = EngineOptions { passwords: (&config.authentication).into(), ..(&config.engine).into() };
    let engine = Engine::start(Arc::clone(&store), options, engine_metrics);
    let readiness = Readiness::new(store);
    let given = Given {
        api: Api::florin(app::operations),
        database: Database::none(),
        readiness,
        metrics: Metrics::new(registry),
        engine: engine.clone(),
        secret: identity::ServiceSecret::from_random(&[7; 32]),
        mailer: {
            let sender = Sender::parse("florin@florin.example").expect("a sender");
            let outbox = Outbox::open(Transport::off(), sender, config.mail.outbox(), MailMetrics::default());
            Mailer::new(outbox, String::new(), engine.clone())
        },
        stopping: Stopping::default(),
        door: DoorMetrics::default(),
    };
    let graph = Arc::new(Behind::build::<Graph>(&florin(&config), config, given).await.expect("a graph"));
    let handler = move |request, peer| {
        let graph = Arc::clone(&graph);
        async move { graph.answer(request, peer).await }
    };
    // What never reaches the graph is none of these tests' business.
    let refuse = |refusal: edge::Refusal| {
        http::Response::builder().status(refusal.status()).body(Bytes::new()).expect("a response")
    };
    let limits = Limits {
        connections_max: 100,
        header_read_timeout: LONG,
        keep_alive_timeout: LONG,
        connection_age_max: None,
        header_max_bytes: 16 * 1024,
        headers_max: 100,
        http2_streams_max: 100,
        newcomer_timeout: Duration::ZERO,
        drain_timeout: Duration::ZERO,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(Edge::new(limits, edge_metrics, handler, refuse).serve(listener, std::future::pending()));
    (address, engine)
}
