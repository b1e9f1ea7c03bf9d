//! Digests of passwords: Argon2id (RFC 9106), made and compared off the threads that answer requests, so many at a time
//! and so many waiting. Never keeps a password longer than that takes.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::port::PasswordDigest;
use crate::port::Source;
use crate::random::random;

/// What digests of passwords cost, and how many may be made at a time.
#[derive(Clone, Copy, Debug)]
pub struct PasswordOptions {
    /// How much memory a digest takes, in KiB.
    pub memory_kib: u32,
    /// How often it goes through all of that.
    pub iterations: u32,
    /// How many parts of it could be gone through side by side. One thread does them all.
    pub lanes: u32,
    /// How many are made at a time.
    pub concurrent_max: usize,
    /// How many more may wait.
    pub waiting_max: usize,
}

/// What OWASP recommends as the least (Password Storage Cheat Sheet), and as many at a time as keep memory within
/// 40 MiB.
impl Default for PasswordOptions {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, lanes: 1, concurrent_max: 2, waiting_max: 100 }
    }
}

/// Why there is no digest, or no comparison.
#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    /// As many wait as may.
    #[error("too many passwords are being looked at")]
    Overloaded,
    /// It failed.
    #[error("a password could not be digested")]
    Failed(#[source] Source),
}

/// Makes and compares digests.
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// What is compared with where there is nothing to compare with.
    dummy: PasswordDigest,
    /// Who is being served, or waits.
    room: Arc<Semaphore>,
    /// Who is being served.
    running: Arc<Semaphore>,
}

/// What came of comparing a password with a digest.
pub(crate) struct Compared {
    /// Whether the digest is of this password.
    pub(crate) is_right: bool,
    /// A new digest of the password, where it is right and the old one cost another amount.
    pub(crate) renewed: Option<PasswordDigest>,
}

impl Passwords {
    /// Makes digests that cost what the options say.
    ///
    /// # Panics
    /// When they are out of the bounds of Argon2, or a number is zero.
    pub(crate) fn new(options: &PasswordOptions) -> Self {
        let PasswordOptions { memory_kib, iterations, lanes, concurrent_max, waiting_max } = *options;
        assert!(concurrent_max > 0, "one password has to be digested at a time");
        let params = Params::new(memory_kib, iterations, lanes, None).expect("costs within Argon2's bounds");
        // 16 and 32 bytes that are all zero. Nobody finds a password for it, and nobody would get in with it.
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        let dummy = format!("$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${salt}${output}");
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            dummy: PasswordDigest::from_stored(dummy),
            room: Arc::new(Semaphore::new(concurrent_max.saturating_add(waiting_max))),
            running: Arc::new(Semaphore::new(concurrent_max)),
        }
    }

    /// Digests a password, once `check` lets it pass.
    pub(crate) async fn digest<E: Send + 'static>(
        &self,
        password: &str,
        check: impl FnOnce(&str) -> Result<(), E> + Send + 'static,
    ) -> Result<Result<PasswordDigest, E>, DigestError> {
        let (argon2, password) = (self.argon2.clone(), Zeroizing::new(password.to_owned()));
        self.run(move || match check(&password) {
            Ok(()) => Ok(Ok(digest(&argon2, &password)?)),
            Err(fault) => Ok(Err(fault)),
        })
        .await
    }

    /// Compares a password with a digest. Without one, it takes as long, and the password is wrong.
    pub(crate) async fn compare(
        &self,
        password: &str,
        with: Option<&PasswordDigest>,
    ) -> Result<Compared, DigestError> {
        let (argon2, password) = (self.argon2.clone(), Zeroizing::new(password.to_owned()));
        let (stored, is_real) = (with.unwrap_or(&self.dummy).clone(), with.is_some());
        self.run(move || {
            let parsed = PasswordHash::new(stored.expose()).map_err(failed)?;
            let is_right = match argon2.verify_password(password.as_bytes(), &parsed) {
                Ok(()) => is_real,
                Err(password_hash::Error::PasswordInvalid) => false,
                Err(error) => return Err(failed(error)),
            };
            let renewed = if is_right && !costs_the_same(&argon2, &parsed) {
                Some(digest(&argon2, &password)?)
            } else {
                None
            };
            Ok(Compared { is_right, renewed })
        })
        .await
    }

    /// Does some work when it is its turn. Whoever stops waiting for work that has begun frees no place before it ends.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, DigestError> + Send + 'static,
    ) -> Result<T, DigestError> {
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| DigestError::Overloaded)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(failed)?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        working.await.map_err(failed)?
    }
}

