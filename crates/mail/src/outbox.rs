//! The outbox: takes mails and sees to it that they are sent, while whoever handed them in goes on.
//!
//! So many wait and no more: one more is refused at once. A mail that cannot be sent is tried again, later and later, and
//! given up in the end. What waits when the process ends is lost: whoever misses a mail asks for another.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::address::Sender;
use crate::letter::Letter;
use crate::metrics::{MailMetrics, Outcome};
use crate::transport::{SendError, Transport};

/// How many are sent at one time: mail servers take it ill when somebody comes with more.
const SENDING_MAX: usize = 4;

/// By how much a pause is longer than the one before.
const SLOWER: u32 = 3;

/// The bounds of an outbox.
#[derive(Clone, Copy, Debug)]
pub struct OutboxOptions {
    /// How many mails may wait, those that are being sent included.
    pub waiting_max: usize,
    /// How often a mail is tried.
    pub attempts_max: u32,
    /// The pause after the first attempt; each further one is three times as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// A mail to send.
#[derive(Clone)]
pub struct Mail {
    /// The address that it goes to.
    pub to: String,
    /// What the log calls whoever it goes to: a user's id.
    pub about: String,
    /// What it says.
    pub letter: Letter,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("about", &self.about)
            .field("letter", &self.letter)
            .finish_non_exhaustive()
    }
}

/// There is no room for another mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many mails wait to be sent")]
pub struct OutboxFull;

/// Mails that were not sent in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} mails were not sent")]
pub struct Unsent(pub usize);

/// Takes mails. Clones hand into the same place.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    transport: Transport,
    from: Sender,
    options: OutboxOptions,
    metrics: MailMetrics,
    room: Arc<Semaphore>,
    sending: Semaphore,
}

impl Outbox {
    /// Opens an outbox.
    #[must_use]
    pub fn open(transport: Transport, from: Sender, options: OutboxOptions, metrics: MailMetrics) -> Self {
        let room = Arc::new(Semaphore::new(options.waiting_max));
        Self(Arc::new(Shared {
            transport,
            from,
            options,
            metrics,
            room,
            sending: Semaphore::new(SENDING_MAX),
        }))
    }

    /// Says whether mails are switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.transport.is_off()
    }

    /// Takes a mail, to be sent soon. Has to be called where there is a runtime.
    ///
    /// # Errors
    /// [`OutboxFull`]: it is not sent.
    pub fn take(&self, mail: Mail) -> Result<(), OutboxFull> {
        let Ok(place) = Arc::clone(&self.0.room).try_acquire_owned() else {
            self.0.metrics.count(mail.letter.kind(), Outcome::refused);
            return Err(OutboxFull);
        };
        self.0.metrics.waiting.inc();
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            shared.see_through(&mail).await;
            shared.metrics.waiting.dec();
            drop(place);
        });
        Ok(())
    }

    /// Waits until all is sent or given up.
    ///
    /// # Errors
    /// [`Unsent`], where that takes longer than `at_most`.
    pub async fn drain(&self, at_most: Duration) -> Result<(), Unsent> {
        let all = u32::try_from(self.0.options.waiting_max).unwrap_or(u32::MAX);
        match timeout(at_most, self.0.room.acquire_many(all)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Unsent(self.0.options.waiting_max - self.0.room.available_permits())),
        }
    }
}

impl Shared {
    /// Tries until the mail is sent or given up.
    async fn see_through(&self, mail: &Mail) {
        let (kind, user) = (mail.letter.kind(), mail.about.as_str());
        let mut pause = self.options.first_pause;
        for attempt in 1.. {
            let Err(error) = self.attempt(mail).await else {
                self.metrics.count(kind, Outcome::sent);
                return;
            };
            self.metrics.failed_attempts.inc();
            let kind_name = kind.name();
            if attempt >= self.options.attempts_max || !error.may_pass() {
                self.metrics.count(kind, Outcome::failed);
                let error = &error as &dyn std::error::Error;
                tracing::error!(kind = kind_name, user, attempt, error, "a mail was not sent");
                return;
            }
            {
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                let error = &error as &dyn std::error::Error;
                tracing::warn!(kind = kind_name, user, attempt, pause_ms, error, "a mail is tried again");
            }
            sleep(pause).await;
            pause = (pause * SLOWER).min(self.options.longest_pause);
        }
    }

    async fn attempt(&self, mail: &Mail) -> Result<(), SendError> {
        let _turn = self.sending.acquire().await;
        let sending = self.transport.send(&self.from, &mail.to, &mail.letter);
        let late = || SendError::Connection("it takes too long".to_owned());
        timeout(self.options.timeout, sending).await.unwrap_or_else(|_| Err(late()))
    }
}
