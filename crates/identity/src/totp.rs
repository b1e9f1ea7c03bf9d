//! Codes that change with time (RFC 6238), of the kind that every authenticator knows: HMAC-SHA-1, six digits, steps of
//! thirty seconds.
//!
//! SHA-1 is weak where somebody can choose two texts; in HMAC, with a secret of 160 bits, nobody can. Authenticators that
//! know other hashes are few, and some say that they do and do not.

use std::fmt;
use std::fmt::Write as _;

use ring::hmac;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::base32;

/// How long a step is, in seconds.
const STEP_SECONDS: i64 = 30;
/// How many steps a clock may be off, one way or the other.
const STEPS_OFF: u64 = 1;
const DIGITS: usize = 6;
const CODES: u32 = 1_000_000;

/// The secret that a service and an authenticator share.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; Self::BYTES]>);

/// A code, as it is typed: six digits.
#[derive(Clone)]
pub struct TotpCode(Zeroizing<[u8; DIGITS]>);

/// A text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotpCodeError;

impl TotpCode {
    /// Parses a code.
    ///
    /// # Errors
    /// When it is not six digits.
    pub fn parse(text: &str) -> Result<Self, TotpCodeError> {
        let digits = <[u8; DIGITS]>::try_from(text.as_bytes()).map_err(|_| TotpCodeError)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(Zeroizing::new(digits)))
        } else {
            Err(TotpCodeError)
        }
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(***)")
    }
}

impl TotpSecret {
    /// How many bytes it has: what HMAC-SHA-1 makes use of (RFC 4226, 4).
    pub const BYTES: usize = 20;

    /// Takes random bytes, or what was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns its bytes: to be sealed, never to be stored as they are.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Returns it as people type it into an authenticator.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        base32::encode(&*self.0)
    }

    /// Returns the address that authenticators read, mostly from a picture of it. `account` says whose it is.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account, secret) = (Encoded(issuer), Encoded(account), self.expose());
        let secret = secret.as_str();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        ))
    }

    /// Returns the step that a code is of, when that is the current one, the one before or the one after, and later than
    /// `after`: the last step that a code was taken of, which none is taken of again. `now` is in seconds since 1970.
    ///
    /// It takes the same time for whatever code.
    #[must_use]
    pub fn step_of(&self, code: &TotpCode, now: i64, after: Option<u64>) -> Option<u64> {
        let current = u64::try_from(now.div_euclid(STEP_SECONDS)).ok()?;
        let (mut found, mut step_found) = (Choice::from(0), 0);
        for step in current.saturating_sub(STEPS_OFF)..=current.saturating_add(STEPS_OFF) {
            let is_it = self.code(step).ct_eq(&*code.0);
            let is_new = Choice::from(u8::from(after.is_none_or(|after| step > after)));
            step_found.conditional_assign(&step, is_it & is_new);
            found |= is_it & is_new;
        }
        bool::from(found).then_some(step_found)
    }

    /// Returns the digits of a step (RFC 4226, 5.3).
    fn code(&self, step: u64) -> [u8; DIGITS] {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &*self.0);
        let hash = hmac::sign(&key, &step.to_be_bytes());
        let hash = hash.as_ref();
        let offset = usize::from(hash[19] & 15);
        let four = [hash[offset] & 0x7f, hash[offset + 1], hash[offset + 2], hash[offset + 3]];
        let mut rest = u32::from_be_bytes(four) % CODES;
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(rest % 10).expect("one digit");
            rest /= 10;
        }
        digits
    }

    /// Returns the code of a moment, as an authenticator shows it. `now` is in seconds since 1970.
    #[must_use]
    pub fn code_at(&self, now: i64) -> Zeroizing<String> {
        let step = u64::try_from(now.div_euclid(STEP_SECONDS)).unwrap_or(0);
        Zeroizing::new(self.code(step).iter().copied().map(char::from).collect())
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(***)")
    }
}

/// Text as a part of an address (RFC 3986, 2.3).
struct Encoded<'t>(&'t str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    f.write_char(char::from(byte))?;
                }
                other => write!(f, "%{other:02X}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(*b"12345678901234567890")
    }

    fn code(text: &str) -> TotpCode {
        TotpCode::parse(text).unwrap()
    }

    /// RFC 6238, appendix B, its last six digits.
    #[test]
    fn the_examples_of_the_standard_hold() {
        for (now, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code_at(now).as_str(), digits);
            assert_eq!(secret().step_of(&code(digits), now, None), Some(now.unsigned_abs() / 30));
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let shown = code(&secret().code_at(1_000_000_020));
        for (now, taken) in
            [(-60, false), (-30, true), (0, true), (29, true), (30, true), (59, true), (60, false)]
        {
            let step = secret().step_of(&shown, 1_000_000_020 + now, None);
            assert_eq!(step, taken.then_some(33_333_334), "{now}");
        }
    }

    #[test]
    fn a_step_counts_once_and_none_before_it() {
        let (now, step) = (1_000_000_020, 33_333_334);
        let at = |off: i64| code(&secret().code_at(now + off));
        assert_eq!(secret().step_of(&at(0), now, Some(step)), None);
        assert_eq!(secret().step_of(&at(-30), now, Some(step)), None);
        assert_eq!(secret().step_of(&at(30), now, Some(step)), Some(step + 1));
        assert_eq!(secret().step_of(&at(0), now, Some(step - 1)), Some(step));
        assert_eq!(secret().step_of(&at(0), -1, None), None);
    }

    #[test]
    fn the_address_for_authenticators_says_whose_it_is_and_nothing_shows_the_secret() {
        assert_eq!(
            secret().uri("Florin", "ada lovelace@example.com").as_str(),
            "otpauth://totp/Florin:ada%20lovelace%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Florin&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{:?} {:?}", secret(), code("287082")), "TotpSecret(***) TotpCode(***)");
    }

    #[test]
    fn a_code_is_six_digits() {
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", " 12345", "-12345"] {
            assert!(TotpCode::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_code_is_looked_at_without_harm(text in "[0-9]{6}", now: i64, after: Option<u64>) {
            let _ = secret().step_of(&code(&text), now, after);
        }
    }
}
