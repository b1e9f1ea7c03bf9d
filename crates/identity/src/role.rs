//! Roles: sets of scopes that have a name. A role is spelled out when it is granted: what it comes to later changes
//! nobody's rights.

use crate::scope::{Scope, Scopes};

/// A named set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything that is about single ledgers.
    Operator,
    /// To read and to write.
    Writer,
    /// To read.
    Reader,
    /// To read, the audit trail included.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Operator, Self::Writer, Self::Reader, Self::Auditor];

    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Auditor => "auditor",
        }
    }

    /// Returns the role of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Returns what it comes to.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Admin => Scopes::all(),
            Self::Operator => Scope::ALL.into_iter().filter(|scope| scope.is_about_a_ledger()).collect(),
            Self::Writer => [Scope::LedgerRead, Scope::LedgerWrite].into_iter().collect(),
            Self::Reader => [Scope::LedgerRead].into_iter().collect(),
            Self::Auditor => [Scope::LedgerRead, Scope::AuditRead].into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_by_its_name_and_grants_something() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
            assert!(!role.scopes().is_empty());
        }
        assert_eq!(Role::named("root"), None);
        assert_eq!(Role::Admin.scopes(), Scopes::all());
        assert!(!Role::Operator.scopes().contains(Scope::KeysAdmin));
        assert!(!Role::Operator.scopes().contains(Scope::UsersAdmin));
    }
}
