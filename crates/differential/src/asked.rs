//! Writes commands as requests.

use ledger::{
    Bounds, CaptureHold, ChangeAccount, Command, CreateHold, Expectation, FloorsPatch, Frozen, Metadata,
    PolicyPatch, PostTransaction, Posting, Postings, Quantity, Reference, ReverseTransaction, Timestamp,
};
use serde_json::{Map, Value, json};

use crate::connection::Request;
use crate::times;

/// Returns the request that a command is, in a ledger.
pub(crate) fn request(ledger: &str, command: &Command, key: Option<&str>, dry_run: bool) -> Request {
    let mut body = body(command);
    let (method, place) = match command {
        Command::PostTransaction(_) => ("POST", "transactions".to_owned()),
        Command::ChangeAccount(change) => ("PATCH", format!("accounts/{}", change.account)),
        Command::ChangeTransaction(change) => ("PATCH", format!("transactions/{}", change.transaction.0)),
        Command::CreateHold(_) => ("POST", "holds".to_owned()),
        Command::CaptureHold(capture) => ("POST", format!("holds/{}/captures", capture.hold.0)),
        Command::ReleaseHold(release) => ("POST", format!("holds/{}/void", release.hold.0)),
        Command::ReverseTransaction(reversal) => {
            ("POST", format!("transactions/{}/reversals", reversal.transaction.0))
        }
    };
    if dry_run {
        body.insert("dry_run".into(), true.into());
    }
    let has_body = !matches!(command, Command::ReleaseHold(_));
    Request {
        method,
        path: format!("/v1/ledgers/{ledger}/{place}"),
        key: key.map(str::to_owned),
        body: has_body.then(|| Value::Object(body).to_string()),
        is_lines: false,
    }
}

/// Returns what a command is in a batch.
pub(crate) fn in_batch(command: &Command, key: Option<&str>) -> Value {
    let mut item = body(command);
    let (kind, target) = match command {
        Command::PostTransaction(_) => ("transaction", None),
        Command::ChangeAccount(change) => ("account", Some(("account", json!(change.account.as_str())))),
        Command::ChangeTransaction(change) => {
            ("transaction_change", Some(("transaction", json!(change.transaction.0))))
        }
        Command::CreateHold(_) => ("hold", None),
        Command::CaptureHold(capture) => ("capture", Some(("hold", json!(capture.hold.0)))),
        Command::ReleaseHold(release) => ("void", Some(("hold", json!(release.hold.0)))),
        Command::ReverseTransaction(reversal) => {
            ("reversal", Some(("transaction", json!(reversal.transaction.0))))
        }
    };
    item.insert("type".into(), kind.into());
    item.extend(target.map(|(name, target)| (name.to_owned(), target)));
    item.extend(key.map(|key| ("idempotency_key".to_owned(), key.into())));
    Value::Object(item)
}

fn body(command: &Command) -> Map<String, Value> {
    match command {
        Command::PostTransaction(post) => transaction(post),
        Command::ChangeAccount(change) => account(change),
        Command::ChangeTransaction(change) => {
            Map::from_iter([("metadata".to_owned(), json!(change.metadata.as_map()))])
        }
        Command::CreateHold(create) => hold(create),
        Command::CaptureHold(capture) => captured(capture),
        Command::ReleaseHold(_) => Map::new(),
        Command::ReverseTransaction(reversal) => reversed(reversal),
    }
}

/// Returns a transaction as it is asked for, alone or by a schedule.
pub(crate) fn transaction(post: &PostTransaction) -> Map<String, Value> {
    let mut body = named(post.reference.as_ref(), post.effective_at, &post.metadata);
    body.insert("postings".into(), postings(&post.postings));
    let expectations = post.expectations.as_slice();
    if !expectations.is_empty() {
        body.insert("expect".into(), expectations.iter().map(expectation).collect());
    }
    body
}

fn hold(create: &CreateHold) -> Map<String, Value> {
    let mut body = named(create.reference.as_ref(), None, &create.metadata);
    body.insert("postings".into(), postings(&create.postings));
    if let Some(expires_at) = create.expires_at {
        body.insert("expires_at".into(), times::text(expires_at).into());
    }
    body
}

