//! Databases and those who work on them beside the service, without a runtime around.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use test_postgres::Server;
use tokio::runtime::Runtime;

/// Makes an empty database and returns its address.
pub(crate) fn new_database(server: &Server) -> String {
    runtime().block_on(server.database()).url().to_owned()
}

/// Makes an empty database on the small disk of a server and returns its address.
pub(crate) fn new_database_on_small_disk(server: &Server) -> String {
    runtime().block_on(server.database_on_small_disk()).url().to_owned()
}

/// Returns the address of the same database on another port.
pub(crate) fn at_port(url: &str, port: u16) -> String {
    let (scheme_and_host, rest) = url.rsplit_once(':').expect("an address with a port");
    let (_, path) = rest.split_once('/').expect("an address with a database");
    format!("{scheme_and_host}:{port}/{path}")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Somebody else who is connected to the database.
pub(crate) struct Stranger {
    connection: PgConnection,
    runtime: Runtime,
}

impl Stranger {
    /// Connects where the server lets it.
    pub(crate) fn connect(url: &str) -> Result<Self, sqlx::Error> {
        let runtime = runtime();
        let connection = runtime.block_on(PgConnection::connect(url))?;
        Ok(Self { connection, runtime })
    }

    /// Runs statements and returns how many rows came of them.
    pub(crate) fn execute(&mut self, statements: &str) -> Result<u64, sqlx::Error> {
        let running = self.connection.execute(AssertSqlSafe(statements.to_owned()));
        Ok(self.runtime.block_on(running)?.rows_affected())
    }
}
