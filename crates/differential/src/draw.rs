//! Draws random commands: from few accounts, assets, references and moments, so that they meet each other, and aimed at
//! what earlier ones made. Whether what they meet is right is judged elsewhere.

mod accounts;
mod postings;

use fastrand::Rng;
use ledger::{
    Address, Amount, Asset, CaptureHold, ChangeTransaction, Command, CreateHold, Entry, EntryBody,
    EntryNumber, Expectations, HoldState, Metadata, PostTransaction, Posting, Postings, Quantity, Reference,
    ReleaseCause, ReleaseHold, ReverseTransaction, Timestamp,
};
use reference_model::Model;

use crate::times;

/// Between which accounts money moves.
pub(crate) const ACCOUNTS: [&str; 6] = ["world", "users:1", "users:2", "fees", "users:1:savings", "users:10"];
pub(crate) const ASSETS: [&str; 2] = ["USD/2", "BTC/8"];

/// What is kept beside transactions and accounts.
pub(crate) const VALUES: [&str; 3] = ["", "x", "ä \"quoted\" \\ line\nend"];

/// How many references there are to choose from: few enough that some are taken.
pub(crate) const REFERENCES: u32 = 60;

/// Draws the commands of one history.
pub(crate) struct Draw {
    pub(crate) random: Rng,
    /// Of so many in a thousand amounts, each is huge. Huge ones leave little that later commands could do.
    huge_per_mille: u32,
}

