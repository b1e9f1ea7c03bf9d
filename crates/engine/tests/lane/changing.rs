//! Changes of accounts in lanes: what a lane remembers of policies is held to the ledger as balances are.

use engine::port::Appended::{Stale, Written};
use engine::{Outcome, Submission, SubmitError, balances_before};
use ledger::{
    AccountChange, Address, Amount, Asset, ChangeAccount, ChangeTransaction, Command, CreateHold, EntryBody,
    EntryNumber, Floors, FloorsPatch, Frozen, Metadata, MetadataPatch, PolicyPatch, Posting, Postings,
    Rejection, ReleaseCause, ReleaseHold,
};

use crate::{Bench, With, is_short_of_funds, main, transfer};

fn change(account: &str, policy: PolicyPatch, metadata: &[(&str, Option<&str>)]) -> Submission {
    let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
    let metadata = MetadataPatch::new(metadata.iter().map(owned).collect()).unwrap();
    let account = Address::parse(account).unwrap();
    let command = Command::ChangeAccount(ChangeAccount { account, policy, metadata });
    Submission::new(command, None)
}

fn hold(source: &str, destination: &str, amount: u64) -> Submission {
    let [source, destination] = [source, destination].map(|account| Address::parse(account).unwrap());
    let asset = Asset::parse("USD/2").unwrap();
    let posting = Posting::new(source, destination, asset, Amount::from(amount)).unwrap();
    let postings = Postings::new(vec![posting]).unwrap().into();
    let metadata = Metadata::default();
    let command = Command::CreateHold(CreateHold { postings, expires_at: None, reference: None, metadata });
    Submission::new(command, None)
}

fn floor(units: i128) -> PolicyPatch {
    let floors = FloorsPatch::PerAsset([(Asset::parse("USD/2").unwrap(), Some(units))].into());
    PolicyPatch { floors: Some(floors), ..PolicyPatch::default() }
}

fn frozen(frozen: Frozen) -> PolicyPatch {
    PolicyPatch { frozen: Some(frozen), ..PolicyPatch::default() }
}

fn closed(closed: bool) -> PolicyPatch {
    PolicyPatch { closed: Some(closed), ..PolicyPatch::default() }
}

fn changed(body: &EntryBody) -> &AccountChange {
    match body {
        EntryBody::Account(change) => change,
        other => panic!("{other:?} changes no account"),
    }
}

fn is_frozen<T>(result: &Result<T, SubmitError>) -> bool {
    matches!(result, Err(SubmitError::Rejected(Rejection::AccountFrozen { .. })))
}

#[tokio::test]
async fn a_change_counts_from_the_next_command_on() {
    let bench = Bench::warm().await;
    assert!(is_short_of_funds(&bench.submit(transfer("a", "world", 31)).await));
    let entry = bench.submit(change("a", floor(-5), &[])).await.unwrap().entry;
    assert_eq!((entry.number.0, &entry.balances[..]), (3, &[][..]));
    bench.submit(transfer("a", "world", 35)).await.unwrap();
    assert!(is_short_of_funds(&bench.submit(transfer("a", "world", 1)).await));
    bench.submit(change("a", frozen(Frozen::Credits), &[])).await.unwrap();
    assert!(is_frozen(&bench.submit(transfer("world", "a", 1)).await));
    assert_eq!(bench.posted("a").await, -5);
}

#[tokio::test]
async fn a_change_by_another_replica_is_not_overlooked() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    replica.submit(change("a", frozen(Frozen::Debits), &[])).await.unwrap();
    // On what this lane remembers nothing is frozen.
    assert!(is_frozen(&bench.submit(transfer("a", "world", 1)).await));
    assert_eq!((bench.store.appended(), bench.posted("a").await), (vec![Stale], 30));
    replica.submit(change("a", frozen(Frozen::None), &[])).await.unwrap();
    // And now it remembers that it is.
    bench.submit(transfer("a", "world", 1)).await.unwrap();
    assert_eq!(bench.posted("a").await, 29);
}

#[tokio::test]
async fn policies_are_looked_up_with_balances() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    for (account, policy) in [("credit", floor(-7)), ("shut", closed(true))] {
        replica.submit(change(account, policy, &[])).await.unwrap();
    }
    // Lets the lane see the ledger as it is now, though not these accounts.
    bench.submit(transfer("world", "a", 1)).await.unwrap();
    bench.submit(transfer("world", "a", 1)).await.unwrap();
    bench.store.appended();
    bench.submit(transfer("credit", "a", 7)).await.unwrap();
    assert_eq!(bench.store.appended(), [Written], "on what was looked up");
    assert!(is_short_of_funds(&bench.submit(transfer("credit", "a", 1)).await));
    let shut = bench.submit(transfer("a", "shut", 1)).await;
    assert!(matches!(shut, Err(SubmitError::Rejected(Rejection::AccountClosed { .. }))), "{shut:?}");
}

