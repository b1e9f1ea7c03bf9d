//! Reads the parameters of paths. What they look like once decoded is for [`FromText`] to say.

use ledger::LedgerName;
use pavex::request::path::RawPathParams;
use schemars::JsonSchema;

use super::fields::FieldErrors;
use super::percent::decode;
use super::text::FromText;
use super::values::LedgerNameText;

/// A type that the parameters of a path can be read as. Its names are those of the route's pattern.
pub trait FromPath: Sized {
    /// Reads the parameters. `None` only if it added to `errors`.
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self>;
}

/// The parameters of a request's path, still encoded.
pub struct PathReader<'p>(&'p RawPathParams<'p, 'p>);

impl<'p> PathReader<'p> {
    /// Wraps the parameters.
    #[must_use]
    pub fn new(parameters: &'p RawPathParams<'p, 'p>) -> Self {
        Self(parameters)
    }

    /// Reads one parameter.
    ///
    /// # Panics
    /// When the route's pattern has no parameter of this name.
    pub fn read<T: FromText>(&self, name: &'static str, errors: &mut FieldErrors) -> Option<T> {
        let encoded = self.0.get(name).expect("the pattern of the route names the parameter");
        decode(encoded).and_then(|text| T::from_text(&text)).map_err(|message| errors.add(name, message)).ok()
    }
}

/// The path of a request that has no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub struct NoPath {}

impl FromPath for NoPath {
    fn from_path(_path: &PathReader<'_>, _errors: &mut FieldErrors) -> Option<Self> {
        Some(Self {})
    }
}

/// `…/{ledger}…`
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct InLedger {
    /// The name of the ledger.
    #[schemars(with = "LedgerNameText")]
    pub ledger: LedgerName,
}

impl FromPath for InLedger {
    fn from_path(path: &PathReader<'_>, errors: &mut FieldErrors) -> Option<Self> {
        Some(Self { ledger: path.read("ledger", errors)? })
    }
}
