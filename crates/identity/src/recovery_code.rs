//! Recovery codes: what opens when an authenticator is lost, each once.
//!
//! One has 120 random bits, so that a fast digest is enough to keep it by: fewer than 112 would need a slow one (OWASP
//! ASVS 5, 6.5.2).

use std::fmt;

use zeroize::Zeroizing;

use crate::base32;
use crate::secret::SecretDigest;

const DIGITS: usize = 24;
const GROUP: usize = 4;

/// A recovery code: `MZXW-6YTB-OIQH-3GZA-4XKD-EQ2B`.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

/// A text is no recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryCodeError;

impl RecoveryCode {
    /// How many random bytes one is made of.
    pub const BYTES: usize = 15;

    /// Makes one of random bytes.
    #[must_use]
    pub fn from_random(bytes: &[u8; Self::BYTES]) -> Self {
        Self(base32::encode(bytes))
    }

    /// Parses one. Hyphens, spaces and the case of letters do not matter.
    ///
    /// # Errors
    /// When there are not 24 digits of base 32, or the text is longer than anybody would type one.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        if text.len() > 2 * DIGITS {
            return Err(RecoveryCodeError);
        }
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for character in text.chars().filter(|character| !matches!(character, '-' | ' ')) {
            let character = character.to_ascii_uppercase();
            if !base32::is_digit(character) || digits.len() == DIGITS {
                return Err(RecoveryCodeError);
            }
            digits.push(character);
        }
        if digits.len() == DIGITS { Ok(Self(digits)) } else { Err(RecoveryCodeError) }
    }

    /// Returns what is kept of it.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }

    /// Returns it as it is shown to its owner, once.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut shown = Zeroizing::new(String::with_capacity(DIGITS + DIGITS / GROUP));
        for (at, digit) in self.0.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                shown.push('-');
            }
            shown.push(digit);
        }
        shown
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::from_random(&[7; 15]);
        let shown = code.expose();
        assert_eq!(shown.as_str(), "A4DQ-OBYH-A4DQ-OBYH-A4DQ-OBYH");
        for typed in
            ["A4DQOBYHA4DQOBYHA4DQOBYH", "a4dq-obyh-a4dq-obyh-a4dq-obyh", " A4DQ OBYH A4DQ OBYH A4DQ OBYH "]
        {
            assert_eq!(RecoveryCode::parse(typed).unwrap().digest(), code.digest(), "{typed}");
        }
        for other in
            ["", "A4DQ", "A4DQ-OBYH-A4DQ-OBYH-A4DQ-OBYHA", "A4DQ-OBYH-A4DQ-OBYH-A4DQ-OBY1", &"-".repeat(60)]
        {
            assert!(RecoveryCode::parse(other).is_err(), "{other}");
        }
        assert_eq!(format!("{code:?}"), "RecoveryCode(***)");
    }

    proptest! {
        #[test]
        fn every_code_is_read_again(bytes: [u8; 15]) {
            let code = RecoveryCode::from_random(&bytes);
            prop_assert_eq!(RecoveryCode::parse(&code.expose()).unwrap().digest(), code.digest());
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,60}") {
            let _ = RecoveryCode::parse(&text);
        }
    }
}
