//! The input of a request that changes many things: one JSON body that holds all of them, or lines that come as long as
//! the client likes.

use engine::idempotency::IdempotencyKey;
use pavex::methods;
use pavex::request::RequestHead;
use pavex::request::body::RawIncomingBody;
use pavex::request::path::RawPathParams;
use schemars::JsonSchema;

use super::body::{BodyFault, check_not_encoded, is_of_type};
use super::fields::FieldErrors;
use super::idempotency::read_key;
use super::input::{InputError, PathAndBody, Write};
use super::lines::Lines;
use super::path::{FromPath, InLedger, PathReader};
use super::query::{FromQuery, QueryReader, read_query};
use super::text::whole_number;
use crate::configuration::ServerConfig;

/// The media type of lines of JSON.
pub const NDJSON: &str = "application/x-ndjson";

/// The input of a request that changes many things, `WriteMany<(P, B)>`: the parameters of its path, its idempotency
/// key, and its body, which is one `B` or lines.
pub enum WriteMany<T> {
    /// One JSON body.
    Whole(Write<T>),
    /// Lines.
    Lines(ManyLines),
}

/// What a request has that brings lines.
pub struct ManyLines {
    /// The ledger in the path.
    pub path: InLedger,
    /// The caller's name for the request.
    pub key: Option<IdempotencyKey>,
    /// The lines.
    pub lines: Lines,
}

/// What the query of a request says that brings lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub struct LinesQuery {
    /// The number of the first line, where a stream goes on that was broken off: keys that are made of numbers of lines
    /// are then the same again. 1, where left out; taken with lines alone.
    #[schemars(with = "Option<u64>", range(min = 1, max = 1_000_000_000_000_u64))]
    pub first_line: Option<u64>,
}

/// The largest number that a first line may have.
const FIRST_LINE_MAX: usize = 1_000_000_000_000;

impl FromQuery for LinesQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        let read = |text: &str| whole_number(text, 1, FIRST_LINE_MAX).map(|number| number as u64);
        Self { first_line: query.optional_with("first_line", errors, read) }
    }
}

#[methods]
impl<T> WriteMany<T> {
    /// Reads path, query and idempotency key, and the body where it is one.
    ///
    /// # Errors
    /// As [`InputError`] lists; [`InputError::Invalid`] comes last.
    #[request_scoped(id = "WRITE_MANY_EXTRACT")]
    pub async fn extract(
        head: &RequestHead,
        parameters: &RawPathParams<'_, '_>,
        body: RawIncomingBody,
        server: &ServerConfig,
    ) -> Result<Self, InputError>
    where
        T: PathAndBody,
    {
        if !is_of_type(&head.headers, NDJSON) {
            return Write::extract(head, parameters, body, server).await.map(Self::Whole);
        }
        if let Err(BodyFault::UnsupportedMediaType(detail)) = check_not_encoded(&head.headers) {
            return Err(InputError::UnsupportedMediaType(detail));
        }
        let mut errors = FieldErrors::default();
        let LinesQuery { first_line } = read_query(head.target.path(), head.target.query(), &mut errors);
        let key = read_key(&head.headers, &mut errors);
        match InLedger::from_path(&PathReader::new(parameters), &mut errors) {
            Some(path) if errors.is_empty() => {
                let lines = Lines::of(body, first_line.unwrap_or(1), server.body_max_bytes);
                Ok(Self::Lines(ManyLines { path, key, lines }))
            }
            _ => Err(InputError::Invalid(errors)),
        }
    }
}