fn failed(error: impl Into<Source>) -> DigestError {
    DigestError::Failed(error.into())
}

fn digest(argon2: &Argon2<'_>, password: &str) -> Result<PasswordDigest, DigestError> {
    let salt = random::<16>().map_err(failed)?;
    let made = argon2.hash_password_with_salt(password.as_bytes(), &*salt).map_err(failed)?;
    Ok(PasswordDigest::from_stored(made.to_string()))
}

fn costs_the_same(argon2: &Argon2<'_>, stored: &PasswordHash) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    let is_ours = stored.algorithm.as_str() == "argon2id" && stored.version == Some(Version::V0x13.into());
    is_ours && Params::try_from(stored).is_ok_and(|params| costs(&params) == costs(argon2.params()))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const CHEAP: PasswordOptions =
        PasswordOptions { memory_kib: 8, iterations: 1, lanes: 1, concurrent_max: 1, waiting_max: 1 };

    async fn made(passwords: &Passwords, text: &str) -> PasswordDigest {
        let Ok(digest) = passwords.digest(text, |_| Ok::<_, Infallible>(())).await.unwrap();
        digest
    }

    #[tokio::test]
    async fn a_digest_is_of_its_password_and_of_no_other() {
        let passwords = Passwords::new(&CHEAP);
        let one = made(&passwords, "correct horse").await;
        assert!(one.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", one.expose());
        assert_ne!(one, made(&passwords, "correct horse").await, "each has a salt of its own");
        assert_eq!(format!("{one:?}"), "PasswordDigest(***)");
        for (text, is_right) in [("correct horse", true), ("correct horsE", false), ("", false)] {
            let compared = passwords.compare(text, Some(&one)).await.unwrap();
            assert_eq!((compared.is_right, compared.renewed), (is_right, None), "{text}");
        }
        assert!(!passwords.compare("correct horse", None).await.unwrap().is_right);
        let broken = PasswordDigest::from_stored("$argon2id$".to_owned());
        assert!(matches!(passwords.compare("a", Some(&broken)).await, Err(DigestError::Failed(_))));
    }

    #[tokio::test]
    async fn a_digest_that_cost_another_amount_is_made_anew() {
        let before = Passwords::new(&CHEAP);
        let old = made(&before, "correct horse").await;
        for costs in [
            PasswordOptions { memory_kib: 16, ..CHEAP },
            PasswordOptions { iterations: 2, ..CHEAP },
            PasswordOptions { memory_kib: 16, lanes: 2, ..CHEAP },
        ] {
            let passwords = Passwords::new(&costs);
            assert!(passwords.compare("wrong", Some(&old)).await.unwrap().renewed.is_none());
            let compared = passwords.compare("correct horse", Some(&old)).await.unwrap();
            let new = compared.renewed.expect("another digest");
            let again = passwords.compare("correct horse", Some(&new)).await.unwrap();
            assert!(compared.is_right && again.is_right && again.renewed.is_none());
        }
    }

    #[tokio::test]
    async fn so_many_may_wait_and_no_more() {
        let passwords = Arc::new(Passwords::new(&CHEAP));
        let (begun, has_begun) = std::sync::mpsc::sync_channel(1);
        let (end, ends) = std::sync::mpsc::sync_channel::<()>(1);
        let ask = |work: Box<dyn FnOnce() + Send>| {
            let passwords = Arc::clone(&passwords);
            tokio::spawn(async move {
                passwords
                    .run(move || {
                        work();
                        Ok(())
                    })
                    .await
            })
        };
        let first = ask(Box::new(move || {
            begun.send(()).unwrap();
            ends.recv().unwrap();
        }));
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        // Nobody waits for it any more, and it is not done.
        first.abort();
        assert!(first.await.is_err());
        let second = ask(Box::new(|| {}));
        while passwords.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(passwords.compare("a", None).await, Err(DigestError::Overloaded)));
        end.send(()).unwrap();
        second.await.unwrap().unwrap();
        assert!(!passwords.compare("a", None).await.unwrap().is_right);
    }
}
