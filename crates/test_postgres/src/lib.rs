//! Throw-away PostgreSQL servers, and a database of its own for each test.
//!
//! A server lies in a temporary folder, writes to disk as a real one does, and goes with the process that
//! started it, however that ends. Nothing in here touches a server that is there already, unless
//! `FLORIN_TEST_POSTGRES_URL` names one: then databases are made, and removed again, on that.
//!
//! Used by tests only, so it panics where something is not as a test needs it.

mod database;
mod folder;
mod programs;
mod server;
mod small_disk;
mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use database::Database;
pub use server::Server;
pub use small_disk::OnSmallDisk;
use tokio::sync::OnceCell;

/// Names a server that is to be used instead of one that tests start. Its user may create databases.
pub const URL_VARIABLE: &str = "FLORIN_TEST_POSTGRES_URL";

/// Makes a missing server a failure; so does `CI`.
pub const REQUIRE_VARIABLE: &str = "FLORIN_REQUIRE_POSTGRES";

/// Makes a new, empty database on the server that all tests of this process share. Returns `None`, and says
/// so, where there is no PostgreSQL.
///
/// # Panics
/// When a server was asked for that cannot be had.
pub async fn database() -> Option<Database> {
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        return Some(Database::create(&url, "", true).await);
    }
    let server = tokio::task::spawn_blocking(shared_server).await.expect("a server is started or not")?;
    Some(server.database().await)
}

/// Makes a new database with what `prepare` puts into one, given its address: it is called once for all tests of this
/// process, which have to ask for the same, and the database that it filled is copied for each. Returns `None`, and says
/// so, where there is no PostgreSQL.
///
/// # Panics
/// When a server was asked for that cannot be had, or somebody is still connected to the database that was filled.
pub async fn prepared_database(prepare: impl AsyncFnOnce(&str)) -> Option<Database> {
    static PREPARED: OnceCell<Option<Database>> = OnceCell::const_new();
    // On a server that stays each is filled anew: nobody would remove the one that is copied.
    if std::env::var_os(URL_VARIABLE).is_some() {
        let database = database().await?;
        prepare(database.url()).await;
        return Some(database);
    }
    let fill = async || {
        let database = database().await?;
        prepare(database.url()).await;
        Some(database)
    };
    let prepared = PREPARED.get_or_init(fill).await.as_ref()?;
    Some(prepared.copy(false).await)
}

/// Starts a server of a test's own, to be stopped and started again. Returns `None`, and says so, where there
/// is no PostgreSQL on this machine.
///
/// # Panics
/// When PostgreSQL is required and not there, or does not start.
#[must_use]
pub fn own_server() -> Option<Server> {
    own_server_with("")
}

/// Starts a server as [`own_server`] does, with more settings: lines as in `postgresql.conf`, which win over
/// those of all servers here.
///
/// # Panics
/// When PostgreSQL is required and not there, or does not start.
#[must_use]
pub fn own_server_with(settings: &str) -> Option<Server> {
    Some(Server::start(&installed()?, settings))
}

/// Starts a server in a folder that stays when the server goes, with what an earlier one left there; and with more
/// settings, as [`own_server_with`] does. Returns `None`, and says so, where there is no PostgreSQL.
///
/// # Panics
/// When PostgreSQL is required and not there, or does not start, or the folder cannot be had.
#[must_use]
pub fn own_server_in(folder: &Path, settings: &str) -> Option<Server> {
    Some(Server::start_kept(&installed()?, folder, settings))
}

/// Starts a server of a test's own, a part of which lies on a disk of so many mebibytes: see
/// [`Server::fill_disk`]. Returns `None`, and says so, where there is no PostgreSQL, or where this user may not
/// have such disks.
///
/// # Panics
/// When PostgreSQL is required and not there, or does not start; and in CI, where there are no such disks.
#[must_use]
pub fn own_server_on_small_disk(holds: OnSmallDisk, mebibytes: u32) -> Option<Server> {
    let programs = installed()?;
    if small_disk::can_be_had(&programs) {
        return Some(Server::start_on_small_disk(&programs, holds, mebibytes));
    }
    left_out("no small disk can be mounted", "run the tests as root, or allow name spaces of users");
    None
}

fn installed() -> Option<PathBuf> {
    let found = programs::find();
    if found.is_none() {
        left_out(
            "there is no PostgreSQL on this machine",
            &format!("install it, or name a server with {URL_VARIABLE}"),
        );
    }
    found
}

/// Lives as long as the process; the server notices when it ends.
fn shared_server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(own_server).as_ref()
}

/// Fails where a test is required that this machine cannot run.
fn left_out(missing: &str, remedy: &str) {
    let required = ["CI", REQUIRE_VARIABLE].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!required, "{missing}: {remedy}");
    eprintln!("left out: {missing} ({remedy})");
}