#[tokio::test]
async fn changes_and_transactions_that_wait_together_keep_their_order() {
    let bench = Bench::warm().await;
    bench.store.hold();
    let busy = bench.spawn(transfer("world", "b", 1));
    bench.until("florin_batch_commands_count", 4.0).await;
    let mut callers = Vec::new();
    for (place, submission) in [
        transfer("a", "b", 31),
        change("a", floor(-1), &[]),
        transfer("a", "b", 31),
        change("a", closed(true), &[]),
        transfer("a", "b", 0),
        change("a", closed(false), &[]),
        transfer("world", "a", 1),
    ]
    .into_iter()
    .enumerate()
    {
        callers.push(bench.spawn(submission));
        bench.until("florin_lane_queue_depth", f64::from(u32::try_from(place).unwrap()) + 1.0).await;
    }
    bench.store.release();
    busy.await.unwrap().unwrap();
    let mut went_well = Vec::new();
    for caller in callers {
        went_well.push(caller.await.unwrap().is_ok());
    }
    assert_eq!(went_well, [false, true, true, true, false, true, true]);
    assert_eq!(bench.posted("a").await, 0);
}

#[tokio::test]
async fn what_a_change_leaves_out_stays_whoever_asks_and_whatever_is_remembered() {
    let mut bench = Bench::warm().await;
    bench.submit(change("a", floor(-5), &[("tier", Some("gold")), ("note", Some("x"))])).await.unwrap();
    let entry = bench.submit(change("a", closed(false), &[("note", None)])).await.unwrap().entry;
    for _ in 0..2 {
        let AccountChange { policy, metadata, .. } = changed(&entry.body);
        assert_eq!(policy.floors, Floors::PerAsset([(Asset::parse("USD/2").unwrap(), -5)].into()));
        assert_eq!((metadata.get("tier"), metadata.get("note")), (Some("gold"), None));
        bench = bench.reopen().await;
    }
    let entry = bench.submit(change("a", frozen(Frozen::All), &[("more", Some(""))])).await.unwrap().entry;
    let AccountChange { policy, metadata, .. } = changed(&entry.body);
    assert_eq!((policy.frozen, metadata.as_map().len()), (Frozen::All, 2));
    assert_eq!(policy.floors, Floors::PerAsset([(Asset::parse("USD/2").unwrap(), -5)].into()));
}

#[tokio::test]
async fn a_change_is_replayed_with_the_balances_of_its_time() {
    let bench = Bench::warm().await;
    let asked = || change("a", floor(-5), &[("tier", Some("gold"))]).key("k");
    let first = bench.submit(asked()).await.unwrap();
    let address = Address::parse("a").unwrap();
    let balances = async |entry| balances_before(&*bench.store, &main(), &address, entry).await.unwrap();
    let then = balances(&first.entry).await;
    assert_eq!(then.iter().map(|(_, balance)| balance.posted()).collect::<Vec<_>>(), [30]);
    bench.submit(transfer("a", "world", 35)).await.unwrap();
    bench.submit(change("a", closed(true), &[])).await.unwrap();
    let again = bench.submit(asked()).await.unwrap();
    assert_eq!((again.outcome, &again.entry), (Outcome::Replayed, &first.entry));
    assert_eq!(balances(&again.entry).await, then);
    let other = bench.submit(change("a", floor(-6), &[]).key("k")).await;
    assert!(matches!(other, Err(SubmitError::KeyReused)), "{other:?}");
    // Of an account that had not moved by then there are none, whatever it did later.
    let quiet = bench.submit(change("quiet", closed(false), &[])).await.unwrap();
    bench.submit(transfer("world", "quiet", 1)).await.unwrap();
    let quiet_address = Address::parse("quiet").unwrap();
    let then = balances_before(&*bench.store, &main(), &quiet_address, &quiet.entry).await.unwrap();
    assert_eq!(then, []);
}

