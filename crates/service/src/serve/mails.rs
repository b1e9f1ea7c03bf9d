//! The outbox, as it is configured. No mail and no password of the mail server is ever logged.

use std::fs;

use anyhow::Context as _;
use app_base::configuration::{MailConfig, MailTransport};
use mail::{MailMetrics, Outbox, Transport};

/// Opens the outbox.
pub(super) fn open(config: &MailConfig, metrics: MailMetrics) -> anyhow::Result<Outbox> {
    let transport = match config.transport {
        MailTransport::Off => Transport::off(),
        MailTransport::Folder => Transport::folder(config.folder()),
        MailTransport::Smtp => {
            let file = &config.smtp_trusted;
            let trusted = if file.is_empty() {
                None
            } else {
                Some(fs::read(file).with_context(|| format!("cannot read `{file}` (mail.smtp_trusted)"))?)
            };
            Transport::smtp(config.smtp(trusted)).context("cannot set up TLS for the mail server")?
        }
    };
    let sender = config.sender().context("mail.from is no address")?;
    Ok(Outbox::open(transport, sender, config.outbox(), metrics))
}
