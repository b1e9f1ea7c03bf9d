//! Metrics on an address of their own, for a network of one's own: plain HTTP, and nothing but what operators' programs
//! ask for. What is asked there is not counted among the service's requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use app_base::configuration::ServerConfig;
use edge::{Edge, EdgeMetrics, Limits};
use http::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::graph::Behind;
use crate::refusals::refuse;

/// More than any number of programs that watch a service.
const CONNECTIONS_MAX: usize = 64;

/// What is served there.
const PATHS: [&str; 4] = ["/health/live", "/health/ready", "/metrics", "/version"];

/// Serves them, where there is to be an address of their own, until the task is ended.
pub(super) async fn serve(
    config: &ServerConfig,
    graph: Arc<Behind>,
) -> anyhow::Result<Option<JoinHandle<()>>> {
    let Some(ip) = config.metrics_ip else { return Ok(None) };
    let wanted = SocketAddr::new(ip, config.metrics_port);
    let listener = TcpListener::bind(wanted).await.with_context(|| {
        format!(
            "cannot listen on {wanted} for metrics (set PX_SERVER__METRICS_IP and PX_SERVER__METRICS_PORT for another \
             address)"
        )
    })?;
    let address = listener.local_addr().context("cannot tell the address")?;
    let limits = Limits {
        connections_max: CONNECTIONS_MAX,
        header_read_timeout: Duration::from_millis(config.header_read_timeout_ms),
        keep_alive_timeout: Duration::from_millis(config.keep_alive_timeout_ms),
        connection_age_max: None,
        header_max_bytes: config.header_max_bytes,
        headers_max: config.headers_max,
        http2_streams_max: 8,
        newcomer_timeout: Duration::ZERO,
        drain_timeout: Duration::ZERO,
    };
    let handler = move |request: Request<Incoming>, peer| {
        let graph = Arc::clone(&graph);
        async move { graph.answer_inside(request, peer, &PATHS).await }
    };
    let edge = Edge::new(limits, EdgeMetrics::default(), handler, refuse);
    tracing::info!(%address, "listening for metrics");
    Ok(Some(tokio::spawn(async move {
        edge.serve(listener, std::future::pending()).await;
    })))
}