#[tokio::test]
async fn a_change_is_replayed_with_what_was_held_at_its_time() {
    let bench = Bench::warm().await;
    let address = Address::parse("a").unwrap();
    let pending = async |entry| {
        let balances = balances_before(&*bench.store, &main(), &address, entry).await.unwrap();
        balances.iter().map(|(_, balance)| balance.pending_out.get()).collect::<Vec<_>>()
    };
    let asked = || change("a", floor(-5), &[]).key("k");
    let held = bench.submit(hold("a", "b", 7)).await.unwrap();
    let first = bench.submit(asked()).await.unwrap();
    assert_eq!(pending(&first.entry).await, [7]);
    let void = ReleaseHold { hold: held.entry.number, cause: ReleaseCause::Voided };
    let void = Submission::new(Command::ReleaseHold(void), None);
    bench.submit(void).await.unwrap();
    let second = bench.submit(change("a", closed(false), &[])).await.unwrap();
    assert_eq!(pending(&second.entry).await, [0]);
    let again = bench.submit(asked()).await.unwrap();
    assert_eq!((again.outcome, pending(&again.entry).await), (Outcome::Replayed, vec![7]));
}

fn annotate(transaction: u64, metadata: &[(&str, Option<&str>)]) -> Submission {
    let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
    let metadata = MetadataPatch::new(metadata.iter().map(owned).collect()).unwrap();
    let transaction = EntryNumber(transaction);
    let command = Command::ChangeTransaction(ChangeTransaction { transaction, metadata });
    Submission::new(command, None)
}

fn is_not_found<T>(result: &Result<T, SubmitError>) -> bool {
    matches!(result, Err(SubmitError::Rejected(Rejection::TransactionNotFound { .. })))
}

#[tokio::test]
async fn what_is_kept_beside_a_transaction_is_looked_up_whoever_changed_it_last() {
    let bench = Bench::warm().await;
    let replica = bench.replica().await;
    bench.submit(annotate(0, &[("a", Some("1")), ("b", Some("1"))])).await.unwrap();
    replica.submit(annotate(0, &[("a", None)])).await.unwrap();
    let entry = bench.submit(annotate(0, &[("c", Some("3"))])).await.unwrap().entry;
    let kept: Vec<_> = entry.body.metadata().as_map().keys().map(String::as_str).collect();
    assert_eq!((kept, entry.balances.len()), (vec!["b", "c"], 0));
    let next = bench.entries().await;
    for number in [next, next + 1, u64::MAX] {
        assert!(is_not_found(&bench.submit(annotate(number, &[])).await), "{number}");
    }
    // What was just recorded is a change, and no transaction.
    assert!(is_not_found(&bench.submit(annotate(next - 1, &[])).await));
}

#[tokio::test]
async fn a_transaction_that_waits_together_with_its_change_is_there_for_it() {
    let bench = Bench::warm().await;
    let next = bench.entries().await;
    bench.store.hold();
    let busy = bench.spawn(transfer("world", "b", 1));
    bench.until("florin_batch_commands_count", 4.0).await;
    let mut callers = Vec::new();
    let asked = [annotate(next + 1, &[]), transfer("world", "a", 1), annotate(next + 1, &[("k", Some("v"))])];
    for (place, submission) in asked.into_iter().enumerate() {
        callers.push(bench.spawn(submission));
        bench.until("florin_lane_queue_depth", f64::from(u32::try_from(place).unwrap()) + 1.0).await;
    }
    bench.store.release();
    busy.await.unwrap().unwrap();
    let mut went_well = Vec::new();
    for caller in callers {
        went_well.push(caller.await.unwrap().is_ok());
    }
    assert_eq!(went_well, [false, true, true]);
}

#[tokio::test]
async fn not_found_comes_before_a_key_that_was_used_for_something_else() {
    let bench = Bench::warm().await;
    let first = bench.submit(annotate(0, &[("a", Some("1"))]).key("k")).await.unwrap();
    let again = bench.submit(annotate(0, &[("a", Some("1"))]).key("k")).await.unwrap();
    assert_eq!((again.outcome, again.entry), (Outcome::Replayed, first.entry));
    let other = bench.submit(annotate(0, &[("a", Some("2"))]).key("k")).await;
    assert!(matches!(other, Err(SubmitError::KeyReused)), "{other:?}");
    assert!(is_not_found(&bench.submit(annotate(99, &[("a", Some("1"))]).key("k")).await));
    let transaction = bench.submit(transfer("world", "a", 1).key("k")).await;
    assert!(matches!(transaction, Err(SubmitError::KeyReused)), "{transaction:?}");
}
