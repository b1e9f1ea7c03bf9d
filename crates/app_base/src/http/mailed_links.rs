//! How requests write the secrets of mailed links.

use identity::LinkToken;
use zeroize::Zeroizing;

use super::fields::FieldErrors;
use super::json::{FromJson, Value};

impl FromJson for LinkToken {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let text = Zeroizing::new(value.string(errors)?.into_owned());
        let token = Self::parse(&text).ok();
        if token.is_none() {
            value.refuse(errors, "must be 43 letters and digits, as the mailed link has them after #token=");
        }
        token
    }
}
