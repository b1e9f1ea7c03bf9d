//! Idempotency keys: the caller's name for one request, which makes it safe to send again.
//!
//! Follows the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).

use std::fmt;
use std::sync::Arc;

use ledger::{
    Bounds, CaptureHold, ChangeAccount, ChangeTransaction, Command, CreateHold, Expectation, ExpectedBounds,
    FloorsPatch, Frozen, LedgerName, Metadata, MetadataPatch, PostTransaction, Posting, Quantity, Reference,
    ReleaseCause, ReleaseHold, ReverseTransaction, Timestamp,
};
use sha2::{Digest, Sha256};

use crate::schedules::{Definition, ScheduleChange, ScheduleId, encode_definition};

/// The caller's name for one request: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Arc<str>);

/// What the names of schedules' occurrences are made of: `schedule 7 at 1767225600000000`, in microseconds.
const OCCURRENCE: &str = "schedule ";
const AT: &str = " at ";

/// A text that is not 1 to 255 visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Parses a key.
    ///
    /// # Errors
    /// When the text is not 1 to 255 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// Names an occurrence of a schedule. It has spaces, so that no caller's key is the same.
    pub(crate) fn of_occurrence(schedule: ScheduleId, due_at: Timestamp) -> Self {
        Self(format!("{OCCURRENCE}{}{AT}{}", schedule.0, due_at.micros()).into())
    }

    /// Reads a key as stores keep it: a caller's, or the name of a schedule's occurrence.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn stored(text: &str) -> Result<Self, IdempotencyKeyError> {
        let occurrence = || {
            let (schedule, due_at) = text.strip_prefix(OCCURRENCE)?.split_once(AT)?;
            let due_at = Timestamp::from_micros(due_at.parse().ok()?)?;
            Some(Self::of_occurrence(ScheduleId(schedule.parse().ok()?), due_at))
        };
        match occurrence() {
            Some(key) if key.as_str() == text => Ok(key),
            _ => Self::parse(text),
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request asked for, in 16 bytes: the front of a SHA-256 over the parsed request, so that white
/// space and the order of fields do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestFingerprint(pub [u8; 16]);

/// A key with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The key.
    pub key: IdempotencyKey,
    /// The request.
    pub fingerprint: RequestFingerprint,
}

impl RequestFingerprint {
    /// Returns the fingerprint of a command to a ledger.
    #[must_use]
    pub fn of_command(command: &Command, dry_run: bool) -> Self {
        match command {
            Command::PostTransaction(post) => Self::of_transaction(post, dry_run),
            Command::ChangeAccount(change) => Self::of_change(change, dry_run),
            Command::CreateHold(hold) => Self::of_hold(hold, dry_run),
            Command::CaptureHold(capture) => Self::of_capture(capture, dry_run),
            Command::ReleaseHold(release) => Self::of_release(*release, dry_run),
            Command::ReverseTransaction(reversal) => Self::of_reversal(reversal, dry_run),
            Command::ChangeTransaction(change) => Self::of_transaction_change(change, dry_run),
        }
    }

    /// Returns the fingerprint of a command with what only its companion knows of the request.
    #[must_use]
    pub fn with_companion(self, identity: &[u8]) -> Self {
        if identity.is_empty() {
            return self;
        }
        let mut hash = Fields::new("companion");
        hash.bytes(&self.0);
        hash.bytes(identity);
        hash.finish()
    }

    fn of_transaction(post: &PostTransaction, dry_run: bool) -> Self {
        let mut hash = Fields::new(if dry_run { "transaction, dry run" } else { "transaction" });
        hash.postings(post.postings.as_slice());
        hash.reference(post.reference.as_ref());
        for expectation in post.expectations.as_slice() {
            hash.expectation(expectation);
        }
        hash.time(b"effective_at", post.effective_at);
        hash.metadata(&post.metadata);
        hash.finish()
    }

    fn of_hold(hold: &CreateHold, dry_run: bool) -> Self {
        let mut hash = Fields::new(if dry_run { "hold, dry run" } else { "hold" });
        hash.postings(hold.postings.as_slice());
        hash.reference(hold.reference.as_ref());
        hash.time(b"expires_at", hold.expires_at);
        hash.metadata(&hold.metadata);
        hash.finish()
    }

