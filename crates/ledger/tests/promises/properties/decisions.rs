//! Decisions: they are those of the reference model, and fall alike wherever the same is known.

use ledger::{
    BalanceKey, Book, CaptureHold, Command, CreateHold, Entry, EntryBody, Expectations, Origin,
    PostTransaction, Posting, Rejection, ReleaseHold, Remainder, ReverseTransaction, Timestamp, decide,
    find_target,
};
use proptest::prelude::*;
use reference_model::Model;

use super::config;
use crate::commands::{ACCOUNTS, Step, address, histories};
use crate::played::Played;

/// Returns the command that asks for exactly what an entry recorded, if what it recorded rests on any rule.
fn asking_again(entry: &Entry) -> Option<Command> {
    let effective_at = Some(entry.effective_at);
    match entry.body.clone() {
        EntryBody::Transaction(transaction) => {
            let (postings, reference, metadata) =
                (transaction.postings.into(), transaction.reference, transaction.metadata);
            Some(match transaction.origin {
                Origin::Posted => {
                    let expectations = Expectations::default();
                    let post = PostTransaction { postings, reference, effective_at, metadata, expectations };
                    Command::PostTransaction(post)
                }
                Origin::Capture(capture) => {
                    let (hold, postings, is_final) = (capture.hold, Some(postings), capture.closes);
                    let capture = CaptureHold { hold, postings, is_final, reference, effective_at, metadata };
                    Command::CaptureHold(capture)
                }
                Origin::Reversal(reversal) => {
                    let (transaction, postings, forced) = (reversal.of, Some(postings), reversal.forced);
                    let reversal = ReverseTransaction {
                        transaction,
                        postings,
                        forced,
                        reference,
                        effective_at,
                        metadata,
                    };
                    Command::ReverseTransaction(reversal)
                }
            })
        }
        EntryBody::Hold(hold) => Some(Command::CreateHold(CreateHold {
            postings: hold.postings.into(),
            expires_at: hold.expires_at,
            reference: hold.reference,
            metadata: hold.metadata,
        })),
        EntryBody::Release(release) => {
            Some(Command::ReleaseHold(ReleaseHold { hold: release.hold, cause: release.cause }))
        }
        EntryBody::Account(_) | EntryBody::TransactionChange(_) => None,
    }
}

