//! The service on a database of its own, with a clock that stands still unless a test moves it, and as many replicas as
//! a test wants, in the test's own process.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use app_base::api::Api;
use app_base::configuration::DatabaseUrl;
use app_base::http::door::DoorMetrics;
use app_base::http::stopping::Stopping;
use app_base::mailer::Mailer;
use app_base::readiness::Readiness;
use app_base::storage::{self, Database, IfMissing};
use app_base::telemetry::Metrics;
use bytes::Bytes;
use edge::{Edge, EdgeMetrics, Limits};
use engine::port::Store;
use engine::users::{NewUser, PasswordOptions, UserPatch};
use engine::{Engine, EngineMetrics, EngineOptions};
use figment::Figment;
use figment::providers::{Format as _, Yaml};
use identity::{Action, AuditEvent, Email, Grants, Principal, User, UserId, UserName, UserState};
use ledger::Timestamp;
use mail::{MailMetrics, Outbox, Sender, Transport};
use prometheus_client::registry::Registry;
use server_graph::ApplicationConfig;
use server_graph::graph::Graph;
use service::{Behind, Given};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::harness::{Client, LONG, Reply, Request, wait_until};
use crate::sections::florin;
use crate::site;

/// When the clock starts.
const START: i64 = 1_700_000_000_000_000;

/// What passwords cost where that is no subject, in KiB.
const CHEAP_KIB: u32 = 8;

/// What every user's password is.
pub(super) const PASSWORD: &str = "violet anchor 93 pickle tundra";

/// The service, with its replicas.
pub(super) struct Lab {
    runtime: Runtime,
    replicas: Vec<(SocketAddr, Engine)>,
    clock: Arc<AtomicI64>,
    // Last: they have to outlive the service.
    _database: Option<test_postgres::Database>,
    folder: TempDir,
}

/// Plays a test on SQLite and, where that is installed, on PostgreSQL.
pub(super) fn on_both(replicas: usize, test: impl Fn(&Lab)) {
    test(&Lab::start(replicas, None, CHEAP_KIB));
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    if let Some(database) = runtime.block_on(test_postgres::database()) {
        test(&Lab::start(replicas, Some(database), CHEAP_KIB));
    }
}

impl Lab {
    /// Starts one replica on SQLite.
    pub(super) fn alone() -> Self {
        Self::start(1, None, CHEAP_KIB)
    }

    /// Starts one on SQLite whose passwords take so much memory, in KiB, and time accordingly.
    pub(super) fn with_passwords_of(memory_kib: u32) -> Self {
        Self::start(1, None, memory_kib)
    }

