//! What is to be exported.

use schemars::JsonSchema;

use crate::http::fields::FieldErrors;
use crate::http::query::{FromQuery, QueryReader};
use crate::http::values::ExportFormatInput;
use crate::journals::Format;

/// What is to be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub struct ExportQuery {
    /// What to write it in.
    #[schemars(with = "Option<ExportFormatInput>")]
    pub format: Format,
}

impl FromQuery for ExportQuery {
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
        Self { format: query.optional("format", errors).unwrap_or_default() }
    }
}
