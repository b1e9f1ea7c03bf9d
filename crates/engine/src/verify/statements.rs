//! Compares statements without keeping them: a count and a digest per account.
//!
//! A digest is the sum of the lines' hashes, so that the log's order and the projection's do not matter.
//! It finds every accident. It is no proof against somebody who chooses lines to make the sums meet.

use std::collections::HashMap;

use ledger::{Address, Asset, Direction, Entry, Posting, StatementLine};
use sha2::{Digest, Sha256};

use super::Finding;
use crate::port::DatedLine;

/// Every account's statement, as far as it has been seen from both sides.
#[derive(Default)]
pub(super) struct Statements {
    accounts: HashMap<Address, Statement>,
    lines: u64,
}

#[derive(Default)]
struct Statement {
    /// Lines that follow from the log.
    expected: u64,
    /// Lines in the projection.
    found: u64,
    /// The hashes of the log's lines less those of the projection's.
    difference: u128,
    /// What the account has of each asset after the log's postings so far.
    posted: Vec<(Asset, i128)>,
}

impl Statements {
    /// Returns how many accounts have been seen.
    pub(super) fn accounts(&self) -> u64 {
        self.accounts.len() as u64
    }

    /// Returns how many lines follow from the log.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Takes the lines that follow from an entry's postings. The balances recorded in the entry do not
    /// count: the running balance is worked out from all postings so far.
    pub(super) fn expect(&mut self, entry: &Entry, postings: &[Posting]) {
        for (index, posting) in postings.iter().enumerate() {
            let (source, destination) = (posting.source(), posting.destination());
            self.expect_line(entry, index, posting, Direction::Debit, source, destination);
            self.expect_line(entry, index, posting, Direction::Credit, destination, source);
        }
    }

    fn expect_line(
        &mut self,
        entry: &Entry,
        index: usize,
        posting: &Posting,
        direction: Direction,
        account: &Address,
        counterparty: &Address,
    ) {
        self.lines += 1;
        let statement = self.of(account);
        statement.expected += 1;
        let balance = statement.move_posted(posting, direction);
        let line = DatedLine {
            line: StatementLine {
                account: account.clone(),
                entry: entry.number,
                posting: index,
                direction,
                counterparty: counterparty.clone(),
                asset: posting.asset().clone(),
                amount: posting.amount(),
                balance,
            },
            recorded_at: entry.recorded_at,
            effective_at: entry.effective_at,
        };
        statement.difference = statement.difference.wrapping_add(hash(&line));
    }

    /// Takes a line of the projection.
    pub(super) fn find(&mut self, line: &DatedLine) {
        let statement = self.of(&line.line.account);
        statement.found += 1;
        statement.difference = statement.difference.wrapping_sub(hash(line));
    }

    /// Returns a finding for every account whose two sides differ, by address.
    pub(super) fn differences(self) -> impl Iterator<Item = Finding> {
        let mut different: Vec<_> = self
            .accounts
            .into_iter()
            .filter(|(_, statement)| statement.expected != statement.found || statement.difference != 0)
            .collect();
        different.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        different.into_iter().map(|(account, statement)| Finding::StatementDiffers {
            account,
            expected_lines: statement.expected,
            found_lines: statement.found,
        })
    }

    fn of(&mut self, account: &Address) -> &mut Statement {
        // Looked up first, as most accounts are there and a key of one's own costs a clone.
        if !self.accounts.contains_key(account) {
            self.accounts.insert(account.clone(), Statement::default());
        }
        self.accounts.get_mut(account).expect("it was put there")
    }
}

impl Statement {
    /// Moves a posting's amount, and returns what the account has of the asset then. Wrapping, as the
    /// postings of a damaged log may go past every bound.
    fn move_posted(&mut self, posting: &Posting, direction: Direction) -> i128 {
        let place = self.posted.iter().position(|(asset, _)| asset == posting.asset()).unwrap_or_else(|| {
            self.posted.push((posting.asset().clone(), 0));
            self.posted.len() - 1
        });
        let (_, posted) = &mut self.posted[place];
        *posted = match direction {
            Direction::Debit => posted.wrapping_sub(posting.amount().signed()),
            Direction::Credit => posted.wrapping_add(posting.amount().signed()),
        };
        *posted
    }
}

/// Hashes all that a line says, each text with its length, so that no two lines feed it the same bytes.
fn hash(dated: &DatedLine) -> u128 {
    let line = &dated.line;
    let mut hash = Sha256::new();
    for text in [line.account.as_str(), line.counterparty.as_str(), line.asset.as_str()] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(line.entry.0.to_be_bytes());
    hash.update((line.posting as u64).to_be_bytes());
    hash.update(match line.direction {
        Direction::Debit => b"d",
        Direction::Credit => b"c",
    });
    hash.update(line.amount.get().to_be_bytes());
    hash.update(line.balance.to_be_bytes());
    hash.update(dated.recorded_at.micros().to_be_bytes());
    hash.update(dated.effective_at.micros().to_be_bytes());
    let digest = hash.finalize();
    let mut front = [0; 16];
    front.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(front)
}
