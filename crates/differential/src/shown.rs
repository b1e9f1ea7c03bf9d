//! Writes what the model says as the service has to show it: by the description of the API, not by its code.

use ledger::{
    AccountChange, Address, Amount, Asset, Balance, BalanceKey, Bounds, Direction, Entry, EntryBody,
    Expectation, Expectations, Floors, HoldState, Metadata, Origin, Policy, Posting, Reference, ReleaseCause,
    TransactionChange,
};
use reference_model::Model;
use serde_json::{Map, Value, json};

use crate::asked::frozen_text;
use crate::sums::Sums;
use crate::times;

/// A transaction, of which so much was reversed.
pub(crate) fn transaction(ledger: &str, entry: &Entry, reversed: &[Amount]) -> Value {
    let EntryBody::Transaction(transaction) = &entry.body else { panic!("{entry:?} is no transaction") };
    let mut shown = json!({
        "id": entry.number.0,
        "ledger": ledger,
        "postings": postings(transaction.postings.as_slice()),
        "reference": transaction.reference.as_ref().map(Reference::as_str),
        "metadata": metadata(&transaction.metadata),
        "effective_at": times::text(entry.effective_at),
        "recorded_at": times::text(entry.recorded_at),
        "reverses": null,
        "reversed": amounts(reversed),
        "balances": balances(&entry.balances),
    });
    match &transaction.origin {
        Origin::Posted => {}
        Origin::Capture(capture) => {
            shown["captures"] = json!({
                "hold": capture.hold.0,
                "closes": capture.closes,
                "released": postings(&capture.released),
            });
        }
        Origin::Reversal(reversal) => {
            shown["reverses"] = reversal.of.0.into();
            if reversal.forced {
                shown["forced"] = true.into();
            }
        }
    }
    shown
}

/// A hold that has come so far.
pub(crate) fn hold(ledger: &str, entry: &Entry, state: HoldState, captured: &[Amount]) -> Value {
    let EntryBody::Hold(hold) = &entry.body else { panic!("{entry:?} is no hold") };
    let reserved = hold.postings.as_slice();
    let left = reserved.iter().zip(captured).map(|(posting, captured)| {
        let left = posting.amount().get() - captured.get();
        if state == HoldState::Open { left.to_string() } else { "0".to_owned() }
    });
    json!({
        "id": entry.number.0,
        "ledger": ledger,
        "state": state_text(state),
        "postings": postings(reserved),
        "captured": amounts(captured),
        "remaining": left.collect::<Vec<_>>(),
        "reference": hold.reference.as_ref().map(Reference::as_str),
        "metadata": metadata(&hold.metadata),
        "expires_at": hold.expires_at.map(times::text),
        "recorded_at": times::text(entry.recorded_at),
        "balances": balances(&entry.balances),
    })
}

pub(crate) fn state_text(state: HoldState) -> &'static str {
    match state {
        HoldState::Open => "open",
        HoldState::Captured => "captured",
        HoldState::Voided => "voided",
        HoldState::Expired => "expired",
    }
}

/// An account with its balances, and its version if it is that of now.
pub(crate) fn account(
    address: &str,
    kept: &(Policy, Metadata),
    version: Option<u64>,
    balances: &[(Asset, Balance)],
) -> Value {
    let balances: Vec<_> =
        balances.iter().map(|(asset, balance)| Value::Object(counters(asset, balance))).collect();
    let mut shown = json!({
        "address": address,
        "policy": policy(&kept.0),
        "metadata": metadata(&kept.1),
        "balances": balances,
    });
    if let Some(version) = version {
        shown["version"] = version.into();
    }
    shown
}

/// Returns the balances of an account.
pub(crate) fn balances_of(model: &Model, account: &Address) -> Vec<(Asset, Balance)> {
    let keys = model.touched().into_iter().filter(|key| key.account == *account);
    keys.map(|key| (key.asset.clone(), model.balance(&key))).collect()
}

/// A change of an account.
pub(crate) fn account_change(entry: &Entry, change: &AccountChange) -> Value {
    json!({
        "entry": entry.number.0,
        "recorded_at": times::text(entry.recorded_at),
        "policy": policy(&change.policy),
        "metadata": metadata(&change.metadata),
    })
}

/// A change of a transaction.
pub(crate) fn transaction_change(entry: &Entry, change: &TransactionChange) -> Value {
    json!({
        "entry": entry.number.0,
        "recorded_at": times::text(entry.recorded_at),
        "transaction": change.transaction.0,
        "metadata": metadata(&change.metadata),
    })
}

