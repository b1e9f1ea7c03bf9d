//! Runs the binary in a folder of its own, and talks to it over a bare socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A folder, and a database of one kind or the other.
pub(crate) struct Place {
    folder: TempDir,
    url: String,
    // It has to outlive the service.
    _database: Option<(test_postgres::Database, Runtime)>,
}

/// Plays a test on SQLite and, where that is installed, on PostgreSQL.
pub(crate) fn on_both(test: impl Fn(&Place)) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("loyalty.db").display());
    test(&Place { folder, url, _database: None });
    let runtime = Runtime::new().expect("a runtime");
    if let Some(database) = runtime.block_on(test_postgres::database()) {
        let (folder, url) = (tempfile::tempdir().expect("a folder"), database.url().to_owned());
        test(&Place { folder, url, _database: Some((database, runtime)) });
    }
}

impl Place {
    /// Says whether the database is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The binary, with nothing of the caller's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loyalty_server"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PX_") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.folder()).env("PX_DATABASE__URL", &self.url).env("PX_SERVER__PORT", "0");
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Starts the service, and waits until it names its address.
    pub(crate) fn serve(&self, settings: &[(&str, &str)]) -> Service {
        let mut command = self.command(&["serve"]);
        let mut child = command
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("UTF-8");
        let address = line.strip_prefix("http://").and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}")).to_owned();
        let key = std::fs::read_to_string(self.folder().join("data/admin-key")).expect("the first key");
        Service { child, address, key: key.trim().to_owned() }
    }
}

/// A running service. Dropping it kills it.
pub(crate) struct Service {
    child: Child,
    address: String,
    key: String,
}

impl Service {
    /// Sends a request; `None` where the connection ends without a reply.
    pub(crate) fn try_call(&self, method: &str, path: &str, key: &str, body: &str) -> Option<(u16, Value)> {
        let mut socket = TcpStream::connect(&self.address).ok()?;
        let key = if key.is_empty() { String::new() } else { format!("idempotency-key: {key}\r\n") };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\nauthorization: Bearer {}\r\n{key}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.key,
            body.len()
        );
        socket.write_all((head + body).as_bytes()).ok()?;
        let mut reply = String::new();
        socket.read_to_string(&mut reply).ok()?;
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.get(9..12)?.parse().expect("a status");
        Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        self.try_call("GET", path, "", "").expect("a reply")
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &str) -> (u16, Value) {
        self.try_call("POST", path, key, body).expect("a reply")
    }

    /// Creates the ledger `shop`, with the member `ada`.
    pub(crate) fn open_shop(&self) {
        assert_eq!(self.post("/v1/ledgers", "", r#"{"name":"shop"}"#).0, 201);
        assert_eq!(self.post("/v1/ledgers/shop/members/ada", "", r#"{"name":"Ada Lovelace"}"#).0, 201);
    }

    /// How many points `ada` has.
    pub(crate) fn balance(&self) -> String {
        let account = self.get("/v1/ledgers/shop/accounts/members:ada").1;
        account["balances"][0]["available"].as_str().unwrap_or("0").to_owned()
    }

    /// The receipts of `ada`, newest first.
    pub(crate) fn receipts(&self) -> Vec<String> {
        let page = self.get("/v1/ledgers/shop/members/ada/receipts").1;
        let items = page["items"].as_array().expect("a list");
        items.iter().map(|item| item["receipt"].as_str().expect("a text").to_owned()).collect()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("it can be waited for")
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("there is a `kill`").success());
        self.child.wait().expect("it can be waited for")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
