//! A running edge with a handler that does what its path says.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edge::{Drained, Edge, EdgeMetrics, Limits, Refusal, Tls};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::client::Client;

/// Longer than anything here may take.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Time limits short enough to run into, the rest roomy.
pub(crate) fn limits() -> Limits {
    Limits {
        connections_max: 100,
        header_read_timeout: Duration::from_secs(1),
        keep_alive_timeout: Duration::from_millis(1500),
        connection_age_max: None,
        header_max_bytes: 8192,
        headers_max: 20,
        http2_streams_max: 10,
        newcomer_timeout: LONG,
        drain_timeout: LONG,
    }
}

/// A running edge.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    gate: Arc<Gate>,
    registry: Registry,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Drained>,
}

/// Holds back `/gate` until it is opened.
pub(crate) struct Gate {
    passes: Semaphore,
    arrivals: Semaphore,
}

impl Gate {
    /// Lets as many requests through.
    pub(crate) fn open(&self, requests: usize) {
        self.passes.add_permits(requests);
    }
}

impl Site {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_with(limits, Registry::default(), None).await
    }

    /// Starts an edge that expects TLS where `tls` is there, with what `registry` has already.
    pub(crate) async fn start_with(limits: Limits, mut registry: Registry, tls: Option<Arc<Tls>>) -> Self {
        let metrics = EdgeMetrics::register(&mut registry);
        let gate = Arc::new(Gate { passes: Semaphore::new(0), arrivals: Semaphore::new(0) });
        let handler = {
            let gate = Arc::clone(&gate);
            move |request, _| answer(request, Arc::clone(&gate))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let mut edge = Edge::new(limits, metrics, handler, refuse);
        if let Some(tls) = tls {
            edge = edge.with_tls(tls);
        }
        let served = tokio::spawn(async move { edge.serve(listener, async { drop(stopped.await) }).await });
        Self { address, gate, registry, stop, served }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    /// Waits until one more request waits at the gate.
    pub(crate) async fn arrival(&self) {
        timeout(LONG, self.gate.arrivals.acquire()).await.unwrap().unwrap().forget();
    }

    /// Lets as many requests through the gate.
    pub(crate) fn open_gate(&self, requests: usize) {
        self.gate.open(requests);
    }

    /// Returns the gate, to open it once the site is stopping.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// Waits until the metrics have this line.
    pub(crate) async fn metric(&self, line: &str) {
        let seen = async {
            let mut ticks = interval(Duration::from_millis(5));
            while !self.metrics().lines().any(|seen| seen == line) {
                ticks.tick().await;
            }
        };
        assert!(timeout(LONG, seen).await.is_ok(), "no `{line}` in\n{}", self.metrics());
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Tells the edge to stop; the future returns what it says in the end.
    pub(crate) fn stop(self) -> impl Future<Output = Drained> {
        self.stop.send(()).unwrap();
        async { timeout(LONG, self.served).await.unwrap().unwrap() }
    }
}

fn refuse(refusal: Refusal) -> Response<Bytes> {
    let response =
        Response::builder().status(refusal.status()).header("content-type", "application/problem+json");
    response.header("retry-after", "1").body(Bytes::from(format!("{{\"code\":\"{refusal:?}\"}}"))).unwrap()
}

async fn answer(request: Request<Incoming>, gate: Arc<Gate>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let answer = match head.uri.path() {
        "/gate" => {
            gate.arrivals.add_permits(1);
            gate.passes.acquire().await.unwrap().forget();
            Bytes::from("through")
        }
        "/echo" => match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return plain(StatusCode::BAD_REQUEST, "truncated".into()),
        },
        "/too-large" => return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large".into()),
        "/big" => Bytes::from(vec![b'x'; 64 << 20]),
        "/panic" => panic!("as asked"),
        _ => format!("{} {:?}", head.method, head.uri).into(),
    };
    plain(StatusCode::OK, answer)
}

fn plain(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    Response::builder().status(status).header("x-handler", "yes").body(Full::new(body)).unwrap()
}
