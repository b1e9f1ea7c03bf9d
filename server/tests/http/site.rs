//! A running service for one test. Every reply is held against the description of the API.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Barrier;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contract;
use crate::harness::{Client, Reply, Request, Service};

/// Where transactions of the ledger that is there from the start are.
pub(crate) const TRANSACTIONS: &str = "/v1/ledgers/main/transactions";

/// Does something on a service with SQLite, and on one with PostgreSQL where there is one.
pub(crate) fn on_both_databases(does: impl Fn(&Site)) {
    does(&Site::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(database) = runtime.block_on(test_postgres::database()) {
        does(&Site::start_with(&[("PX_DATABASE__URL", database.url())]));
    }
}

/// A service with a database of its own, and a connection to it.
pub(crate) struct Site {
    service: Service,
    /// Opened with the first request.
    client: RefCell<Option<Client>>,
    // Last: it has to outlive the service.
    folder: TempDir,
}

impl Site {
    /// Starts a service with the ledger `main`.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with settings of its own, `PX_…`.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let service = Service::start(folder.path(), settings);
        Self { service, client: RefCell::default(), folder }
    }

    /// Stops the service, and starts another one on the same database.
    pub(crate) fn restarted(self) -> Self {
        self.restarted_after(|| ())
    }

    /// Stops the service, waits for something, and starts another one on the same database.
    pub(crate) fn restarted_after(self, wait: impl FnOnce()) -> Self {
        let Self { service, client, folder } = self;
        drop(client);
        assert!(service.stop().status.success(), "it stops in good order");
        wait();
        Self { service: Service::start(folder.path(), &[]), client: RefCell::default(), folder }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.service.address
    }

    /// The folder that the service runs in.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Opens one more connection.
    pub(crate) fn connect(&self) -> Client {
        self.service.connect()
    }

    /// Returns what the service has logged so far.
    pub(crate) fn logged(&self) -> String {
        self.service.logged()
    }

    /// Sends a request on the connection that all requests share.
    pub(crate) fn call(&self, request: &Request) -> Reply {
        let mut client = self.client.borrow_mut();
        call(client.get_or_insert_with(|| self.connect()), request)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call(&Request::get(path))
    }

    /// Gets what has to be there.
    pub(crate) fn json(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(&Request::post(path).json(body))
    }

    /// Posts a transaction that has to go through, and returns it.
    pub(crate) fn transact(&self, body: &Value) -> Value {
        let reply = self.post(TRANSACTIONS, body);
        assert_eq!(reply.status, 201, "{body}: {reply:?}");
        reply.json()
    }

    /// Moves money in a transaction of its own.
    pub(crate) fn pay(&self, source: &str, destination: &str, asset: &str, amount: u64) -> Value {
        self.transact(&json!({ "postings": [posting(source, destination, asset, amount)] }))
    }

    /// Counts the entries of `main`.
    pub(crate) fn entries(&self) -> u64 {
        self.json("/v1/ledgers/main")["entries"].as_u64().expect("a count")
    }
}

/// Sends a request on a connection, and holds the reply against the description.
pub(crate) fn call(client: &mut Client, request: &Request) -> Reply {
    let reply = client.call(request);
    contract::check(request, &reply);
    reply
}

pub(crate) fn posting(source: &str, destination: &str, asset: &str, amount: u64) -> Value {
    json!({ "source": source, "destination": destination, "asset": asset, "amount": amount.to_string() })
}

/// Sends requests on connections of their own, all at the same moment.
pub(crate) fn all_at_once(site: &Site, requests: Vec<Request>) -> Vec<Reply> {
    let start = Barrier::new(requests.len());
    let connections: Vec<_> = requests.into_iter().map(|request| (request, site.connect())).collect();
    std::thread::scope(|scope| {
        let send = |(request, mut client)| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                call(&mut client, &request)
            })
        };
        let threads: Vec<_> = connections.into_iter().map(send).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reply as described")).collect()
    })
}
