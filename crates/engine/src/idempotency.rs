//! Idempotency keys: the caller's name for one request, which makes it safe to send again.
//!
//! Follows the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).

use std::fmt;
use std::sync::Arc;

use ledger::{Command, LedgerName, Metadata};
use sha2::{Digest, Sha256};

/// The caller's name for one request: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Arc<str>);

/// A text that is not 1 to 255 visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Parses a key.
    ///
    /// # Errors
    /// When the text is not 1 to 255 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request asked for, in 16 bytes: the front of a SHA-256 over the parsed request, so that white
/// space and the order of fields do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestFingerprint(pub [u8; 16]);

/// A key with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The key.
    pub key: IdempotencyKey,
    /// The request.
    pub fingerprint: RequestFingerprint,
}

impl RequestFingerprint {
    /// Returns the fingerprint of a command to a ledger.
    #[must_use]
    pub fn of_command(command: &Command, dry_run: bool) -> Self {
        let Command::PostTransaction(post) = command;
        let mut hash = Fields::new(if dry_run { "transaction, dry run" } else { "transaction" });
        for posting in post.postings.as_slice() {
            hash.text(posting.source().as_str());
            hash.text(posting.destination().as_str());
            hash.text(posting.asset().as_str());
            hash.bytes(&posting.amount().get().to_be_bytes());
        }
        hash.bytes(b"reference");
        hash.text(post.reference.as_ref().map_or("", |reference| reference.as_str()));
        hash.bytes(b"effective_at");
        hash.text(&post.effective_at.map_or(String::new(), |time| time.micros().to_string()));
        hash.metadata(&post.metadata);
        hash.finish()
    }

    /// Returns the fingerprint of the creation of a ledger.
    #[must_use]
    pub fn of_new_ledger(name: &LedgerName, metadata: &Metadata) -> Self {
        let mut hash = Fields::new("ledger");
        hash.text(name.as_str());
        hash.metadata(metadata);
        hash.finish()
    }
}

/// Feeds fields to the hash, each with its length, so that no two requests feed it the same bytes.
struct Fields(Sha256);

impl Fields {
    fn new(kind: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.text(kind);
        fields
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn metadata(&mut self, metadata: &Metadata) {
        self.bytes(b"metadata");
        for (key, value) in metadata.as_map() {
            self.text(key);
            self.text(value);
        }
    }

    fn finish(self) -> RequestFingerprint {
        let digest = self.0.finalize();
        let mut front = [0; 16];
        front.copy_from_slice(&digest[..16]);
        RequestFingerprint(front)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for text in ["a", "5f4b1c0e-0a8e-4d3b-9a54-0f3f6a1c2d7e", "~!", &"k".repeat(255)] {
            assert!(IdempotencyKey::parse(text).is_ok(), "{text}");
        }
        for text in ["", " ", "a b", "ä", "a\n", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn fields_cannot_run_into_each_other() {
        let fingerprint = |name: &str, key: &str, value: &str| {
            RequestFingerprint::of_new_ledger(
                &LedgerName::parse(name).unwrap(),
                &Metadata::new([(key.to_string(), value.to_string())].into()).unwrap(),
            )
        };
        assert_eq!(fingerprint("a", "b", "c"), fingerprint("a", "b", "c"));
        assert_ne!(fingerprint("a", "bc", "d"), fingerprint("a", "b", "cd"));
        assert_ne!(fingerprint("ab", "c", "d"), fingerprint("a", "bc", "d"));
    }
}
