//! How often a principal may ask, wherever from: counted once it is known who that is, and said in the reply beside what
//! the limit of addresses says.
//!
//! It never counts whoever comes where nobody is asked who they are, nor whoever fails to say it: their address counts.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use identity::{Actor, Principal, Subject};

use super::rate_limit::{RateLimit, Standing};
use crate::configuration::LimitsConfig;

tokio::task_local! {
    /// Where whoever sent the request that runs at the moment stands with the limit.
    static STANDING: Cell<Option<Standing>>;
}

/// The limit, where one is configured. Clones count into the same place.
#[pavex::prebuilt]
#[derive(Clone, Debug, Default)]
pub struct PrincipalLimit(Option<Arc<RateLimit<Actor>>>);

/// There were too many requests: there may be another after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub u32);

impl PrincipalLimit {
    /// Builds it from the configuration.
    #[must_use]
    pub fn configured(config: &LimitsConfig) -> Self {
        Self(RateLimit::per_principal(config).map(Arc::new))
    }

    /// Counts a request of a principal.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn count(&self, principal: &Principal) -> Result<(), TooMany> {
        let Some(limit) = &self.0 else { return Ok(()) };
        if *principal.subject() == Subject::Anybody {
            return Ok(());
        }
        let (standing, outcome) = match limit.check(&principal.subject().actor()) {
            Ok(standing) => (standing, Ok(())),
            Err((standing, seconds)) => (standing, Err(TooMany(seconds))),
        };
        // Without a reply that is waited for, there is nobody to be told.
        let _ = STANDING.try_with(|told| told.set(Some(standing)));
        outcome
    }

    /// Runs a request, and returns where whoever sent it stands with the limit, besides what comes of it.
    pub async fn scope<F: Future>(&self, request: F) -> (F::Output, Option<Standing>) {
        if self.0.is_none() {
            return (request.await, None);
        }
        let mut scoped = pin!(STANDING.scope(Cell::new(None), request));
        let output = scoped.as_mut().await;
        (output, scoped.take_value().and_then(Cell::into_inner))
    }

    /// Forgets who has not asked of late, and counts who is left.
    #[must_use]
    pub fn forget_idle(&self) -> usize {
        self.0.as_ref().map_or(0, |limit| limit.forget_idle())
    }
}

#[cfg(test)]
mod tests {
    use identity::{Grants, KeyName, KeyText};
    use pavex::http::HeaderMap;

    use super::*;

    fn principal(number: u8) -> Principal {
        let id = KeyText::from_random([number; 9], &[7; 32]).id();
        let subject = Subject::Key { id, name: KeyName::parse("a").unwrap() };
        Principal::new(subject, Grants::everything(), None)
    }

    fn limit(requests_per_second_per_principal: u32, principals_max: usize) -> PrincipalLimit {
        PrincipalLimit::configured(&LimitsConfig {
            requests_per_second_per_address: 0,
            burst_per_address: 1,
            addresses_max: 64,
            requests_per_second_per_principal,
            burst_per_principal: 2,
            principals_max,
        })
    }

    #[tokio::test]
    async fn each_principal_counts_alone_and_is_told_where_it_stands() {
        let limit = limit(1, 64);
        for number in 1..=2 {
            for _ in 0..2 {
                assert_eq!(limit.count(&principal(number)), Ok(()));
            }
            let (outcome, standing) = limit.scope(async { limit.count(&principal(number)) }).await;
            assert_eq!(outcome, Err(TooMany(1)));
            let mut headers = HeaderMap::new();
            standing.expect("it is told").put(&mut headers);
            assert_eq!(headers["ratelimit"], "\"principal\";r=0;t=2");
        }
        assert_eq!(limit.forget_idle(), 2);
    }

    #[tokio::test]
    async fn who_is_not_known_is_not_counted_and_without_a_limit_nobody_is() {
        let on = limit(1, 64);
        let off = limit(0, 64);
        for _ in 0..9 {
            assert_eq!(on.count(&Principal::anybody()), Ok(()));
            let (outcome, standing) = off.scope(async { off.count(&principal(1)) }).await;
            assert!(outcome.is_ok() && standing.is_none());
        }
        assert_eq!((on.forget_idle(), off.forget_idle()), (0, 0));
    }

    #[test]
    fn principals_without_end_take_no_memory_without_end() {
        let limit = limit(1, 64);
        for number in 0..=255 {
            let _ = limit.count(&principal(number));
        }
        assert!(limit.forget_idle() <= 64);
    }
}
