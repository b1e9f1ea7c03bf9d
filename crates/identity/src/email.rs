//! Addresses of mail, as browsers take them: `<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>`.
//!
//! That is narrower than RFC 5322, which has comments and quotes that no mailbox of anybody has, and it is ASCII only.

use std::fmt;

/// The most bytes before the `@`: RFC 5321, section 4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;
/// The most bytes of a label of a domain: RFC 1034, section 3.1.
const LABEL_BYTES_MAX: usize = 63;

/// Somebody's address. The domain is in lower case; what stands before it is as it was given.
///
/// Two that differ in nothing but case are of one mailbox wherever anybody has a mailbox, so that they count as one:
/// compare them by [`folded`](Self::folded).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(Box<str>);

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailError;

impl Email {
    /// The most bytes: what RFC 5321 leaves room for between its angle brackets.
    pub const BYTES_MAX: usize = 254;

    /// Parses an address.
    ///
    /// # Errors
    /// When the text is not of the form that browsers take, or too long.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > Self::BYTES_MAX {
            return Err(EmailError);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError)?;
        let local_holds = (1..=LOCAL_BYTES_MAX).contains(&local.len()) && local.bytes().all(is_local);
        if !local_holds || !domain.split('.').all(is_label) {
            return Err(EmailError);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()).into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// Returns the text that it has in common with all that count as the same address: all of it in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_those_that_browsers_take() {
        let long = format!("{}@example.com", "a".repeat(64));
        let longest = format!("a@{}.{}", vec!["a".repeat(63); 3].join("."), "a".repeat(60));
        assert_eq!(longest.len(), Email::BYTES_MAX);
        for text in
            ["a@b", "ada.lovelace+florin@mail.example.com", "!#$%&'*+/=?^_`{|}~-.@1-1.2", &long, &longest]
        {
            assert_eq!(Email::parse(text).unwrap().as_str(), text);
        }
        let too_long = format!("a{longest}");
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@-b",
            "a@b-",
            "a@b..c",
            "a@.b",
            "a@b.",
            "ä@b",
            "a@ä",
            "\"a\"@b",
            "a@[127.0.0.1]",
            "a@b\n",
            " a@b",
            "a,b@c",
            "<a@b>",
            &format!("a{long}"),
            &format!("a@{}", "b".repeat(64)),
            &too_long,
        ] {
            assert_eq!(Email::parse(text), Err(EmailError), "{text:?}");
        }
    }

    #[test]
    fn case_counts_for_nothing_and_is_kept_before_the_domain() {
        let email = Email::parse("Ada@Example.COM").unwrap();
        assert_eq!((email.as_str(), email.local()), ("Ada@example.com", "Ada"));
        assert_eq!(email.folded(), Email::parse("aDA@example.com").unwrap().folded());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,80}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