    fn start(replicas: usize, database: Option<test_postgres::Database>, memory_kib: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = configuration(folder.path(), database.as_ref());
        let clock = Arc::new(AtomicI64::new(START));
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let store = runtime.block_on(async {
            let storage = storage::open(&config.database, IfMissing::Create).await.expect("a database");
            storage.migrate().await.expect("a schema");
            storage.store()
        });
        let replicas = (0..replicas)
            .map(|_| {
                let served = serve(config.clone(), Arc::clone(&store), &clock, folder.path(), memory_kib);
                runtime.block_on(served)
            })
            .collect();
        Self { runtime, replicas, clock, _database: database, folder }
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).expect("not that long");
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }

    /// Returns the engine of the first replica.
    pub(super) fn engine(&self) -> &Engine {
        &self.replicas[0].1
    }

    pub(super) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Creates a user with a password.
    pub(super) fn user(&self, email: &str, grants: &str) -> User {
        let user = self.invited(email, grants);
        self.run(self.engine().set_password(&user.id, PASSWORD, did)).expect("a password")
    }

    /// Creates a user without a password.
    pub(super) fn invited(&self, email: &str, grants: &str) -> User {
        let new = NewUser {
            name: UserName::parse("Ada Lovelace").unwrap(),
            email: Email::parse(email).unwrap(),
            grants: Grants::parse(grants).unwrap(),
        };
        self.run(self.engine().create_user(new, &Principal::anybody(), did)).expect("a user")
    }

    /// Disables a user.
    pub(super) fn disable(&self, id: &UserId) {
        let patch = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
        self.run(self.engine().change_user(id, patch, &Principal::anybody(), did)).expect("it is done");
    }

    /// Sends a request to the first replica.
    pub(super) fn call(&self, request: &Request) -> Reply {
        self.call_on(0, request)
    }

    /// Sends a request to a replica, and holds the reply against the description of the API.
    pub(super) fn call_on(&self, replica: usize, request: &Request) -> Reply {
        let mut client = Client::connect(self.replicas[replica].0).expect("it listens");
        site::call(&mut client, request)
    }

    /// Signs in, and returns what the cookie is then.
    pub(super) fn signed_in(&self, email: &str) -> String {
        let reply = self.call(&sign_in(email, PASSWORD));
        assert_eq!(reply.status, 201, "{reply:?}");
        cookie(&reply)
    }

    /// Waits until so many mails of a kind were sent, and returns them, the earliest first.
    pub(super) fn mails(&self, kind: &str, count: usize) -> Vec<String> {
        let found = || self.sent(kind);
        wait_until("mails to be sent", || found().len() >= count);
        let found = found();
        assert_eq!(found.len(), count, "{kind}");
        found
    }

    /// The mails of a kind that were sent until now.
    pub(super) fn sent(&self, kind: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail")) else { return Vec::new() };
        let ending = format!("-{kind}.eml");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.to_string_lossy().ends_with(&ending) && !is_hidden(path)).collect();
        paths.sort();
        paths.iter().map(|path| unfolded(&fs::read_to_string(path).expect("a mail"))).collect()
    }

    /// What the audit trail has, the earliest first.
    pub(super) fn trail(&self) -> Vec<AuditEvent> {
        self.run(async {
            self.engine().write_access().await.expect("it is written");
            let found = self
                .engine()
                .store()
                .access()
                .audit(&engine::access::AuditQuery { limit: 1000, ..Default::default() })
                .await
                .expect("it is read");
            found.items.into_iter().rev().map(|record| record.event).collect()
        })
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Joins the lines that quoted-printable broke.
fn unfolded(mail: &str) -> String {
    mail.replace("\r\n", "\n").replace("=\n", "").replace("=3D", "=")
}

/// Returns the secret of the link in a mail.
pub(super) fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("#token=").unwrap_or_else(|| panic!("no link in {mail}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// A request to sign in, from a page of the service.
pub(super) fn sign_in(email: &str, password: &str) -> Request {
    let body = serde_json::json!({ "email": email, "password": password });
    own(Request::post("/v1/sessions")).json(body)
}

/// Has a request come from a page of the service, and without a key.
pub(super) fn own(request: Request) -> Request {
    request.without_key().header("sec-fetch-site", "same-origin")
}

/// Has a request come from a page of the service, with a session.
pub(super) fn with_session(request: Request, cookie: &str) -> Request {
    own(request).header("cookie", format!("__Host-florin_session={cookie}"))
}

/// Returns what a reply sets the cookie to.
pub(super) fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie").unwrap_or_else(|| panic!("no cookie in {reply:?}"));
    let value = set.strip_prefix("__Host-florin_session=").and_then(|rest| rest.split(';').next());
    value.expect("it is the session's").to_owned()
}

/// Everything of a reply but what is another one each time.
pub(super) fn alike(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let id = reply.header("x-request-id").expect("an id");
    let headers = reply.headers().filter(|(name, _)| !["x-request-id", "date"].contains(name));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (reply.status, headers, reply.body.replace(id, "ID"))
}

pub(super) fn did(action: Action, subject: String) -> AuditEvent {
    let at = Timestamp::from_micros(START).expect("a time");
    AuditEvent::by_operator(at, action, subject)
}

fn configuration(folder: &Path, database: Option<&test_postgres::Database>) -> ApplicationConfig {
    let defaults = Yaml::string(include_str!("../../../../configuration/base.yml"));
    let mut config: ApplicationConfig = Figment::from(defaults).extract().expect("the defaults are complete");
    config.database.url = match database {
        Some(database) => DatabaseUrl::new(database.url()),
        None => DatabaseUrl::new(format!("sqlite://{}/florin.db", folder.display())),
    };
    // So that a test can come from wherever it likes.
    config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    config
}

async fn serve(
    config: ApplicationConfig,
    store: Arc<dyn Store>,
    clock: &Arc<AtomicI64>,
    folder: &Path,
    memory_kib: u32,
) -> (SocketAddr, Engine) {
    let mut registry = Registry::default();
    let engine_metrics = EngineMetrics::register(&mut registry);
    let edge_metrics = EdgeMetrics::register(&mut registry);
    let passwords = PasswordOptions { memory_kib, iterations: 1, ..PasswordOptions::default() };
    let options = EngineOptions { passwords, ..(&config.engine).into() };
    let clock = Arc::clone(clock);
    let now = move || Timestamp::from_micros(clock.load(Ordering::SeqCst)).expect("a time");
    let engine = Engine::start_with_clock(Arc::clone(&store), options, engine_metrics, now);
    let given = Given {
        api: Api::florin(app::operations),
        database: Database::none(),
        readiness: Readiness::new(store),
        metrics: Metrics::new(registry),
        engine: engine.clone(),
        secret: identity::ServiceSecret::from_random(&[7; 32]),
        mailer: {
            let sender = Sender::parse("Florin <florin@florin.example>").expect("a sender");
            let transport = Transport::folder(folder.join("mail"));
            let outbox = Outbox::open(transport, sender, config.mail.outbox(), MailMetrics::default());
            Mailer::new(outbox, "https://florin.example".to_owned(), engine.clone())
        },
        stopping: Stopping::default(),
        door: DoorMetrics::default(),
    };
    let graph = Arc::new(Behind::build::<Graph>(&florin(&config), config, given).await.expect("a graph"));
    let handler = move |request, peer| {
        let graph = Arc::clone(&graph);
        async move { graph.answer(request, peer).await }
    };
    let refuse = |refusal: edge::Refusal| {
        http::Response::builder().status(refusal.status()).body(Bytes::new()).expect("a response")
    };
    let limits = Limits {
        connections_max: 100,
        header_read_timeout: LONG,
        keep_alive_timeout: LONG,
        connection_age_max: None,
        header_max_bytes: 16 * 1024,
        headers_max: 100,
        http2_streams_max: 100,
        newcomer_timeout: Duration::ZERO,
        drain_timeout: Duration::ZERO,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(Edge::new(limits, edge_metrics, handler, refuse).serve(listener, std::future::pending()));
    (address, engine)
}
