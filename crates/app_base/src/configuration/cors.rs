//! The section `cors`: which web pages of other origins may use the API.

use pavex::http::Uri;

use super::{Check, InvalidValue};

/// Which web pages of other origins may use the API.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "cors", include_if_unused)]
pub struct CorsConfig {
    /// The origins, `https://console.example`, or `["*"]` for all. Default none; `PX_CORS__ORIGINS`.
    pub origins: Vec<String>,
}

impl CorsConfig {
    /// Lists the values that are no origins.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let mut check = Check::section("cors").range("origins", self.origins.len(), 0..=1000);
        for origin in &self.origins {
            if origin != "*" && !is_origin(origin) {
                let message = format!(
                    "{origin:?} is no origin: it takes a scheme, a host and maybe a port, like https://console.example, \
                     or * for all"
                );
                check.refuse("origins", message);
            }
        }
        check.done()
    }
}

/// Tells whether browsers would send this as an `Origin` (RFC 6454, 6.2): no path, no user, nothing in capitals.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    matches!(scheme, "http" | "https")
        && authority
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]".contains(&byte))
        && text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_browser_would_send_is_refused() {
        for origin in ["https://console.example", "http://localhost:5173", "https://[::1]:8443"] {
            assert!(is_origin(origin), "{origin}");
        }
        for text in [
            "",
            "null",
            "console.example",
            "https://",
            "https://a/",
            "https://A.example",
            "https://u@a",
            "ftp://a",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
