//! Which passwords are taken: long ones that nobody guesses, whatever they are made of. As OWASP ASVS 5.0 (6.2) and
//! NIST SP 800-63B-4 (3.1.1.2) have it.

use identity::User;
use zxcvbn::{Score, zxcvbn};

/// The fewest code points of a password.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// The most code points of a password.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;

/// What the service is called: the first that is guessed here.
const SERVICE: &str = "florin";

/// The fewest characters of a word that counts for nothing: shorter ones are found in anything.
const KNOWN_CHARACTERS_MIN: usize = 3;

/// How many characters are estimated at a time, of which one part has to be hard to guess. Some texts of a hundred take
/// zxcvbn seconds, and none of 24 more than a tenth of one.
const PART_CHARACTERS: usize = 24;

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// It is too short.
    #[error("must have at least {PASSWORD_CHARACTERS_MIN} characters")]
    TooShort,
    /// It is too long.
    #[error("must have at most {PASSWORD_CHARACTERS_MAX} characters")]
    TooLong,
    /// It is made of what the user or the service is called.
    #[error("must not be the name, the address or the service's name")]
    Personal,
    /// It is one of those that are tried first.
    #[error("is too easy to guess: it is among common passwords, or made of them and of patterns")]
    Guessable,
}

/// Says whether a password may be a user's.
pub(crate) fn check(password: &str, user: &User) -> Result<(), PasswordFault> {
    match password.chars().take(PASSWORD_CHARACTERS_MAX + 1).count() {
        ..PASSWORD_CHARACTERS_MIN => return Err(PasswordFault::TooShort),
        PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX => {}
        _ => return Err(PasswordFault::TooLong),
    }
    // What everybody knows of somebody is tried first, so it counts for nothing.
    let folded = password.to_lowercase();
    let rest = known_of(user).iter().fold(folded.clone(), |rest, word| rest.replace(word, ""));
    if !rest.contains(char::is_alphanumeric) && folded.contains(char::is_alphanumeric) {
        return Err(PasswordFault::Personal);
    }
    let counted: Vec<char> = if rest == folded { password } else { &rest }.chars().collect();
    let is_hard = |part: &[char]| zxcvbn(&String::from_iter(part), &[]).score() >= Score::Three;
    if counted.chunks(PART_CHARACTERS).any(is_hard) { Ok(()) } else { Err(PasswordFault::Guessable) }
}

/// Returns what is known of a user, and what the service is called: whole texts and their parts in lower case, the
/// longest first.
fn known_of(user: &User) -> Vec<String> {
    let (name, email) = (user.name.as_str().to_lowercase(), user.email.folded());
    let parts = name.split(' ').chain(email.split('@')).chain(email.split(['@', '.', '+', '-', '_']));
    let mut known: Vec<String> = parts.chain([SERVICE]).map(str::to_owned).collect();
    known.extend([name.replace(' ', ""), name.clone(), email.clone()]);
    known.retain(|word| word.chars().count() >= KNOWN_CHARACTERS_MIN);
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    known
}

#[cfg(test)]
mod tests {
    use identity::{Actor, Email, Grants, UserId, UserName, UserState};
    use ledger::Timestamp;

    use super::*;

    fn ada() -> User {
        User {
            id: UserId::from_random([1; 9]),
            name: UserName::parse("Ada Lovelace").unwrap(),
            email: Email::parse("ada.byron@analytical-engine.example").unwrap(),
            email_verified_at: None,
            state: UserState::Active,
            grants: Grants::everything(),
            created_at: Timestamp::from_micros(0).unwrap(),
            created_by: Actor::Operator,
            password_set_at: None,
        }
    }

    #[test]
    fn long_passwords_that_nobody_guesses_are_taken_whatever_they_are_made_of() {
        for password in [
            "correct horse battery staple",
            "tbqzmvkwrxpa",
            "831940275683",
            "пятнадцать ёлок и кот",
            "🐘🦀🐢🦊🐙🦉🐳🦋🐞🦜🐌🦚",
            &"x9!Kq".repeat(2).chars().chain("vW2#mZ8&".chars()).collect::<String>(),
        ] {
            assert_eq!(check(password, &ada()), Ok(()), "{password}");
        }
        let longest: String =
            (0..128_u32).map(|n| char::from(b'a' + u8::try_from(n * n * 7 % 23).unwrap())).collect();
        assert_eq!(check(&longest, &ada()), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = "é".repeat(129);
        for (password, fault) in [
            ("", PasswordFault::TooShort),
            ("tbqzmvkwrxp", PasswordFault::TooShort),
            ("ééééééééééé", PasswordFault::TooShort),
            (long.as_str(), PasswordFault::TooLong),
            ("Ada Lovelace", PasswordFault::Personal),
            ("ada.byron@analytical-engine.example", PasswordFault::Personal),
            ("ADA.BYRON@Analytical-Engine.EXAMPLE", PasswordFault::Personal),
            ("florinflorin", PasswordFault::Personal),
            ("Florin-Ada-Lovelace", PasswordFault::Personal),
            ("password12345", PasswordFault::Guessable),
            ("qwertyuiop123", PasswordFault::Guessable),
            ("123456789012", PasswordFault::Guessable),
            ("aaaaaaaaaaaaaaaa", PasswordFault::Guessable),
            ("P@ssw0rd2026!", PasswordFault::Guessable),
            ("AdaLovelace1815", PasswordFault::Guessable),
            ("abcdefghijklmnop", PasswordFault::Guessable),
        ] {
            assert_eq!(check(password, &ada()), Err(fault), "{password}");
        }
    }
}
