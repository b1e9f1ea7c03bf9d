//! `METHOD /the/path`.

use pavex::some_method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::input::Read;
use crate::http::principal::Granted;
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::http::values::TimeText;
use crate::storage::Engine;

/// What `verb_noun` answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "VerbNoun")]
pub struct VerbNounView {
    /// What time it is.
    pub at: TimeText,
}

/// Says what time it is.
#[some_method(path = "/the/path")]
#[must_use]
pub fn verb_noun(
    _granted: Granted<SomeRight>,
    request: Read<(InputPath, NoQuery)>,
    engine: &Engine,
) -> Tagged<VerbNounView> {
    let Read((InputPath {}, NoQuery {})) = request;
    Tagged(VerbNounView { at: TimeText(engine.now()) })
}
