//! The one place that says yes or no to a command.

use std::collections::BTreeMap;

use crate::{
    AccountChange, AccountPart, Address, Amount, Balance, BalanceKey, Book, Direction, Entry, EntryBody,
    Expectations, Floor, Floors, Metadata, MetadataPatch, PolicyPatch, Posting, Postings, Quantity,
    Reference, Rejection, Timestamp, Transaction,
};

/// What a caller wants to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Move money.
    PostTransaction(PostTransaction),
    /// Change what an account allows, and what is kept beside it.
    ChangeAccount(ChangeAccount),
}

/// Change what an account allows, and what is kept beside it. What is not given stays as it is; no money moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeAccount {
    /// The account, which need not have moved before.
    pub account: Address,
    /// What it allows from now on. A floor that it is under already keeps it only from falling further.
    pub policy: PolicyPatch,
    /// What is kept beside it from now on.
    pub metadata: MetadataPatch,
}

/// Move money: all postings in order, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostTransaction {
    /// What to move, in order.
    pub postings: Postings<Quantity>,
    /// The caller's own name for it.
    pub reference: Option<Reference>,
    /// When it counts; when it is recorded, where not given.
    pub effective_at: Option<Timestamp>,
    /// What the caller keeps beside it.
    pub metadata: Metadata,
    /// What has to hold once all postings are through. Nothing of it is recorded.
    pub expectations: Expectations,
}

/// Decides on a command: the entry to record, or why not. Changes nothing itself; the entry takes
/// effect when it is [applied](Book::apply).
///
/// `now` is when the entry would be recorded. Where it lies before the last entry, because a clock
/// was set back or another machine's runs ahead, the last entry's time counts: the log never goes
/// back in time.
///
/// # Errors
/// The first [`Rejection`] in the order of precedence.
pub fn decide(book: &Book, command: &Command, now: Timestamp) -> Result<Entry, Rejection> {
    let recorded_at = book.last_recorded_at().map_or(now, |last| last.max(now));
    let entry = |effective_at: Option<Timestamp>, body, balances| Entry {
        number: book.next(),
        recorded_at,
        effective_at: effective_at.unwrap_or(recorded_at),
        body,
        balances,
    };
    match command {
        Command::PostTransaction(post) => {
            let (transaction, touched) = move_money(book, post)?;
            let body = EntryBody::Transaction(transaction);
            Ok(entry(post.effective_at, body, touched.into_iter().collect()))
        }
        Command::ChangeAccount(change) => {
            Ok(entry(None, EntryBody::Account(change_account(book, change)?), Vec::new()))
        }
    }
}

/// The balances that postings have touched, as they have left them.
type Touched = BTreeMap<BalanceKey, Balance>;

fn move_money(book: &Book, post: &PostTransaction) -> Result<(Transaction, Touched), Rejection> {
    if let Some(reference) = &post.reference
        && let Some(entry) = book.reference(reference)
    {
        return Err(Rejection::ReferenceTaken { reference: reference.clone(), entry });
    }
    let mut touched = Touched::new();
    let postings =
        post.postings.try_map(|(index, posting)| move_posting(book, &mut touched, index, posting))?;
    meet(book, &touched, &post.expectations)?;
    let (reference, metadata) = (post.reference.clone(), post.metadata.clone());
    Ok((Transaction { postings, reference, metadata }, touched))
}

fn change_account(book: &Book, change: &ChangeAccount) -> Result<AccountChange, Rejection> {
    let account = change.account.clone();
    let too_large = |part| Rejection::AccountTooLarge { account: account.clone(), part };
    let before = book.metadata(&account).cloned().unwrap_or_default();
    let metadata = change.metadata.applied_to(&before).ok_or_else(|| too_large(AccountPart::Metadata))?;
    let policy = change.policy.applied_to(book.policy(&account));
    match &policy.floors {
        Floors::PerAsset(floors) if floors.len() > Floors::MAX => Err(too_large(AccountPart::Floors)),
        Floors::PerAsset(_) | Floors::Unbounded => Ok(AccountChange { account, policy, metadata }),
    }
}

