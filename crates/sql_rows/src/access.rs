//! Keys and the audit trail as rows, and back: what both databases keep in the same columns.

use engine::access::{AuditPosition, StoredKey, WriteAccessError};
use engine::query::{Page, TimeRange};
use identity::{Action, Actor, ApiKey, AuditEvent, AuditRecord, Grants, KeyId, KeyName, SecretDigest};
use ledger::Timestamp;

use crate::failure::{Corruption, Failure};
use crate::rows::{Reader, entry_number, page_by_number, stored_number};

/// A row of `api_keys`.
pub struct KeyRow {
    /// Its number: later ones have larger ones.
    pub number: i64,
    /// Its public name.
    pub id: String,
    /// The digest of its text.
    pub digest: Vec<u8>,
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub grants: String,
    /// When it was created.
    pub created_at: i64,
    /// Who created it.
    pub created_by: String,
    /// From when on it opens nothing.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// When it was last used.
    pub last_used_at: Option<i64>,
}

impl KeyRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn key(self) -> Result<StoredKey, Corruption> {
        let place = || format!("the API key {}", self.id);
        let bad = |what: &str| Corruption::new(place(), what);
        let reader = Reader::at(&place);
        let time = |micros: Option<i64>| micros.map(|micros| reader.time(micros)).transpose();
        let digest = <[u8; 32]>::try_from(&*self.digest).map_err(|_| bad("its digest is not 32 bytes"))?;
        let key = ApiKey {
            id: KeyId::parse(&self.id).map_err(|_| bad("its id is not one"))?,
            name: KeyName::parse(&self.name).map_err(|_| bad("its name is not one"))?,
            grants: Grants::parse(&self.grants).map_err(|_| bad("its grants are none"))?,
            created_at: reader.time(self.created_at)?,
            created_by: Actor::parse(&self.created_by).ok_or_else(|| bad("who created it is nobody"))?,
            expires_at: time(self.expires_at)?,
            revoked_at: time(self.revoked_at)?,
            last_used_at: time(self.last_used_at)?,
        };
        Ok(StoredKey { key, digest: SecretDigest::from_bytes(digest) })
    }
}

/// An event as the database has it.
pub struct StoredEvent {
    /// When it happened.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// What they did.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// From where.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// The entry that it made.
    pub entry: Option<i64>,
    /// How many there were.
    pub count: i64,
}

impl From<&AuditEvent> for StoredEvent {
    fn from(event: &AuditEvent) -> Self {
        Self {
            at: event.at.micros(),
            actor: event.actor.to_string(),
            action: event.action.name(),
            subject: event.subject.clone(),
            address: event.address.map(|address| address.to_string()),
            request_id: event.request_id.clone(),
            entry: event.entry.map(stored_number),
            count: i64::try_from(event.count).unwrap_or(i64::MAX),
        }
    }
}

/// The place before which a page of the trail lies: no later than its span of time, and after those before it.
pub struct StoredPlace {
    /// The time.
    pub at: i64,
    /// The number.
    pub id: i64,
}

impl StoredPlace {
    /// Returns the place.
    #[must_use]
    pub fn before(time: &TimeRange, after: Option<AuditPosition>) -> Self {
        // Before the first record of the first moment that is too late.
        let end = time.to.map_or((i64::MAX, i64::MAX), |to| (to.micros(), i64::MIN));
        let last = after.map(|AuditPosition { at, id }| (at.micros(), i64::try_from(id).unwrap_or(i64::MAX)));
        let (at, id) = last.map_or(end, |last| last.min(end));
        Self { at, id }
    }
}

/// A row of `audit_records`.
pub struct AuditRow {
    /// Its number.
    pub id: i64,
    /// When it happened.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// What they did.
    pub action: String,
    /// To what.
    pub subject: String,
    /// From where.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// The entry that it made.
    pub entry: Option<i64>,
    /// How many there were.
    pub count: i64,
}

impl AuditRow {
    /// Returns what the row says.
    ///
    /// # Errors
    /// Where it says nothing sensible.
    pub fn record(self) -> Result<AuditRecord, Corruption> {
        let place = || format!("the audit record {}", self.id);
        let bad = |what: &str| Corruption::new(place(), what);
        let address = self.address.as_deref().map(str::parse).transpose();
        let event = AuditEvent {
            at: Timestamp::from_micros(self.at).ok_or_else(|| bad("its time is not one"))?,
            actor: Actor::parse(&self.actor).ok_or_else(|| bad("its actor is not one"))?,
            action: Action::named(&self.action).ok_or_else(|| bad("its action is not one"))?,
            subject: self.subject.clone(),
            address: address.map_err(|_| bad("its address is not one"))?,
            request_id: self.request_id.clone(),
            entry: self.entry.map(entry_number).transpose()?,
            count: u64::try_from(self.count).map_err(|_| bad("its count is negative"))?,
        };
        Ok(AuditRecord { id: u64::try_from(self.id).map_err(|_| bad("its number is negative"))?, event })
    }
}

/// Makes a page of rows, of which there is one more than belong to it where the list goes on.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_keys(rows: Vec<KeyRow>, limit: usize) -> Result<Page<ApiKey, u64>, Corruption> {
    page_by_number(rows, limit, |row| row.number, |row| Ok(row.key()?.key))
}

/// The same of the audit trail.
///
/// # Errors
/// Where a row says nothing sensible.
pub fn page_of_audit(
    mut rows: Vec<AuditRow>,
    limit: usize,
) -> Result<Page<AuditRecord, AuditPosition>, Corruption> {
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let items = rows.into_iter().map(AuditRow::record).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| goes_on).map(AuditPosition::of);
    Ok(Page { items, next })
}

impl From<Failure> for WriteAccessError {
    fn from(failure: Failure) -> Self {
        Self(failure.into())
    }
}
