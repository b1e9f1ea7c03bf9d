//! The front door: what is done about a request before any route sees it, and about its reply after. It stands around
//! the router rather than in the graph, so that what it turns away costs next to nothing.
//!
//! It knows no route's business and no principal: what an address may ask for is decided here, what somebody may do is
//! not. It only says in replies where a principal stands. Where nothing of it is configured, a request passes with a few comparisons and nothing allocated.

mod client_address;
mod compression;
mod cors;
mod exposure;
mod metrics;
mod security_headers;

use std::net::SocketAddr;

use http::Request;
use pavex::Response;
use pavex::http::{HeaderMap, Method};
use pavex::telemetry::ServerRequestId;

use self::client_address::TrustedProxies;
use self::compression::Compression;
pub use self::cors::REQUEST_METHODS;
use self::cors::{AllowedOrigin, Cors};
use self::exposure::Exposure;
use self::metrics::Answer;
pub use self::metrics::DoorMetrics;
pub use self::security_headers::SecurityHeaders;
use super::principal_limit::PrincipalLimit;
use super::problem::Problem;
use super::problem_types::ROUTE_NOT_FOUND;
use super::rate_limit::{Network, RATE_LIMITED, RateLimit, Standing};
use crate::configuration::{CorsConfig, LimitsConfig, ServerConfig};
use crate::telemetry::X_REQUEST_ID;

/// What always has to be answered, whoever asks how often.
const NEVER_LIMITED: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// The front door, as it is configured.
#[derive(Debug)]
pub struct FrontDoor {
    proxies: TrustedProxies,
    exposure: Exposure,
    addresses: Option<RateLimit<Network>>,
    principals: PrincipalLimit,
    cors: Option<Cors>,
    compression: Option<Compression>,
    headers: SecurityHeaders,
    metrics: DoorMetrics,
}

/// What has to be remembered of a request until there is a reply to it.
#[derive(Debug)]
pub struct Visit {
    allowed: Option<AllowedOrigin>,
    /// Where the address stands with its limit, then the principal with its own.
    standings: [Option<Standing>; 2],
    compresses: compression::Wish,
}

impl FrontDoor {
    /// Builds it from the configuration.
    #[must_use]
    pub fn configured(
        server: &ServerConfig,
        limits: &LimitsConfig,
        cors: &CorsConfig,
        metrics: DoorMetrics,
    ) -> Self {
        Self {
            proxies: TrustedProxies::new(server.trusted_networks(), server.forwarded_header),
            exposure: Exposure { docs: server.docs, metrics: server.metrics_ip.is_none() },
            addresses: RateLimit::per_address(limits),
            principals: PrincipalLimit::configured(limits),
            cors: Cors::new(&cors.origins),
            compression: server.compression.then(Compression::new),
            headers: SecurityHeaders { secure: server.is_secure() },
            metrics,
        }
    }

    /// Says whose request it is: that of the other end of the connection, or of whom a trusted proxy names there.
    #[must_use]
    pub fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> SocketAddr {
        self.proxies.client(headers, peer)
    }

    /// Looks at a request of a client. Where there is a reply already, no route sees it.
    pub fn enter<B>(&self, request: &Request<B>, client: SocketAddr) -> (Visit, Option<Response>) {
        let (headers, path) = (request.headers(), request.uri().path());
        let mut visit = Visit {
            allowed: self.cors.as_ref().and_then(|cors| cors.allows(headers)),
            standings: [None, None],
            compresses: compression::Wish::of(self.compression.as_ref(), request),
        };
        if let Some(limit) = &self.addresses
            && !NEVER_LIMITED.contains(&path)
        {
            match limit.check_address(client.ip()) {
                Ok(standing) => visit.standings[0] = Some(standing),
                Err((standing, seconds)) => {
                    visit.standings[0] = Some(standing);
                    self.metrics.count(Answer::RateLimited);
                    tracing::debug!(target: "florin::http", address = %client.ip(), "turned away");
                    let problem = Problem::of(&RATE_LIMITED).retry_after(seconds);
                    return (visit, Some(answered(problem)));
                }
            }
        }
        if *request.method() == Method::OPTIONS
            && self.cors.is_some()
            && let Some(reply) = cors::preflight(headers, visit.allowed.as_ref())
        {
            self.metrics.count(Answer::Preflight);
            return (visit, Some(reply));
        }
        if self.exposure.hides(path) {
            self.metrics.count(Answer::NotExposed);
            return (visit, Some(answered(Problem::of(&ROUTE_NOT_FOUND))));
        }
        (visit, None)
    }

    /// Adds to a reply what the door has to say, and has it compressed where that is safe and worth it.
    #[must_use]
    pub fn leave(&self, visit: Visit, response: Response) -> Response {
        let Visit { allowed, standings, compresses } = visit;
        let mut response = match &self.compression {
            Some(compression) => compression.grant(compresses, response),
            None => response,
        };
        let headers = response.headers_mut();
        self.headers.put(headers);
        for standing in standings.into_iter().flatten() {
            standing.put(headers);
        }
        if let Some(cors) = &self.cors {
            cors.put(headers, allowed);
        }
        response
    }

    /// Returns how often principals may ask, which is for those to count who know them.
    #[must_use]
    pub fn principals(&self) -> &PrincipalLimit {
        &self.principals
    }

    /// Forgets who has not asked for anything of late.
    pub fn forget_idle(&self) {
        self.metrics.principals(self.principals.forget_idle());
        if let Some(limit) = &self.addresses {
            self.metrics.addresses(limit.forget_idle());
        }
    }
}

impl Visit {
    /// Takes what is to be said of where the principal stands with its limit.
    pub fn tell(&mut self, standing: Option<Standing>) {
        self.standings[1] = standing;
    }
}

/// Writes a problem that no route raised, with an id of its own.
fn answered(problem: Problem) -> Response {
    let id = ServerRequestId::generate();
    let mut response = problem.into_response(id);
    response.headers_mut().insert(X_REQUEST_ID.clone(), id.header_value());
    response
}

#[cfg(test)]
mod tests;
