//! The handler as the protocol library sees it: each request is in hand from its head to the last byte of
//! its response.
//!
//! Requests that do not say for whom they are never reach the handler; the protocol library lets them pass.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{Either, Map};
use http::header::{CONNECTION, HOST, HeaderValue};
use http::{HeaderMap, Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Either as EitherBody, Full};
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;

use crate::refusal::{Refusal, Refuser};
use crate::watch::{Ticket, Watch};

/// A handler for the requests of one connection.
pub(crate) struct Connected<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) refuser: Refuser,
    pub(crate) watch: Arc<Watch>,
}

/// A response of the handler's, or one of the edge's own.
type Answer<B> = Response<EitherBody<B, Full<Bytes>>>;

impl<H, F, B> Service<Request<Incoming>> for Connected<H>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F,
    F: Future<Output = Response<B>>,
    B: Body,
{
    type Response = Response<InHand<EitherBody<B, Full<Bytes>>>>;
    type Error = Infallible;
    type Future = InHand<Either<Map<F, fn(Response<B>) -> Answer<B>>, Ready<Answer<B>>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let ticket = self.watch.request();
        let inner = if request.version() != Version::HTTP_11 || names_one_host(request.headers()) {
            let answered: fn(Response<B>) -> Answer<B> = |response| response.map(EitherBody::Left);
            Either::Left((self.handler)(request, self.watch.peer()).map(answered))
        } else {
            let mut refused = self.refuser.response(Refusal::Malformed);
            refused.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            Either::Right(ready(refused.map(Full::new).map(EitherBody::Right)))
        };
        InHand { inner, ticket: Some(ticket) }
    }
}

/// Says whether there is one `Host` and it can be one: without, an HTTP/1.1 request has to be refused
/// (RFC 9112, section 3.2). It may be empty.
fn names_one_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    // All that RFC 3986 has for a host and a port.
    host.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:[]".contains(byte))
}

pin_project! {
    /// A response or its body on its way, with the ticket of its request.
    pub(crate) struct InHand<T> {
        #[pin]
        inner: T,
        ticket: Option<Ticket>,
    }
}

impl<F, B> Future for InHand<F>
where
    F: Future<Output = Response<B>>,
{
    type Output = Result<Response<InHand<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = task::ready!(this.inner.poll(cx));
        let ticket = this.ticket.take();
        Poll::Ready(Ok(response.map(|inner| InHand { inner, ticket })))
    }
}

impl<B: Body> Body for InHand<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_named_or_none_that_counts() {
        let headers = |hosts: &[&'static str]| -> HeaderMap {
            hosts.iter().map(|host| (HOST, HeaderValue::from_static(host))).collect()
        };
        for host in ["", "h", "florin.example:8000", "127.0.0.1", "[::1]:8000", "b%C3%BCcher.example"] {
            assert!(names_one_host(&headers(&[host])), "{host}");
        }
        for hosts in [&[][..], &["h", "h"], &["a b"], &["a,b", "c"], &["user@h"], &["h/path"], &["h?"]] {
            assert!(!names_one_host(&headers(hosts)), "{hosts:?}");
        }
    }
}
