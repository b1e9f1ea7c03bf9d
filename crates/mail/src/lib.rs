//! Mails: what they say, and how they are sent, off the path of whoever asked for them.
//!
//! Nothing here knows who users are or what a link opens. What a mail says never gets into the log, nor does the
//! address that it goes to: a link that is read there opens as much as one that is read in the mail.

mod address;
mod folder;
mod letter;
mod metrics;
mod outbox;
mod smtp;
mod transport;

pub use address::{AddressError, Sender};
pub use letter::{Kind, Letter, Link, SecondFactorChange};
pub use metrics::MailMetrics;
pub use outbox::{Mail, Outbox, OutboxFull, OutboxOptions, Unsent};
pub use smtp::{SmtpError, SmtpOptions, SmtpTls};
pub use transport::{SendError, Transport};
