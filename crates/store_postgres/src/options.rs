//! Where the database is and how its connections are used. Opens nothing itself.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
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
    /// It asks for a check that keeps nobody out: whoever is trusted by the system counts as well as `sslrootcert`.
    #[error(
        "sslmode=verify-ca would take the certificate of any authority that this machine trusts, for whatever host: \
         use verify-full"
    )]
    AnyHost,
    /// It says whose certificates are good, and does not have them looked at.
    #[error("sslrootcert is looked at with sslmode=verify-full only")]
    UnusedRoot,
    /// The file of those whose certificates are good is not to be had.
    #[error("cannot read sslrootcert, {}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl PostgresOptions {
    /// Returns the defaults for a database, `postgres://user:password@host:port/name`. What the address does
    /// not say comes from the variables that PostgreSQL's own programs use (`PGHOST`, `PGUSER`, …).
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let (url, is_of_system) = without_system_roots(url);
        let address: PgConnectOptions = url.parse().map_err(UrlError::Form)?;
        let mode = ssl_mode(&address, is_of_system)?;
        Ok(Self {
            address: address.ssl_mode(mode).application_name("florin").disable_statement_logging(),
            writers: 2,
            readers: 4,
            lock_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
        })
    }
}

fn is_socket(address: &PgConnectOptions) -> bool {
    address.get_socket().is_some() || address.get_host().starts_with('/')
}

/// Takes away `sslrootcert=system`, by which PostgreSQL's own programs know the authorities of the system, and says whether
/// it was there: those count anyway.
fn without_system_roots(url: &str) -> (Cow<'_, str>, bool) {
    const SYSTEM: &str = "sslrootcert=system";
    let Some((address, parameters)) = url.split_once('?') else { return (url.into(), false) };
    if !parameters.split('&').any(|parameter| parameter == SYSTEM) {
        return (url.into(), false);
    }
    let others: Vec<&str> = parameters.split('&').filter(|parameter| *parameter != SYSTEM).collect();
    (format!("{address}?{}", others.join("&")).into(), true)
}

/// Returns how a connection is encrypted, as PostgreSQL's own programs would do it, or refuses what cannot be done as safely
/// as they do.
fn ssl_mode(address: &PgConnectOptions, is_of_system: bool) -> Result<PgSslMode, UrlError> {
    let asked = address.get_ssl_mode();
    if is_socket(address) || matches!(asked, PgSslMode::Disable) {
        return Ok(PgSslMode::Disable);
    }
    let root = root_of(address);
    match asked {
        PgSslMode::VerifyCa => Err(UrlError::AnyHost),
        PgSslMode::VerifyFull => match root {
            Some(path) => match std::fs::File::open(&path) {
                Ok(_) => Ok(PgSslMode::VerifyFull),
                Err(source) => Err(UrlError::Root { path, source }),
            },
            None => Ok(PgSslMode::VerifyFull),
        },
        // What nobody asked for by name: with those of the system it is as strict as can be.
        PgSslMode::Prefer if is_of_system && root.is_none() => Ok(PgSslMode::VerifyFull),
        _ if is_of_system || root.is_some() => Err(UrlError::UnusedRoot),
        PgSslMode::Require => Ok(PgSslMode::Require),
        _ => Ok(PgSslMode::Prefer),
    }
}

/// Returns the file that `sslrootcert` names. Options do not show it but in the address that they would be read from.
fn root_of(address: &PgConnectOptions) -> Option<PathBuf> {
    let url = address.to_url_lossy();
    let (_, root) = url.query_pairs().find(|(name, _)| name == "sslrootcert")?;
    Some(Path::new(root.strip_prefix("file: ").unwrap_or(&root)).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(parameters: &str) -> Result<PgSslMode, UrlError> {
        let parsed = PostgresOptions::parse(&format!("postgres://florin@db/florin?{parameters}"));
        parsed.map(|options| options.address.get_ssl_mode())
    }

    #[test]
    fn connections_are_encrypted_as_the_address_says() {
        let root = format!("sslmode=verify-full&sslrootcert={}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        for (parameters, expected) in [
            ("", PgSslMode::Prefer),
            ("sslmode=allow", PgSslMode::Prefer),
            ("sslmode=prefer", PgSslMode::Prefer),
            ("sslmode=disable", PgSslMode::Disable),
            ("sslmode=require", PgSslMode::Require),
            ("sslmode=verify-full", PgSslMode::VerifyFull),
            (&root, PgSslMode::VerifyFull),
            ("sslrootcert=system", PgSslMode::VerifyFull),
            ("sslmode=verify-full&sslrootcert=system", PgSslMode::VerifyFull),
            // Nobody listens in on a socket, and no server speaks TLS on one.
            ("sslmode=verify-full&host=/var/run/postgresql", PgSslMode::Disable),
        ] {
            let got = mode(parameters).unwrap_or_else(|error| panic!("{parameters}: {error}"));
            assert_eq!(format!("{got:?}"), format!("{expected:?}"), "{parameters}");
        }
    }

    #[test]
    fn what_would_be_less_safe_than_it_sounds_is_refused() {
        assert!(matches!(mode("sslmode=verify-ca"), Err(UrlError::AnyHost)));
        for parameters in [
            "sslmode=require&sslrootcert=ca.pem",
            "sslmode=prefer&sslrootcert=ca.pem",
            "sslrootcert=ca.pem",
            "sslmode=require&sslrootcert=system",
        ] {
            assert!(matches!(mode(parameters), Err(UrlError::UnusedRoot)), "{parameters}");
        }
        let missing = mode("sslmode=verify-full&sslrootcert=/nowhere/ca.pem").unwrap_err();
        assert_eq!(missing.to_string(), "cannot read sslrootcert, /nowhere/ca.pem");
        assert!(matches!(mode("sslmode=maybe"), Err(UrlError::Form(_))));
        assert!(matches!(PostgresOptions::parse("postgres://db:port/florin"), Err(UrlError::Form(_))));
    }
}
