//! The handler as the protocol library sees it: each request is in hand from its head to the last byte of
//! its response.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;

use crate::watch::{Ticket, Watch};

/// A handler for the requests of one connection.
pub(crate) struct Connected<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) watch: Arc<Watch>,
}

impl<H, F, B> Service<Request<Incoming>> for Connected<H>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F,
    F: Future<Output = Response<B>>,
{
    type Response = Response<InHand<B>>;
    type Error = Infallible;
    type Future = InHand<F>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let ticket = self.watch.request();
        InHand { inner: (self.handler)(request, self.watch.peer()), ticket: Some(ticket) }
    }
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
        let response = ready!(this.inner.poll(cx));
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
