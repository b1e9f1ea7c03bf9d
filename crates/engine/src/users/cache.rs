//! Users that were looked up a moment ago, as principals. A look-up counts for a second: then one request looks again
//! while the others go on with what is known, and after another second nobody goes on without looking. So a user who is
//! disabled elsewhere gets nowhere two seconds later.
//!
//! It holds a bounded number of users, and only users that are there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use identity::{Principal, User, UserId, UserState};

/// How long a look-up counts, and how much longer it does while somebody looks again.
const FRESH: Duration = Duration::from_secs(1);

/// The most users.
const USERS_MAX: usize = 10_000;

/// The users.
pub(crate) struct UserCache {
    users: RwLock<HashMap<UserId, Arc<CachedUser>>>,
    fresh: Duration,
    users_max: usize,
}

/// A user as they were looked up.
pub(crate) struct CachedUser {
    pub(crate) principal: Arc<Principal>,
    pub(crate) state: UserState,
    looked_up: Instant,
    is_being_looked_up: AtomicBool,
}

impl Default for UserCache {
    fn default() -> Self {
        Self::new(FRESH, USERS_MAX)
    }
}

impl UserCache {
    fn new(fresh: Duration, users_max: usize) -> Self {
        Self { users: RwLock::default(), fresh, users_max }
    }

    /// Returns a user who need not be looked up.
    pub(crate) fn find(&self, id: &UserId) -> Option<Arc<CachedUser>> {
        let found = self.users.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()?;
        let age = found.looked_up.elapsed();
        let counts = age < self.fresh
            || age < self.fresh * 2 && found.is_being_looked_up.swap(true, Ordering::Relaxed);
        counts.then_some(found)
    }

    /// Keeps a user who was looked up by somebody who began at `began`.
    pub(crate) fn keep(&self, user: &User, began: Instant) -> Arc<CachedUser> {
        let cached = Arc::new(CachedUser {
            principal: Arc::new(user.principal()),
            state: user.state,
            looked_up: began,
            is_being_looked_up: AtomicBool::new(false),
        });
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= self.users_max && !users.contains_key(&user.id) {
            users.retain(|_, known| known.looked_up.elapsed() < self.fresh * 2);
            if users.len() >= self.users_max {
                return cached;
            }
        }
        users.insert(user.id.clone(), Arc::clone(&cached));
        cached
    }

    /// Forgets a user, so that whoever comes next looks them up.
    pub(crate) fn forget(&self, id: &UserId) {
        self.users.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

#[cfg(test)]
mod tests {
    use identity::{Actor, Email, Grants, UserName};
    use ledger::Timestamp;

    use super::*;

    fn user(number: u8) -> User {
        User {
            id: UserId::from_random([number; 9]),
            name: UserName::parse("a").unwrap(),
            email: Email::parse("a@example.com").unwrap(),
            email_verified_at: None,
            state: UserState::Active,
            grants: Grants::everything(),
            created_at: Timestamp::from_micros(0).unwrap(),
            created_by: Actor::Operator,
            password_set_at: None,
        }
    }

    fn long_ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn one_looks_again_while_the_others_go_on() {
        let cache = UserCache::new(Duration::from_mins(1), 10);
        let user = user(1);
        assert!(cache.find(&user.id).is_none());
        cache.keep(&user, Instant::now());
        assert!(cache.find(&user.id).is_some());
        cache.keep(&user, long_ago(90));
        assert!(cache.find(&user.id).is_none());
        assert!(cache.find(&user.id).is_some());
        cache.keep(&user, long_ago(121));
        assert!(cache.find(&user.id).is_none());
        assert!(cache.find(&user.id).is_none());
        cache.keep(&user, Instant::now());
        cache.forget(&user.id);
        assert!(cache.find(&user.id).is_none());
    }

    #[test]
    fn it_holds_so_many_and_no_more() {
        let cache = UserCache::new(Duration::from_mins(1), 2);
        for number in 0..5 {
            cache.keep(&user(number), Instant::now());
        }
        assert_eq!(cache.users.read().unwrap().len(), 2);
        // Old ones make room.
        let cache = UserCache::new(Duration::from_mins(1), 2);
        cache.keep(&user(0), long_ago(121));
        for number in 1..3 {
            cache.keep(&user(number), Instant::now());
            assert!(cache.find(&user(number).id).is_some());
        }
    }
}
