//! What went wrong while a request was answered, kept for the request's line in the log.
//!
//! It is for operators only: nothing of it ever gets into a reply.

use std::fmt::Write as _;
use std::sync::OnceLock;

/// What went wrong with a request, if anything did. The first thing counts: later ones follow from it.
#[derive(Debug, Default)]
pub struct Failure(OnceLock<String>);

#[pavex::methods]
impl Failure {
    /// Starts with nothing wrong.
    #[request_scoped]
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Notes an error with everything that led to it, and what led to that.
    pub fn note(&self, error: &dyn std::error::Error) {
        self.0.get_or_init(|| {
            let mut chain = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                // Transparent wrappers repeat what they wrap.
                let text = cause.to_string();
                if !chain.ends_with(&text) {
                    write!(chain, ": {text}").expect("a string takes everything");
                }
                source = cause.source();
            }
            chain
        });
    }

    /// Notes a panic by its message.
    pub fn note_panic(&self, payload: &(dyn std::any::Any + Send)) {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("of no text");
        self.0.get_or_init(|| format!("panic: {message}"));
    }

    /// Returns what went wrong.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Keeps every error that a component returns. Whether it is the service's fault or the client's, the
/// status tells that the error becomes: see [`observe_request()`](super::observe_request()).
#[pavex::error_observer]
pub fn note_error(error: &pavex::Error, failure: &Failure) {
    failure.note(error.inner_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the ledger did not answer")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Middle(#[from] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Inner;

    #[test]
    fn an_error_is_kept_with_its_causes_each_once() {
        let failure = Failure::none();
        note_error(&pavex::Error::new(Outer(Middle(Inner))), &failure);
        assert_eq!(failure.text(), Some("the ledger did not answer: the disk is full"));
    }

    #[test]
    fn the_first_error_counts() {
        let failure = Failure::none();
        failure.note(&Inner);
        failure.note_panic(&"because of it");
        assert_eq!(failure.text(), Some("the disk is full"));
    }

    #[test]
    fn a_panic_is_kept_by_its_message() {
        for payload in [Box::new("no") as Box<dyn std::any::Any + Send>, Box::new("no".to_owned())] {
            let failure = Failure::none();
            failure.note_panic(&*payload);
            assert_eq!(failure.text(), Some("panic: no"));
        }
    }
}
