//! Short ways to write down the terms of the ledger. Each panics on a text that is not valid.

use engine::idempotency::{IdempotencyKey, KeyedRequest, RequestFingerprint};
use ledger::{
    Address, Amount, Asset, CaptureHold, ChangeAccount, ChangeTransaction, Command, CreateHold, EntryNumber,
    Expectations, LedgerName, Metadata, MetadataPatch, PolicyPatch, PostTransaction, Posting, Postings,
    Quantity, Reference, ReleaseCause, ReleaseHold, ReverseTransaction, Timestamp,
};

/// Returns an address.
///
/// # Panics
/// When it is not valid.
#[must_use]
pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap_or_else(|error| panic!("{text:?} is no address: {error:?}"))
}

/// Returns an asset.
///
/// # Panics
/// When it is not valid.
#[must_use]
pub fn asset(text: &str) -> Asset {
    Asset::parse(text).unwrap_or_else(|_| panic!("{text:?} is no asset"))
}

/// Returns a ledger's name.
///
/// # Panics
/// When it is not valid.
#[must_use]
pub fn ledger_name(text: &str) -> LedgerName {
    LedgerName::parse(text).unwrap_or_else(|_| panic!("{text:?} is no ledger's name"))
}

/// Returns an idempotency key.
///
/// # Panics
/// When it is not valid.
#[must_use]
pub fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap_or_else(|_| panic!("{text:?} is no idempotency key"))
}

/// Returns a reference.
///
/// # Panics
/// When it is not valid.
#[must_use]
pub fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap_or_else(|error| panic!("{text:?} is no reference: {error:?}"))
}

/// Returns the time that many microseconds after 1970 began.
///
/// # Panics
/// When it lies outside the years 1 to 9999.
#[must_use]
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap_or_else(|| panic!("{micros} µs lies beyond all times"))
}

/// Returns metadata.
///
/// # Panics
/// When it is not valid.
#[must_use]
pub fn metadata(pairs: &[(&str, &str)]) -> Metadata {
    let map = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Metadata::new(map).unwrap_or_else(|error| panic!("{pairs:?} is no metadata: {error:?}"))
}

/// Returns a posting: `posting("world", "users:42", "USD/2", 1250)`.
///
/// # Panics
/// When a part is not valid.
#[must_use]
pub fn posting(source: &str, destination: &str, asset_text: &str, minor_units: u128) -> Posting {
    let amount =
        Amount::new(minor_units).unwrap_or_else(|| panic!("{minor_units} is larger than every amount"));
    Posting::new(address(source), address(destination), asset(asset_text), amount)
        .unwrap_or_else(|_| panic!("{source} cannot pay itself"))
}

/// A request to change a ledger, as it would reach it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to do.
    pub command: Command,
    /// The caller's key.
    pub key: Option<IdempotencyKey>,
    /// The time of day when it is decided; a millisecond after the last entry's, where not given.
    pub now: Option<Timestamp>,
}

/// Begins a request with its postings.
///
/// # Panics
/// When there are none or too many.
#[must_use]
pub fn post(postings: impl Into<Vec<Posting>>) -> Request {
    asking(postings.into().into_iter().map(Posting::from).collect())
}

/// Begins a request with postings that need not say which amount they are to move.
///
/// # Panics
/// When there are none or too many.
#[must_use]
pub fn asking(postings: Vec<Posting<Quantity>>) -> Request {
    let postings = Postings::new(postings).unwrap_or_else(|error| panic!("{error:?}"));
    Request::of(Command::PostTransaction(PostTransaction {
        postings,
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
        expectations: Expectations::default(),
    }))
}

/// Begins a request to change an account, which so far changes nothing of it.
///
/// # Panics
/// When the address is not valid.
#[must_use]
pub fn change(account: &str) -> Request {
    Request::of(Command::ChangeAccount(ChangeAccount {
        account: address(account),
        policy: PolicyPatch::default(),
        metadata: MetadataPatch::default(),
    }))
}

/// Begins a request to change what is kept beside a transaction: a value for each key, or none where the key goes.
///
/// # Panics
/// When the keys and values are not valid.
#[must_use]
pub fn annotate(transaction: u64, changes: &[(&str, Option<&str>)]) -> Request {
    let metadata = patch(changes);
    Request::of(Command::ChangeTransaction(ChangeTransaction {
        transaction: EntryNumber(transaction),
        metadata,
    }))
}

fn patch(changes: &[(&str, Option<&str>)]) -> MetadataPatch {
    let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
    let patch = MetadataPatch::new(changes.iter().map(owned).collect());
    patch.unwrap_or_else(|error| panic!("{changes:?}: {error:?}"))
}

/// Begins a request with a single posting in `USD/2`.
///
/// # Panics
/// When a part is not valid.
#[must_use]
pub fn transfer(source: &str, destination: &str, minor_units: u128) -> Request {
    post([posting(source, destination, "USD/2", minor_units)])
}

