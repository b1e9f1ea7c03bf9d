//! Which rejection is reported when two apply: every pair of faults that a command can have at once, command by
//! command, in the order in which [`Rejection`] lists them.

use ledger::{
    Amount, Balance, BalanceKey, Book, Bounds, CaptureHold, Command, CreateHold, EntryNumber, Expectations,
    Floors, Frozen, HoldStanding, HoldState, Policy, PostTransaction, Posting, Postings, Quantity, Reference,
    Rejection, ReleaseCause, ReleaseHold, Remainder, ReverseTransaction, Timestamp, decide, find_target,
};

use crate::commands::{
    address, asking, asset, expecting_version, holding, micros, posting, reference, transaction,
};

/// What can be wrong with a command, in the order in which it is reported. Those of a posting have its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotFound,
    ReferenceTaken,
    ExpiryPassed,
    NotOpen,
    NotDue,
    SourceClosed(usize),
    SourceFrozen(usize),
    DestinationClosed(usize),
    DestinationFrozen(usize),
    Exceeds(usize),
    Unbounded(usize),
    Lacks(usize),
    SourceFull(usize),
    DestinationFull(usize),
    NotAsExpected,
}

use Fault::{
    DestinationClosed, DestinationFrozen, DestinationFull, Exceeds, ExpiryPassed, Lacks, NotAsExpected,
    NotDue, NotFound, NotOpen, ReferenceTaken, SourceClosed, SourceFrozen, SourceFull, Unbounded,
};

const BARRED: [fn(usize) -> Fault; 4] = [SourceClosed, SourceFrozen, DestinationClosed, DestinationFrozen];

const SOURCES: [&str; 2] = ["s0", "s1"];
const DESTINATIONS: [&str; 2] = ["d0", "d1"];
/// The hold, and the transaction, that commands are about.
const TARGET: EntryNumber = EntryNumber(5);
const NOW: i64 = 50;

/// Some faults, and a command that has them.
struct Case<'f>(&'f [Fault]);

impl Case<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// Returns a book in which the command has its faults: two sources have ten each, of which five are held for one
    /// of two destinations each.
    fn book(&self) -> Book {
        let mut book = Book::at(EntryNumber(10), None);
        book.load_reference(reference("used"), EntryNumber(1));
        let amount = |is_full, else_amount| if is_full { Amount::MAX } else { Amount::from(else_amount) };
        let held = |is_full: bool| Amount::from(if is_full { 0 } else { 5 });
        for place in 0..2 {
            let is_full = self.has(SourceFull(place));
            let source = Policy {
                floors: if is_full || self.has(Unbounded(place)) {
                    Floors::Unbounded
                } else {
                    Floors::PerAsset([].into())
                },
                frozen: if self.has(SourceFrozen(place)) { Frozen::Debits } else { Frozen::None },
                closed: self.has(SourceClosed(place)),
            };
            let has = Balance {
                posted_in: Amount::from(if self.has(Lacks(place)) { 9 } else { 10 }),
                posted_out: amount(is_full, 0),
                pending_out: held(is_full),
                ..Balance::default()
            };
            load(&mut book, SOURCES[place], source, has);
            let destination = Policy {
                floors: Floors::PerAsset([].into()),
                frozen: if self.has(DestinationFrozen(place)) { Frozen::Credits } else { Frozen::None },
                closed: self.has(DestinationClosed(place)),
            };
            let is_full = self.has(DestinationFull(place));
            let has =
                Balance { posted_in: amount(is_full, 0), pending_in: held(is_full), ..Balance::default() };
            load(&mut book, DESTINATIONS[place], destination, has);
        }
        let postings = [0, 1].map(|place| whole(place).with_amount(Amount::from(5)));
        let left = |postings: &[Posting]| Remainder::whole(Postings::new(postings.to_vec()).unwrap());
        let state = if self.has(NotOpen) { HoldState::Captured } else { HoldState::Open };
        let expires_at = None;
        book.load_hold(TARGET, HoldStanding { state, left: left(&postings), expires_at });
        book.load_unreversed(TARGET, left(&postings.map(|posting| posting.reversed())));
        book
    }

    fn target(&self) -> EntryNumber {
        if self.has(NotFound) { EntryNumber(7) } else { TARGET }
    }

    fn reference(&self) -> Option<Reference> {
        self.has(ReferenceTaken).then(|| reference("used"))
    }

    fn postings(&self) -> Vec<Posting<Quantity>> {
        let quantity = |place| match place {
            place if self.has(Unbounded(place)) => Quantity::All,
            place if self.has(Exceeds(place)) => Quantity::Exactly(Amount::from(6)),
            _ => Quantity::Exactly(Amount::from(5)),
        };
        [0, 1].map(|place| whole(place).with_amount(quantity(place))).to_vec()
    }
}

