//! HTTP/2 with prior knowledge.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use edge::Drained;

use crate::site::{LONG, Site, limits};

type Client = SendRequest<Full<Bytes>>;

/// Returns a client and its connection, which ends when the server ends it.
async fn connect(site: &Site) -> (Client, JoinHandle<hyper::Result<()>>) {
    let socket = TokioIo::new(TcpStream::connect(site.address).await.unwrap());
    let (client, connection) = handshake(TokioExecutor::new(), socket).await.unwrap();
    (client, tokio::spawn(connection))
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("http://h{path}")).body(Full::default()).unwrap()
}

async fn body(response: Response<Incoming>) -> Bytes {
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn requests_share_a_connection() {
    let site = Site::start(limits()).await;
    let (mut client, _connection) = connect(&site).await;
    let gated = client.send_request(get("/gate"));
    let gated = tokio::spawn(gated);
    site.arrival().await;
    let sent = vec![b'x'; 1 << 20];
    let echo = Request::post("http://h/echo").body(Full::new(sent.clone().into())).unwrap();
    assert_eq!(body(client.send_request(echo).await.unwrap()).await, sent);
    site.open_gate(1);
    assert_eq!(body(gated.await.unwrap().unwrap()).await, "through");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let site = Site::start(limits()).await;
    let (mut client, connection) = connect(&site).await;
    body(client.send_request(get("/")).await.unwrap()).await;
    timeout(LONG, connection).await.unwrap().unwrap().unwrap();
    site.metric("connections 0").await;
}

#[tokio::test]
async fn a_connection_that_never_asks_for_anything_is_closed() {
    let site = Site::start(limits()).await;
    let (_client, connection) = connect(&site).await;
    timeout(LONG, connection).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn requests_in_hand_are_finished_at_the_end() {
    let site = Site::start(limits()).await;
    let (mut client, _connection) = connect(&site).await;
    let gated = tokio::spawn(client.send_request(get("/gate")));
    site.arrival().await;
    let gate = site.gate();
    let stopped = tokio::spawn(site.stop());
    // Once the good-bye has come, nothing new is sent.
    let refused = async {
        while client.ready().await.is_ok() && !client.is_closed() {
            if client.send_request(get("/")).await.is_err() {
                break;
            }
        }
    };
    timeout(LONG, refused).await.unwrap();
    gate.open(1);
    assert_eq!(body(gated.await.unwrap().unwrap()).await, "through");
    assert_eq!(stopped.await.unwrap(), Drained { connections: 0, requests: 0 });
}

#[tokio::test]
async fn a_handler_that_panics_takes_down_its_own_request_only() {
    let site = Site::start(limits()).await;
    let (mut client, _connection) = connect(&site).await;
    client.send_request(get("/panic")).await.unwrap_err();
    assert_eq!(body(client.send_request(get("/")).await.unwrap()).await, "GET http://h/");
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let site = Site::start(limits()).await;
    let (mut client, _connection) = connect(&site).await;
    let mut request = get("/");
    request.headers_mut().insert("x-large", "x".repeat(10_000).parse().unwrap());
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(body(client.send_request(get("/")).await.unwrap()).await, "GET http://h/");
}