/// Begins a request to reserve money.
///
/// # Panics
/// When there is no posting, or there are too many.
#[must_use]
pub fn hold(postings: impl Into<Vec<Posting>>) -> Request {
    let postings = Postings::new(postings.into()).unwrap_or_else(|error| panic!("{error:?}"));
    Request::of(Command::CreateHold(CreateHold {
        postings: postings.into(),
        expires_at: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

/// Begins a request to capture all that is left of a hold.
#[must_use]
pub fn capture(hold: u64) -> Request {
    Request::of(Command::CaptureHold(CaptureHold {
        hold: EntryNumber(hold),
        postings: None,
        is_final: false,
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
    }))
}

/// Begins a request to let a hold go.
#[must_use]
pub fn release(hold: u64, cause: ReleaseCause) -> Request {
    Request::of(Command::ReleaseHold(ReleaseHold { hold: EntryNumber(hold), cause }))
}

/// Begins a request to reverse all that is left of a transaction.
#[must_use]
pub fn reverse(transaction: u64) -> Request {
    Request::of(Command::ReverseTransaction(ReverseTransaction {
        transaction: EntryNumber(transaction),
        postings: None,
        forced: false,
        reference: None,
        effective_at: None,
        metadata: Metadata::default(),
    }))
}

impl Request {
    /// Begins a request with its command.
    #[must_use]
    pub fn of(command: Command) -> Self {
        Self { command, key: None, now: None }
    }

    fn transaction(&mut self) -> &mut PostTransaction {
        match &mut self.command {
            Command::PostTransaction(post) => post,
            other => panic!("{other:?} posts no transaction"),
        }
    }

    /// Says which part of what is left to take.
    ///
    /// # Panics
    /// When there are no postings, or the request takes no part of anything.
    #[must_use]
    pub fn only(mut self, postings: impl Into<Vec<Posting>>) -> Self {
        let part = Postings::new(postings.into()).unwrap_or_else(|error| panic!("{error:?}"));
        match &mut self.command {
            Command::CaptureHold(capture) => capture.postings = Some(part.into()),
            Command::ReverseTransaction(reversal) => reversal.postings = Some(part.into()),
            other => panic!("{other:?} takes no part"),
        }
        self
    }

    /// Lets go what is left after a capture.
    ///
    /// # Panics
    /// When it is no capture.
    #[must_use]
    pub fn finally(mut self) -> Self {
        match &mut self.command {
            Command::CaptureHold(capture) => capture.is_final = true,
            other => panic!("{other:?} is no capture"),
        }
        self
    }

    /// Says when a hold expires.
    ///
    /// # Panics
    /// When it makes no hold, or the time lies beyond all times.
    #[must_use]
    pub fn expires_at(mut self, micros: i64) -> Self {
        match &mut self.command {
            Command::CreateHold(hold) => hold.expires_at = Some(at(micros)),
            other => panic!("{other:?} makes no hold"),
        }
        self
    }

    fn change(&mut self) -> &mut ChangeAccount {
        match &mut self.command {
            Command::ChangeAccount(change) => change,
            other => panic!("{other:?} changes no account"),
        }
    }

    /// Changes the policy of the account.
    ///
    /// # Panics
    /// When it changes no account.
    #[must_use]
    pub fn policy(mut self, policy: PolicyPatch) -> Self {
        self.change().policy = policy;
        self
    }

    /// Changes the metadata of the account: a value for each key, or none where the key goes.
    ///
    /// # Panics
    /// When it changes no account, or the keys and values are not valid.
    #[must_use]
    pub fn keeping(mut self, changes: &[(&str, Option<&str>)]) -> Self {
        self.change().metadata = patch(changes);
        self
    }

    /// Gives it a reference.
    ///
    /// # Panics
    /// When it is not valid, or the request takes none.
    #[must_use]
    pub fn reference(mut self, text: &str) -> Self {
        let wanted = Some(reference(text));
        match &mut self.command {
            Command::PostTransaction(post) => post.reference = wanted,
            Command::CreateHold(hold) => hold.reference = wanted,
            Command::CaptureHold(capture) => capture.reference = wanted,
            Command::ReverseTransaction(reversal) => reversal.reference = wanted,
            other @ (Command::ChangeAccount(_) | Command::ChangeTransaction(_) | Command::ReleaseHold(_)) => {
                panic!("{other:?} takes no reference")
            }
        }
        self
    }

    /// Says when it counts.
    ///
    /// # Panics
    /// When the time lies beyond all times, or the request always counts when it is recorded.
    #[must_use]
    pub fn effective_at(mut self, micros: i64) -> Self {
        match &mut self.command {
            Command::CaptureHold(capture) => capture.effective_at = Some(at(micros)),
            _ => self.transaction().effective_at = Some(at(micros)),
        }
        self
    }

    /// Gives it metadata.
    ///
    /// # Panics
    /// When it is not valid.
    #[must_use]
    pub fn metadata(mut self, pairs: &[(&str, &str)]) -> Self {
        self.transaction().metadata = metadata(pairs);
        self
    }

    /// Gives it an idempotency key.
    ///
    /// # Panics
    /// When it is not valid.
    #[must_use]
    pub fn key(mut self, text: &str) -> Self {
        self.key = Some(key(text));
        self
    }

    /// Says what time of day it is when it is decided.
    ///
    /// # Panics
    /// When the time lies beyond all times.
    #[must_use]
    pub fn now(mut self, micros: i64) -> Self {
        self.now = Some(at(micros));
        self
    }

    /// Returns the key with what it stands for.
    #[must_use]
    pub fn keyed(&self) -> Option<KeyedRequest> {
        let fingerprint = RequestFingerprint::of_command(&self.command, false);
        self.key.clone().map(|key| KeyedRequest { key, fingerprint })
    }
}