fn whole(place: usize) -> Posting {
    posting(SOURCES[place], DESTINATIONS[place], "USD/2", Amount::ZERO)
}

fn load(book: &mut Book, account: &str, policy: Policy, balance: Balance) {
    book.load_policy(address(account), policy);
    book.load_balance(BalanceKey { account: address(account), asset: asset("USD/2") }, balance);
}

/// Returns the fault that a rejection reports.
fn reported(rejection: &Rejection) -> Fault {
    let is_source = |posting: usize, account: &ledger::Address| account.as_str() == SOURCES[posting];
    match rejection {
        Rejection::HoldNotFound { .. } | Rejection::TransactionNotFound { .. } => NotFound,
        Rejection::ReferenceTaken { .. } => ReferenceTaken,
        Rejection::HoldExpiryPassed { .. } => ExpiryPassed,
        Rejection::HoldNotOpen { .. } => NotOpen,
        Rejection::HoldNotDue { .. } => NotDue,
        Rejection::AccountClosed { posting, account } if is_source(*posting, account) => {
            SourceClosed(*posting)
        }
        Rejection::AccountClosed { posting, .. } => DestinationClosed(*posting),
        Rejection::AccountFrozen { posting, account, .. } if is_source(*posting, account) => {
            SourceFrozen(*posting)
        }
        Rejection::AccountFrozen { posting, .. } => DestinationFrozen(*posting),
        Rejection::HoldExceedsRemaining { posting, .. }
        | Rejection::ReversalExceedsOriginal { posting, .. } => Exceeds(*posting),
        Rejection::AccountUnbounded { posting, .. } => Unbounded(*posting),
        Rejection::InsufficientFunds { posting, .. } => Lacks(*posting),
        Rejection::AmountOverflow { posting, account, .. } if is_source(*posting, account) => {
            SourceFull(*posting)
        }
        Rejection::AmountOverflow { posting, .. } => DestinationFull(*posting),
        Rejection::ExpectationFailed { .. } => NotAsExpected,
        Rejection::AccountTooLarge { .. } | Rejection::TransactionTooLarge { .. } => {
            unreachable!("neither accounts nor what is kept beside transactions is changed")
        }
    }
}

/// Says whether a command can have both faults. A source that is unbounded, as it has to be to be full, lacks nothing.
fn go_together(one: Fault, other: Fault) -> bool {
    !matches!((one, other), (Unbounded(a), Lacks(b)) | (Lacks(a), SourceFull(b)) if a == b)
}