fn captured(capture: &CaptureHold) -> Map<String, Value> {
    let mut body = named(capture.reference.as_ref(), capture.effective_at, &capture.metadata);
    if let Some(asked) = &capture.postings {
        body.insert("postings".into(), postings(asked));
    }
    if capture.is_final {
        body.insert("final".into(), true.into());
    }
    body
}

fn reversed(reversal: &ReverseTransaction) -> Map<String, Value> {
    let mut body = named(reversal.reference.as_ref(), reversal.effective_at, &reversal.metadata);
    if let Some(asked) = &reversal.postings {
        body.insert("postings".into(), postings(asked));
    }
    if reversal.forced {
        body.insert("force".into(), true.into());
    }
    body
}

fn account(change: &ChangeAccount) -> Map<String, Value> {
    let mut body = Map::new();
    let metadata = change.metadata.as_map().iter().map(|(key, value)| (key.clone(), json!(value)));
    body.insert("metadata".into(), Value::Object(metadata.collect()));
    if change.policy != PolicyPatch::default() {
        body.insert("policy".into(), policy(&change.policy));
    }
    body
}

fn policy(patch: &PolicyPatch) -> Value {
    let mut policy = Map::new();
    match &patch.floors {
        None => {}
        Some(FloorsPatch::Unbounded) => {
            policy.insert("floor".into(), "unbounded".into());
        }
        Some(FloorsPatch::PerAsset(floors)) => {
            let floor = floors.iter().map(|(asset, floor)| {
                (asset.as_str().to_owned(), json!(floor.map(|floor| floor.to_string())))
            });
            policy.insert("floor".into(), Value::Object(floor.collect()));
        }
    }
    if let Some(frozen) = patch.frozen {
        policy.insert("frozen".into(), frozen_text(frozen).into());
    }
    if let Some(closed) = patch.closed {
        policy.insert("closed".into(), closed.into());
    }
    Value::Object(policy)
}

pub(crate) fn frozen_text(frozen: Frozen) -> &'static str {
    match frozen {
        Frozen::None => "none",
        Frozen::Debits => "debits",
        Frozen::Credits => "credits",
        Frozen::All => "all",
    }
}

fn named(
    reference: Option<&Reference>,
    effective_at: Option<Timestamp>,
    metadata: &Metadata,
) -> Map<String, Value> {
    let mut body = Map::new();
    if let Some(reference) = reference {
        body.insert("reference".into(), reference.as_str().into());
    }
    if let Some(effective_at) = effective_at {
        body.insert("effective_at".into(), times::text(effective_at).into());
    }
    if !metadata.is_empty() {
        body.insert("metadata".into(), json!(metadata.as_map()));
    }
    body
}

fn postings(postings: &Postings<Quantity>) -> Value {
    postings.as_slice().iter().map(posting).collect()
}

fn posting(posting: &Posting<Quantity>) -> Value {
    json!({
        "source": posting.source().as_str(),
        "destination": posting.destination().as_str(),
        "asset": posting.asset().as_str(),
        "amount": quantity(posting.amount()),
    })
}

fn quantity(quantity: Quantity) -> Value {
    match quantity {
        Quantity::Exactly(amount) => amount.get().to_string().into(),
        Quantity::UpTo(amount) => json!({ "up_to": amount.get().to_string() }),
        Quantity::All => "all".into(),
    }
}

fn expectation(expectation: &Expectation) -> Value {
    let mut shown = Map::new();
    shown.insert("account".into(), expectation.account().as_str().into());
    if let Some(key) = expectation.key() {
        shown.insert("asset".into(), key.asset.as_str().into());
    }
    let all = expectation.bounds();
    for (name, bounds) in [("posted", all.posted), ("available", all.available), ("version", all.version)] {
        if bounds != Bounds::default() {
            shown.insert(name.into(), self::bounds(bounds));
        }
    }
    Value::Object(shown)
}

fn bounds(bounds: Bounds) -> Value {
    let given = [("at_least", bounds.at_least), ("at_most", bounds.at_most), ("equals", bounds.equals)];
    let given =
        given.into_iter().filter_map(|(name, bound)| Some((name.to_owned(), bound?.to_string().into())));
    Value::Object(given.collect())
}
