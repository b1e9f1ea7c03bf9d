//! Mails to users: links that open something, and word of what became of their access.
//!
//! Nobody who asks for a mail learns whether it is sent, but for a user about themselves and those who administer users.
//! A link's secret is in the fragment of the mailed address, which browsers send to nobody.

use std::sync::Arc;

use engine::Engine;
use engine::mailed_links::{IssueLinkError, link_lifetime};
use engine::port::ReadError;
use engine::sessions::LoginThrottle;
use identity::{Action, Actor, AuditEvent, Email, LinkKind, User, UserState};
use ledger::Timestamp;
use mail::{Letter, Link, Mail, Outbox, OutboxFull, SecondFactorChange};
use tokio::sync::Semaphore;

use crate::http::time::Rfc3339;
use crate::http::visitor::Visitor;

/// How many requests for another password are looked at, at one time.
const RESETS_MAX: usize = 100;

/// Sends mails to users. Clones send through the same outbox.
#[pavex::prebuilt]
#[derive(Clone)]
pub struct Mailer(Arc<Shared>);

struct Shared {
    outbox: Outbox,
    public_url: String,
    engine: Engine,
    resets: LoginThrottle,
    room: Arc<Semaphore>,
}

/// Why a link was not mailed.
#[derive(Debug, thiserror::Error)]
pub enum MailLinkError {
    /// No mails are sent.
    #[error("mails are switched off")]
    Off,
    /// Too many wait.
    #[error(transparent)]
    Full(#[from] OutboxFull),
    /// There is no link.
    #[error(transparent)]
    Issue(#[from] IssueLinkError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Mailer {
    /// Sends through an outbox. Links begin with `public_url`.
    #[must_use]
    pub fn new(outbox: Outbox, public_url: String, engine: Engine) -> Self {
        let room = Arc::new(Semaphore::new(RESETS_MAX));
        Self(Arc::new(Shared { outbox, public_url, engine, resets: LoginThrottle::default(), room }))
    }

    /// Says whether no mails are sent.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.outbox.is_off()
    }

    /// Mails a link to a user.
    ///
    /// # Errors
    /// [`MailLinkError`].
    pub async fn send_link(
        &self,
        user: &User,
        kind: LinkKind,
        event: impl FnOnce(Action, String) -> AuditEvent,
    ) -> Result<(), MailLinkError> {
        if self.is_off() {
            return Err(MailLinkError::Off);
        }
        let token = self.0.engine.issue_link(user, kind, event).await?;
        let page = match kind {
            LinkKind::Invitation | LinkKind::PasswordReset => "set-password",
            LinkKind::AddressVerification => "verify-email",
        };
        let link = Link::new(format!("{}/{page}#token={}", self.0.public_url, token.expose()));
        let (name, seconds) = (user.name.to_string(), link_lifetime(kind).as_secs());
        let letter = match kind {
            LinkKind::Invitation => Letter::Invitation { name, link, hours: seconds / 3600 },
            LinkKind::PasswordReset => Letter::PasswordReset { name, link, minutes: seconds / 60 },
            LinkKind::AddressVerification => {
                Letter::AddressVerification { name, link, hours: seconds / 3600 }
            }
        };
        Ok(self.take(user, letter)?)
    }

    /// Mails an invitation to a user who was just created. That it cannot be undoes nothing: they can ask for another
    /// password.
    pub async fn invite(&self, user: &User, event: impl FnOnce(Action, String) -> AuditEvent) {
        if self.is_off() {
            return;
        }
        if let Err(error) = self.send_link(user, LinkKind::Invitation, event).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, user = %user.id, "a user was not invited");
        }
    }

    /// Mails a link with which another password is set to whoever has an address, if anybody has. Returns at once, and
    /// does what there is to do afterwards: whoever asks learns nothing by how long it takes.
    ///
    /// # Errors
    /// [`MailLinkError::Off`], [`MailLinkError::Full`]: whoever's address it is.
    pub fn reset_password(&self, email: Email, visitor: Visitor) -> Result<(), MailLinkError> {
        if self.is_off() {
            return Err(MailLinkError::Off);
        }
        let Ok(place) = Arc::clone(&self.0.room).try_acquire_owned() else { return Err(OutboxFull.into()) };
        let mailer = self.clone();
        tokio::spawn(async move {
            if let Err(error) = mailer.look_up_and_send(&email, &visitor).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "a link for another password was not mailed");
            }
            drop(place);
        });
        Ok(())
    }

    async fn look_up_and_send(&self, email: &Email, visitor: &Visitor) -> Result<(), MailLinkError> {
        // Each counts as a failed attempt to sign in would: of so many, most are somebody's who wants to annoy.
        let Shared { engine, resets, .. } = &*self.0;
        let Ok(_) = engine.begin_attempt(resets, email, visitor.address()).await? else { return Ok(()) };
        let found = engine.store().users().user_of(email).await?;
        let Some(user) = found.map(|found| found.user).filter(|user| user.state == UserState::Active) else {
            return Ok(());
        };
        let event = |action, subject| visitor.did(Actor::Unknown, action, subject);
        self.send_link(&user, LinkKind::PasswordReset, event).await
    }

    /// Tells a user that their password was changed.
    pub fn tell_password_changed(&self, user: &User, at: Timestamp) {
        self.tell(user, |name| Letter::PasswordChanged { name, at: Rfc3339(at).to_string() });
    }

    /// Tells a user what became of their second factor.
    pub fn tell_second_factor_changed(&self, user: &User, change: SecondFactorChange, at: Timestamp) {
        self.tell(user, |name| Letter::SecondFactorChanged { name, change, at: Rfc3339(at).to_string() });
    }

    fn tell(&self, user: &User, letter: impl FnOnce(String) -> Letter) {
        if self.is_off() {
            return;
        }
        if let Err(error) = self.take(user, letter(user.name.to_string())) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, user = %user.id, "a user was not told of a change of their access");
        }
    }

    fn take(&self, user: &User, letter: Letter) -> Result<(), OutboxFull> {
        let mail = Mail { to: user.email.as_str().to_owned(), about: user.id.to_string(), letter };
        self.0.outbox.take(mail)
    }
}