/// An entry of the log.
pub(crate) fn log_entry(entry: &Entry, key: Option<&str>) -> Value {
    let mut shown = json!({
        "number": entry.number.0,
        "recorded_at": times::text(entry.recorded_at),
        "effective_at": times::text(entry.effective_at),
        "idempotency_key": key,
        "reference": null,
        "captures": null,
        "reverses": null,
        "releases": null,
        "expires_at": null,
        "account": null,
        "policy": null,
        "transaction": null,
        "metadata": {},
        "balances": balances(&entry.balances),
    });
    match &entry.body {
        EntryBody::Transaction(transaction) => {
            shown["type"] = "transaction".into();
            shown["postings"] = postings(transaction.postings.as_slice());
            shown["reference"] = json!(transaction.reference.as_ref().map(Reference::as_str));
            shown["metadata"] = metadata(&transaction.metadata);
            match &transaction.origin {
                Origin::Posted => {}
                Origin::Capture(capture) => {
                    shown["captures"] = json!({
                        "hold": capture.hold.0,
                        "closes": capture.closes,
                        "released": postings(&capture.released),
                    });
                }
                Origin::Reversal(reversal) => {
                    shown["reverses"] = json!({ "transaction": reversal.of.0, "forced": reversal.forced });
                }
            }
        }
        EntryBody::Account(change) => {
            shown["type"] = "account".into();
            shown["postings"] = json!([]);
            shown["account"] = change.account.as_str().into();
            shown["policy"] = policy(&change.policy);
            shown["metadata"] = metadata(&change.metadata);
        }
        EntryBody::TransactionChange(change) => {
            shown["type"] = "transaction_change".into();
            shown["postings"] = json!([]);
            shown["transaction"] = change.transaction.0.into();
            shown["metadata"] = metadata(&change.metadata);
        }
        EntryBody::Hold(hold) => {
            shown["type"] = "hold".into();
            shown["postings"] = postings(hold.postings.as_slice());
            shown["reference"] = json!(hold.reference.as_ref().map(Reference::as_str));
            shown["metadata"] = metadata(&hold.metadata);
            shown["expires_at"] = json!(hold.expires_at.map(times::text));
        }
        EntryBody::Release(release) => {
            let cause = match release.cause {
                ReleaseCause::Voided => "voided",
                ReleaseCause::Expired => "expired",
            };
            shown["type"] = "release".into();
            shown["postings"] = postings(&release.postings);
            shown["releases"] = json!({ "hold": release.hold.0, "cause": cause });
        }
    }
    shown
}

/// The side of one posting that an account's statement shows, with what the account had then.
pub(crate) fn line(entry: &Entry, place: usize, posting: &Posting, side: Direction, balance: i128) -> Value {
    let (direction, counterparty) = match side {
        Direction::Debit => ("debit", posting.destination()),
        Direction::Credit => ("credit", posting.source()),
    };
    json!({
        "transaction": entry.number.0,
        "posting": place,
        "recorded_at": times::text(entry.recorded_at),
        "effective_at": times::text(entry.effective_at),
        "direction": direction,
        "counterparty": counterparty.as_str(),
        "asset": posting.asset().as_str(),
        "amount": posting.amount().get().to_string(),
        "balance": balance.to_string(),
    })
}

/// What a transaction expects, with what it does not say.
pub(crate) fn expectations(expectations: &Expectations) -> Value {
    let bounds = |bounds: Bounds| {
        let units = |bound: Option<i128>| bound.map(|units| units.to_string());
        let shown = json!({
            "at_least": units(bounds.at_least),
            "at_most": units(bounds.at_most),
            "equals": units(bounds.equals),
        });
        (bounds != Bounds::default()).then_some(shown)
    };
    let shown = |expectation: &Expectation| {
        let all = expectation.bounds();
        json!({
            "account": expectation.account().as_str(),
            "asset": expectation.key().map(|key| key.asset.as_str().to_owned()),
            "posted": bounds(all.posted),
            "available": bounds(all.available),
            "version": bounds(all.version),
        })
    };
    expectations.as_slice().iter().map(shown).collect()
}

/// Balances by account and asset.
pub(crate) fn balances(balances: &[(BalanceKey, Balance)]) -> Value {
    let shown = |(key, balance): &(BalanceKey, Balance)| {
        let mut shown = counters(&key.asset, balance);
        shown.insert("account".into(), key.account.as_str().into());
        Value::Object(shown)
    };
    balances.iter().map(shown).collect()
}

fn counters(asset: &Asset, balance: &Balance) -> Map<String, Value> {
    let mut sums = Sums::default();
    sums.add(balance);
    summed(asset, &sums)
}

/// Sums of balances, without the asset's accounts.
pub(crate) fn summed(asset: &Asset, sums: &Sums) -> Map<String, Value> {
    let figures = sums.figures().into_iter().map(|(name, figure)| (name.to_owned(), figure.text().into()));
    [("asset".to_owned(), asset.as_str().into())].into_iter().chain(figures).collect()
}

fn postings(postings: &[Posting]) -> Value {
    let shown = |posting: &Posting| {
        json!({
            "source": posting.source().as_str(),
            "destination": posting.destination().as_str(),
            "asset": posting.asset().as_str(),
            "amount": posting.amount().get().to_string(),
        })
    };
    postings.iter().map(shown).collect()
}

fn amounts(amounts: &[Amount]) -> Vec<String> {
    amounts.iter().map(|amount| amount.get().to_string()).collect()
}

pub(crate) fn metadata(metadata: &Metadata) -> Value {
    json!(metadata.as_map())
}

fn policy(policy: &Policy) -> Value {
    let floor = match &policy.floors {
        Floors::Unbounded => "unbounded".into(),
        Floors::PerAsset(floors) => {
            let floors =
                floors.iter().map(|(asset, floor)| (asset.as_str().to_owned(), floor.to_string().into()));
            Value::Object(floors.collect())
        }
    };
    json!({ "floor": floor, "frozen": frozen_text(policy.frozen), "closed": policy.closed })
}
