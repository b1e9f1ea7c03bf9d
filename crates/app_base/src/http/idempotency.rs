//! Reads the header `Idempotency-Key`. What the key protects is the engine's business.

use engine::idempotency::IdempotencyKey;
use pavex::http::HeaderMap;

use super::fields::FieldErrors;
use super::input::InputError;
use super::text::FromText;

/// The header's name as errors show it.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Reads the key, where there is one. The result only counts as long as `errors` is empty.
pub fn read_key(headers: &HeaderMap, errors: &mut FieldErrors) -> Option<IdempotencyKey> {
    let mut values = headers.get_all("idempotency-key").iter();
    let first = values.next()?;
    if values.next().is_some() {
        errors.add(IDEMPOTENCY_KEY, "is given more than once");
        return None;
    }
    // What is not visible ASCII is refused by the key itself, so that any replacement will do.
    let text = first.to_str().unwrap_or_default();
    IdempotencyKey::from_text(text).map_err(|message| errors.add(IDEMPOTENCY_KEY, message)).ok()
}

/// Refuses a key where none is taken; `why` is what is said of the header.
///
/// # Errors
/// [`InputError::Invalid`] where there is one.
pub fn without_key(key: Option<&IdempotencyKey>, why: &'static str) -> Result<(), InputError> {
    if key.is_none() {
        return Ok(());
    }
    let mut errors = FieldErrors::default();
    errors.add(IDEMPOTENCY_KEY, why);
    Err(InputError::Invalid(errors))
}

#[cfg(test)]
mod tests {
    use pavex::http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> (Option<String>, usize) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("idempotency-key", HeaderValue::from_bytes(value).unwrap());
        }
        let mut errors = FieldErrors::default();
        let key = read_key(&headers, &mut errors).map(|key| key.to_string());
        assert!(errors.as_slice().iter().all(|error| error.field == "Idempotency-Key"));
        (key, errors.as_slice().len())
    }

    #[test]
    fn one_visible_key_or_none_is_taken() {
        assert_eq!(read(&[]), (None, 0));
        assert_eq!(read(&[b"order-1001"]), (Some("order-1001".into()), 0));
        assert_eq!(read(&[&[b'~'; 255]]), (Some("~".repeat(255)), 0));
    }

    #[test]
    fn other_keys_are_refused() {
        for values in
            [&[&b""[..]][..], &[b"a b"], &[b"\xff"], &["ä".as_bytes()], &[&[b'a'; 256]], &[b"a", b"a"]]
        {
            assert_eq!(read(values), (None, 1), "{values:?}");
        }
    }
}
