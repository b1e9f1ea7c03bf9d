//! Users as rows, and back: what both databases keep in the same columns.

use engine::query::Page;
use engine::users::{PasswordDigest, StoredUser};
use identity::{Actor, Email, Grants, User, UserId, UserName, UserState};
use ledger::Timestamp;

use crate::failure::Corruption;
use crate::rows::{Reader, page_by_number};

/// A row of `users`, as it is written.
pub struct StoredUserRow<'a> {
    /// Their public name.
    pub id: &'a str,
    /// How often they were changed.
    pub version: i64,
    /// What they are called.
    pub name: &'a str,
    /// Their address.
    pub email: &'a str,
    /// What it has in common with all that count as the same.
    pub email_folded: String,
    /// When it was verified.
    pub email_verified_at: Option<i64>,
    /// Whether they get in.
    pub state: &'static str,
    /// What they may do.
    pub grants: String,
    /// When they were created.
    pub created_at: i64,
    /// Who created them.
    pub created_by: String,
    /// What is kept of their password.
    pub password: Option<&'a str>,
    /// When it was set.
    pub password_set_at: Option<i64>,
}

impl<'a> From<&'a StoredUser> for StoredUserRow<'a> {
    fn from(StoredUser { user, password, version }: &'a StoredUser) -> Self {
        Self {
            id: user.id.as_str(),
            version: i64::try_from(*version).unwrap_or(i64::MAX),
            name: user.name.as_str(),
            email: user.email.as_str(),
            email_folded: user.email.folded(),
            email_verified_at: user.email_verified_at.map(Timestamp::micros),
            state: user.state.name(),
            grants: user.grants.to_string(),
            created_at: user.created_at.micros(),
            created_by: user.created_by.to_string(),
            password: password.as_ref().map(PasswordDigest::expose),
            password_set_at: user.password_set_at.map(Timestamp::micros),
        }
    }
}

/// A row of `users`, as it is read.
pub struct UserRow {
    /// Their number: later ones have larger ones.
    pub number: i64,
    /// Their public name.
    pub id: String,
    /// How often they were changed.
    pub version: i64,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// When it was verified.
    pub email_verified_at: Option<i64>,
    /// Whether they get in.
    pub state: String,
    /// What they may do.
    pub grants: String,
    /// When they were created.
    pub created_at: i64,
    /// Who created them.
    pub created_by: String,
    /// What is kept of their password.
    pub password: Option<String>,
    /// When it was set.
    pub password_set_at: Option<i64>,
}

impl UserRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn user(self) -> Result<StoredUser, Corruption> {
        let place = || format!("the user {}", self.id);
        let bad = |what: &str| Corruption::new(place(), what);
        let reader = Reader::at(&place);
        let time = |micros: Option<i64>| micros.map(|micros| reader.time(micros)).transpose();
        let user = User {
            id: UserId::parse(&self.id).map_err(|_| bad("their id is not one"))?,
            name: UserName::parse(&self.name).map_err(|_| bad("their name is not one"))?,
            email: Email::parse(&self.email).map_err(|_| bad("their address is not one"))?,
            email_verified_at: time(self.email_verified_at)?,
            state: UserState::named(&self.state).ok_or_else(|| bad("their state is not one"))?,
            grants: Grants::parse(&self.grants).map_err(|_| bad("their grants are none"))?,
            created_at: reader.time(self.created_at)?,
            created_by: Actor::parse(&self.created_by).ok_or_else(|| bad("nobody created them"))?,
            password_set_at: time(self.password_set_at)?,
        };
        let version = u64::try_from(self.version).map_err(|_| bad("their version is negative"))?;
        Ok(StoredUser { user, password: self.password.clone().map(PasswordDigest::from_stored), version })
    }
}

/// Makes a page of rows, of which there is one more than belong to it where the list goes on.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_users(rows: Vec<UserRow>, limit: usize) -> Result<Page<User, u64>, Corruption> {
    page_by_number(rows, limit, |row| row.number, |row| Ok(row.user()?.user))
}
