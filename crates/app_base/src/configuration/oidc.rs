//! The list `authentication.oidc`: other issuers of tokens that are trusted, and what their tokens come to.

use std::collections::BTreeSet;

use identity::{Grant, Grants, LedgerSet, Role, Scope, Scopes};
use issuers::{Address, IssuerOptions, MappedValue};
use ledger::LedgerName;
use tokens::Algorithm;

use super::authentication::is_issuer;

/// The most issuers.
pub(super) const ISSUERS_MAX: usize = 8;

/// The most bytes of a name that has no other bounds.
const NAME_BYTES_MAX: usize = 255;

/// An issuer of tokens that is trusted.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Its name, as its tokens have it: the address where it describes itself, less `/.well-known/openid-configuration`.
    pub issuer: String,
    /// Whom its tokens have to be for.
    pub audience: String,
    /// How they may be signed: `RS256`, `PS256`, `ES256`, `ES384`, `EdDSA`.
    pub algorithms: Vec<String>,
    /// The claim that rights follow from: its name, or a path to it that begins with a slash.
    pub claim: String,
    /// What follows from its values.
    pub grants: Vec<OidcGrantConfig>,
}

/// What follows from a value of a claim.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcGrantConfig {
    /// The value.
    pub value: String,
    /// The role that it grants; this or `scopes`.
    pub role: Option<String>,
    /// The scopes that it grants.
    pub scopes: Option<Vec<String>>,
    /// For which ledgers, by name. Without, for all.
    pub ledgers: Option<Vec<String>>,
}

impl OidcConfig {
    /// Returns what it comes to.
    ///
    /// # Errors
    /// What is wrong with it, and with which part.
    pub(super) fn options(&self) -> Result<IssuerOptions, String> {
        let issuer = &self.issuer;
        // Some issuers have a slash at the end of their names, which then stands in their tokens too.
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let discovery = format!("{base}/.well-known/openid-configuration");
        let address = Address::parse(&discovery).ok().filter(|_| is_issuer(base));
        let address = address.ok_or_else(|| {
            format!("issuer: {issuer:?} is no address of https, or of http on this machine")
        })?;
        for (part, text) in [("audience", &self.audience), ("claim", &self.claim)] {
            if !(1..=NAME_BYTES_MAX).contains(&text.len()) {
                return Err(format!("{part}: has to have 1 to {NAME_BYTES_MAX} bytes"));
            }
        }
        let algorithms: Option<Vec<Algorithm>> =
            self.algorithms.iter().map(|name| Algorithm::named(name)).collect();
        let algorithms = algorithms.filter(|algorithms| !algorithms.is_empty()).ok_or_else(|| {
            format!("algorithms: has to be a list of {}", Algorithm::ALL.map(Algorithm::name).join(", "))
        })?;
        let grants: Vec<MappedValue> =
            self.grants.iter().map(OidcGrantConfig::mapped).collect::<Result<_, _>>()?;
        // All of them together hold, so that any of them do.
        Grants::new(grants.iter().map(|mapped| mapped.grant.clone()).collect())
            .map_err(|error| format!("grants: cannot be granted so: {error:?}"))?;
        Ok(IssuerOptions {
            issuer: issuer.clone(),
            address,
            audience: self.audience.clone(),
            algorithms,
            claim: self.claim.clone(),
            grants,
        })
    }
}

impl OidcGrantConfig {
    fn mapped(&self) -> Result<MappedValue, String> {
        let Self { value, role, scopes, ledgers } = self;
        if !(1..=NAME_BYTES_MAX).contains(&value.len()) {
            return Err(format!("grants: a value has 1 to {NAME_BYTES_MAX} bytes"));
        }
        let scopes: Scopes = match (role, scopes) {
            (Some(role), None) => Role::named(role)
                .map(Role::scopes)
                .ok_or_else(|| format!("grants: there is no role {role:?}"))?,
            (None, Some(scopes)) => {
                let named = |name: &String| {
                    Scope::named(name).ok_or_else(|| format!("grants: there is no scope {name:?}"))
                };
                scopes.iter().map(named).collect::<Result<_, _>>()?
            }
            _ => return Err(format!("grants: {value:?} has to have a role or scopes, and not both")),
        };
        let ledgers = match ledgers {
            None => LedgerSet::All,
            Some(ledgers) => {
                let named = |name: &String| {
                    LedgerName::parse(name).map_err(|_| format!("grants: {name:?} is no name for a ledger"))
                };
                LedgerSet::Some(ledgers.iter().map(named).collect::<Result<BTreeSet<_>, _>>()?)
            }
        };
        Ok(MappedValue { value: value.clone(), grant: Grant { scopes, ledgers } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OidcConfig {
        OidcConfig {
            issuer: "https://id.example.org/realm".to_owned(),
            audience: "florin".to_owned(),
            algorithms: vec!["RS256".to_owned()],
            claim: "groups".to_owned(),
            grants: vec![OidcGrantConfig {
                value: "finance".to_owned(),
                role: Some("reader".to_owned()),
                scopes: None,
                ledgers: Some(vec!["main".to_owned()]),
            }],
        }
    }

    fn complaint(change: impl FnOnce(&mut OidcConfig)) -> String {
        let mut config = config();
        change(&mut config);
        config.options().err().unwrap_or_default()
    }

    #[test]
    fn what_is_configured_is_what_is_trusted() {
        let options = config().options().unwrap();
        assert_eq!(options.issuer, "https://id.example.org/realm");
        assert!(options.address.is_secure());
        assert_eq!(options.grants[0].grant.scopes, Role::Reader.scopes());
        assert_eq!(complaint(|config| config.issuer.push('/')), "");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (complaint, part) in [
            (complaint(|config| config.issuer = "http://id.example.org".to_owned()), "issuer"),
            (complaint(|config| config.issuer = "https://id.example.org/?a".to_owned()), "issuer"),
            (complaint(|config| config.audience = String::new()), "audience"),
            (complaint(|config| config.claim = "a".repeat(256)), "claim"),
            (complaint(|config| config.algorithms = Vec::new()), "algorithms"),
            (complaint(|config| config.algorithms = vec!["none".to_owned()]), "algorithms"),
            (complaint(|config| config.algorithms = vec!["HS256".to_owned()]), "algorithms"),
            (complaint(|config| config.grants = Vec::new()), "grants"),
            (complaint(|config| config.grants[0].value = String::new()), "grants"),
            (complaint(|config| config.grants[0].role = Some("root".to_owned())), "grants"),
            (complaint(|config| config.grants[0].role = Some("admin".to_owned())), "grants"),
            (complaint(|config| config.grants[0].role = None), "grants"),
            (complaint(|config| config.grants[0].scopes = Some(vec![])), "grants"),
            (complaint(|config| config.grants[0].ledgers = Some(vec!["A".to_owned()])), "grants"),
        ] {
            assert!(complaint.starts_with(&format!("{part}: ")), "{part}: {complaint}");
        }
    }
}
