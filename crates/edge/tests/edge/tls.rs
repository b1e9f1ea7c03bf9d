//! TLS: what clients get over it, and what becomes of those that do not speak it.

use std::sync::Arc;

use bytes::Bytes;
use edge::{Drained, Tls, TlsMetrics};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prometheus_client::registry::Registry;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::site::{LONG, Site, limits};
use crate::tls_files::{Folder, Pair};

/// A site that speaks TLS, with the folder that its certificate is in.
struct Secure {
    site: Site,
    tls: Arc<Tls>,
    folder: Folder,
    first: Pair,
}

impl Secure {
    async fn start() -> Self {
        Self::start_with(limits()).await
    }

    async fn start_with(limits: edge::Limits) -> Self {
        let (folder, first) = (Folder::new(), Pair::valid());
        folder.write(&first);
        let mut registry = Registry::default();
        let metrics = TlsMetrics::register(&mut registry);
        let tls = Arc::new(Tls::load(folder.files(), metrics).unwrap());
        let site = Site::start_with(limits, registry, Some(Arc::clone(&tls))).await;
        Self { site, tls, folder, first }
    }

    /// Connects as a client that trusts one certificate only.
    async fn connect(&self, trusted: &Pair, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let tcp = TcpStream::connect(self.site.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        timeout(LONG, TlsConnector::from(Arc::new(config)).connect(name, tcp)).await.unwrap()
    }

    /// Connects as a client that speaks HTTP/1.1 only.
    async fn http1(&self) -> TlsStream<TcpStream> {
        self.connect(&self.first, &["http/1.1"]).await.unwrap()
    }

    /// Asks for a path in HTTP/1.1, and returns all that comes until the connection ends.
    async fn get(&self, trusted: &Pair, path: &str) -> String {
        let mut stream = self.connect(trusted, &[]).await.unwrap();
        last_word(&mut stream, path).await
    }
}

/// Sends the last request of a connection, and reads on until that ends.
async fn last_word(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    timeout(LONG, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

#[tokio::test]
async fn http_1_1_is_spoken_inside_tls() {
    let secure = Secure::start().await;
    let mut stream = secure.connect(&secure.first, &["http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let text = last_word(&mut stream, "/path").await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("GET /path"), "{text}");
    let text = secure.get(&secure.first, "/too-large").await;
    assert!(text.starts_with("HTTP/1.1 413 ") && text.ends_with("too large"), "{text}");
    secure.site.metric("tls_handshakes_total{outcome=\"completed\"} 2").await;
}

#[tokio::test]
async fn a_client_that_knows_http_2_gets_it() {
    let secure = Secure::start().await;
    let stream = secure.connect(&secure.first, &["http/1.1", "h2"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "the service prefers it");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let sent = Bytes::from(vec![b'x'; 1 << 20]);
    let echo = Request::post("https://localhost/echo").body(Full::new(sent.clone())).unwrap();
    let reply = client.send_request(echo).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), sent);
}

#[tokio::test]
async fn large_replies_come_whole() {
    let secure = Secure::start().await;
    let text = secure.get(&secure.first, "/big").await;
    assert_eq!(text.len() - text.find("\r\n\r\n").unwrap() - 4, 64 << 20);
}

#[tokio::test]
async fn who_speaks_plain_http_is_told_in_plain_http() {
    let secure = Secure::start().await;
    let mut client = secure.site.connect().await;
    let reply = client.get("/").await;
    assert_eq!((reply.status, reply.body.as_str()), (400, "{\"code\":\"NotTls\"}"));
    client.end().await;
    secure.site.metric("connection_refusals_total{reason=\"not_tls\"} 1").await;
    secure.site.metric("tls_handshakes_total{outcome=\"failed\"} 1").await;
}

#[tokio::test]
async fn a_handshake_that_makes_no_sense_ends_the_connection() {
    let secure = Secure::start().await;
    let mut client = secure.site.connect().await;
    client.send([22, 3, 1, 0, 4, 9, 9, 9, 9]).await;
    while client.more().await {}
    secure.site.metric("tls_handshakes_total{outcome=\"failed\"} 1").await;
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_ended() {
    let secure = Secure::start().await;
    let mut client = secure.site.connect().await;
    // The beginning of a record whose rest never comes.
    client.send([22, 3, 1]).await;
    client.end().await;
    let mut silent = secure.site.connect().await;
    silent.end().await;
    secure.site.metric("tls_handshakes_total{outcome=\"timed_out\"} 2").await;
    secure.site.metric("connections 0").await;
}

#[tokio::test]
async fn who_leaves_before_it_begins_is_no_failure() {
    let secure = Secure::start().await;
    drop(secure.site.connect().await);
    secure.site.metric("tls_handshakes_total{outcome=\"abandoned\"} 1").await;
}

#[tokio::test]
async fn after_the_handshake_a_head_has_no_time_of_its_own() {
    let secure = Secure::start().await;
    let mut stream = secure.http1().await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut text = String::new();
    timeout(LONG, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_without_a_word() {
    let secure = Secure::start_with(edge::Limits { connections_max: 1, ..limits() }).await;
    let mut first = secure.http1().await;
    secure.connect(&secure.first, &[]).await.unwrap_err();
    secure.site.metric("connection_refusals_total{reason=\"too_many_connections\"} 1").await;
    assert!(last_word(&mut first, "/").await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn requests_in_hand_are_finished_at_the_end() {
    let secure = Secure::start().await;
    let mut stream = secure.http1().await;
    stream.write_all(b"GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    secure.site.arrival().await;
    let gate = secure.site.gate();
    let stopped = tokio::spawn(secure.site.stop());
    gate.open(1);
    let mut text = String::new();
    timeout(LONG, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    assert!(text.ends_with("through"), "{text}");
    assert_eq!(stopped.await.unwrap(), Drained { connections: 0, requests: 0 });
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections() {
    let secure = Secure::start().await;
    let mut before = secure.http1().await;
    let second = Pair::valid();
    assert!(!secure.tls.has_changed());
    secure.folder.write(&second);
    assert!(secure.tls.has_changed());
    secure.tls.reload().unwrap();
    assert!(!secure.tls.has_changed());
    assert!(secure.get(&second, "/").await.starts_with("HTTP/1.1 200 OK"));
    secure.connect(&secure.first, &[]).await.unwrap_err();
    assert!(last_word(&mut before, "/").await.starts_with("HTTP/1.1 200 OK"), "it was open before");
    secure.site.metric("tls_certificate_reloads_total{outcome=\"loaded\"} 1").await;
    let expires = format!("tls_certificate_expiry_timestamp_seconds {}", second.expires());
    secure.site.metric(&expires).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_leaves_the_certificate_in_place() {
    let secure = Secure::start().await;
    for broken in [Pair::expired(), Pair::mixed()] {
        secure.folder.write(&broken);
        secure.tls.reload().unwrap_err();
        assert!(!secure.tls.has_changed(), "it was looked at");
    }
    assert!(secure.get(&secure.first, "/").await.starts_with("HTTP/1.1 200 OK"));
    secure.site.metric("tls_certificate_reloads_total{outcome=\"failed\"} 2").await;
    let expires = format!("tls_certificate_expiry_timestamp_seconds {}", secure.first.expires());
    secure.site.metric(&expires).await;
}
