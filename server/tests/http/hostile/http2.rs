//! The same bad requests over HTTP/2: the answers do not depend on how they came.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;

use super::{Row, Sent, bodies, requests};
use crate::harness::ADMIN_KEY;
use crate::site::{Site, TRANSACTIONS};

/// Sends a request; what HTTP/2 itself has no form for is `None`.
async fn exchange(client: &mut SendRequest<Full<Bytes>>, sent: &Sent) -> Option<(u16, Value)> {
    let (method, path, body) = match sent {
        Sent::Body(body) => ("POST", TRANSACTIONS, body.clone()),
        Sent::Get(path) => ("GET", path.as_str(), Vec::new()),
        Sent::Headers(_) | Sent::Raw(_) => return None,
    };
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://h{path}"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {ADMIN_KEY}"))
        .body(Full::from(body));
    let response = client.send_request(request.ok()?).await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let problem: Value = serde_json::from_slice(&body).expect("a problem");
    assert_eq!(problem["request_id"], head.headers["x-request-id"].to_str().unwrap());
    Some((head.status.as_u16(), problem))
}

fn fields(problem: &Value) -> Option<Vec<&str>> {
    Some(problem["errors"].as_array()?.iter().map(|error| error["field"].as_str().unwrap()).collect())
}

#[test]
fn bad_requests_get_the_same_answers_over_http2() {
    let site = Site::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = TcpStream::connect(site.address()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (mut client, connection) = handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
        let connection = tokio::spawn(connection);
        let tables = [
            bodies::amounts(),
            bodies::names(),
            bodies::shapes(),
            bodies::members(),
            requests::paths(),
            requests::queries(),
        ];
        let mut sent = 0;
        for row in tables.into_iter().flatten() {
            // What makes the head too large is answered by the protocol library, without a body.
            let Row { claim, status, code, fields: wanted, .. } = row;
            let Some((found, problem)) = exchange(&mut client, &row.sent).await else { continue };
            assert_eq!((found, &problem["code"]), (status, &Value::from(code)), "{claim}: {problem}");
            if wanted != Some(super::MANY) {
                assert_eq!(fields(&problem).map(|fields| fields.join(" ")).as_deref(), wanted, "{claim}");
            }
            sent += 1;
        }
        assert!(sent > 150, "{sent} requests");
        drop(client);
        connection.await.unwrap().unwrap();
    });
    assert_eq!(site.entries(), 0);
}
