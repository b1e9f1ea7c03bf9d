//! The keys of one issuer, as they were found by discovery.
//!
//! They count for ten minutes. Then one request looks again while the others go on with what is known, up to an hour
//! while the issuer is away. A key that is not known has the issuer asked again, but not more often than every few
//! seconds, whatever tokens come.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokens::KeySet;
use tokio::sync::Mutex;

use crate::address::Address;
use crate::fetch::{FetchError, Fetcher};

/// How long keys count without a look at the issuer.
const FRESH: Duration = Duration::from_mins(10);

/// How long they count while the issuer is away.
const STALE_MAX: Duration = Duration::from_hours(1);

/// How often an issuer is asked at most.
const ASKED_EVERY: Duration = Duration::from_secs(5);

/// The keys of one issuer.
pub(crate) struct IssuerKeys {
    issuer: String,
    discovery: Address,
    fetcher: Arc<Fetcher>,
    known: RwLock<Option<Known>>,
    /// When it was asked last.
    asked: Mutex<Option<Instant>>,
}

#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    found: Instant,
}

/// What is read of an issuer's description of itself.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

impl IssuerKeys {
    pub(crate) fn new(issuer: String, discovery: Address, fetcher: Arc<Fetcher>) -> Self {
        Self { issuer, discovery, fetcher, known: RwLock::default(), asked: Mutex::default() }
    }

    /// Returns the keys, among which the one of a name should be.
    pub(crate) async fn with(&self, name: &str) -> Result<Arc<KeySet>, FetchError> {
        let good = |known: &Known| known.found.elapsed() < FRESH && known.keys.has(name);
        if let Some(known) = self.known().filter(good) {
            return Ok(known.keys);
        }
        // Those who meet keys that are old but known do not wait for whoever looks again.
        let usable = self.known().filter(|known| known.found.elapsed() < STALE_MAX);
        let has_it = usable.as_ref().is_some_and(|known| known.keys.has(name));
        let mut asked = if has_it {
            match self.asked.try_lock() {
                Ok(asked) => asked,
                Err(_) => return usable.map(|known| known.keys).ok_or(FetchError::AskedBefore),
            }
        } else {
            self.asked.lock().await
        };
        // Whoever was waited for may have found it.
        if let Some(known) = self.known().filter(good) {
            return Ok(known.keys);
        }
        let found = if asked.is_some_and(|at| at.elapsed() < ASKED_EVERY) {
            Err(FetchError::AskedBefore)
        } else {
            *asked = Some(Instant::now());
            // Rare and large: every request that may come with a token would have room for it.
            let found = Box::pin(self.find()).await;
            // Where it took as long as that to fail, those who waited do not ask again one after the other.
            *asked = Some(Instant::now());
            found
        };
        match (found, usable) {
            (Ok(keys), _) => {
                let known = Known { keys: Arc::new(keys), found: Instant::now() };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
                Ok(known.keys)
            }
            (Err(error), Some(known)) => {
                if !matches!(error, FetchError::AskedBefore) {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, issuer = self.issuer, "the keys of an issuer could not be renewed");
                }
                Ok(known.keys)
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn find(&self) -> Result<KeySet, FetchError> {
        let document = self.fetcher.get(&self.discovery).await?;
        let discovered: Discovered =
            tokens::object(&document).ok_or(FetchError::Document("it has no issuer and jwks_uri"))?;
        if discovered.issuer != self.issuer {
            return Err(FetchError::Document("it is of another issuer"));
        }
        let address = Address::parse(&discovered.jwks_uri)
            .ok()
            .filter(|address| address.is_secure() || !self.discovery.is_secure())
            .ok_or(FetchError::Document("its jwks_uri is no address of https"))?;
        let keys = self.fetcher.get(&address).await?;
        KeySet::parse(&keys).map_err(|_| FetchError::Document("its keys are none"))
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
