//! Scopes: the smallest rights that there are, and sets of them.

use std::fmt;

/// A right to do one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To read all that a ledger holds.
    LedgerRead,
    /// To post, hold, reverse and schedule, and to change what is kept beside accounts and transactions.
    LedgerWrite,
    /// To take accounts under their floors, where a command offers it.
    LedgerForce,
    /// To change what accounts allow: floors, freezing, closing.
    AccountsPolicy,
    /// To create ledgers.
    LedgersCreate,
    /// To create, list and revoke API keys.
    KeysAdmin,
    /// To create, list and change users.
    UsersAdmin,
    /// To read the audit trail.
    AuditRead,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::LedgerRead,
        Self::LedgerWrite,
        Self::LedgerForce,
        Self::AccountsPolicy,
        Self::LedgersCreate,
        Self::KeysAdmin,
        Self::UsersAdmin,
        Self::AuditRead,
    ];

    /// Returns its name, `ledger:read`. It never changes once released.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LedgerRead => "ledger:read",
            Self::LedgerWrite => "ledger:write",
            Self::LedgerForce => "ledger:force",
            Self::AccountsPolicy => "accounts:policy",
            Self::LedgersCreate => "ledgers:create",
            Self::KeysAdmin => "keys:admin",
            Self::UsersAdmin => "users:admin",
            Self::AuditRead => "audit:read",
        }
    }

    /// Returns what it lets one do, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::LedgerRead => "Read all that a ledger holds.",
            Self::LedgerWrite => {
                "Post, hold, reverse and schedule; change what is kept beside accounts and transactions."
            }
            Self::LedgerForce => "Take accounts under their floors with `force`.",
            Self::AccountsPolicy => "Change what accounts allow: floors, freezing, closing.",
            Self::LedgersCreate => "Create ledgers.",
            Self::KeysAdmin => "Create, list and revoke API keys.",
            Self::UsersAdmin => "Create, list and change users.",
            Self::AuditRead => "Read the audit trail.",
        }
    }

    /// Returns the scope of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Says whether it is about single ledgers. What is not can only be granted for all of them.
    #[must_use]
    pub const fn is_about_a_ledger(self) -> bool {
        match self {
            Self::LedgerRead | Self::LedgerWrite | Self::LedgerForce | Self::AccountsPolicy => true,
            Self::LedgersCreate | Self::KeysAdmin | Self::UsersAdmin | Self::AuditRead => false,
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u32);

impl Scopes {
    /// Every scope.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Says whether a scope is among them.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Says whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns them in their order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_one_name_and_is_found_by_it() {
        for scope in Scope::ALL {
            assert_eq!(Scope::named(scope.name()), Some(scope));
        }
        assert_eq!(Scope::named("ledger:everything"), None);
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let set: Scopes = [Scope::LedgerWrite, Scope::LedgerRead, Scope::LedgerWrite].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Scope::LedgerRead, Scope::LedgerWrite]);
        assert!(set.contains(Scope::LedgerRead) && !set.contains(Scope::LedgerForce));
        assert!(Scopes::default().is_empty() && !Scopes::all().is_empty());
    }
}