/// Returns a book that holds what a command touches, and nothing else of the book.
fn part_for(book: &Book, command: &Command) -> Book {
    let mut part = Book::at(book.next(), book.last_recorded_at());
    let mut load = |posting: &Posting<()>| {
        for account in [posting.source(), posting.destination()] {
            let key = BalanceKey { account: account.clone(), asset: posting.asset().clone() };
            let balance = book.balance(&key);
            part.load_balance(key, balance);
            part.load_policy(account.clone(), book.policy(account).clone());
        }
    };
    command.postings().iter().for_each(|posting| load(&posting.with_amount(())));
    let standing = command.hold().and_then(|number| Some((number, book.hold(number)?)));
    let unreversed = command.reversed().and_then(|number| Some((number, book.unreversed(number)?)));
    for left in standing.iter().map(|(_, standing)| &standing.left).chain(unreversed.map(|(_, left)| left)) {
        left.postings().as_slice().iter().for_each(|posting| load(&posting.with_amount(())));
    }
    if let Some((number, standing)) = standing {
        part.load_hold(number, standing.clone());
    }
    if let Some((number, left)) = unreversed {
        let again = Remainder::after(left.postings().clone(), &left.used()).unwrap();
        part.load_unreversed(number, again);
    }
    if let Some(reference) = command.reference()
        && let Some(entry) = book.reference(reference)
    {
        part.load_reference(reference.clone(), entry);
    }
    if let Command::PostTransaction(post) = command {
        for expectation in post.expectations.as_slice() {
            if let Some(key) = expectation.key() {
                part.load_balance(key.clone(), book.balance(key));
            }
            if expectation.is_about_version() {
                part.load_version(expectation.account().clone(), book.version(expectation.account()));
            }
        }
    }
    if let Command::ChangeAccount(change) = command {
        part.load_policy(change.account.clone(), book.policy(&change.account).clone());
        if let Some(metadata) = book.metadata(&change.account) {
            part.load_metadata(change.account.clone(), metadata.clone());
        }
    }
    if let Command::ChangeTransaction(change) = command {
        let metadata = book.transaction_metadata(change.transaction).cloned();
        part.load_transaction(change.transaction, metadata);
    }
    part
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn entries_and_rejections_are_those_of_the_reference_model(history in histories()) {
        let mut model = Model::default();
        let mut played = Played::default();
        for step in &history {
            prop_assert_eq!(played.take(step), model.take(&step.command, step.now));
        }
        let book = played.book();
        let mut keys: Vec<_> = book.balances().map(|(key, _)| key.clone()).collect();
        keys.sort();
        prop_assert_eq!(&keys, &model.touched().into_iter().collect::<Vec<_>>());
        for key in &keys {
            prop_assert_eq!(book.balance(key), model.balance(key));
        }
        for account in ACCOUNTS.map(address) {
            prop_assert_eq!(book.version(&account), model.version(&account));
        }
        for (hold, state, left) in model.holds() {
            let standing = book.hold(hold).unwrap();
            prop_assert_eq!((standing.state, standing.left.rest()), (state, left));
        }
        for entry in played.log().iter().filter(|entry| entry.body.transaction().is_some()) {
            let left = book.unreversed(entry.number).unwrap();
            prop_assert_eq!(left.rest(), model.unreversed(entry.number));
        }
    }

    #[test]
    fn what_was_recorded_is_decided_alike_when_it_is_asked_for_exactly(history in histories()) {
        let mut again = Played::default();
        for entry in Played::of(&history).log() {
            if let Some(command) = asking_again(entry) {
                let decision = decide(again.book(), &command, entry.recorded_at);
                prop_assert_eq!(decision.as_ref(), Ok(entry));
            }
            again.apply(entry);
        }
    }

    #[test]
    fn rejected_commands_leave_no_trace(history in histories()) {
        let mut played = Played::default();
        let mut accepted = Vec::new();
        for step in &history {
            let before = played.book().clone();
            let decision = decide(played.book(), &step.command, step.now);
            prop_assert_eq!(played.book(), &before);
            if let Ok(entry) = decision {
                played.apply(&entry);
                accepted.push(step.clone());
            }
        }
        prop_assert_eq!(played, Played::of(&accepted));
    }

    #[test]
    fn the_same_decision_falls_again_on_any_book_that_holds_what_the_command_touches(
        history in histories()
    ) {
        let mut played = Played::default();
        for step in &history {
            let decision = decide(played.book(), &step.command, step.now);
            prop_assert_eq!(&decision, &decide(played.book(), &step.command, step.now));
            let part = part_for(played.book(), &step.command);
            prop_assert_eq!(&decision, &decide(&part, &step.command, step.now));
            if let Ok(entry) = decision {
                played.apply(&entry);
            }
        }
    }

    #[test]
    fn what_a_command_is_about_is_found_or_it_is_told_so_before_anything_else(history in histories()) {
        let mut played = Played::default();
        for step in &history {
            let found = find_target(played.book(), &step.command);
            match (played.take(step), found) {
                (Err(told @ (Rejection::HoldNotFound { .. } | Rejection::TransactionNotFound { .. })), found) => {
                    prop_assert_eq!(found, Err(told));
                }
                (_, found) => prop_assert_eq!(found, Ok(())),
            }
        }
    }

    #[test]
    fn a_book_that_is_rolled_back_is_as_it_was_and_goes_on_alike(
        history in histories(), from in any::<prop::sample::Index>(), kept in any::<bool>()
    ) {
        let (before, after) = history.split_at(from.index(history.len()));
        let mut played = Played::of(before);
        let was = played.clone();
        played.book_mut().savepoint();
        let mut released = played.clone();
        for step in after {
            // Nothing is loaded between a savepoint and its end.
            if let Ok(entry) = decide(played.book(), &step.command, step.now) {
                played.book_mut().apply(&entry);
                released.book_mut().apply(&entry);
            }
        }
        if kept {
            // What was forgotten can no longer be gone back to.
            released.book_mut().release_savepoint();
            let book = released.book().clone();
            released.book_mut().roll_back();
            prop_assert_eq!(released.book(), &book);
        }
        played.book_mut().roll_back();
        prop_assert_eq!(&played, &was);
        let whole = Played::of(&history);
        let rest = after.iter().filter_map(|step: &Step| played.take(step).ok()).collect::<Vec<_>>();
        prop_assert_eq!(&whole.log()[was.log().len()..], rest);
        prop_assert_eq!(whole.book(), played.book());
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing_but_what_it_says(history in histories()) {
        let mut played = Played::default();
        for step in &history {
            let last = played.book().last_recorded_at().unwrap_or(Timestamp::MIN);
            let decision = decide(played.book(), &step.command, step.now);
            prop_assert_eq!(&decision, &decide(played.book(), &step.command, step.now.max(last)));
            if let Ok(entry) = decision {
                played.apply(&entry);
            }
        }
    }
}
