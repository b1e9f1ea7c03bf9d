//! TLS: what is served over it, certificates that cannot be used, and those that take another's place.

use std::fs;
use std::io::{Read as _, Write as _};

use bytes::Bytes;
use futures_util::stream::unfold;
use http::Request;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::harness::{ADMIN_KEY, LONG, run, wait_until};
use crate::secure::{FILES, Pair, Secure};

#[test]
fn the_api_is_served_over_https_and_the_first_line_says_so() {
    let secure = Secure::start(&[]);
    let address = secure.service.address;
    assert_eq!(secure.service.announced, format!("https://{address}/v1  docs: https://{address}/docs\n"));
    let reply = secure.get("/v1/ledgers/main");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("\"name\":\"main\""), "{reply}");
    assert!(secure.counts(&secure.pair, "florin_tls_certificate_expiry_timestamp_seconds 4102444800"));
    assert!(secure.service.stop().status.success());
}

#[test]
fn who_speaks_plain_http_gets_a_problem() {
    let secure = Secure::start(&[]);
    let reply = secure.service.get("/v1/ledgers/main");
    assert_eq!((reply.status, &reply.json()["code"]), (400, &Value::from("request.not_tls")));
    assert!(secure.counts(&secure.pair, "florin_connection_refusals_total{reason=\"not_tls\"} 1"));
    assert!(secure.counts(&secure.pair, "florin_tls_handshakes_total{outcome=\"failed\"} 1"));
}

/// Expects the service not to start, in one line for people that has all these parts.
fn refuses(folder: &tempfile::TempDir, settings: &[(&str, &str)], parts: &[&str]) {
    let ended = run(folder.path(), &[&[("PX_SERVER__PORT", "0")], settings].concat(), &["serve"]);
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: "), "{}", ended.stderr);
    for part in parts {
        assert!(last.contains(part), "no {part} in {last}");
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_with_its_key_and_file() {
    let folder = tempfile::tempdir().unwrap();
    refuses(&folder, &FILES, &["server.tls_certificate: cert.pem: ", "cannot be read", "No such file"]);
    let (pair, other) = (Pair::valid(), Pair::valid());
    fs::write(folder.path().join("cert.pem"), pair.certificate.pem()).unwrap();
    refuses(&folder, &FILES, &["server.tls_key: key.pem: ", "No such file"]);
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    refuses(&folder, &FILES, &["server.tls_key: key.pem: it is not PEM"]);
    fs::write(folder.path().join("key.pem"), &other.key).unwrap();
    refuses(&folder, &FILES, &["server.tls_key: key.pem: the key does not belong to the certificate"]);
    fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    refuses(&folder, &FILES, &["server.tls_certificate: cert.pem: it is not PEM"]);
    Pair::until(2001).write(&folder);
    refuses(&folder, &FILES, &["server.tls_certificate: cert.pem: ", "expired on Mon, 01 Jan 2001"]);
}

#[test]
fn one_file_without_the_other_is_a_mistake_in_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    refuses(&folder, &FILES[..1], &["server.tls_key (default): it is not set", "set both or neither"]);
    refuses(
        &folder,
        &FILES[1..],
        &["server.tls_certificate (default): it is not set", "set both or neither"],
    );
}

#[test]
fn a_new_certificate_is_read_at_a_signal() {
    let secure = Secure::start(&[("PX_SERVER__TLS_POLL_MS", "86400000")]);
    let mut before = secure.connect(&secure.pair).unwrap();
    before.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    before.read_exact(&mut [0; 12]).unwrap();
    let second = Pair::valid();
    second.write(&secure.folder);
    secure.service.signal("HUP");
    wait_until("the new certificate", || secure.try_get(&second, "/health/live").is_ok());
    assert!(secure.try_get(&secure.pair, "/health/live").is_err(), "the old one is gone");
    before.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut rest = String::new();
    before.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("HTTP/1.1 200 OK"), "a connection outlives its certificate: {rest}");
    assert!(secure.counts(&second, "florin_tls_certificate_reloads_total{outcome=\"loaded\"} 1"));
}

#[test]
fn a_new_certificate_is_found_without_a_signal_and_a_broken_one_changes_nothing() {
    let secure = Secure::start(&[("PX_SERVER__TLS_POLL_MS", "20")]);
    fs::write(secure.folder.path().join("cert.pem"), "half a certif").unwrap();
    wait_until("an error", || secure.service.logged().contains("the one before stays"));
    assert!(secure.get("/health/live").starts_with("HTTP/1.1 200 OK"));
    let logged = secure.service.logged();
    let complaint = logged.lines().find(|line| line.contains("the one before stays")).unwrap();
    for part in ["server.tls_certificate", "cert.pem: it is not PEM"] {
        assert!(complaint.contains(part), "no {part} in {complaint}");
    }
    assert!(
        secure.counts(&secure.pair, "florin_tls_certificate_reloads_total{outcome=\"failed\"} 1"),
        "once"
    );

    let second = Pair::valid();
    second.write(&secure.folder);
    wait_until("the new certificate", || secure.try_get(&second, "/health/live").is_ok());
}

#[test]
fn lines_go_both_ways_at_once_over_http_2() {
    let secure = Secure::start(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(secure.service.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = TlsConnector::from(secure.pair.client(&["h2"])).connect(name, tcp).await.unwrap();
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);

        let (lines, coming) = mpsc::channel::<Bytes>(1);
        let body = unfold(coming, |mut coming| async move {
            let line = coming.recv().await?;
            Some((Ok::<_, std::io::Error>(Frame::data(line)), coming))
        });
        let request = Request::post("https://localhost/v1/ledgers/main/batches")
            .header("authorization", format!("Bearer {ADMIN_KEY}"))
            .header("content-type", "application/x-ndjson")
            .body(StreamBody::new(Box::pin(body)))
            .unwrap();
        let reply = tokio::spawn(client.send_request(request));
        lines.send(pay("world", "a")).await.unwrap();
        let reply = timeout(LONG, reply).await.expect("a reply to the first line").unwrap().unwrap();
        let (mut reply, mut read) = (reply.into_body(), String::new());
        // Each result comes while the request is still open.
        for (number, next) in [(1, Some(pay("a", "b"))), (2, Some(pay("b", "c"))), (3, None)] {
            while read.lines().count() < number || !read.ends_with('\n') {
                let frame = timeout(LONG, reply.frame()).await.expect("a result").unwrap().unwrap();
                read.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
            }
            let result: Value = serde_json::from_str(read.lines().last().unwrap()).unwrap();
            assert_eq!((&result["line"], &result["status"]), (&Value::from(number), &Value::from(201)));
            if let Some(line) = next {
                lines.send(line).await.unwrap();
            }
        }
        drop(lines);
        while let Some(frame) = timeout(LONG, reply.frame()).await.expect("an end") {
            assert!(frame.unwrap().data_ref().is_none_or(Bytes::is_empty), "nothing more is said");
        }
    });
}

/// A line that moves money.
fn pay(source: &str, destination: &str) -> Bytes {
    let posting = json!({ "source": source, "destination": destination, "asset": "USD/2", "amount": "5" });
    format!("{}\n", json!({ "type": "transaction", "postings": [posting] })).into()
}