    fn of_capture(capture: &CaptureHold, dry_run: bool) -> Self {
        let mut hash = Fields::new(if dry_run { "capture, dry run" } else { "capture" });
        hash.bytes(&capture.hold.0.to_be_bytes());
        hash.postings(capture.postings.as_ref().map_or(&[], |postings| postings.as_slice()));
        hash.bytes(if capture.is_final { b"final" } else { b"" });
        hash.reference(capture.reference.as_ref());
        hash.time(b"effective_at", capture.effective_at);
        hash.metadata(&capture.metadata);
        hash.finish()
    }

    fn of_release(release: ReleaseHold, dry_run: bool) -> Self {
        let mut hash = Fields::new(if dry_run { "release, dry run" } else { "release" });
        hash.bytes(&release.hold.0.to_be_bytes());
        hash.bytes(match release.cause {
            ReleaseCause::Voided => b"voided",
            ReleaseCause::Expired => b"expired",
        });
        hash.finish()
    }

    fn of_reversal(reversal: &ReverseTransaction, dry_run: bool) -> Self {
        let mut hash = Fields::new(if dry_run { "reversal, dry run" } else { "reversal" });
        hash.bytes(&reversal.transaction.0.to_be_bytes());
        hash.postings(reversal.postings.as_ref().map_or(&[], |postings| postings.as_slice()));
        hash.bytes(if reversal.forced { b"forced" } else { b"" });
        hash.reference(reversal.reference.as_ref());
        hash.time(b"effective_at", reversal.effective_at);
        hash.metadata(&reversal.metadata);
        hash.finish()
    }

    fn of_change(change: &ChangeAccount, dry_run: bool) -> Self {
        let mut hash = Fields::new(if dry_run { "account, dry run" } else { "account" });
        hash.text(change.account.as_str());
        match &change.policy.floors {
            None => hash.bytes(b""),
            Some(FloorsPatch::Unbounded) => hash.bytes(b"unbounded"),
            Some(FloorsPatch::PerAsset(floors)) => {
                hash.bytes(b"floors");
                hash.bytes(&(floors.len() as u64).to_be_bytes());
                for (asset, floor) in floors {
                    hash.text(asset.as_str());
                    match floor {
                        Some(floor) => hash.bytes(&floor.to_be_bytes()),
                        None => hash.bytes(b""),
                    }
                }
            }
        }
        hash.bytes(match change.policy.frozen {
            None => b"",
            Some(Frozen::None) => b"none",
            Some(Frozen::Debits) => b"debits",
            Some(Frozen::Credits) => b"credits",
            Some(Frozen::All) => b"all",
        });
        hash.bytes(match change.policy.closed {
            None => b"",
            Some(true) => b"closed",
            Some(false) => b"open",
        });
        hash.metadata_patch(&change.metadata);
        hash.finish()
    }

    fn of_transaction_change(change: &ChangeTransaction, dry_run: bool) -> Self {
        let mut hash =
            Fields::new(if dry_run { "transaction change, dry run" } else { "transaction change" });
        hash.bytes(&change.transaction.0.to_be_bytes());
        hash.metadata_patch(&change.metadata);
        hash.finish()
    }

    /// Returns the fingerprint of the creation of a schedule.
    #[must_use]
    pub fn of_new_schedule(definition: &Definition) -> Self {
        let mut hash = Fields::new("schedule");
        hash.text(&encode_definition(definition));
        hash.finish()
    }

    /// Returns the fingerprint of a change of a schedule.
    #[must_use]
    pub fn of_schedule_change(id: ScheduleId, change: ScheduleChange) -> Self {
        let mut hash = Fields::new("change of a schedule");
        hash.bytes(&id.0.to_be_bytes());
        hash.text(change.name());
        hash.finish()
    }

    /// Returns the fingerprint of the creation of a ledger.
    #[must_use]
    pub fn of_new_ledger(name: &LedgerName, metadata: &Metadata) -> Self {
        let mut hash = Fields::new("ledger");
        hash.text(name.as_str());
        hash.metadata(metadata);
        hash.finish()
    }
}

/// Feeds fields to the hash, each with its length, so that no two requests feed it the same bytes.
pub(crate) struct Fields(Sha256);

