//! Addresses that may be asked: HTTPS, and plain HTTP on this machine only.

use std::net::IpAddr;

use http::Uri;

/// An address that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    host: String,
}

/// A text that is no address that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no address of https, or of http on this machine")]
pub struct AddressError;

impl Address {
    /// The most bytes.
    pub const BYTES_MAX: usize = 512;

    /// Parses an address.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > Self::BYTES_MAX || text.contains('#') {
            return Err(AddressError);
        }
        let uri: Uri = text.parse().map_err(|_| AddressError)?;
        let authority = uri.authority().ok_or(AddressError)?;
        if authority.as_str().contains('@') {
            return Err(AddressError);
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let is_here = host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let may = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => is_here,
            _ => false,
        };
        if may && !host.is_empty() { Ok(Self { uri, host }) } else { Err(AddressError) }
    }

    /// Says whether it is asked over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in [
            "https://id.example.org",
            "https://10.0.0.1:8443/a",
            "http://127.0.0.1:1/a",
            "http://[::1]/",
            "http://localhost",
        ] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "id.example.org",
            "/keys",
            "http://id.example.org",
            "http://169.254.169.254/latest",
            "http://localhost.example.org",
            "ftp://localhost",
            "https://user:password@id.example.org",
            "https://id.example.org/#a",
            "https:///a",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError), "{text}");
        }
        let long = format!("https://id.example.org/{}", "a".repeat(512));
        assert_eq!(Address::parse(&long), Err(AddressError));
    }
}