/// Moves one posting on the balances touched so far, and returns it with the amount that moved.
fn move_posting(
    book: &Book,
    touched: &mut Touched,
    index: usize,
    posting: &Posting<Quantity>,
) -> Result<Posting, Rejection> {
    for (account, side) in [(posting.source(), Direction::Debit), (posting.destination(), Direction::Credit)]
    {
        let policy = book.policy(account);
        if policy.closed {
            return Err(Rejection::AccountClosed { posting: index, account: account.clone() });
        }
        if policy.frozen.bars(side) {
            return Err(Rejection::AccountFrozen { posting: index, account: account.clone(), side });
        }
    }
    let key = |account: &Address| BalanceKey { account: account.clone(), asset: posting.asset().clone() };
    let overflow = |account: &Address| Rejection::AmountOverflow {
        posting: index,
        account: account.clone(),
        asset: posting.asset().clone(),
    };

    let source = key(posting.source());
    let before = current(book, touched, &source);
    let floor = book.policy(&source.account).floor(&source.asset);
    let Some(amount) = posting.amount().out_of(before.available(), floor) else {
        let BalanceKey { account, asset } = source;
        return Err(Rejection::AccountUnbounded { posting: index, account, asset });
    };
    if let Floor::AtLeast(floor) = floor
        && let Some(shortfall) = shortfall(before.available(), floor, amount)
    {
        return Err(Rejection::InsufficientFunds {
            posting: index,
            account: source.account,
            asset: source.asset,
            available: before.available(),
            amount,
            shortfall,
        });
    }
    let debited = before.debited(amount).ok_or_else(|| overflow(posting.source()))?;
    touched.insert(source, debited);

    let destination = key(posting.destination());
    let credited = current(book, touched, &destination)
        .credited(amount)
        .ok_or_else(|| overflow(posting.destination()))?;
    touched.insert(destination, credited);
    Ok(posting.with_amount(amount))
}

/// Holds what the postings would leave to what the caller expects.
fn meet(book: &Book, touched: &Touched, expectations: &Expectations) -> Result<(), Rejection> {
    for (index, expectation) in expectations.as_slice().iter().enumerate() {
        let key = expectation.key();
        if let Some(unmet) = expectation.unmet(&current(book, touched, key)) {
            let BalanceKey { account, asset } = key.clone();
            return Err(Rejection::ExpectationFailed { expectation: index, account, asset, unmet });
        }
    }
    Ok(())
}

/// Returns a balance as the postings so far have left it.
fn current(book: &Book, touched: &Touched, key: &BalanceKey) -> Balance {
    touched.get(key).copied().unwrap_or_else(|| book.balance(key))
}