impl Fields {
    /// Begins with what kind of request it is.
    pub(crate) fn new(kind: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.text(kind);
        fields
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// Feeds a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn postings(&mut self, postings: &[Posting<Quantity>]) {
        for posting in postings {
            self.text(posting.source().as_str());
            self.text(posting.destination().as_str());
            self.text(posting.asset().as_str());
            self.quantity(posting.amount());
        }
    }

    fn reference(&mut self, reference: Option<&Reference>) {
        self.bytes(b"reference");
        self.text(reference.map_or("", Reference::as_str));
    }

    fn time(&mut self, name: &[u8], time: Option<Timestamp>) {
        self.bytes(name);
        self.text(&time.map_or(String::new(), |time| time.micros().to_string()));
    }

    /// An amount is 16 bytes, which no other quantity begins with.
    fn quantity(&mut self, quantity: Quantity) {
        match quantity {
            Quantity::Exactly(amount) => self.bytes(&amount.get().to_be_bytes()),
            Quantity::UpTo(most) => {
                self.bytes(b"up_to");
                self.bytes(&most.get().to_be_bytes());
            }
            Quantity::All => self.bytes(b"all"),
        }
    }

    fn expectation(&mut self, expectation: &Expectation) {
        self.bytes(b"expect");
        self.text(expectation.account().as_str());
        self.text(expectation.key().map_or("", |key| key.asset.as_str()));
        let ExpectedBounds { posted, available, version } = expectation.bounds();
        for Bounds { at_least, at_most, equals } in [posted, available, version] {
            for bound in [at_least, at_most, equals] {
                match bound {
                    Some(bound) => self.bytes(&bound.to_be_bytes()),
                    None => self.bytes(b""),
                }
            }
        }
    }

    fn metadata(&mut self, metadata: &Metadata) {
        self.bytes(b"metadata");
        for (key, value) in metadata.as_map() {
            self.text(key);
            self.text(value);
        }
    }

    fn metadata_patch(&mut self, patch: &MetadataPatch) {
        for (key, value) in patch.as_map() {
            self.text(key);
            match value {
                Some(value) => {
                    self.bytes(b"is");
                    self.text(value);
                }
                None => self.bytes(b"goes"),
            }
        }
    }

