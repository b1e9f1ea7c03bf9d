//! Scopes: the smallest rights that there are.

use std::fmt;

/// Makes the scopes from one line each: whether it is about single ledgers, its name, what it lets one do.
macro_rules! scopes {
    ($($scope:ident($about_a_ledger:literal, $name:literal, $meaning:literal),)*) => {
        /// A right to do one kind of thing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {
            $(#[doc = $meaning] $scope,)*
        }

        impl Scope {
            /// Every scope.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$scope),*];

            /// Returns its name, `ledger:read`. It never changes once released.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$scope => $name,)*
                }
            }

            /// Returns what it lets one do, in a few words.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$scope => $meaning,)*
                }
            }

            /// Says whether it is about single ledgers. What is not can only be granted for all of them.
            #[must_use]
            pub const fn is_about_a_ledger(self) -> bool {
                match self {
                    $(Self::$scope => $about_a_ledger,)*
                }
            }
        }
    };
}

scopes! {
    LedgerRead(true, "ledger:read", "Read all that a ledger holds."),
    LedgerWrite(true, "ledger:write", "Post, hold, reverse and schedule; change what is kept beside accounts and transactions."),
    LedgerForce(true, "ledger:force", "Take accounts under their floors with `force`."),
    AccountsPolicy(true, "accounts:policy", "Change what accounts allow: floors, freezing, closing."),
    LedgersCreate(false, "ledgers:create", "Create ledgers."),
    KeysAdmin(false, "keys:admin", "Create, list and revoke API keys."),
    UsersAdmin(false, "users:admin", "Create, list and change users."),
    AuditRead(false, "audit:read", "Read the audit trail."),
    // Sorted lines of the features that teams bring.
}

// A set of them has a bit for each.
const _: () = assert!(Scope::ALL.len() <= 128);

impl Scope {
    /// Returns the scope of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    pub(crate) const fn bit(self) -> u128 {
        1 << (self as u32)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
}