/// Tries a command without any fault, with each, and with every two of them, given in their order.
fn each_pair_is_reported_in_order(faults: &[Fault], command: impl Fn(&Case<'_>) -> Command) {
    let try_with = |faults: &[Fault]| {
        let case = Case(faults);
        let (book, command) = (case.book(), command(&case));
        let decision = decide(&book, &command, micros(NOW)).map(|_| ()).map_err(|r| reported(&r));
        assert_eq!(decision, faults.first().map_or(Ok(()), |first| Err(*first)), "of {faults:?}");
        assert_eq!(find_target(&book, &command).is_err(), case.has(NotFound), "of {faults:?}");
    };
    try_with(&[]);
    for (place, fault) in faults.iter().enumerate() {
        try_with(&[*fault]);
        let later = faults[place + 1..].iter().filter(|later| go_together(*fault, **later));
        later.for_each(|later| try_with(&[*fault, *later]));
    }
}

/// Returns faults that concern all of a command, then those of both postings, each one's accounts first.
fn of_postings(all: &[Fault], each: &[fn(usize) -> Fault]) -> Vec<Fault> {
    let of_posting = |place| BARRED.iter().chain(each).map(move |fault| fault(place));
    all.iter().copied().chain(of_posting(0)).chain(of_posting(1)).collect()
}

#[test]
fn of_two_faults_of_a_transaction_the_first_is_reported() {
    let mut faults = of_postings(&[ReferenceTaken], &[Unbounded, Lacks, SourceFull, DestinationFull]);
    faults.push(NotAsExpected);
    each_pair_is_reported_in_order(&faults, |case| {
        let never = Bounds { equals: Some(-1), ..Bounds::default() };
        let failing = case.has(NotAsExpected).then(|| expecting_version("s0", never));
        Command::PostTransaction(PostTransaction {
            reference: case.reference(),
            expectations: Expectations::new(failing.into_iter().collect()).unwrap(),
            ..asking(case.postings())
        })
    });
}

#[test]
fn of_two_faults_of_a_hold_the_first_is_reported() {
    let faults =
        of_postings(&[ReferenceTaken, ExpiryPassed], &[Unbounded, Lacks, SourceFull, DestinationFull]);
    each_pair_is_reported_in_order(&faults, |case| {
        Command::CreateHold(CreateHold {
            postings: Postings::new(case.postings()).unwrap(),
            // It is too late from the very moment on.
            expires_at: Some(micros(if case.has(ExpiryPassed) { NOW } else { NOW + 1 })),
            reference: case.reference(),
            ..holding(vec![whole(0)])
        })
    });
}

#[test]
fn of_two_faults_of_a_capture_the_first_is_reported() {
    let faults = of_postings(&[NotFound, ReferenceTaken, NotOpen], &[Exceeds]);
    each_pair_is_reported_in_order(&faults, |case| {
        Command::CaptureHold(CaptureHold {
            hold: case.target(),
            postings: Some(Postings::new(case.postings()).unwrap()),
            is_final: false,
            reference: case.reference(),
            effective_at: None,
            metadata: transaction(vec![whole(0)]).metadata,
        })
    });
}

#[test]
fn of_two_faults_of_a_release_the_first_is_reported() {
    let void = |case: &Case<'_>| {
        Command::ReleaseHold(ReleaseHold { hold: case.target(), cause: ReleaseCause::Voided })
    };
    each_pair_is_reported_in_order(&[NotFound, NotOpen], void);
    // The hold never expires, so that it is never due.
    let expire = |hold| Command::ReleaseHold(ReleaseHold { hold, cause: ReleaseCause::Expired });
    for (faults, first) in [
        (&[NotFound, NotOpen, NotDue][..], NotFound),
        (&[NotFound, NotDue], NotFound),
        (&[NotOpen, NotDue], NotOpen),
        (&[NotDue], NotDue),
    ] {
        let case = Case(faults);
        let decision = decide(&case.book(), &expire(case.target()), Timestamp::MAX);
        assert_eq!(decision.map_err(|r| reported(&r)), Err(first), "of {faults:?}");
    }
    // Whatever is wrong with its accounts, what is left of it is let go.
    let barred: Vec<_> = of_postings(&[], &[]);
    assert!(decide(&Case(&barred).book(), &void(&Case(&barred)), micros(NOW)).is_ok());
}

fn reversal(case: &Case<'_>) -> ReverseTransaction {
    ReverseTransaction {
        transaction: case.target(),
        postings: Some(Postings::new(case.postings()).unwrap()),
        forced: false,
        reference: case.reference(),
        effective_at: None,
        metadata: transaction(vec![whole(0)]).metadata,
    }
}

#[test]
fn of_two_faults_of_a_reversal_the_first_is_reported() {
    let faults = of_postings(&[NotFound, ReferenceTaken], &[Exceeds, Lacks, SourceFull, DestinationFull]);
    each_pair_is_reported_in_order(&faults, |case| Command::ReverseTransaction(reversal(case)));
    // Being forced takes nothing away but the lack of funds.
    let faults = of_postings(&[NotFound, ReferenceTaken], &[Exceeds, SourceFull, DestinationFull]);
    let forced =
        |case: &Case<'_>| Command::ReverseTransaction(ReverseTransaction { forced: true, ..reversal(case) });
    each_pair_is_reported_in_order(&faults, forced);
    let lacks = Case(&[Lacks(0), Lacks(1)]);
    assert!(decide(&lacks.book(), &forced(&lacks), micros(NOW)).is_ok());
}

#[test]
fn that_nothing_is_left_to_reverse_is_reported_before_anything_of_accounts() {
    for (faults, first) in [
        (vec![NotFound, ReferenceTaken, SourceClosed(0)], NotFound),
        (vec![ReferenceTaken, SourceClosed(0)], ReferenceTaken),
        (of_postings(&[], &[]), Exceeds(0)),
    ] {
        let case = Case(&faults);
        let mut book = case.book();
        let mut left = book.unreversed(TARGET).unwrap().clone();
        left.rest().iter().for_each(|posting| left.take(posting).unwrap());
        book.load_unreversed(TARGET, left);
        let all = Command::ReverseTransaction(ReverseTransaction { postings: None, ..reversal(&case) });
        let decision = decide(&book, &all, micros(NOW));
        assert_eq!(decision.map_err(|r| reported(&r)), Err(first), "of {faults:?}");
    }
}
