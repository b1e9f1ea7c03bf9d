//! The bounds of a request: how many run at once, for how long, and what a panic can do, which is end its
//! own request and nothing else.
//!
//! Bodies are bounded where they are read, connections where they are accepted.

use std::future::{IntoFuture, poll_fn};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use pavex::Response;
use pavex::middleware::Next;
use pavex::request::path::MatchedPathPattern;
use pavex::telemetry::ServerRequestId;
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::problem_types::{INTERNAL_ERROR, REQUEST_TIMEOUT, SERVICE_OVERLOADED};
use crate::configuration::ServerConfig;
use crate::telemetry::Failure;

/// Routes that have to answer most of all when the service is busy.
const EXEMPT: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// Seconds after which a client that was turned away may come again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// How much the service takes on at once.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    in_flight: Arc<Semaphore>,
    timeout: Duration,
}

#[pavex::methods]
impl RequestLimits {
    /// Takes the limits from the configuration.
    #[singleton]
    #[must_use]
    pub fn configured(config: &ServerConfig) -> Self {
        Self::new(config.requests_in_flight_max, Duration::from_millis(config.request_timeout_ms))
    }

    /// Sets the limits.
    #[must_use]
    pub fn new(in_flight_max: usize, timeout: Duration) -> Self {
        let in_flight = Semaphore::new(in_flight_max.min(Semaphore::MAX_PERMITS));
        Self { in_flight: Arc::new(in_flight), timeout }
    }
}

/// Turns a request away when too many run, ends one that takes too long, and answers for one that panics.
#[pavex::wrap]
pub async fn guard_request<C>(
    next: Next<C>,
    limits: &RequestLimits,
    route: MatchedPathPattern,
    request_id: ServerRequestId,
    failure: &Failure,
) -> Response
where
    C: IntoFuture<Output = Response>,
{
    let _permit = if EXEMPT.contains(&route.inner()) {
        None
    } else if let Ok(permit) = limits.in_flight.try_acquire() {
        Some(permit)
    } else {
        return Problem::of(&SERVICE_OVERLOADED).retry_after(RETRY_AFTER_SECONDS).into_response(request_id);
    };
    // What a panic leaves behind is dropped with the request; what requests share is safe by itself:
    // no lock of theirs is held across anything that could panic.
    // Boxed, so that no layer around it moves what the handler needs, and a request takes the room of its own route, not of
    // the largest.
    let mut request = AssertUnwindSafe(Box::pin(next.into_future())).catch_unwind();
    // Many are answered at once: what watches the time is made for the others only.
    let answered = match poll_fn(|cx| Poll::Ready(request.poll_unpin(cx))).await {
        Poll::Ready(answered) => Ok(answered),
        Poll::Pending => tokio::time::timeout(limits.timeout, request).await,
    };
    match answered {
        Ok(Ok(response)) => response,
        Ok(Err(payload)) => {
            failure.note_panic(&*payload);
            Problem::of(&INTERNAL_ERROR).into_response(request_id)
        }
        Err(_elapsed) => Problem::of(&REQUEST_TIMEOUT)
            .detail(
                "The request took longer than the service allows. If it was a write, it may still take \
                 effect: send it again with the same Idempotency-Key and it happens once.",
            )
            .into_response(request_id),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Pending, Ready, pending, ready};

    use pavex::http::StatusCode;
    use pavex::http::header::RETRY_AFTER;

    use super::*;

    const ROUTE: &str = "/v1/ledgers";

    async fn guarded<C: IntoFuture<Output = Response>>(
        next: C,
        limits: &RequestLimits,
        route: &'static str,
        failure: &Failure,
    ) -> Response {
        let next = Next::new(next);
        guard_request(next, limits, MatchedPathPattern::new(route), ServerRequestId::generate(), failure)
            .await
    }

    fn ok() -> Ready<Response> {
        ready(Response::ok())
    }

    fn never() -> Pending<Response> {
        pending()
    }

    #[tokio::test]
    async fn one_request_too_many_is_turned_away_and_may_come_back() {
        let limits = RequestLimits::new(1, Duration::from_mins(1));
        let none = Failure::none();
        let mut running = Box::pin(guarded(never(), &limits, ROUTE, &none));
        assert!(futures_util::poll!(&mut running).is_pending());

        let refused = guarded(ok(), &limits, ROUTE, &none).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "1");
        for exempt in EXEMPT {
            assert_eq!(guarded(ok(), &limits, exempt, &none).await.status(), StatusCode::OK, "{exempt}");
        }

        drop(running);
        assert_eq!(guarded(ok(), &limits, ROUTE, &none).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_ended() {
        let limits = RequestLimits::new(1, Duration::from_millis(1));
        let response = guarded(never(), &limits, ROUTE, &Failure::none()).await;
        assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(guarded(ok(), &limits, ROUTE, &Failure::none()).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_request_only() {
        let limits = RequestLimits::new(1, Duration::from_mins(1));
        let failure = Failure::none();
        let panics = async { panic!("a bug") };
        let response = guarded(Box::pin(panics), &limits, ROUTE, &failure).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(failure.text(), Some("panic: a bug"));
        assert_eq!(guarded(ok(), &limits, ROUTE, &failure).await.status(), StatusCode::OK);
    }
}
