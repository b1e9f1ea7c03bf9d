//! Sessions as rows, and back: what both databases keep in the same columns.

use engine::query::Page;
use engine::sessions::StoredSession;
use identity::{SecretDigest, Session, SessionId, UserAgent, UserId};

use crate::failure::Corruption;
use crate::rows::{Reader, page_by_number};

/// A row of `sessions`.
pub struct SessionRow {
    /// Its number: later ones have larger ones.
    pub number: i64,
    /// Its public name.
    pub id: String,
    /// The digest of its text.
    pub digest: Vec<u8>,
    /// Whose it is.
    pub user_id: String,
    /// When it started.
    pub created_at: i64,
    /// When it was last used.
    pub last_seen_at: i64,
    /// When it ends by itself.
    pub expires_at: i64,
    /// From where its user signed in.
    pub address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When it was ended.
    pub revoked_at: Option<i64>,
}

impl SessionRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn session(self) -> Result<StoredSession, Corruption> {
        let place = || format!("the session {}", self.id);
        let bad = |what: &str| Corruption::new(place(), what);
        let reader = Reader::at(&place);
        let digest = <[u8; 32]>::try_from(&*self.digest).map_err(|_| bad("its digest is not 32 bytes"))?;
        let address = self.address.as_deref().map(str::parse).transpose();
        let session = Session {
            id: SessionId::parse(&self.id).map_err(|_| bad("its id is not one"))?,
            user: UserId::parse(&self.user_id).map_err(|_| bad("its user's id is not one"))?,
            created_at: reader.time(self.created_at)?,
            last_seen_at: reader.time(self.last_seen_at)?,
            expires_at: reader.time(self.expires_at)?,
            address: address.map_err(|_| bad("its address is not one"))?,
            user_agent: self.user_agent.as_deref().and_then(UserAgent::of),
            revoked_at: self.revoked_at.map(|micros| reader.time(micros)).transpose()?,
        };
        Ok(StoredSession { session, digest: SecretDigest::from_bytes(digest) })
    }
}

/// Makes a page of rows, of which there is one more than belong to it where the list goes on.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_sessions(rows: Vec<SessionRow>, limit: usize) -> Result<Page<Session, u64>, Corruption> {
    page_by_number(rows, limit, |row| row.number, |row| Ok(row.session()?.session))
}