    /// Returns what came of it.
    pub(crate) fn finish(self) -> RequestFingerprint {
        let digest = self.0.finalize();
        let mut front = [0; 16];
        front.copy_from_slice(&digest[..16]);
        RequestFingerprint(front)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ledger::{
        Address, Amount, Asset, EntryNumber, Expectations, MetadataPatch, PolicyPatch, Posting, Postings,
        Reference, Timestamp,
    };

    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for text in ["a", "5f4b1c0e-0a8e-4d3b-9a54-0f3f6a1c2d7e", "~!", &"k".repeat(255)] {
            assert!(IdempotencyKey::parse(text).is_ok(), "{text}");
        }
        for text in ["", " ", "a b", "ä", "a\n", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_occurrence_has_a_key_that_no_caller_can_send_and_that_stores_read_back() {
        let due_at = |micros| Timestamp::from_micros(micros).unwrap();
        for (schedule, micros) in [(0, 0), (7, -5), (u64::MAX, 1_767_225_600_000_000)] {
            let key = IdempotencyKey::of_occurrence(ScheduleId(schedule), due_at(micros));
            assert_eq!(key.as_str(), format!("schedule {schedule} at {micros}"));
            assert!(IdempotencyKey::parse(key.as_str()).is_err());
            assert_eq!(IdempotencyKey::stored(key.as_str()), Ok(key));
        }
        assert_eq!(IdempotencyKey::stored("k"), IdempotencyKey::parse("k"));
        for text in [
            "",
            "a b",
            "schedule 7",
            "schedule 07 at 0",
            "schedule 7 at +5",
            "schedule -7 at 0",
            "schedule 7 at x",
        ] {
            assert!(IdempotencyKey::stored(text).is_err(), "{text}");
        }
    }

    /// A request to move money, with everything that may be asked of it left out but its posting.
    fn post(quantity: Quantity) -> PostTransaction {
        let address = |text| Address::parse(text).unwrap();
        let usd = Asset::parse("USD/2").unwrap();
        let posting = Posting::new(address("users:1"), address("users:2"), usd, quantity).unwrap();
        PostTransaction {
            postings: Postings::new(vec![posting]).unwrap(),
            reference: None,
            effective_at: None,
            metadata: Metadata::default(),
            expectations: Expectations::default(),
        }
    }

    fn hex(post: PostTransaction, dry_run: bool) -> String {
        let fingerprint = RequestFingerprint::of_command(&Command::PostTransaction(post), dry_run);
        format!("{:032x}", u128::from_be_bytes(fingerprint.0))
    }

    /// Stores are full of them: should one change, retries of old requests are refused.
    #[test]
    fn fingerprints_stay_as_they_are() {
        let exactly = || post(Quantity::Exactly(Amount::from(1250)));
        assert_eq!(hex(exactly(), false), "1599fa72a3c0aad46783d825f116cb13");
        assert_eq!(hex(exactly(), true), "ee1ac5b164747d6a43e0c639eeaa6ba1");
        let full = PostTransaction {
            reference: Some(Reference::parse("order-1").unwrap()),
            effective_at: Timestamp::from_micros(-5),
            metadata: Metadata::new([("order".to_owned(), "1".to_owned())].into()).unwrap(),
            ..exactly()
        };
        assert_eq!(hex(full, false), "df680c0eabb8da8792b26fbacff82493");
        assert_eq!(hex(post(Quantity::UpTo(Amount::from(1250))), false), "e34104cdf039371e6c2572f378ab4df2");
        assert_eq!(hex(post(Quantity::All), false), "8b13e22890f32fe0584249bffc644c84");
    }

    #[test]
    fn commands_on_earlier_entries_are_told_apart() {
        let postings = |amount: u64| post(Quantity::Exactly(Amount::from(amount))).postings;
        let capture = |hold, postings, is_final| {
            Command::CaptureHold(CaptureHold {
                hold: EntryNumber(hold),
                postings,
                is_final,
                reference: None,
                effective_at: None,
                metadata: Metadata::default(),
            })
        };
        let reversal = |transaction, postings, forced| {
            Command::ReverseTransaction(ReverseTransaction {
                transaction: EntryNumber(transaction),
                postings,
                forced,
                reference: None,
                effective_at: None,
                metadata: Metadata::default(),
            })
        };
        let hold = |expires_at| {
            Command::CreateHold(CreateHold {
                postings: postings(1),
                expires_at,
                reference: None,
                metadata: Metadata::default(),
            })
        };
        let release = |hold, cause| Command::ReleaseHold(ReleaseHold { hold: EntryNumber(hold), cause });
        let commands = [
            Command::PostTransaction(post(Quantity::Exactly(Amount::from(1)))),
            hold(None),
            hold(Timestamp::from_micros(1)),
            hold(Timestamp::from_micros(2)),
            capture(1, None, false),
            capture(1, None, true),
            capture(2, None, false),
            capture(1, Some(postings(1)), false),
            capture(1, Some(postings(2)), false),
            release(1, ReleaseCause::Voided),
            release(2, ReleaseCause::Voided),
            release(1, ReleaseCause::Expired),
            reversal(1, None, false),
            reversal(1, None, true),
            reversal(2, None, false),
            reversal(1, Some(postings(1)), false),
        ];
        let mut fingerprints = HashSet::new();
        for command in &commands {
            for dry_run in [false, true] {
                fingerprints.insert(RequestFingerprint::of_command(command, dry_run));
            }
        }
        assert_eq!(fingerprints.len(), 2 * commands.len());
    }

    #[test]
    fn all_that_a_request_asks_for_is_in_its_fingerprint() {
        let expecting = |account: &str, posted, available| {
            let (account, usd) = (Address::parse(account).unwrap(), Asset::parse("USD/2").unwrap());
            let bounds = ExpectedBounds { posted, available, ..ExpectedBounds::default() };
            let one = Expectation::new(account, Some(usd), bounds).unwrap();
            let expectations = Expectations::new(vec![one]).unwrap();
            PostTransaction { expectations, ..post(Quantity::All) }
        };
        let none = Bounds::default();
        let zero = |at_least, at_most, equals| {
            let zero_if = |is_there: bool| is_there.then_some(0);
            Bounds { at_least: zero_if(at_least), at_most: zero_if(at_most), equals: zero_if(equals) }
        };
        let requests = [
            post(Quantity::Exactly(Amount::ZERO)),
            post(Quantity::Exactly(Amount::from(5))),
            post(Quantity::UpTo(Amount::ZERO)),
            post(Quantity::UpTo(Amount::from(5))),
            post(Quantity::All),
            expecting("users:1", zero(true, false, false), none),
            expecting("users:1", zero(false, true, false), none),
            expecting("users:1", zero(false, false, true), none),
            expecting("users:1", zero(true, true, false), none),
            expecting("users:1", none, zero(true, false, false)),
            expecting("users:2", zero(true, false, false), none),
            expecting("users:1", Bounds { at_least: Some(-1), ..none }, none),
        ];
        let fingerprints: HashSet<_> = requests.into_iter().map(|post| hex(post, false)).collect();
        assert_eq!(fingerprints.len(), 12);
    }

    #[test]
    fn all_that_a_change_of_an_account_asks_for_is_in_its_fingerprint() {
        let usd = || Asset::parse("USD/2").unwrap();
        let change = |account: &str, policy, metadata: &[(&str, Option<&str>)]| {
            let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
            let metadata = MetadataPatch::new(metadata.iter().map(owned).collect()).unwrap();
            let account = Address::parse(account).unwrap();
            RequestFingerprint::of_command(
                &Command::ChangeAccount(ChangeAccount { account, policy, metadata }),
                false,
            )
        };
        let none = PolicyPatch::default;
        let floors = |floors| PolicyPatch { floors: Some(floors), ..none() };
        let per_asset = |floor| floors(FloorsPatch::PerAsset([(usd(), floor)].into()));
        let frozen = |frozen| PolicyPatch { frozen: Some(frozen), ..none() };
        let closed = |closed| PolicyPatch { closed: Some(closed), ..none() };
        let requests = [
            change("a", none(), &[]),
            change("b", none(), &[]),
            change("a", floors(FloorsPatch::Unbounded), &[]),
            change("a", floors(FloorsPatch::PerAsset([].into())), &[]),
            change("a", per_asset(None), &[]),
            change("a", per_asset(Some(0)), &[]),
            change("a", per_asset(Some(-5)), &[]),
            change("a", frozen(Frozen::None), &[]),
            change("a", frozen(Frozen::Debits), &[]),
            change("a", frozen(Frozen::Credits), &[]),
            change("a", frozen(Frozen::All), &[]),
            change("a", closed(true), &[]),
            change("a", closed(false), &[]),
            change("a", none(), &[("k", None)]),
            change("a", none(), &[("k", Some(""))]),
            change("a", none(), &[("k", Some("goes"))]),
            change("a", none(), &[("is", None)]),
        ];
        assert_eq!(requests.iter().collect::<HashSet<_>>().len(), requests.len());
        // Stores are full of them.
        let shown = format!("{:032x}", u128::from_be_bytes(requests[0].0));
        assert_eq!(shown, "7568154eab4ee58ba52e58206fa66197");
    }

    #[test]
    fn what_only_a_companion_knows_is_in_the_fingerprint() {
        let plain = RequestFingerprint([7; 16]);
        assert_eq!(plain.with_companion(b""), plain);
        assert_eq!(plain.with_companion(b"r-1"), plain.with_companion(b"r-1"));
        assert_ne!(plain.with_companion(b"r-1"), plain.with_companion(b"r-2"));
        assert_ne!(plain.with_companion(b"r-1"), RequestFingerprint([8; 16]).with_companion(b"r-1"));
    }

    #[test]
    fn fields_cannot_run_into_each_other() {
        let fingerprint = |name: &str, key: &str, value: &str| {
            RequestFingerprint::of_new_ledger(
                &LedgerName::parse(name).unwrap(),
                &Metadata::new([(key.to_string(), value.to_string())].into()).unwrap(),
            )
        };
        assert_eq!(fingerprint("a", "b", "c"), fingerprint("a", "b", "c"));
        assert_ne!(fingerprint("a", "bc", "d"), fingerprint("a", "b", "cd"));
        assert_ne!(fingerprint("ab", "c", "d"), fingerprint("a", "bc", "d"));
    }
}
