//! Who asks for a token: an API key's id and text, by HTTP Basic or in the form (RFC 6749, 2.3.1), and never both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::KeyText;
use pavex::http::HeaderMap;
use pavex::http::header::AUTHORIZATION;
use zeroize::Zeroizing;

use super::form::Form;
use crate::http::percent::decode_form;

/// Who asks: a key whose id was given rightly.
#[derive(Clone, Debug)]
pub struct Client(pub KeyText);

/// Why it is not clear who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// It is said in two ways, or twice.
    TwoWays,
    /// It is not said, or not in a way that is taken, or it is no key.
    Unknown,
}

impl Client {
    /// Reads who asks.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn read(headers: &HeaderMap, form: &Form<'_>) -> Result<Self, ClientError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (header, more) = (values.next(), values.next());
        let (id, secret) = (form.get("client_id"), form.get("client_secret"));
        match header {
            Some(_) if more.is_some() || secret.is_some() => Err(ClientError::TwoWays),
            Some(header) => {
                let (named, key) =
                    basic(header.to_str().map_err(|_| ClientError::Unknown)?).ok_or(ClientError::Unknown)?;
                // Who is named in the form as well has to be the same.
                if id.is_some_and(|id| id != named) {
                    return Err(ClientError::TwoWays);
                }
                Self::of(&named, &key)
            }
            None => Self::of(id.ok_or(ClientError::Unknown)?, secret.ok_or(ClientError::Unknown)?),
        }
    }

    fn of(id: &str, secret: &str) -> Result<Self, ClientError> {
        let key = KeyText::parse(secret).map_err(|_| ClientError::Unknown)?;
        if key.id_text() == id { Ok(Self(key)) } else { Err(ClientError::Unknown) }
    }
}

/// Reads `Basic` credentials, both parts of which are form-encoded in turn.
fn basic(header: &str) -> Option<(String, Zeroizing<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_matches(' ')).ok()?);
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let decoded = |text: &str| decode_form(text).ok().map(std::borrow::Cow::into_owned);
    Some((decoded(id)?, Zeroizing::new(decoded(secret)?)))
}

#[cfg(test)]
mod tests {
    use pavex::http::HeaderValue;

    use super::*;

    fn read(header: Option<String>, form: &str) -> Result<(), ClientError> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&header).unwrap());
        }
        Client::read(&headers, &Form::parse(form.as_bytes()).unwrap()).map(|_| ())
    }

    #[test]
    fn a_client_says_who_it_is_in_one_way() {
        let key = KeyText::from_random([1; 9], &[2; 32]);
        let (id, secret) = (key.id_text(), key.expose());
        let by = |text: String| Some(format!("Basic {}", STANDARD.encode(text)));
        let in_form = format!("client_id={id}&client_secret={secret}");
        assert_eq!(read(by(format!("{id}:{secret}")), ""), Ok(()));
        assert_eq!(read(by(format!("{id}:{}", secret.replace('_', "%5F"))), ""), Ok(()));
        assert_eq!(read(by(format!("{id}:{secret}")), &format!("client_id={id}")), Ok(()));
        assert_eq!(read(None, &in_form), Ok(()));
        for (header, form, error) in [
            (by(format!("{id}:{secret}")), &*in_form, ClientError::TwoWays),
            (by(format!("{id}:{secret}")), "client_id=other", ClientError::TwoWays),
            (by(format!("{id}:hunter2")), "", ClientError::Unknown),
            (by(format!("other:{secret}")), "", ClientError::Unknown),
            (by(secret.to_owned()), "", ClientError::Unknown),
            (Some("Basic ???".to_owned()), "", ClientError::Unknown),
            (Some("Basic".to_owned()), "", ClientError::Unknown),
            (Some(format!("Bearer {secret}")), "", ClientError::Unknown),
            (None, &format!("client_id={id}"), ClientError::Unknown),
            (None, &format!("client_secret={secret}"), ClientError::Unknown),
            (None, "", ClientError::Unknown),
        ] {
            assert_eq!(read(header.clone(), form), Err(error), "{header:?} {form}");
        }
    }
}
