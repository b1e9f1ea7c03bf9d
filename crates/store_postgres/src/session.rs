//! How a session with the server is set up: what holds for everything that is sent on a connection.

use std::time::Duration;

use sqlx::PgConnection;

use crate::options::PostgresOptions;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Batches, and the creation of ledgers.
    Write,
    /// Everything else.
    Read,
}

/// Every statement of ours is a walk through an index. Without these the planner chooses by statistics, which
/// say "empty" of a ledger that was just created, and go on saying so while it grows.
const PLANS: [(&str, &str); 8] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_material", "off"),
    ("enable_memoize", "off"),
    ("jit", "off"),
];

/// So that the server notices when the process behind a connection is gone, and lets go of what it had locked.
const VANISHED_CLIENTS: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
];

/// Sets a new connection up, in one round trip.
pub(crate) async fn set_up(
    connection: &mut PgConnection,
    purpose: Purpose,
    options: &PostgresOptions,
) -> Result<(), sqlx::Error> {
    let milliseconds = |duration: Duration| duration.as_millis().to_string();
    let mut settings: Vec<(&str, String)> =
        PLANS.iter().chain(&VANISHED_CLIENTS).map(|(name, value)| (*name, (*value).to_owned())).collect();
    settings.push(("client_connection_check_interval", "2000".to_owned()));
    match purpose {
        Purpose::Write => {
            settings.push(("lock_timeout", milliseconds(options.lock_timeout.max(Duration::from_millis(1)))));
            settings.push(("idle_in_transaction_session_timeout", milliseconds(options.statement_timeout)));
            // A commit that waits for a standby must not be cut short: the server would report it as done.
            settings.push(("statement_timeout", "0".to_owned()));
            settings.push(("default_transaction_read_only", "off".to_owned()));
            // Only ever stronger than what the server has.
            settings.push(("synchronous_commit", "on".to_owned()));
        }
        Purpose::Read => {
            settings.push(("statement_timeout", milliseconds(options.statement_timeout)));
            settings.push(("default_transaction_read_only", "on".to_owned()));
        }
    }
    settings.push(("default_transaction_isolation", "read committed".to_owned()));
    let (names, values): (Vec<&str>, Vec<String>) = settings.into_iter().unzip();
    sqlx::query!(
        "SELECT set_config(name, wanted.value, false) FROM UNNEST($1::text[], $2::text[]) AS wanted (name, value)
        JOIN pg_settings USING (name)
        WHERE (name <> 'synchronous_commit' OR setting IN ('off', 'local', 'remote_write'))
            AND (name <> 'client_connection_check_interval' OR version() LIKE '%linux%')",
        &names as _,
        &values as _
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