/// What a command has that makes an entry with a reference.
type Named = (Option<Reference>, Option<Timestamp>, Metadata);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let huge_per_mille = [0, 0, 0, 5, 30, 250][random.usize(..6)];
        Self { random, huge_per_mille }
    }

    /// Draws a command.
    pub(crate) fn command(&mut self, model: &Model, log: &[Entry]) -> Command {
        match self.random.u32(..100) {
            0..40 => self.transaction(model),
            40..53 => self.hold(),
            53..68 => self.capture(model, log),
            68..74 => self.void(model, log),
            74..88 => self.reversal(model, log),
            88..92 => self.transaction_change(log),
            _ => self.account(),
        }
    }

    /// Says yes so often in a hundred times.
    pub(crate) fn chance(&mut self, per_hundred: u32) -> bool {
        self.random.u32(..100) < per_hundred
    }

    pub(crate) fn transaction(&mut self, model: &Model) -> Command {
        let postings = self.postings();
        let (reference, effective_at, metadata) = self.named();
        let expectations = if self.chance(25) { self.expectations(model) } else { Expectations::default() };
        Command::PostTransaction(PostTransaction {
            postings,
            reference,
            effective_at,
            metadata,
            expectations,
        })
    }

    fn hold(&mut self) -> Command {
        let postings = self.single_postings();
        let (reference, _, metadata) = self.named();
        let expires_at = match self.random.u32(..20) {
            0 => Some(times::PAST),
            1..8 => Some(times::FUTURE),
            _ => None,
        };
        Command::CreateHold(CreateHold { postings, expires_at, reference, metadata })
    }

    fn capture(&mut self, model: &Model, log: &[Entry]) -> Command {
        let (hold, left) = self.a_hold(model, log);
        let postings = self.chance(75).then(|| self.parts(&left));
        let (reference, effective_at, metadata) = self.named();
        let is_final = self.chance(35);
        Command::CaptureHold(CaptureHold { hold, postings, is_final, reference, effective_at, metadata })
    }

    fn void(&mut self, model: &Model, log: &[Entry]) -> Command {
        let (hold, _) = self.a_hold(model, log);
        Command::ReleaseHold(ReleaseHold { hold, cause: ReleaseCause::Voided })
    }

    fn reversal(&mut self, model: &Model, log: &[Entry]) -> Command {
        let transaction = self.a_transaction(log);
        let left: Vec<_> = model.unreversed(transaction).iter().map(Posting::reversed).collect();
        let postings = self.chance(70).then(|| self.parts(&left));
        let (reference, effective_at, metadata) = self.named();
        let forced = self.chance(30);
        Command::ReverseTransaction(ReverseTransaction {
            transaction,
            postings,
            forced,
            reference,
            effective_at,
            metadata,
        })
    }

    fn transaction_change(&mut self, log: &[Entry]) -> Command {
        let transaction = self.a_transaction(log);
        let metadata = if self.chance(10) { self.large_metadata() } else { self.metadata_patch(40) };
        Command::ChangeTransaction(ChangeTransaction { transaction, metadata })
    }

    /// Draws a transaction, most often one of the last ones.
    fn a_transaction(&mut self, log: &[Entry]) -> EntryNumber {
        if self.chance(5) {
            return self.anything(log);
        }
        let moved = log.iter().rev().filter(|entry| entry.body.transaction().is_some());
        let reach = if self.chance(70) { 12 } else { usize::MAX };
        let moved: Vec<_> = moved.take(reach).map(|entry| entry.number).collect();
        if moved.is_empty() { EntryNumber(0) } else { moved[self.random.usize(..moved.len())] }
    }

    /// Draws a hold, most often one that is open, and what was never captured of it.
    fn a_hold(&mut self, model: &Model, log: &[Entry]) -> (EntryNumber, Vec<Posting>) {
        if self.chance(5) {
            return (self.anything(log), Vec::new());
        }
        let mut holds = model.holds();
        if self.chance(80) && holds.iter().any(|(_, state, _)| *state == HoldState::Open) {
            holds.retain(|(_, state, _)| *state == HoldState::Open);
        }
        if holds.is_empty() {
            return (EntryNumber(0), Vec::new());
        }
        let (hold, _, left) = holds.swap_remove(self.random.usize(..holds.len()));
        (hold, left)
    }

    /// Draws the number of some entry, or of none.
    fn anything(&mut self, log: &[Entry]) -> EntryNumber {
        EntryNumber(self.random.u64(..log.len() as u64 + 3))
    }

    /// Draws parts of what is left of something, and now and then of what is not.
    pub(crate) fn parts(&mut self, left: &[Posting]) -> Postings<Quantity> {
        let count = self.random.usize(1..4);
        let part = |_| {
            if left.is_empty() || self.chance(8) {
                return self.posting();
            }
            let posting = &left[self.random.usize(..left.len())];
            let amount = posting.amount().get();
            let of = |units: u128| Amount::new(units).unwrap_or(Amount::MAX);
            posting.with_amount(match self.random.u32(..12) {
                0 | 1 => Quantity::Exactly(of(amount)),
                2..7 => Quantity::Exactly(of(amount / 2)),
                7 => Quantity::Exactly(of(amount + 1)),
                8 => Quantity::Exactly(Amount::ZERO),
                9 => Quantity::UpTo(of(amount / 2)),
                10 => Quantity::UpTo(of(amount + 1)),
                _ => Quantity::All,
            })
        };
        let parts = (0..count).map(part).collect();
        Postings::new(parts).expect("there are a few")
    }

    fn named(&mut self) -> Named {
        let reference = self.chance(20).then(|| {
            let text = format!("r{}", self.random.u32(..REFERENCES));
            Reference::parse(&text).expect("it is short and visible")
        });
        let effective_at =
            self.chance(20).then(|| times::EFFECTIVE[self.random.usize(..times::EFFECTIVE.len())]);
        let metadata = if self.chance(15) {
            let value = VALUES[self.random.usize(..VALUES.len())];
            Metadata::new([("k".to_owned(), value.to_owned())].into()).expect("it is short")
        } else {
            Metadata::default()
        };
        (reference, effective_at, metadata)
    }

    pub(crate) fn an_account(&mut self) -> Address {
        address(ACCOUNTS[self.random.usize(..ACCOUNTS.len())])
    }

    pub(crate) fn an_asset(&mut self) -> Asset {
        asset(ASSETS[self.random.usize(..ASSETS.len())])
    }
}

/// Says whether an entry made a hold.
pub(crate) fn is_hold(entry: &Entry) -> bool {
    matches!(entry.body, EntryBody::Hold(_))
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).expect("it is written as one")
}

fn asset(text: &str) -> Asset {
    Asset::parse(text).expect("it is written as one")
}
