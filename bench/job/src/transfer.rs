//! What a transfer does to the balances that it touches, and what is written and answered then. Knows no database.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::JobError;
use crate::amount::Units;
use crate::balance::Balance;
use crate::error::{Cause, Rejection};
use crate::names::{Address, Asset, LedgerName};
use crate::policy::{Policy, Side};
use crate::reply::{AccountBalance, NoMetadata, Posting, Transaction};
use crate::request::{NewPosting, NewTransaction};

/// An account and an asset.
pub(crate) type Key = (Address, Asset);

/// Returns every account and asset that a request touches, in the order in which everybody locks them.
pub(crate) fn touched(request: &NewTransaction) -> Vec<Key> {
    let sides = |posting: &NewPosting| {
        [&posting.source, &posting.destination].map(|address| (address.clone(), posting.asset.clone()))
    };
    let mut keys: Vec<Key> = request.postings.0.iter().flat_map(sides).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A balance that is locked, with what its account allows.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) balance: Balance,
    pub(crate) policy: Policy,
}

/// A transaction that may be carried out.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) recorded_at: Timestamp,
    postings: Vec<NewPosting>,
    /// Every balance touched, as it stands afterwards, by account and asset.
    pub(crate) balances: Vec<(Key, Balance)>,
}

/// Carries out all postings in order on what is locked.
pub(crate) fn decide(
    request: NewTransaction,
    mut locked: BTreeMap<Key, Locked>,
    now: Timestamp,
) -> Result<Decided, JobError> {
    for (index, posting) in request.postings.0.iter().enumerate() {
        carry_out(index, posting, &mut locked)?;
    }
    let balances = locked.into_iter().map(|(key, locked)| (key, locked.balance)).collect();
    // To the microsecond, as it is stored.
    let recorded_at = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    Ok(Decided { recorded_at, postings: request.postings.0, balances })
}

/// Returns the time at which a transfer is recorded.
#[expect(clippy::disallowed_methods, reason = "a peer has no clock of the engine's to read")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

fn carry_out(index: usize, posting: &NewPosting, locked: &mut BTreeMap<Key, Locked>) -> Result<(), JobError> {
    let NewPosting { source, destination, asset, amount } = posting;
    let rejected = |account: &Address, cause| {
        Err(JobError::Rejected(Box::new(Rejection { posting: index, account: account.clone(), cause })))
    };
    for (account, side) in [(source, Side::Debit), (destination, Side::Credit)] {
        let policy = &of(locked, account, asset)?.policy;
        if policy.closed {
            return rejected(account, Cause::Closed);
        }
        if policy.bars(side) {
            return rejected(account, Cause::Frozen(side));
        }
    }
    let amount = amount.0;
    let from = of(locked, source, asset)?;
    let available = from.balance.available().0;
    if let Some(floor) = from.policy.floor(asset)? {
        let shortfall = floor.saturating_sub(available.saturating_sub(amount));
        if shortfall > 0 && amount > 0 {
            return rejected(source, Cause::Funds { asset: asset.clone(), available, amount, shortfall });
        }
    }
    match from.balance.posted_out.checked_add(amount) {
        Some(sum) => from.balance.posted_out = sum,
        None => return rejected(source, Cause::Overflow { asset: asset.clone() }),
    }
    let to = of(locked, destination, asset)?;
    match to.balance.posted_in.checked_add(amount) {
        Some(sum) => to.balance.posted_in = sum,
        None => return rejected(destination, Cause::Overflow { asset: asset.clone() }),
    }
    Ok(())
}

fn of<'a>(
    locked: &'a mut BTreeMap<Key, Locked>,
    account: &Address,
    asset: &Asset,
) -> Result<&'a mut Locked, JobError> {
    locked.get_mut(&(account.clone(), asset.clone())).ok_or(JobError::Corrupt("a balance that is locked"))
}

impl Decided {
    /// Returns the text that is stored: the one that Florin stores.
    pub(crate) fn body(&self) -> Result<String, JobError> {
        let postings: Vec<_> = self
            .postings
            .iter()
            .map(|posting| {
                let (source, destination) = (posting.source.as_str(), posting.destination.as_str());
                (source, destination, posting.asset.as_str(), Units(posting.amount.0))
            })
            .collect();
        let balances: Vec<_> = self
            .balances
            .iter()
            .map(|((account, asset), balance)| {
                let Balance { posted_in, posted_out, pending_in, pending_out } = *balance;
                let [posted_in, posted_out, pending_in, pending_out] =
                    [posted_in, posted_out, pending_in, pending_out].map(Units);
                (account.as_str(), asset.as_str(), posted_in, posted_out, pending_in, pending_out)
            })
            .collect();
        serde_json::to_string(&Body { postings, balances }).map_err(|_| JobError::Corrupt("an entry"))
    }

