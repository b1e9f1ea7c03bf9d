//! What has to be stored and read back, and yet is nobody's business who reads the database: sealed with the service's
//! secret, which is not in there.
//!
//! A key for each purpose is derived with HKDF-SHA-256 (RFC 5869); sealing is ChaCha20-Poly1305 (RFC 8439). What is
//! sealed is bound to a context, so that nothing can be put in the place of something else.

use std::fmt;
use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use crate::base62;
use crate::checksum;

const PREFIX: &str = "florin-secret_";
/// 256 bits.
const SECRET_DIGITS: usize = 43;

/// The secret of a service, which all its replicas share: a text of 256 random bits with a checksum. It shows itself to
/// nobody who does not ask for it by [`expose`](Self::expose).
/// `florin-secret_[0-9A-Za-z]{49}` matches every one, for secret scanners.
#[derive(Clone)]
pub struct ServiceSecret(Arc<Zeroizing<String>>);

/// A text that is no secret of a service, or was mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSecretError;

/// What is sealed. What is sealed for one purpose cannot be opened for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The private keys with which access tokens are signed.
    SigningKeys,
    /// The secrets of second factors.
    SecondFactors,
}

/// Seals and opens for one purpose.
pub struct Sealer(LessSafeKey);

/// Something that was not sealed so: with another secret, for another purpose or context, or changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another secret, or changed since")]
pub struct UnsealError;

impl ServiceSecret {
    /// How many bytes every secret has.
    pub const BYTES: usize = PREFIX.len() + SECRET_DIGITS + checksum::DIGITS;

    /// Makes a secret of random bytes.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(Self::BYTES));
        text.push_str(PREFIX);
        text.push_str(&Zeroizing::new(base62::encode(random, SECRET_DIGITS)));
        let checksum = checksum::digits(&text);
        text.push_str(&checksum);
        Self(Arc::new(text))
    }

    /// Parses a secret.
    ///
    /// # Errors
    /// When the text is none, or its checksum says that it was mistyped.
    pub fn parse(text: &str) -> Result<Self, ServiceSecretError> {
        if text.len() != Self::BYTES || !text.is_ascii() {
            return Err(ServiceSecretError);
        }
        let (covered, given) = text.split_at(Self::BYTES - checksum::DIGITS);
        let secret = covered.strip_prefix(PREFIX).ok_or(ServiceSecretError)?;
        if base62::is_written_in(secret) && checksum::digits(covered) == given {
            Ok(Self(Arc::new(Zeroizing::new(text.to_owned()))))
        } else {
            Err(ServiceSecretError)
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns what seals for a purpose.
    ///
    /// # Panics
    /// Never: the algorithm takes keys of the length that is derived for it.
    #[must_use]
    pub fn sealer(&self, purpose: Purpose) -> Sealer {
        let derived = Salt::new(HKDF_SHA256, b"florin").extract(self.0.as_bytes());
        let info = [purpose.label()];
        let key = derived.expand(&info, &CHACHA20_POLY1305).expect("the length of a key");
        Sealer(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl fmt::Debug for ServiceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceSecret(***)")
    }
}

impl Purpose {
    /// Returns what its key is derived with. It never changes: what was sealed could not be opened any more.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SigningKeys => b"signing keys, 1",
            Self::SecondFactors => b"second factors, 1",
        }
    }
}

impl Sealer {
    /// How many random bytes sealing takes.
    pub const NONCE_BYTES: usize = NONCE_LEN;

    /// Seals bytes for a context, such as the id of what they belong to. `nonce` is random, and never the same twice.
    ///
    /// # Panics
    /// With more than 64 GiB.
    #[must_use]
    pub fn seal(&self, nonce: [u8; Self::NONCE_BYTES], context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(nonce.len() + plain.len() + CHACHA20_POLY1305.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut sealed[nonce.len()..],
            )
            .expect("less than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what was sealed for a context.
    ///
    /// # Errors
    /// When it was sealed in another way, or changed since.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let (nonce, rest) = sealed.split_first_chunk().ok_or(UnsealError)?;
        let mut opened = Zeroizing::new(rest.to_vec());
        let plain = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut opened)
            .map_err(|_| UnsealError)?
            .len();
        opened.truncate(plain);
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> ServiceSecret {
        ServiceSecret::from_random(&[7; 32])
    }

    #[test]
    fn a_secret_is_read_again_and_a_mistyped_one_is_none() {
        let text = secret().expose().to_owned();
        assert_eq!(text.len(), ServiceSecret::BYTES);
        assert_eq!(ServiceSecret::parse(&text).unwrap().expose(), text);
        assert!(!format!("{:?}", secret()).contains(&text[20..30]));
        let other = if text.ends_with('x') { "y" } else { "x" };
        for wrong in [
            "",
            "hunter2",
            &text[1..],
            &format!("{}{other}", &text[..text.len() - 1]),
            &text.replace("secret_", "secret-"),
            &"é".repeat(ServiceSecret::BYTES / 2),
        ] {
            assert!(ServiceSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let sealer = secret().sealer(Purpose::SecondFactors);
        let closed = sealer.seal([1; Sealer::NONCE_BYTES], b"alice", b"0123456789");
        assert_eq!(sealer.open(b"alice", &closed).unwrap().as_slice(), b"0123456789");
        assert!(!closed.windows(4).any(|window| window == b"0123"));
        assert_eq!(sealer.open(b"bob", &closed), Err(UnsealError));
        let elsewhere = secret().sealer(Purpose::SigningKeys);
        assert_eq!(elsewhere.open(b"alice", &closed), Err(UnsealError));
        let another = ServiceSecret::from_random(&[8; 32]).sealer(Purpose::SecondFactors);
        assert_eq!(another.open(b"alice", &closed), Err(UnsealError));
        for at in 0..closed.len() {
            let mut changed = closed.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open(b"alice", &changed), Err(UnsealError), "byte {at}");
            assert_eq!(sealer.open(b"alice", &closed[..at]), Err(UnsealError), "cut to {at}");
        }
    }
}
