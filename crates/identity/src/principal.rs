//! A principal: who a request comes from, with what they may do. And what a request needs.

use ledger::{LedgerName, Timestamp};

use crate::api_key::KeyName;
use crate::audit::Actor;
use crate::grant::Grants;
use crate::key_text::KeyId;
use crate::scope::Scope;
use crate::user::{UserId, UserName};

/// Who a request comes from, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    subject: Subject,
    grants: Grants,
    expires_at: Option<Timestamp>,
}

/// Who somebody is, whatever they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Whoever comes where nobody is asked who they are.
    Anybody,
    /// Whoever has a key.
    Key {
        /// The key's id.
        id: KeyId,
        /// What the key is called.
        name: KeyName,
    },
    /// A user who signed in.
    User {
        /// Their id.
        id: UserId,
        /// What they are called.
        name: UserName,
    },
    /// Somebody whom another issuer of tokens vouches for.
    External {
        /// The issuer: the address that its tokens name.
        issuer: String,
        /// Its name for them.
        subject: String,
    },
}

impl Subject {
    /// Returns how the audit trail names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Anybody => Actor::Unknown,
            Self::Key { id, .. } => Actor::Key(id.clone()),
            Self::User { id, .. } => Actor::User(id.clone()),
            Self::External { issuer, subject } => {
                Actor::External { issuer: issuer.clone(), subject: subject.clone() }
            }
        }
    }
}

/// What a request needs of whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To be known, whatever they may do.
    Known,
    /// To have signed in, whatever they may do.
    SignedIn,
    /// A scope for the ledger in the path.
    OnLedger(Scope),
    /// One of two scopes for the ledger in the path; which one, the rest of the request tells.
    OnLedgerEither(Scope, Scope),
    /// A scope for any ledger.
    Somewhere(Scope),
    /// A scope that is about no single ledger.
    Overall(Scope),
}

impl Need {
    /// Returns the scopes of which it takes one.
    #[must_use]
    pub fn scopes(self) -> Vec<Scope> {
        match self {
            Self::Known | Self::SignedIn => Vec::new(),
            Self::OnLedger(scope) | Self::Somewhere(scope) | Self::Overall(scope) => vec![scope],
            Self::OnLedgerEither(one, other) => vec![one, other],
        }
    }
}

/// Why somebody may not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// They are not to know that there is such a ledger.
    Unseen,
    /// They did not sign in.
    NotSignedIn,
    /// They lack a scope.
    Lacking(Scope),
}

impl Principal {
    /// Makes a principal.
    #[must_use]
    pub fn new(subject: Subject, grants: Grants, expires_at: Option<Timestamp>) -> Self {
        Self { subject, grants, expires_at }
    }

    /// Whoever comes where nobody is asked who they are: they may do everything.
    #[must_use]
    pub fn anybody() -> Self {
        Self::new(Subject::Anybody, Grants::everything(), None)
    }

    /// Limits the principal to the time before a moment.
    #[must_use]
    pub fn until(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }

    /// Returns who they are.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Returns what they may do.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Returns until when.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Says whether they have what a request needs. `ledger` is the one that the request is about; a need that is
    /// about one while there is none to name holds where it holds for any: such a name belongs to no ledger.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn check(&self, need: Need, ledger: Option<&LedgerName>) -> Result<(), Denied> {
        let on_ledger = |scope: Scope| match ledger {
            Some(ledger) => self.grants.allow(scope, ledger),
            None => self.grants.allow_somewhere(scope),
        };
        let is_about_a_ledger = matches!(need, Need::OnLedger(_) | Need::OnLedgerEither(..));
        if is_about_a_ledger && ledger.is_some_and(|ledger| !self.grants.may_see(ledger)) {
            return Err(Denied::Unseen);
        }
        let (scope, holds) = match need {
            Need::Known => return Ok(()),
            Need::SignedIn => {
                let signed_in = matches!(self.subject, Subject::User { .. });
                return if signed_in { Ok(()) } else { Err(Denied::NotSignedIn) };
            }
            Need::OnLedger(scope) => (scope, on_ledger(scope)),
            Need::OnLedgerEither(one, other) => (one, on_ledger(one) || on_ledger(other)),
            Need::Somewhere(scope) => (scope, self.grants.allow_somewhere(scope)),
            Need::Overall(scope) => (scope, self.grants.allow_overall(scope)),
        };
        if holds { Ok(()) } else { Err(Denied::Lacking(scope)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_is_not_to_be_seen_comes_before_a_scope_that_is_lacking() {
        let who = |grants: &str| Principal { grants: Grants::parse(grants).unwrap(), ..Principal::anybody() };
        let main = LedgerName::parse("main").unwrap();
        let write = Need::OnLedger(Scope::LedgerWrite);
        for (grants, outcome) in [
            ("ledger:write@main", Ok(())),
            ("ledger:write@*", Ok(())),
            ("ledger:read@main", Err(Denied::Lacking(Scope::LedgerWrite))),
            ("ledger:write@eu", Err(Denied::Unseen)),
            ("keys:admin@*", Err(Denied::Unseen)),
            ("ledger:read@main;ledger:write@eu", Err(Denied::Lacking(Scope::LedgerWrite))),
        ] {
            assert_eq!(who(grants).check(write, Some(&main)), outcome, "{grants}");
        }
        let either = Need::OnLedgerEither(Scope::LedgerWrite, Scope::AccountsPolicy);
        assert_eq!(who("accounts:policy@main").check(either, Some(&main)), Ok(()));
        assert_eq!(
            who("ledger:read@main").check(either, Some(&main)),
            Err(Denied::Lacking(Scope::LedgerWrite))
        );
        assert_eq!(who("accounts:policy@eu").check(either, Some(&main)), Err(Denied::Unseen));
        assert_eq!(who("ledger:read@eu").check(Need::Known, None), Ok(()));
        assert_eq!(who("ledger:read@eu").check(Need::Somewhere(Scope::LedgerRead), None), Ok(()));
        let keys = Need::Overall(Scope::KeysAdmin);
        assert_eq!(who("ledger:read@eu").check(keys, None), Err(Denied::Lacking(Scope::KeysAdmin)));
        assert_eq!(Principal::anybody().check(keys, None), Ok(()));
    }
}