    /// Returns what the caller is told once it is on disk.
    pub(crate) fn recorded(self, ledger: &LedgerName, number: i64) -> Transaction {
        let at = format!("{:.6}", self.recorded_at);
        let postings: Vec<Posting> = self
            .postings
            .into_iter()
            .map(|posting| Posting {
                source: posting.source.as_str().to_owned(),
                destination: posting.destination.as_str().to_owned(),
                asset: posting.asset.as_str().to_owned(),
                amount: Units(posting.amount.0),
            })
            .collect();
        let balances = self.balances.into_iter().map(|((account, asset), balance)| AccountBalance {
            account: account.as_str().to_owned(),
            asset: asset.as_str().to_owned(),
            counters: balance.into(),
        });
        Transaction {
            id: number,
            ledger: ledger.as_str().to_owned(),
            reversed: vec![Units(0); postings.len()],
            postings,
            reference: None,
            metadata: NoMetadata {},
            effective_at: at.clone(),
            recorded_at: at,
            reverses: None,
            balances: balances.collect(),
        }
    }
}

/// What an entry holds, as text.
#[derive(serde::Serialize)]
struct Body<'a> {
    postings: Vec<(&'a str, &'a str, &'a str, Units)>,
    balances: Vec<(&'a str, &'a str, Units, Units, Units, Units)>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::{Decided, Locked, decide, touched};
    use crate::balance::Balance;
    use crate::names::LedgerName;
    use crate::policy::Policy;
    use crate::request::NewTransaction;
    use crate::{JobError, Problem};

    const TWO: &str = r#"{"postings":[
        {"source":"world","destination":"a:1","asset":"USD/2","amount":"100"},
        {"source":"a:1","destination":"b:1","asset":"USD/2","amount":"30"}]}"#;

    fn decided(body: &str, kept: &[(&str, &str)]) -> Result<Decided, JobError> {
        let request: NewTransaction = serde_json::from_str(body).unwrap();
        let locked: BTreeMap<_, _> = touched(&request)
            .into_iter()
            .map(|key| {
                let kept = kept.iter().find(|(account, _)| *account == key.0.as_str()).map(|(_, kept)| *kept);
                let policy = Policy::read(kept, &key.0).unwrap();
                (key, Locked { balance: Balance::default(), policy })
            })
            .collect();
        decide(request, locked, Timestamp::from_microsecond(1_795_964_406_572_181).unwrap())
    }

    fn problem(body: &str, kept: &[(&str, &str)]) -> String {
        String::from_utf8(Problem::from(&decided(body, kept).unwrap_err()).to_json()).unwrap()
    }

    #[test]
    fn two_postings_are_carried_out_in_order() {
        let decided = decided(TWO, &[]).unwrap();
        assert_eq!(
            decided.body().unwrap(),
            r#"{"postings":[["world","a:1","USD/2","100"],["a:1","b:1","USD/2","30"]],"balances":[["a:1","USD/2","100","30","0","0"],["b:1","USD/2","30","0","0","0"],["world","USD/2","0","100","0","0"]]}"#
        );
        let reply = serde_json::to_string(&decided.recorded(&LedgerName::parse("main").unwrap(), 0)).unwrap();
        assert_eq!(
            reply,
            r#"{"id":0,"ledger":"main","postings":[{"source":"world","destination":"a:1","asset":"USD/2","amount":"100"},{"source":"a:1","destination":"b:1","asset":"USD/2","amount":"30"}],"reference":null,"metadata":{},"effective_at":"2026-11-29T15:00:06.572181Z","recorded_at":"2026-11-29T15:00:06.572181Z","reverses":null,"reversed":["0","0"],"balances":[{"account":"a:1","asset":"USD/2","posted_in":"100","posted_out":"30","pending_in":"0","pending_out":"0","posted":"70","available":"70"},{"account":"b:1","asset":"USD/2","posted_in":"30","posted_out":"0","pending_in":"0","pending_out":"0","posted":"30","available":"30"},{"account":"world","asset":"USD/2","posted_in":"0","posted_out":"100","pending_in":"0","pending_out":"0","posted":"-100","available":"-100"}]}"#
        );
    }

    #[test]
    fn what_is_not_there_cannot_be_spent() {
        let body = TWO.replace("\"30\"", "\"130\"");
        assert_eq!(
            problem(&body, &[]),
            r#"{"type":"/docs/errors#transaction.insufficient_funds","title":"Insufficient funds","status":422,"code":"transaction.insufficient_funds","detail":"Posting 1 takes 130 of USD/2 from a:1, which has 100 available: 30 is missing.","posting":1,"account":"a:1","asset":"USD/2","available":"100","amount":"130","shortfall":"30"}"#
        );
        let credit = r#"{"floor":{"USD/2":"-30"},"frozen":"none","closed":false}"#;
        assert!(decided(&body, &[("a:1", credit)]).is_ok());
    }

    #[test]
    fn accounts_that_are_closed_or_frozen_take_no_part() {
        let frozen = r#"{"floor":{},"frozen":"credits","closed":false}"#;
        let closed = r#"{"floor":{},"frozen":"all","closed":true}"#;
        assert!(problem(TWO, &[("b:1", frozen)]).contains(
            r#""detail":"Posting 1 touches b:1, which is frozen for credits.","posting":1,"account":"b:1","side":"credit"}"#
        ));
        assert!(problem(TWO, &[("a:1", closed), ("b:1", frozen)]).contains(r#""code":"account.closed""#));
    }

    #[test]
    fn counters_end_below_two_to_the_127() {
        let most = i128::MAX.to_string();
        let body = TWO
            .replace("\"30\"", &format!("\"{most}\""))
            .replace("a:1\",\"destination", "world\",\"destination");
        assert!(problem(&body, &[]).contains(r#""code":"amount.overflow""#));
    }
}
