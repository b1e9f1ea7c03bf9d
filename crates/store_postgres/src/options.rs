//! Where the database is and how its connections are used. Opens nothing itself.

use std::net::IpAddr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Where the database is and how it is used.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    pub(crate) address: PgConnectOptions,
    /// The largest number of connections that write; default 2. A ledger that is written to takes one for
    /// the time of a batch.
    pub writers: u32,
    /// The largest number of connections that read; default 4.
    pub readers: u32,
    /// How long to wait for another process that has a ledger's head; default 5 s.
    pub lock_timeout: Duration,
    /// How long making a connection may take; default 5 s.
    pub connect_timeout: Duration,
    /// How long a statement may take; default 10 s. Whoever waits for a connection waits as long.
    pub statement_timeout: Duration,
}

/// Why a text is no address of a PostgreSQL database.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// It does not have the form of one.
    #[error("it is no address of a PostgreSQL database")]
    Form(#[source] sqlx::Error),
    /// It asks for TLS.
    #[error(
        "connections to PostgreSQL are not encrypted by this version: sslmode can be `disable` or `prefer`"
    )]
    Encryption,
}

impl PostgresOptions {
    /// Returns the defaults for a database, `postgres://user:password@host:port/name`. What the address does
    /// not say comes from the variables that PostgreSQL's own programs use (`PGHOST`, `PGUSER`, …).
    ///
    /// # Errors
    /// When the address is none, or asks for an encrypted connection.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let address: PgConnectOptions = url.parse().map_err(UrlError::Form)?;
        match address.get_ssl_mode() {
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => {}
            _ => return Err(UrlError::Encryption),
        }
        Ok(Self {
            address: address
                .ssl_mode(PgSslMode::Disable)
                .application_name("florin")
                .disable_statement_logging(),
            writers: 2,
            readers: 4,
            lock_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
        })
    }

    /// Says whether the server is on this machine, as far as its address shows.
    #[must_use]
    pub fn is_on_this_host(&self) -> bool {
        let host = self.address.get_host();
        self.address.get_socket().is_some()
            || host.starts_with('/')
            || host == "localhost"
            || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_asks_for_encryption_is_refused() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let parsed = PostgresOptions::parse(&format!("postgres://florin@db/florin?sslmode={mode}"));
            assert!(matches!(parsed, Err(UrlError::Encryption)), "{mode}");
        }
        for mode in ["disable", "prefer"] {
            assert!(PostgresOptions::parse(&format!("postgres://florin@db/florin?sslmode={mode}")).is_ok());
        }
        assert!(matches!(PostgresOptions::parse("postgres://db:port/florin"), Err(UrlError::Form(_))));
    }

    #[test]
    fn loopback_addresses_and_sockets_are_on_this_host() {
        for (host, here) in [
            ("localhost", true),
            ("127.0.0.1:5433", true),
            ("[::1]", true),
            ("%2Fvar%2Frun%2Fpostgresql", true),
            ("db", false),
            ("10.0.0.7", false),
            ("localhost.example.com", false),
        ] {
            let options = PostgresOptions::parse(&format!("postgres://florin@{host}/florin")).unwrap();
            assert_eq!(options.is_on_this_host(), here, "{host}");
        }
    }
}
