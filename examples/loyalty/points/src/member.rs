//! Members, as paths name them, and their accounts.

use app_base::http::fields::FieldErrors;
use app_base::http::path::{FromPath, PathReader};
use app_base::http::text::{FromText, Message};
use app_base::http::values::LedgerNameText;
use ledger::{Address, Asset, LedgerName};
use schemars::JsonSchema;

/// A member: 1 to 64 letters, digits, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberId(String);

impl FromText for MemberId {
    fn from_text(text: &str) -> Result<Self, Message> {
        let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if is_word && (1..=64).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 1 to 64 of a-z, A-Z, 0-9, _ and -".into())
        }
    }
}

impl MemberId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the account that holds the member's points.
    ///
    /// # Panics
    /// Never: every id makes an address.
    #[must_use]
    pub fn account(&self) -> Address {
        Address::parse(&format!("members:{}", self.0)).expect("a word makes a segment")
    }
}

/// Returns what points are an amount of.
pub(crate) fn point() -> Asset {
    Asset::parse("POINT").expect("it is one")
}

/// `…/{ledger}/members/{member}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct MemberPath {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
    /// The member: 1 to 64 letters, digits, `_` and `-`.
    #[schemars(with = "String", length(min = 1, max = 64), regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    pub member: MemberId,
}

impl FromPath for MemberPath {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let ledger = path.read("ledger", errors);
        let member = path.read("member", errors);
        Some(Self { ledger: ledger?, member: member? })
    }
}
