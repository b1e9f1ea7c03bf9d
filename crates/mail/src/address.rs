//! Who mails come from.

use lettre::message::Mailbox;

/// Who mails come from: `florin@example.com`, or `Florin <florin@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(pub(crate) Mailbox);

/// A text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no mail address")]
pub struct AddressError;

impl Sender {
    /// Parses a sender.
    ///
    /// # Errors
    /// When the text is no address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self).map_err(|_| AddressError)
    }

    /// Returns the domain of its address.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for text in ["florin@example.com", "Florin <florin@example.com>", "\"Florin, Inc.\" <f@example.com>"]
        {
            assert_eq!(Sender::parse(text).unwrap().domain(), "example.com");
        }
        for text in [
            "",
            "florin",
            "florin@",
            "Florin <>",
            "a@b.example, c@d.example",
            "a@b.example\r\nBcc: x@y.example",
        ] {
            assert_eq!(Sender::parse(text), Err(AddressError), "{text}");
        }
    }
}
