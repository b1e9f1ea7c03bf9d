//! What mails say: one template of plain text and one of HTML for each kind.

use std::fmt;

use askama::Template as _;
use zeroize::Zeroizing;

/// What a mail says, and to whom by name.
#[derive(Clone, Debug)]
pub enum Letter {
    /// Somebody was made a user, and sets the first password.
    Invitation {
        /// What they are called.
        name: String,
        /// Where they set it.
        link: Link,
        /// For how many hours the link works.
        hours: u64,
    },
    /// Somebody asked to set another password.
    PasswordReset {
        /// What they are called.
        name: String,
        /// Where they set it.
        link: Link,
        /// For how many minutes the link works.
        minutes: u64,
    },
    /// Whether mails to an address reach its user is to be shown.
    AddressVerification {
        /// What they are called.
        name: String,
        /// What they follow.
        link: Link,
        /// For how many hours the link works.
        hours: u64,
    },
    /// A password was changed.
    PasswordChanged {
        /// What its user is called.
        name: String,
        /// When, as people read it.
        at: String,
    },
    /// A second factor came or went.
    SecondFactorChanged {
        /// What its user is called.
        name: String,
        /// What happened.
        change: SecondFactorChange,
        /// When, as people read it.
        at: String,
    },
}

/// What became of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorChange {
    /// From now on, signing in takes a code.
    On,
    /// It takes none any more.
    Off,
}

/// Where a mail leads, secret included. It shows itself in a mail and nowhere else.
#[derive(Clone)]
pub struct Link(Zeroizing<String>);

impl Link {
    /// Takes an address.
    #[must_use]
    pub fn new(address: String) -> Self {
        Self(Zeroizing::new(address))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(***)")
    }
}

/// What kind of a mail it is, as it is counted and logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`Letter::Invitation`].
    Invitation,
    /// [`Letter::PasswordReset`].
    PasswordReset,
    /// [`Letter::AddressVerification`].
    AddressVerification,
    /// [`Letter::PasswordChanged`].
    PasswordChanged,
    /// [`Letter::SecondFactorChanged`].
    SecondFactorChanged,
}

impl Kind {
    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::AddressVerification => "address_verification",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
        }
    }
}

/// A letter, written out.
pub(crate) struct Written {
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// A letter as plain text and as HTML: two templates over the same fields.
macro_rules! letters {
    ($($module:ident { $($field:ident: $kind:ty),* } $text:literal $html:literal;)*) => {
        $(
            mod $module {
                use askama::Template;

                #[derive(Template)]
                #[template(path = $text)]
                pub(super) struct Text<'l> { $(pub(super) $field: $kind),* }

                #[derive(Template)]
                #[template(path = $html)]
                pub(super) struct Html<'l> { $(pub(super) $field: $kind),* }
            }
        )*
    };
}

letters! {
    invitation { name: &'l str, link: &'l str, hours: u64 } "invitation.txt" "invitation.html";
    password_reset { name: &'l str, link: &'l str, minutes: u64 } "password_reset.txt" "password_reset.html";
    address_verification { name: &'l str, link: &'l str, hours: u64 }
        "address_verification.txt" "address_verification.html";
    password_changed { name: &'l str, at: &'l str } "password_changed.txt" "password_changed.html";
    second_factor_changed { name: &'l str, on: bool, at: &'l str }
        "second_factor_changed.txt" "second_factor_changed.html";
}

/// Writes both forms of a letter.
macro_rules! write_out {
    ($module:ident { $($field:ident: $value:expr),* }) => {
        ($module::Text { $($field: $value),* }.render(), $module::Html { $($field: $value),* }.render())
    };
}

impl Letter {
    /// Returns its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Invitation { .. } => Kind::Invitation,
            Self::PasswordReset { .. } => Kind::PasswordReset,
            Self::AddressVerification { .. } => Kind::AddressVerification,
            Self::PasswordChanged { .. } => Kind::PasswordChanged,
            Self::SecondFactorChanged { .. } => Kind::SecondFactorChanged,
        }
    }

    const fn subject(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "You are invited to Florin",
            Self::PasswordReset { .. } => "Set a new password for Florin",
            Self::AddressVerification { .. } => "Confirm your mail address for Florin",
            Self::PasswordChanged { .. } => "Your password for Florin was changed",
            Self::SecondFactorChanged { change: SecondFactorChange::On, .. } => {
                "Signing in to Florin takes a code from now on"
            }
            Self::SecondFactorChanged { change: SecondFactorChange::Off, .. } => {
                "Signing in to Florin takes no code any more"
            }
        }
    }

    /// Writes it out.
    pub(crate) fn write(&self) -> Result<Written, askama::Error> {
        let (text, html) = match self {
            Self::Invitation { name, link: Link(link), hours } => {
                write_out!(invitation { name: name, link: link, hours: *hours })
            }
            Self::PasswordReset { name, link: Link(link), minutes } => {
                write_out!(password_reset { name: name, link: link, minutes: *minutes })
            }
            Self::AddressVerification { name, link: Link(link), hours } => {
                write_out!(address_verification { name: name, link: link, hours: *hours })
            }
            Self::PasswordChanged { name, at } => write_out!(password_changed { name: name, at: at }),
            Self::SecondFactorChanged { name, change, at } => {
                let on = *change == SecondFactorChange::On;
                write_out!(second_factor_changed { name: name, on: on, at: at })
            }
        };
        Ok(Written { subject: self.subject(), text: text?, html: html? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters() -> [Letter; 6] {
        let name = || "Ada <b>Lovelace</b>".to_owned();
        let link = || Link::new("https://florin.example/set-password#token=abc".to_owned());
        let at = || "2026-11-29 08:00 UTC".to_owned();
        [
            Letter::Invitation { name: name(), link: link(), hours: 72 },
            Letter::PasswordReset { name: name(), link: link(), minutes: 30 },
            Letter::AddressVerification { name: name(), link: link(), hours: 24 },
            Letter::PasswordChanged { name: name(), at: at() },
            Letter::SecondFactorChanged { name: name(), change: SecondFactorChange::On, at: at() },
            Letter::SecondFactorChanged { name: name(), change: SecondFactorChange::Off, at: at() },
        ]
    }

    #[test]
    fn both_forms_of_a_letter_say_the_same_and_names_stay_text() {
        for letter in letters() {
            let Written { subject, text, html } = letter.write().unwrap();
            assert!(subject.is_ascii() && subject.len() < 70, "{subject}");
            assert!(text.contains("Ada <b>Lovelace</b>"), "{text}");
            assert!(html.contains("Ada &#60;b&#62;Lovelace&#60;/b&#62;"), "{html}");
            let leads =
                matches!(letter.kind(), Kind::Invitation | Kind::PasswordReset | Kind::AddressVerification);
            for form in [&text, &html] {
                assert_eq!(form.contains("https://florin.example/set-password#token=abc"), leads, "{form}");
                assert_eq!(form.contains("2026-11-29 08:00 UTC"), !leads, "{form}");
            }
            assert!(text.lines().all(|line| line.len() < 100), "{text}");
            assert!(
                !html.contains("http://") && !html.contains("<script") && !html.contains("src="),
                "{html}"
            );
        }
    }

    #[test]
    fn a_letter_shows_no_link_to_the_log() {
        for letter in letters() {
            assert!(!format!("{letter:?}").contains("token"), "{letter:?}");
        }
    }
}
