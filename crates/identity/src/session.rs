//! A session as it is kept: everything about it but its secret.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ledger::Timestamp;

use crate::session_text::SessionId;
use crate::user::UserId;

/// What a browser calls itself: at most 256 printable characters, which it may have made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(Box<str>);

impl UserAgent {
    /// The most characters.
    pub const CHARACTERS_MAX: usize = 256;

    /// Takes what fits of a text, without control characters; `None` where nothing is left.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let printable = text.trim().chars().filter(|character| !character.is_control());
        let kept: String = printable.take(Self::CHARACTERS_MAX).collect();
        (!kept.is_empty()).then(|| Self(kept.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A session, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public name.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, give or take the time between two notes of that.
    pub last_seen_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
    /// The address that they signed in from.
    pub address: Option<IpAddr>,
    /// What their browser called itself.
    pub user_agent: Option<UserAgent>,
    /// When it was ended, by whomever.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a session opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// It does.
    Active,
    /// It was not used for too long, or its time is over.
    Expired,
    /// It was ended.
    Revoked,
}

impl SessionState {
    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Session {
    /// Says whether it opens anything at a time, where one that is not used for `idle` ends.
    #[must_use]
    pub fn state(&self, now: Timestamp, idle: Duration) -> SessionState {
        let unused = now.micros().saturating_sub(self.last_seen_at.micros());
        let is_idle = u128::try_from(unused).is_ok_and(|unused| unused >= idle.as_micros());
        match self {
            Self { revoked_at: Some(_), .. } => SessionState::Revoked,
            Self { expires_at, .. } if *expires_at <= now => SessionState::Expired,
            _ if is_idle => SessionState::Expired,
            _ => SessionState::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000).unwrap()
    }

    #[test]
    fn a_session_ends_when_it_is_idle_when_its_time_is_over_and_when_it_is_revoked() {
        let mut session = Session {
            id: SessionId::parse("0123456789ab").unwrap(),
            user: UserId::parse("0123456789ab").unwrap(),
            created_at: at(0),
            last_seen_at: at(50),
            expires_at: at(100),
            address: None,
            user_agent: None,
            revoked_at: None,
        };
        let idle = Duration::from_secs(30);
        for (now, state) in [
            // A clock that is behind that of another replica ends nothing.
            (40, SessionState::Active),
            (79, SessionState::Active),
            (80, SessionState::Expired),
        ] {
            assert_eq!(session.state(at(now), idle), state, "{now}");
        }
        session.last_seen_at = at(90);
        assert_eq!(session.state(at(99), idle), SessionState::Active);
        assert_eq!(session.state(at(100), idle), SessionState::Expired);
        session.revoked_at = Some(at(60));
        assert_eq!(session.state(at(61), idle), SessionState::Revoked);
    }

    #[test]
    fn what_a_browser_calls_itself_is_cut_and_printable() {
        assert_eq!(UserAgent::of(" curl/8 ").unwrap().as_str(), "curl/8");
        assert_eq!(UserAgent::of("a\u{1b}[31m\nb").unwrap().as_str(), "a[31mb");
        assert_eq!(UserAgent::of(&"ä".repeat(300)).unwrap().as_str(), "ä".repeat(256));
        assert_eq!(UserAgent::of(" \n "), None);
    }
}
