//! What the audit trail tells of: nothing but a list.

/// Makes the actions from one line each: its name, what happened.
macro_rules! actions {
    ($($action:ident($name:literal, $meaning:literal),)*) => {
        /// What somebody did, or tried to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = $meaning] $action,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// Returns its name. It never changes once released.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }
        }
    };
}

actions! {
    KeyCreated("key.created", "A key was created."),
    KeyRevoked("key.revoked", "A key was revoked."),
    UserCreated("user.created", "A user was created."),
    UserChanged("user.changed", "A user's name, address, state or grants were changed, or their address was verified."),
    PasswordSet("user.password_set", "A user's password was set."),
    LinkMailed("user.link_mailed", "A link was mailed to a user."),
    SecondFactorAdded("second_factor.added", "Signing in as a user takes a second factor from then on."),
    SecondFactorRemoved("second_factor.removed", "It takes none any more."),
    RecoveryCodeUsed("second_factor.recovery_code_used", "A recovery code was used up."),
    SessionStarted("session.started", "A user signed in."),
    SessionEnded("session.ended", "A user signed out."),
    SessionRevoked("session.revoked", "A session was ended from another one."),
    SessionsRevoked("user.sessions_revoked", "All sessions of a user were ended, but for the one that this was asked with."),
    LedgerCreated("ledger.created", "A ledger was created."),
    ScheduleCreated("schedule.created", "A schedule was created: what it posts later is posted with the rights that its creator had."),
    SchedulePaused("schedule.paused", "A schedule was paused."),
    ScheduleResumed("schedule.resumed", "A schedule goes on."),
    ScheduleCancelled("schedule.cancelled", "A schedule was cancelled."),
    PolicyChanged("account.policy_changed", "What an account allows was changed."),
    ReversalForced("reversal.forced", "A transaction was reversed with `force`, which takes accounts under their floors."),
    LedgerImported("ledger.imported", "Entries were imported into a ledger."),
    DatabaseMigrated("database.migrated", "The database's schema was changed."),
    SigningKeyCreated("signing_key.created", "A key was made that access tokens are signed with."),
    Refused("request.refused", "A request was refused: its credentials, or what they allow, did not do."),
    // Sorted lines of the features that teams bring.
}

impl Action {
    /// Returns the action of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}
