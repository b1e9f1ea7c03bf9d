//! Where mails go: to an SMTP server, into a folder, or nowhere.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncTransport as _, Message};

use crate::address::Sender;
use crate::folder::Folder;
use crate::letter::Letter;
use crate::smtp::{Smtp, SmtpError, SmtpOptions, prepare};

/// Where mails go.
pub struct Transport(Kind);

enum Kind {
    Smtp(Box<Smtp>),
    Folder(Folder),
    Off,
}

/// Why a mail was not sent. Says nothing of what it holds, nor where it was to go.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is no way to send mails.
    #[error("mails are switched off")]
    Off,
    /// The letter could not be written out.
    #[error("the letter could not be written out")]
    Template,
    /// The address that it is to go to is none.
    #[error("the address cannot be sent to")]
    Address,
    /// The mail could not be put together.
    #[error("the mail could not be put together")]
    Message,
    /// The server does not take it, now or ever. Its words are left out: it repeats addresses.
    #[error("the mail server answered {code}")]
    Answered {
        /// The three digits of RFC 5321.
        code: u16,
    },
    /// The server could not be reached, or did not say anything sensible.
    #[error("the mail server cannot be talked to: {0}")]
    Connection(String),
    /// The file could not be written.
    #[error("the file could not be written")]
    File(#[source] io::Error),
}

impl SendError {
    /// Says whether another attempt may do better.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Off | Self::Template | Self::Address | Self::Message => false,
            // A password that is refused (535) may be put right by whoever runs the mail server; a mail that is, stays so.
            Self::Answered { code } => *code < 500 || *code == 535,
            Self::Connection(_) | Self::File(_) => true,
        }
    }
}

impl Transport {
    /// Sends to an SMTP server.
    ///
    /// # Errors
    /// [`SmtpError`].
    pub fn smtp(options: SmtpOptions) -> Result<Self, SmtpError> {
        Ok(Self(Kind::Smtp(Box::new(prepare(options)?))))
    }

    /// Leaves mails in a folder.
    #[must_use]
    pub fn folder(path: PathBuf) -> Self {
        Self(Kind::Folder(Folder::new(path)))
    }

    /// Sends nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self(Kind::Off)
    }

    /// Says whether nothing is ever sent.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        matches!(self.0, Kind::Off)
    }

    /// Sends one mail.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, from: &Sender, to: &str, letter: &Letter) -> Result<(), SendError> {
        if self.is_off() {
            return Err(SendError::Off);
        }
        let message = message(from, to, letter)?;
        match &self.0 {
            Kind::Smtp(smtp) => smtp.send(message).await.map(drop).map_err(|error| said(&error)),
            Kind::Folder(folder) => {
                folder.keep(letter.kind(), &message.formatted()).await.map_err(SendError::File)
            }
            Kind::Off => Err(SendError::Off),
        }
    }
}

fn message(from: &Sender, to: &str, letter: &Letter) -> Result<Message, SendError> {
    let address = to.parse().map_err(|_| SendError::Address)?;
    let written = letter.write().map_err(|_| SendError::Template)?;
    let part = |content_type, text| SinglePart::builder().header(content_type).body(text);
    Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new(None, address))
        .subject(written.subject)
        // Nobody is to answer it by a note about holidays (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .message_id(None)
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, written.text))
                .singlepart(part(ContentType::TEXT_HTML, written.html)),
        )
        .map_err(|_| SendError::Message)
}

/// Says what went wrong, without what the server said.
fn said(error: &lettre::transport::smtp::Error) -> SendError {
    if let Some(code) = error.status() {
        return SendError::Answered { code: code.into() };
    }
    let mut reason = String::new();
    let mut source = error.source();
    while let Some(error) = source {
        let between = if reason.is_empty() { "" } else { ": " };
        let _ = write!(reason, "{between}{error}");
        source = error.source();
    }
    if reason.is_empty() {
        reason.push_str(if error.is_tls() { "TLS failed" } else { "it does not say anything sensible" });
    }
    SendError::Connection(reason)
}
