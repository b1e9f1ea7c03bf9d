//! Pieces of a text that know where they stand, so that whatever is wrong with one can be found.

use std::fmt;

/// A piece of one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'t> {
    pub(crate) text: &'t str,
    /// From 1.
    pub(crate) line: usize,
    /// Of its first character, in characters from 1.
    column: usize,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// `line:column: message`; who reads a file puts its name before it.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl<'t> Span<'t> {
    /// Returns the lines of a text, of which the first has this number.
    pub(crate) fn lines(text: &'t str, first: usize) -> impl Iterator<Item = Self> {
        text.lines().zip(first..).map(|(text, line)| Self { text, line, column: 1 })
    }

    /// Says what is wrong here.
    pub(crate) fn fault(self, message: impl Into<String>) -> Fault {
        Fault { line: self.line, column: self.column, message: message.into() }
    }

    /// Returns the piece without white space around it.
    pub(crate) fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        let before = self.text.len() - text.len();
        Self { text: text.trim_end(), ..self.from(before) }
    }

    /// Returns what is between separators, each without white space around it.
    pub(crate) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut start = 0;
        self.text.split(separator).map(move |text| {
            let piece = Self { text, ..self.from(start) };
            start += text.len() + separator.len_utf8();
            piece.trimmed()
        })
    }

    /// Returns what is between white space.
    pub(crate) fn words(self) -> Vec<Self> {
        self.split(' ').filter(|word| !word.text.is_empty()).collect()
    }

    /// Returns the first word, and what follows it.
    pub(crate) fn first_word(self) -> (&'t str, Self) {
        let end = self.text.find(' ').unwrap_or(self.text.len());
        (&self.text[..end], self.from(end).trimmed())
    }

    /// Returns what is left from a byte on.
    fn from(self, start: usize) -> Self {
        let column = self.column + self.text[..start].chars().count();
        Self { text: &self.text[start..], line: self.line, column }
    }
}
