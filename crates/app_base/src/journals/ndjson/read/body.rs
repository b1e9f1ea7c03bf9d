//! What each kind of entry has, read back: the one place where a kind is added.

use engine::codec::{ACCOUNT, HOLD, RELEASE, TRANSACTION, TRANSACTION_CHANGE};
use ledger::{
    AccountChange, Address, Amount, Asset, Capture, EntryBody, EntryNumber, Hold, Metadata, Origin, Policy,
    Posting, PostingError, Postings, Reference, Release, ReleaseCause, Reversal, Timestamp, Transaction,
    TransactionChange,
};

use super::Number;
use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};

/// What the kinds of entries have, each its own.
#[derive(Default)]
pub(super) struct BodyMembers {
    reference: Slot<Reference>,
    postings: Slot<Moved>,
    captures: Slot<Capture>,
    reverses: Slot<Reversal>,
    releases: Slot<Released>,
    expires_at: Slot<Timestamp>,
    account: Slot<Address>,
    policy: Slot<Policy>,
    transaction: Slot<Number>,
    metadata: Slot<Metadata>,
}

impl BodyMembers {
    /// Reads a member.
    pub(super) fn read(&mut self, member: &str, value: Value<'_>, errors: &mut FieldErrors) {
        match member {
            "reference" => self.reference.read_optional(value, errors),
            "postings" => self.postings.read(value, errors),
            "captures" => self.captures.read_optional(value, errors),
            "reverses" => self.reverses.read_optional(value, errors),
            "releases" => self.releases.read_optional(value, errors),
            "expires_at" => self.expires_at.read_optional(value, errors),
            "account" => self.account.read_optional(value, errors),
            "policy" => self.policy.read_optional(value, errors),
            "transaction" => self.transaction.read_optional(value, errors),
            "metadata" => self.metadata.read(value, errors),
            _ => value.refuse(errors, "is unknown to this version, and would be lost"),
        }
    }
}

/// Reads what an entry of a kind changed. What the kind does not have has to be empty.
pub(super) fn body(
    kind: &str,
    members: BodyMembers,
    line: Value<'_>,
    errors: &mut FieldErrors,
) -> Option<EntryBody> {
    let BodyMembers {
        reference,
        postings,
        captures,
        reverses,
        releases,
        expires_at,
        account,
        policy,
        transaction,
        metadata,
    } = members;
    let (captures, reverses, releases) = (captures.optional(), reverses.optional(), releases.optional());
    let (reference, expires_at) = (reference.optional(), expires_at.optional());
    let (account, policy, transaction) = (account.optional(), policy.optional(), transaction.optional());
    let postings = postings.required(line, "postings", errors).map(|Moved(postings)| postings);
    let metadata = metadata.required(line, "metadata", errors);
    let has: &[&str] = match kind {
        TRANSACTION => &["reference", "postings", "captures", "reverses", "metadata"],
        ACCOUNT => &["account", "policy", "metadata"],
        HOLD => &["reference", "postings", "expires_at", "metadata"],
        RELEASE => &["postings", "releases"],
        TRANSACTION_CHANGE => &["transaction", "metadata"],
        _ => {
            *errors = FieldErrors::default();
            line.refuse_member("type", "is none that this version knows", errors);
            return None;
        }
    };
    for (name, is_there) in [
        ("reference", reference.is_some()),
        ("postings", postings.as_ref().is_some_and(|postings| !postings.is_empty())),
        ("captures", captures.is_some()),
        ("reverses", reverses.is_some()),
        ("releases", releases.is_some()),
        ("expires_at", expires_at.is_some()),
        ("account", account.is_some()),
        ("policy", policy.is_some()),
        ("transaction", transaction.is_some()),
        ("metadata", metadata.as_ref().is_some_and(|metadata| !metadata.is_empty())),
    ] {
        if is_there && !has.contains(&name) {
            line.refuse_member(name, format!("is nothing that an entry of type {kind} has"), errors);
        }
    }
    let mut required = |name: &str, is_there: bool| {
        if !is_there {
            line.refuse_member(name, "is required", errors);
        }
    };
    match kind {
        TRANSACTION => {
            let postings = some(postings?, line, errors);
            let origin = match (captures, reverses) {
                (None, None) => Origin::Posted,
                (Some(capture), None) => Origin::Capture(capture),
                (None, Some(reversal)) => Origin::Reversal(reversal),
                (Some(_), Some(_)) => {
                    line.refuse_member("reverses", "cannot stand beside captures", errors);
                    return None;
                }
            };
            let (postings, metadata) = (postings?, metadata?);
            Some(EntryBody::Transaction(Transaction { postings, reference, metadata, origin }))
        }
        ACCOUNT => {
            required("account", account.is_some());
            required("policy", policy.is_some());
            let (account, policy, metadata) = (account?, policy?, metadata?);
            Some(EntryBody::Account(AccountChange { account, policy, metadata }))
        }
        HOLD => {
            let postings = some(postings?, line, errors)?;
            Some(EntryBody::Hold(Hold { postings, reference, metadata: metadata?, expires_at }))
        }
        TRANSACTION_CHANGE => {
            required("transaction", transaction.is_some());
            let (Number(number), metadata) = (transaction?, metadata?);
            Some(EntryBody::TransactionChange(TransactionChange {
                transaction: EntryNumber(number),
                metadata,
            }))
        }
        _ => {
            required("releases", releases.is_some());
            let Released { hold, cause } = releases?;
            Some(EntryBody::Release(Release { hold, cause, postings: postings? }))
        }
    }
}

