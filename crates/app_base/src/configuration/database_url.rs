//! A database's address. It may hold a password, which no text made here ever shows.

use std::fmt;

const HIDDEN: &str = "***";

/// A database's address, `scheme://…`. Shows itself without its secrets.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Wraps an address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Returns the address as it is, secrets included: to connect with, not to show.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells whether none was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes the address with its user, its password and the passwords among its parameters hidden.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, parameters) = match self.0.split_once('?') {
            Some((address, parameters)) => (address, Some(parameters)),
            None => (self.0.as_str(), None),
        };
        match (address.split_once("://"), address.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => write!(f, "{scheme}://{HIDDEN}@{host}")?,
            (None, Some((_, host))) => write!(f, "{HIDDEN}@{host}")?,
            (_, None) => f.write_str(address)?,
        }
        for (index, parameter) in parameters.into_iter().flat_map(|all| all.split('&')).enumerate() {
            f.write_str(if index == 0 { "?" } else { "&" })?;
            match parameter.split_once('=') {
                Some((name, _)) if is_secret(name) => write!(f, "{name}={HIDDEN}")?,
                _ => f.write_str(parameter)?,
            }
        }
        Ok(())
    }
}

fn is_secret(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    ["pass", "secret", "token", "key"].iter().any(|word| name.contains(word))
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn shows_everything_but_secrets() {
        let cases = [
            ("sqlite://data/florin.db", "sqlite://data/florin.db"),
            ("sqlite:///var/lib/florin.db?mode=ro", "sqlite:///var/lib/florin.db?mode=ro"),
            ("postgres://florin:hunter2@db:5432/florin", "postgres://***@db:5432/florin"),
            ("postgres://florin@db/florin", "postgres://***@db/florin"),
            ("postgres://florin:p@ss/w@db/florin", "postgres://***@db/florin"),
            ("florin:hunter2@db", "***@db"),
            (
                "postgres://db/florin?user=florin&password=hunter2&sslmode=require",
                "postgres://db/florin?user=florin&password=***&sslmode=require",
            ),
            ("", ""),
        ];
        for (url, shown) in cases {
            assert_eq!(DatabaseUrl::new(url).to_string(), shown);
            assert_eq!(format!("{:?}", DatabaseUrl::new(url)), format!("{shown:?}"));
        }
    }
}
