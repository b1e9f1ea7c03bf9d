//! What has to hold for every parser that meets bytes from outside, whatever these are: it never panics, what it reads it
//! writes back so that it reads the same again, and where somebody else can read the same, both agree.
//!
//! Nothing in here draws inputs. `fuzz/` does, and a test of this package tries all that is kept of them. For tests only.

mod cookies;
mod cursors;
mod exports;
mod headers;
mod imports;
mod json;
mod lines;
mod queries;
mod requests;
mod schedules;
mod stored;
mod texts;
mod tokens;

/// A family of parsers, with what has to hold for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Addresses, patterns and beginnings of addresses.
    Addresses,
    /// Amounts, signed ones and quantities.
    Amounts,
    /// Assets.
    Assets,
    /// Bodies with many commands.
    Batches,
    /// Bodies of all commands.
    Commands,
    /// Cookies of sessions, and where requests come from.
    Cookies,
    /// Cursors of all lists.
    Cursors,
    /// Lines of an export.
    Exports,
    /// Headers: keys, traces, media types, entity tags.
    Headers,
    /// A mapping, and CSV that it maps.
    Imports,
    /// JSON as it is read from bodies.
    Json,
    /// Bodies as lines, however they come.
    Lines,
    /// Names, references, keys and numbers.
    Names,
    /// Query strings and their filters.
    Queries,
    /// Rules, time zones and definitions of schedules.
    Schedules,
    /// What stores keep of entries, and what is made of it.
    Stored,
    /// Times.
    Times,
    /// Tokens, sets of keys, and the form in which tokens are asked for.
    Tokens,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Addresses,
        Self::Amounts,
        Self::Assets,
        Self::Batches,
        Self::Commands,
        Self::Cookies,
        Self::Cursors,
        Self::Exports,
        Self::Headers,
        Self::Imports,
        Self::Json,
        Self::Lines,
        Self::Names,
        Self::Queries,
        Self::Schedules,
        Self::Stored,
        Self::Times,
        Self::Tokens,
    ];

    /// Returns its name: that of its program in `fuzz/`, and of the folder of its corpus.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Amounts => "amounts",
            Self::Assets => "assets",
            Self::Batches => "batches",
            Self::Commands => "commands",
            Self::Cookies => "cookies",
            Self::Cursors => "cursors",
            Self::Exports => "exports",
            Self::Headers => "headers",
            Self::Imports => "imports",
            Self::Json => "json",
            Self::Lines => "lines",
            Self::Names => "names",
            Self::Queries => "queries",
            Self::Schedules => "schedules",
            Self::Stored => "stored",
            Self::Times => "times",
            Self::Tokens => "tokens",
        }
    }

    /// Hands an input to the parsers.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn check(self, input: &[u8]) {
        match self {
            Self::Addresses => of_text(input, texts::addresses),
            Self::Amounts => of_text(input, texts::amounts),
            Self::Assets => of_text(input, texts::assets),
            Self::Batches => requests::batches(input),
            Self::Commands => requests::commands(input),
            Self::Cookies => cookies::cookies(input),
            Self::Cursors => cursors::cursors(input),
            Self::Exports => exports::exports(input),
            Self::Headers => headers::headers(input),
            Self::Imports => imports::imports(input),
            Self::Json => json::json(input),
            Self::Lines => lines::lines(input),
            Self::Names => of_text(input, texts::names),
            Self::Queries => of_text(input, queries::queries),
            Self::Schedules => of_text(input, schedules::schedules),
            Self::Stored => of_text(input, stored::stored),
            Self::Times => of_text(input, texts::times),
            Self::Tokens => tokens::tokens(input),
        }
    }
}

/// Texts reach their parsers decoded: what is no UTF-8 was refused before.
fn of_text(input: &[u8], check: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(input) {
        check(text);
    }
}
