//! What a scenario says: the same words as in its file, as types.

use engine::idempotency::IdempotencyKey;
use ledger::{Amount, Asset, Balance, BalanceKey, Command, EntryNumber, HoldState, LedgerName, Timestamp};

/// A story, told on a ledger of its own.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) line: usize,
    pub(crate) steps: Vec<Step>,
}

/// One thing that happens, or is looked at.
#[derive(Debug)]
pub(crate) enum Step {
    /// It is this time from now on.
    Clock(Timestamp),
    /// A command; or several that happen together or not at all.
    Commands(Vec<Row>),
    /// Holds whose time has come are let go.
    Expire { line: usize, expected: u64 },
    /// All balances there are, but for those of which nothing is left.
    Balances { line: usize, lines: Vec<BalanceLine> },
    /// How a hold stands.
    Hold { line: usize, hold: String, state: HoldState },
}

/// A command with what comes of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) name: Option<String>,
    /// Another ledger than the scenario's own.
    pub(crate) ledger: Option<LedgerName>,
    /// Where the command is about an earlier entry, that entry comes in place of what stands in it.
    pub(crate) command: Command,
    pub(crate) target: Option<Target>,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) dry_run: bool,
    pub(crate) expected: Expected,
}

/// The entry that a command is about.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// That of an earlier row.
    Named(String),
    /// That of a number.
    Numbered(EntryNumber),
}

/// What is expected of a command.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    /// What the answer has to say, by name; it may say more.
    pub(crate) facts: Vec<(String, String)>,
}

/// What kind of answer is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is carried out.
    Done,
    /// It was carried out before.
    Replayed,
    /// It is refused with this code.
    Refused(&'static str),
}

/// A line of a table of balances.
#[derive(Debug)]
pub(crate) struct BalanceLine {
    pub(crate) line: usize,
    pub(crate) key: BalanceKey,
    pub(crate) figures: Figures,
}

/// The figures of a balance, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) posted: i128,
    pub(crate) pending_in: i128,
    pub(crate) pending_out: i128,
}

impl Figures {
    pub(crate) fn of(balance: &Balance) -> Self {
        let [pending_in, pending_out] = [balance.pending_in, balance.pending_out].map(Amount::signed);
        Self { posted: balance.posted(), pending_in, pending_out }
    }

    /// Says all figures as a file would.
    pub(crate) fn to_text(self, asset: &Asset) -> String {
        let [posted, pending_in, pending_out] =
            [self.posted, self.pending_in, self.pending_out].map(|it| super::amounts::text(it, asset));
        format!("{posted} posted, {pending_in} pending in, {pending_out} pending out")
    }
}

/// What the kinds of commands are called, in the order of the columns of `docs/rejections.md`.
pub(crate) const COMMANDS: [&str; 8] =
    ["transaction", "hold", "capture", "void", "expiry", "reversal", "account change", "transaction change"];

/// Names the kind of a command.
pub(crate) fn kind(command: &Command) -> &'static str {
    use ledger::ReleaseCause::{Expired, Voided};
    match command {
        Command::PostTransaction(_) => "transaction",
        Command::CreateHold(_) => "hold",
        Command::CaptureHold(_) => "capture",
        Command::ReleaseHold(release) => match release.cause {
            Voided => "void",
            Expired => "expiry",
        },
        Command::ReverseTransaction(_) => "reversal",
        Command::ChangeAccount(_) => "account change",
        Command::ChangeTransaction(_) => "transaction change",
    }
}