/// How much is missing for an amount to leave `available` without passing the floor, if anything.
///
/// A zero amount moves nothing, so it never misses anything. More than the largest amount counts as
/// the largest amount.
fn shortfall(available: i128, floor: i128, amount: Amount) -> Option<Amount> {
    if amount == Amount::ZERO {
        return None;
    }
    let room = available.saturating_sub(floor);
    let missing = u128::try_from(amount.signed().saturating_sub(room)).ok()?;
    (missing > 0).then(|| Amount::new(missing).unwrap_or(Amount::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asset, EntryNumber};

    fn posting(source: &str, destination: &str, amount: u64) -> Posting {
        Posting::new(
            Address::parse(source).unwrap(),
            Address::parse(destination).unwrap(),
            Asset::parse("USD/2").unwrap(),
            Amount::from(amount),
        )
        .unwrap()
    }

    fn post(postings: Vec<Posting>) -> PostTransaction {
        asking(postings.into_iter().map(Posting::from).collect())
    }

    fn asking(postings: Vec<Posting<Quantity>>) -> PostTransaction {
        PostTransaction {
            postings: Postings::new(postings).unwrap(),
            reference: None,
            effective_at: None,
            metadata: Metadata::default(),
            expectations: Expectations::default(),
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn the_entry_holds_the_command_and_the_balances_it_touched_in_order() {
        let command = PostTransaction {
            reference: Some(Reference::parse("order-1").unwrap()),
            effective_at: Some(at(-5)),
            metadata: Metadata::new([("order".to_owned(), "1".to_owned())].into()).unwrap(),
            ..post(vec![posting("world", "b", 7), posting("b", "a", 3)])
        };
        let book = Book::at(EntryNumber(4), Some(at(10)));
        let entry = decide(&book, &Command::PostTransaction(command.clone()), at(20)).unwrap();
        assert_eq!(entry.number, EntryNumber(4));
        assert_eq!(entry.recorded_at, at(20));
        assert_eq!(entry.effective_at, at(-5));
        let transaction = entry.body.transaction().unwrap();
        assert_eq!(Postings::<Quantity>::from(transaction.postings.clone()), command.postings);
        assert_eq!(transaction.reference, command.reference);
        assert_eq!(transaction.metadata, command.metadata);
        let balances: Vec<_> = entry
            .balances
            .iter()
            .map(|(key, b)| (key.account.as_str(), b.posted_in.get(), b.posted_out.get()))
            .collect();
        assert_eq!(balances, [("a", 3, 0), ("b", 7, 3), ("world", 0, 7)]);
    }

    #[test]
    fn a_clock_behind_the_log_counts_as_the_logs_last_time() {
        let command = Command::PostTransaction(post(vec![posting("world", "a", 1)]));
        let entry = decide(&Book::at(EntryNumber(1), Some(at(10))), &command, at(3)).unwrap();
        assert_eq!((entry.recorded_at, entry.effective_at), (at(10), at(10)));
        let first = decide(&Book::default(), &command, at(3)).unwrap();
        assert_eq!((first.recorded_at, first.effective_at), (at(3), at(3)));
    }

    #[test]
    fn held_money_is_not_available() {
        let mut book = Book::default();
        let key = BalanceKey { account: Address::parse("a").unwrap(), asset: Asset::parse("USD/2").unwrap() };
        let (posted_in, pending_out) = (Amount::from(10), Amount::from(4));
        book.load_balance(key, Balance { posted_in, pending_out, ..Balance::default() });
        let decide_on = |amount| {
            let command = Command::PostTransaction(post(vec![posting("a", "b", amount)]));
            decide(&book, &command, at(0)).map(|entry| entry.balances[0].1)
        };
        let spent = Balance { posted_in, pending_out, posted_out: Amount::from(6), ..Balance::default() };
        assert_eq!(decide_on(6), Ok(spent));
        let Err(Rejection::InsufficientFunds { available, shortfall, .. }) = decide_on(7) else {
            panic!("seven of six were moved");
        };
        assert_eq!((available, shortfall), (6, Amount::from(1)));
    }

    #[test]
    fn the_entry_holds_what_moved_and_not_what_was_asked_for() {
        let usd = |source, destination, quantity| posting(source, destination, 0).with_amount(quantity);
        let (all, up_to) = (Quantity::All, |most| Quantity::UpTo(Amount::from(most)));
        let command = Command::PostTransaction(asking(vec![
            usd("world", "a", up_to(10)),
            usd("a", "b", up_to(3)),
            usd("a", "c", all),
            usd("a", "d", all),
            usd("b", "d", up_to(9)),
            usd("e", "d", all),
        ]));
        let entry = decide(&Book::default(), &command, at(0)).unwrap();
        let transaction = entry.body.transaction().unwrap();
        let moved: Vec<_> = transaction.postings.as_slice().iter().map(|p| p.amount().get()).collect();
        assert_eq!(moved, [10, 3, 7, 0, 3, 0]);
        // What moved nothing is touched all the same, as any posting's accounts are.
        let posted: Vec<_> =
            entry.balances.iter().map(|(key, b)| (key.account.as_str(), b.posted())).collect();
        assert_eq!(posted, [("a", 0), ("b", 0), ("c", 7), ("d", 3), ("e", 0), ("world", -10)]);
    }

    #[test]
    fn all_leaves_what_is_held() {
        let mut book = Book::default();
        let key = BalanceKey { account: Address::parse("a").unwrap(), asset: Asset::parse("USD/2").unwrap() };
        let (posted_in, pending_out) = (Amount::from(10), Amount::from(4));
        book.load_balance(key, Balance { posted_in, pending_out, ..Balance::default() });
        let command = Command::PostTransaction(asking(vec![posting("a", "b", 0).with_amount(Quantity::All)]));
        let entry = decide(&book, &command, at(0)).unwrap();
        assert_eq!((entry.balances[0].1.posted(), entry.balances[0].1.available()), (4, 0));
    }

    #[test]
    fn shortfall_is_what_lies_between_the_amount_and_the_floor() {
        let max = Amount::MAX.signed();
        for (available, floor, amount, missing) in [
            (0, 0, 0, None),
            (10, 0, 10, None),
            (10, 0, 11, Some(1)),
            (0, -5, 5, None),
            (0, -5, 6, Some(1)),
            (10, 3, 8, Some(1)),
            // Under its floor already, as a floor may be raised later: nothing leaves, but zero still may.
            (-7, 0, 0, None),
            (-7, 0, 1, Some(8)),
            (max, 0, max, None),
            (max, -max, max, None),
            (-max, 0, max, Some(max)),
            (-max, max, 1, Some(max)),
            (i128::MIN, 0, max, Some(max)),
        ] {
            let amount = Amount::new(u128::try_from(amount).unwrap()).unwrap();
            let found = shortfall(available, floor, amount).map(Amount::signed);
            assert_eq!(found, missing, "{amount} out of {available} over {floor}");
        }
    }
}
