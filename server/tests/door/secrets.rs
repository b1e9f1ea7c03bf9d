//! Secrets are in no log line, whatever is logged, and in no reply. They are planted wherever a client or an operator
//! can put one; then everything that was written is searched for them.

use std::fs;
use std::io::{Read as _, Write as _};

use crate::harness::{Request, Service, run, wait_until};
use crate::secure::{FILES, Pair, Secure};

/// All of them: each begins so.
const PLANTED: &str = "planted0secret";

/// Everything that any part of the service would ever log, and none of it dropped.
const EVERYTHING: [(&str, &str); 2] =
    [("PX_TELEMETRY__FILTER", "trace"), ("PX_TELEMETRY__BUFFER_MAX_LINES", "1000000")];

fn secret(place: &str) -> String {
    format!("{PLANTED}-{place}")
}

/// Requests with a secret in every place that has to do with credentials, and in bodies; good ones and bad ones.
fn requests() -> Vec<Request> {
    let with = |request: Request| {
        request
            .header("authorization", format!("Bearer {}", secret("bearer")))
            .header("proxy-authorization", format!("Basic {}", secret("proxy")))
            .header("cookie", format!("__Host-session={}", secret("cookie")))
            .header("x-api-key", secret("key"))
    };
    let posting = r#"{"source":"world","destination":"a","asset":"USD/2","amount":"5"}"#;
    let body = format!(r#"{{"postings":[{posting}],"metadata":{{"note":"{}"}}}}"#, secret("metadata"));
    let unknown = format!(r#"{{"password":"{}"}}"#, secret("body"));
    vec![
        with(Request::get("/v1/ledgers/main")),
        with(Request::get(format!("/v1/ledgers?access_token={}", secret("query")))),
        with(Request::get("/v1/ledgers/none")),
        with(Request::get("/nowhere")),
        with(Request::new("BREW", "/v1/ledgers")),
        with(Request::post("/v1/ledgers/main/transactions").json(&body)),
        with(Request::post("/v1/ledgers/main/transactions").json(&unknown)),
        with(Request::post("/v1/ledgers/main/transactions").json(secret("nonsense"))),
        with(Request::post("/v1/ledgers/main/batches").json(&unknown)),
        with(Request::get("/v1/ledgers/main").header("host", "twice")),
        with(Request::get("/v1/ledgers/main").header("too-large", "x".repeat(20_000))),
    ]
}

/// Fails where a planted secret is.
fn has_no_secret(what: &str, text: &str) {
    let found = text.lines().find(|line| line.contains(PLANTED));
    assert_eq!(found, None, "a secret is in {what}");
}

#[test]
fn no_credential_is_logged_or_repeated_whatever_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &EVERYTHING);
    for request in requests() {
        let mut client = service.connect();
        let reply = client.exchange(request.bytes()).unwrap();
        has_no_secret(
            "the head of a reply",
            &reply.headers().map(|(_, value)| value).collect::<Vec<_>>().join("\n"),
        );
        // What was posted comes back to whoever posted it, and what was wrong is shown to whoever sent it.
        if reply.status != 201 {
            for place in ["bearer", "proxy", "cookie", "key"] {
                assert!(!reply.body.contains(&secret(place)), "{}", reply.body);
            }
        }
    }
    let malformed =
        format!("GET / HTTP/1.1\r\nauthorization: Bearer {}\r\nno header\r\n\r\n", secret("malformed"));
    service.connect().send(&malformed).reply();
    let absolute = format!("GET http://user:{}@h/v1/ledgers HTTP/1.1\r\nhost: h\r\n\r\n", secret("uri"));
    service.connect().send(&absolute).reply();
    let ended = service.stop();
    assert!(ended.stderr.contains("answered") && ended.stderr.contains("/v1/ledgers/main"), "it does log");
    has_no_secret("the log", &ended.stderr);
    has_no_secret("standard output", &ended.stdout);
}

#[test]
fn no_credential_is_logged_over_http_2_inside_tls() {
    let secure = Secure::start(&EVERYTHING);
    let mut client = secure.connect(&secure.pair).unwrap();
    let request = requests().remove(0);
    client.write_all(&request.bytes()).unwrap();
    client.read_exact(&mut [0; 12]).unwrap();
    drop(client);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(secure.service.address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let connector = tokio_rustls::TlsConnector::from(secure.pair.client(&["h2"]));
        let io = hyper_util::rt::TokioIo::new(connector.connect(name, tcp).await.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut client, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::get("https://localhost/v1/ledgers/main")
            .header("authorization", format!("Bearer {}", secret("bearer")))
            .header("cookie", format!("session={}", secret("cookie")))
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .unwrap();
        assert_eq!(client.send_request(request).await.unwrap().status(), 401);
    });
    let key = secure.pair.key.lines().nth(1).unwrap().to_owned();
    let ended = secure.service.stop();
    has_no_secret("the log", &ended.stderr);
    assert!(!ended.stderr.contains(&key), "the private key is in the log");
}

#[test]
fn a_private_key_that_cannot_be_used_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    Pair::valid().write(&folder);
    let broken = format!("-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n");
    fs::write(folder.path().join("key.pem"), broken).unwrap();
    let settings = [&FILES[..], &EVERYTHING, &[("PX_SERVER__PORT", "0")]].concat();
    let ended = run(folder.path(), &settings, &["serve"]);
    assert_eq!(ended.code(), Some(1));
    has_no_secret("what it says", &ended.stderr);
}

#[test]
fn the_databases_password_is_neither_logged_nor_shown() {
    let folder = tempfile::tempdir().unwrap();
    let unreachable =
        format!("postgres://florin:{}@127.0.0.1:1/florin?password={}", secret("url"), secret("parameter"));
    let settings =
        [&EVERYTHING[..], &[("PX_DATABASE__URL", &unreachable), ("PX_SERVER__PORT", "0")]].concat();
    for command in ["serve", "config", "migrate", "verify"] {
        let ended = run(folder.path(), &settings, &[command]);
        has_no_secret(command, &ended.stderr);
        has_no_secret(command, &ended.stdout);
    }
}

#[test]
fn a_service_on_postgresql_does_not_log_its_password_either() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(database) = runtime.block_on(test_postgres::database()) else { return };
    let folder = tempfile::tempdir().unwrap();
    // Nobody asks for it there, but it is sent along.
    let joint = if database.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}password={}", database.url(), secret("password"));
    let settings = [&EVERYTHING[..], &[("PX_DATABASE__URL", &url)]].concat();
    let service = Service::start(folder.path(), &settings);
    for request in requests() {
        let _ = service.connect().exchange(request.bytes());
    }
    wait_until("the log", || service.logged().contains("sqlx"));
    has_no_secret("the log", &service.stop().stderr);
}
