//! A database of a test's own. On somebody else's server it goes when the test ends; on a server of our own it
//! goes with the server, because removing one makes the server write everything out.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// A database of a test's own. On a server that was there before it is removed, with everybody still connected
/// to it, when this is dropped.
pub struct Database {
    remove: bool,
    server: String,
    url: String,
    name: String,
}

impl Database {
    /// Makes an empty database on a server, named by the address of any of its databases. `more` is what else
    /// the statement says.
    pub(crate) async fn create(server: &str, more: &str, remove: bool) -> Self {
        let name = new_name();
        // A language's own order of texts, where the server has one: statements have to ask for byte order.
        let localised = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' {more}"
        );
        let mut connection = connect(server).await;
        if connection.execute(AssertSqlSafe(localised)).await.is_err() {
            let plain = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {more}");
            connection.execute(AssertSqlSafe(plain)).await.expect("the database is created");
        }
        connection.close().await.expect("the connection ends");
        Self::of(server, name, remove)
    }

    /// Makes a database with all that is in another one, to which nobody may be connected any more.
    pub(crate) async fn copy(&self, remove: bool) -> Self {
        let name = new_name();
        let mut connection = connect(&self.server).await;
        let copy = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        connection.execute(AssertSqlSafe(copy)).await.expect("the database is copied");
        connection.close().await.expect("the connection ends");
        Self::of(&self.server, name, remove)
    }

    fn of(server: &str, name: String, remove: bool) -> Self {
        Self { remove, server: server.to_owned(), url: with_database(server, &name), name }
    }

    /// Returns the database's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens a connection as somebody else would.
    ///
    /// # Panics
    /// When there is none to be had.
    pub async fn stranger(&self) -> PgConnection {
        connect(&self.url).await
    }
}

fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("florin_test_{}_{number}_{:08x}", std::process::id(), fastrand::u32(..))
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().expect("the address is one");
    options.connect().await.unwrap_or_else(|error| panic!("cannot connect to PostgreSQL: {error}"))
}

/// Names another database of the same server.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(a, p)| (a, Some(p)));
    let host_end = address.find("://").map_or(0, |at| at + 3);
    let path = address[host_end..].find('/').map_or(address.len(), |at| host_end + at);
    let parameters = parameters.map(|p| format!("?{p}")).unwrap_or_default();
    format!("{}/{name}{parameters}", &address[..path])
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.remove {
            return;
        }
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A server that the test has stopped takes its databases with it.
        let _ = execute_blocking(&self.server, &[&statement]);
    }
}

/// Runs statements on a connection of their own, whatever runtime there is around.
pub(crate) fn execute_blocking(server: &str, statements: &[&str]) -> Result<(), sqlx::Error> {
    let server: PgConnectOptions = server.parse()?;
    let running = async {
        let mut connection = server.connect().await?;
        for statement in statements {
            connection.execute(AssertSqlSafe((*statement).to_owned())).await?;
        }
        connection.close().await
    };
    std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(running)
        });
        running.join().expect("it returns its errors")
    })
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn a_database_is_named_in_any_address() {
        for (url, named) in [
            ("postgres://a@h:1/postgres", "postgres://a@h:1/x"),
            ("postgres://a@h:1", "postgres://a@h:1/x"),
            ("postgres://h/?sslmode=disable", "postgres://h/x?sslmode=disable"),
            ("postgres://a@%2Ftmp%2Fx:1/p?a=b/c", "postgres://a@%2Ftmp%2Fx:1/x?a=b/c"),
        ] {
            assert_eq!(with_database(url, "x"), named);
        }
    }
}