/// Takes postings that cannot be none.
fn some(postings: Vec<Posting>, line: Value<'_>, errors: &mut FieldErrors) -> Option<Postings> {
    let postings = Postings::new(postings);
    if postings.is_err() {
        line.refuse_member("postings", "must have 1 to 1000 items", errors);
    }
    postings.ok()
}

impl FromJson for Capture {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut hold, mut closes) = (Slot::<Number>::default(), Slot::<bool>::default());
        let mut released = Slot::<Moved>::default();
        value.members(errors, |member, value, errors| match member {
            "hold" => hold.read(value, errors),
            "closes" => closes.read(value, errors),
            "released" => released.read(value, errors),
            _ => refuse_unknown(value, &["hold", "closes", "released"], errors),
        })?;
        let hold = hold.required(value, "hold", errors);
        let closes = closes.required(value, "closes", errors);
        let released = released.required(value, "released", errors);
        let (Number(hold), Moved(released)) = (hold?, released?);
        Some(Self { hold: EntryNumber(hold), closes: closes?, released })
    }
}

impl FromJson for Reversal {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut transaction, mut forced) = (Slot::<Number>::default(), Slot::<bool>::default());
        value.members(errors, |member, value, errors| match member {
            "transaction" => transaction.read(value, errors),
            "forced" => forced.read(value, errors),
            _ => refuse_unknown(value, &["transaction", "forced"], errors),
        })?;
        let transaction = transaction.required(value, "transaction", errors);
        let forced = forced.required(value, "forced", errors);
        let Number(of) = transaction?;
        Some(Self { of: EntryNumber(of), forced: forced? })
    }
}

/// Which hold was let go, and why.
struct Released {
    hold: EntryNumber,
    cause: ReleaseCause,
}

impl FromJson for Released {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut hold, mut cause) = (Slot::<Number>::default(), Slot::<Cause>::default());
        value.members(errors, |member, value, errors| match member {
            "hold" => hold.read(value, errors),
            "cause" => cause.read(value, errors),
            _ => refuse_unknown(value, &["hold", "cause"], errors),
        })?;
        let hold = hold.required(value, "hold", errors);
        let cause = cause.required(value, "cause", errors);
        let (Number(hold), Cause(cause)) = (hold?, cause?);
        Some(Self { hold: EntryNumber(hold), cause })
    }
}

struct Cause(ReleaseCause);

impl FromJson for Cause {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        match &*value.string(errors)? {
            "voided" => Some(Self(ReleaseCause::Voided)),
            "expired" => Some(Self(ReleaseCause::Expired)),
            _ => {
                value.refuse(errors, "must be voided or expired");
                None
            }
        }
    }
}

/// What moved, in order.
struct Moved(Vec<Posting>);

impl FromJson for Moved {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let mut postings = Vec::new();
        value.items(Postings::MAX, errors, |item, errors| postings.extend(posting(item, errors)))?;
        Some(Self(postings))
    }
}

fn posting(value: Value<'_>, errors: &mut FieldErrors) -> Option<Posting> {
    let (mut source, mut destination) = (Slot::<Address>::default(), Slot::<Address>::default());
    let (mut asset, mut amount) = (Slot::<Asset>::default(), Slot::<Amount>::default());
    value.members(errors, |member, value, errors| match member {
        "source" => source.read(value, errors),
        "destination" => destination.read(value, errors),
        "asset" => asset.read(value, errors),
        "amount" => amount.read(value, errors),
        _ => refuse_unknown(value, &["source", "destination", "asset", "amount"], errors),
    })?;
    let source = source.required(value, "source", errors);
    let destination = destination.required(value, "destination", errors);
    let asset = asset.required(value, "asset", errors);
    let amount = amount.required(value, "amount", errors);
    match Posting::new(source?, destination?, asset?, amount?) {
        Ok(posting) => Some(posting),
        Err(PostingError::SameAccount) => {
            value.refuse_member("destination", "must be another account than the source", errors);
            None
        }
    }
}
