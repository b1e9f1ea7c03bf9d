//! A ledger that is played: a book, with all loaded that a decision may need, and the log that led to it.

use ledger::{Book, Entry, EntryBody, EntryNumber, Rejection, Remainder, decide};

use crate::commands::{ACCOUNTS, Step, address};

/// A book and its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Played {
    book: Book,
    log: Vec<Entry>,
}

impl Default for Played {
    fn default() -> Self {
        let mut book = Book::default();
        for account in ACCOUNTS {
            book.load_version(address(account), 0);
        }
        // More than a history has. What is kept beside one is known once it is there.
        (0..100).for_each(|number| book.load_transaction(EntryNumber(number), None));
        Self { book, log: Vec::new() }
    }
}

impl Played {
    /// Plays a whole history.
    pub(crate) fn of(history: &[Step]) -> Self {
        let mut played = Self::default();
        for step in history {
            let _ = played.take(step);
        }
        played
    }

    /// Decides on a step, and applies what it decided.
    pub(crate) fn take(&mut self, step: &Step) -> Result<Entry, Rejection> {
        let entry = decide(&self.book, &step.command, step.now)?;
        self.apply(&entry);
        Ok(entry)
    }

    /// Applies an entry. What it moved can be reversed from then on, which is loaded, as no book keeps that of every
    /// transaction.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        self.book.apply(entry);
        if let EntryBody::Transaction(transaction) = &entry.body {
            self.book.load_unreversed(entry.number, Remainder::whole(transaction.postings.clone()));
        }
        self.log.push(entry.clone());
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    pub(crate) fn book_mut(&mut self) -> &mut Book {
        &mut self.book
    }

    /// Returns all entries, in order.
    pub(crate) fn log(&self) -> &[Entry] {
        &self.log
    }
}
