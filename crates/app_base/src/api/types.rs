//! What the types of handlers' inputs and replies mean for the document.
//!
//! Only whole inputs and whole replies are described here; the schemas of what is in them come from the
//! types themselves.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::schemas::{Direction, Schemas};
use crate::http::cookie::WithCookie;
use crate::http::input::{
    BODY_TIMEOUT, BODY_TOO_LARGE, REQUEST_INVALID, Read, UNSUPPORTED_MEDIA_TYPE, Write,
};
use crate::http::json::FromJson;
use crate::http::many::{LinesQuery, NDJSON, WriteMany};
use crate::http::problem::ProblemType;
use crate::http::reply::{Accepted, Changed, Created, Reply, Tagged};

/// A type that a handler takes.
pub trait Input {
    /// Describes it.
    fn describe(schemas: &mut Schemas) -> DescribedInput;
}

/// A type that a handler returns.
pub trait Output {
    /// Describes it.
    fn describe(schemas: &mut Schemas) -> DescribedOutput;
}

/// What an input means for the document.
#[derive(Debug)]
pub struct DescribedInput {
    /// `OpenAPI` parameter objects.
    pub parameters: Vec<Value>,
    /// The schema of the body, where there is one.
    pub body: Option<Value>,
    /// The media type of a body of lines, where that is taken too.
    pub lines: Option<&'static str>,
    /// The problems with which reading it may end.
    pub problems: Vec<&'static ProblemType>,
}

/// What a reply means for the document.
#[derive(Debug)]
pub struct DescribedOutput {
    /// The status.
    pub status: u16,
    /// What the status means here.
    pub description: &'static str,
    /// The names of the headers, as components.
    pub headers: &'static [&'static str],
    /// The schema of the body.
    pub body: Value,
}

impl<P: JsonSchema, Q: JsonSchema> Input for Read<(P, Q)> {
    fn describe(schemas: &mut Schemas) -> DescribedInput {
        let mut parameters = schemas.parameters::<P>("path");
        parameters.extend(schemas.parameters::<Q>("query"));
        DescribedInput { parameters, body: None, lines: None, problems: vec![&REQUEST_INVALID] }
    }
}

impl<P: JsonSchema, B: JsonSchema + FromJson> Input for Write<(P, B)> {
    fn describe(schemas: &mut Schemas) -> DescribedInput {
        let mut parameters = schemas.parameters::<P>("path");
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        DescribedInput {
            parameters,
            body: (!B::MAY_BE_LEFT_OUT).then(|| schemas.reference::<B>(Direction::Request)),
            lines: None,
            problems: vec![&REQUEST_INVALID, &BODY_TIMEOUT, &BODY_TOO_LARGE, &UNSUPPORTED_MEDIA_TYPE],
        }
    }
}

impl<P: JsonSchema, B: JsonSchema + FromJson> Input for WriteMany<(P, B)> {
    fn describe(schemas: &mut Schemas) -> DescribedInput {
        let query = schemas.parameters::<LinesQuery>("query");
        let mut described = Write::<(P, B)>::describe(schemas);
        described.parameters.extend(query);
        DescribedInput { lines: Some(NDJSON), ..described }
    }
}

impl<T: JsonSchema> Output for Reply<T> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput {
            status: 200,
            description: "What was asked for.",
            headers: &["XRequestId"],
            body: schemas.reference::<T>(Direction::Reply),
        }
    }
}

impl<T: JsonSchema> Output for Tagged<T> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput { headers: &["ETag", "XRequestId"], ..Reply::<T>::describe(schemas) }
    }
}

impl<T: JsonSchema> Output for Accepted<T> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput {
            status: 202,
            description: "It was taken; what comes of it is not told.",
            headers: &["XRequestId"],
            body: schemas.reference::<T>(Direction::Reply),
        }
    }
}

impl<T: JsonSchema> Output for Created<T> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput {
            status: 201,
            description: "It was created, by this request or by the same one before.",
            headers: &["IdempotencyReplayed", "Location", "XRequestId"],
            body: schemas.reference::<T>(Direction::Reply),
        }
    }
}

impl<T: JsonSchema> Output for Changed<T> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput {
            status: 200,
            description: "It was changed, by this request or by the same one before.",
            headers: &["IdempotencyReplayed", "XRequestId"],
            body: schemas.reference::<T>(Direction::Reply),
        }
    }
}

impl<T: JsonSchema> Output for WithCookie<Reply<T>> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput { headers: &["SetCookie", "XRequestId"], ..Reply::<T>::describe(schemas) }
    }
}

impl<T: JsonSchema> Output for WithCookie<Created<T>> {
    fn describe(schemas: &mut Schemas) -> DescribedOutput {
        DescribedOutput {
            headers: &["Location", "SetCookie", "XRequestId"],
            ..Created::<T>::describe(schemas)
        }
    }
}
