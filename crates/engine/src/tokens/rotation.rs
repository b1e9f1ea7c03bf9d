//! Which key signs, which are published, and when the next one is due. A function of the keys and of the time: replicas
//! whose clocks agree come to the same.

use std::time::Duration;

use ledger::Timestamp;

use super::port::StoredSigningKey;

/// The longest time that access tokens may be good for.
pub const TOKEN_TIME_MAX: Duration = Duration::from_hours(1);

/// How long a key is published before it signs, but for at most half a rotation.
const PUBLISHED_BEFORE: Duration = Duration::from_hours(1);

/// How much longer than its tokens live a key is published, for clocks that differ.
const LEEWAY: Duration = Duration::from_mins(5);

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.micros().saturating_add(micros)).unwrap_or(Timestamp::MAX)
}

fn good(keys: &[StoredSigningKey]) -> impl DoubleEndedIterator<Item = &StoredSigningKey> {
    keys.iter().filter(|key| key.revoked_at.is_none())
}

/// Returns the key that signs at a time.
pub(super) fn signer(keys: &[StoredSigningKey], now: Timestamp) -> Option<&StoredSigningKey> {
    good(keys).rfind(|key| key.signs_from <= now)
}

/// Returns the keys by which tokens are checked at a time: those that will sign, the one that does, and those whose
/// tokens may still be about.
pub(super) fn published(keys: &[StoredSigningKey], now: Timestamp) -> Vec<&StoredSigningKey> {
    let stands = |key: &&StoredSigningKey| {
        let successor = good(keys).find(|other| other.number > key.number);
        successor.is_none_or(|next| later(next.signs_from, TOKEN_TIME_MAX + LEEWAY) > now)
    };
    good(keys).filter(stands).collect()
}

/// Returns from when on a new key has to sign, where one has to be made now.
pub(super) fn due(keys: &[StoredSigningKey], now: Timestamp, rotation: Duration) -> Option<Timestamp> {
    if signer(keys, now).is_none() {
        return Some(now);
    }
    let last = good(keys).next_back()?;
    let published_before = PUBLISHED_BEFORE.min(rotation / 2);
    let ends = later(last.signs_from, rotation);
    let earliest = later(now, published_before);
    (earliest >= ends).then_some(earliest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;
    const ROTATION: Duration = Duration::from_hours(30 * 24);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000).unwrap()
    }

    fn key(number: u64, signs_from: i64) -> StoredSigningKey {
        StoredSigningKey {
            number,
            name: number.to_string(),
            public: [0; 32],
            sealed: Vec::new(),
            created_at: at(signs_from),
            signs_from: at(signs_from),
            revoked_at: None,
        }
    }

    fn numbers(keys: &[&StoredSigningKey]) -> Vec<u64> {
        keys.iter().map(|key| key.number).collect()
    }

    #[test]
    fn the_first_key_signs_at_once() {
        assert_eq!(due(&[], at(7), ROTATION), Some(at(7)));
        let keys = [key(0, 7)];
        assert_eq!(signer(&keys, at(7)), Some(&keys[0]));
        assert_eq!(due(&keys, at(7), ROTATION), None);
    }

    #[test]
    fn a_key_is_made_before_it_signs_and_only_one_at_a_time() {
        let mut keys = vec![key(0, 0)];
        assert_eq!(due(&keys, at(30 * DAY - 3601), ROTATION), None);
        let made = at(30 * DAY - 3600);
        assert_eq!(due(&keys, made, ROTATION), Some(at(30 * DAY)));
        keys.push(key(1, 30 * DAY));
        assert_eq!(due(&keys, made, ROTATION), None);
        assert_eq!(due(&keys, at(30 * DAY), ROTATION), None);
        assert_eq!(signer(&keys, made).unwrap().number, 0);
        assert_eq!(numbers(&published(&keys, made)), [0, 1]);
        assert_eq!(signer(&keys, at(30 * DAY)).unwrap().number, 1);
    }

    #[test]
    fn where_nobody_asked_for_long_the_old_key_signs_until_the_new_one_is_known() {
        let keys = [key(0, 0)];
        assert_eq!(due(&keys, at(90 * DAY), ROTATION), Some(at(90 * DAY + 3600)));
        assert_eq!(signer(&keys, at(90 * DAY)).unwrap().number, 0);
    }

    #[test]
    fn a_key_is_published_for_as_long_as_its_tokens_live() {
        let keys = [key(0, 0), key(1, 100)];
        let ends = 100 + 3600 + 300;
        assert_eq!(numbers(&published(&keys, at(ends - 1))), [0, 1]);
        assert_eq!(numbers(&published(&keys, at(ends))), [1]);
    }

    #[test]
    fn a_revoked_key_neither_signs_nor_is_published() {
        let mut keys = [key(0, 0), key(1, 100)];
        keys[1].revoked_at = Some(at(150));
        assert_eq!(signer(&keys, at(200)).unwrap().number, 0);
        assert_eq!(numbers(&published(&keys, at(200))), [0]);
        keys[0].revoked_at = Some(at(150));
        assert_eq!(signer(&keys, at(200)), None);
        assert_eq!(due(&keys, at(200), ROTATION), Some(at(200)));
    }
}
