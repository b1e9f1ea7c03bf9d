//! What is wrong with a request, field by field, all of it at once.
//!
//! Nothing in here reads input; it only keeps what readers found. It never grows beyond its bounds,
//! whatever a caller sends.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use schemars::JsonSchema;
use serde::Serialize;

/// How many errors one reply lists.
pub const ERRORS_MAX: usize = 100;
/// How many characters of a caller's own name are shown in an error.
const SHOWN_NAME_MAX: usize = 64;

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    /// The field: a path into the body (`postings[0].amount`), a parameter, a header, or `body`.
    pub field: String,
    /// What it would have to be, to be read after the field's name.
    pub message: Cow<'static, str>,
}

/// Everything found wrong with a request so far.
#[derive(Debug, Default)]
pub struct FieldErrors {
    errors: Vec<FieldError>,
    left_out: bool,
}

impl FieldErrors {
    /// Adds an error. Beyond [`ERRORS_MAX`] it only counts that there are more.
    pub fn add(&mut self, field: impl Display, message: impl Into<Cow<'static, str>>) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(FieldError { field: field.to_string(), message: message.into() });
        } else {
            self.left_out = true;
        }
    }

    /// Says whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Says whether more is wrong than [`Self::as_slice`] has.
    #[must_use]
    pub fn left_out(&self) -> bool {
        self.left_out
    }

    /// Returns the errors in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.errors
    }
}

/// A place in a request's body. It lives on the reader's stack and costs nothing until it is shown.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// The body as a whole.
    Body,
    /// A member of an object.
    Member(&'p Place<'p>, &'p str),
    /// An item of a list, from 0.
    Item(&'p Place<'p>, usize),
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("body"),
            Self::Member(Self::Body, name) => Shown(name).fmt(f),
            Self::Member(parent, name) => write!(f, "{parent}.{}", Shown(name)),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A name that the caller chose, cut to a length that fits into an error.
pub struct Shown<'n>(pub &'n str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN_NAME_MAX) {
            None => f.write_str(self.0),
            Some((end, _)) => {
                f.write_str(&self.0[..end])?;
                f.write_char('…')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_like_paths() {
        let body = Place::Body;
        let postings = Place::Member(&body, "postings");
        let second = Place::Item(&postings, 1);
        assert_eq!(body.to_string(), "body");
        assert_eq!(postings.to_string(), "postings");
        assert_eq!(second.to_string(), "postings[1]");
        assert_eq!(Place::Member(&second, "amount").to_string(), "postings[1].amount");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let name = "ä".repeat(500);
        let shown = Place::Member(&Place::Body, &name).to_string();
        assert_eq!(shown, format!("{}…", "ä".repeat(64)));
    }

    #[test]
    fn errors_beyond_the_bound_are_only_noted() {
        let mut errors = FieldErrors::default();
        assert!(errors.is_empty());
        for n in 0..ERRORS_MAX {
            errors.add(n, "is wrong");
        }
        assert!(!errors.left_out());
        errors.add("one more", "is wrong");
        assert!(errors.left_out());
        assert_eq!(errors.as_slice().len(), ERRORS_MAX);
    }
}
