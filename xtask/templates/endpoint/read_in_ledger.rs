//! `METHOD /the/path`.

use pavex::some_method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::input::Read;
use crate::http::principal::Granted;
use crate::http::query::NoQuery;
use crate::http::reply::Tagged;
use crate::http::values::LedgerNameText;
use crate::storage::Engine;

/// What `verb_noun` answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "VerbNoun")]
pub struct VerbNounView {
    /// The ledger.
    pub ledger: LedgerNameText,
    /// How many entries its log has.
    pub entries: u64,
}

/// Reads the ledger, and says how far it has come.
///
/// # Errors
/// [`SomeError`], as a problem.
#[some_method(path = "/the/path")]
pub async fn verb_noun(
    _granted: Granted<SomeRight>,
    request: Read<(InputPath, NoQuery)>,
    engine: &Engine,
) -> Result<Tagged<VerbNounView>, SomeError> {
    let Read((PATTERN, NoQuery {})) = request;
    let found = engine.store().ledger(&ledger).await?;
    Ok(Tagged(VerbNounView { ledger: LedgerNameText(ledger), entries: found.entries.0 }))
}
