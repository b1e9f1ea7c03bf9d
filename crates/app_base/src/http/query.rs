//! Reads query strings: every parameter is known, given once and well-formed, or refused by its name.
//!
//! A parameter that is not understood is never ignored: a filter that silently does nothing would show
//! more than was asked for.

use std::borrow::Cow;

use super::fields::{FieldErrors, Shown};
use super::percent::decode_form;
use super::text::{FromText, Message};

/// The longest query, in bytes.
pub const QUERY_MAX_BYTES: usize = 8 * 1024;
/// How many parameters a query may have.
pub const PARAMETERS_MAX: usize = 64;

/// A type that a query can be read as.
pub trait FromQuery: Sized {
    /// Takes the parameters that the type knows. The result only counts as long as `errors` is empty.
    fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self;
}

/// The query of a request that takes no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema)]
pub struct NoQuery {}

impl FromQuery for NoQuery {
    fn from_query(_query: &mut QueryReader<'_>, _errors: &mut FieldErrors) -> Self {
        Self {}
    }
}

/// Reads the query of a request to `path`. The result only counts as long as `errors` is empty.
pub fn read_query<T: FromQuery>(path: &str, query: Option<&str>, errors: &mut FieldErrors) -> T {
    let mut reader = QueryReader::new(path, query.unwrap_or_default(), errors);
    let read = T::from_query(&mut reader, errors);
    reader.refuse_the_rest(errors);
    read
}

/// The parameters of a query, decoded, each to be taken by the one who knows it.
#[derive(Debug)]
pub struct QueryReader<'q> {
    path: &'q str,
    parameters: Vec<Parameter<'q>>,
    known: Vec<&'static str>,
}

#[derive(Debug)]
struct Parameter<'q> {
    name: Cow<'q, str>,
    /// `None` where it could not be decoded, which was said already.
    value: Option<Cow<'q, str>>,
    taken: bool,
}

impl<'q> QueryReader<'q> {
    fn new(path: &'q str, query: &'q str, errors: &mut FieldErrors) -> Self {
        let mut reader = Self { path, parameters: Vec::new(), known: Vec::new() };
        if query.len() > QUERY_MAX_BYTES {
            errors.add("query", format!("is longer than {QUERY_MAX_BYTES} bytes"));
            return reader;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if reader.parameters.len() == PARAMETERS_MAX {
                errors.add("query", format!("has more than {PARAMETERS_MAX} parameters"));
                break;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match decode_form(name) {
                Err(message) => errors.add(Shown(name), format!("(a parameter's name) {message}")),
                Ok(name) if name.is_empty() => errors.add("query", "has a parameter without a name"),
                Ok(name) => {
                    let value = decode_form(value).map_err(|message| errors.add(Shown(&name), message)).ok();
                    reader.parameters.push(Parameter { name, value, taken: false });
                }
            }
        }
        reader
    }

    /// Takes a parameter that may be left out.
    pub fn optional<T: FromText>(&mut self, name: &'static str, errors: &mut FieldErrors) -> Option<T> {
        self.optional_with(name, errors, T::from_text)
    }

    /// Takes a parameter that may be left out, read by `read`.
    pub fn optional_with<T>(
        &mut self,
        name: &'static str,
        errors: &mut FieldErrors,
        read: impl FnOnce(&str) -> Result<T, Message>,
    ) -> Option<T> {
        self.known.push(name);
        let mut first = None;
        for parameter in self.parameters.iter_mut().filter(|parameter| parameter.name == name) {
            parameter.taken = true;
            if first.is_some() {
                errors.add(name, "is given more than once");
                return None;
            }
            first = Some(&parameter.value);
        }
        let text = first?.as_ref()?;
        if text.is_empty() {
            errors.add(name, "is empty; leave it out or give it a value");
            return None;
        }
        read(text).map_err(|message| errors.add(name, message)).ok()
    }

    /// Says whether a parameter is given, be it with a value that cannot be read.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }

    /// Takes a family of parameters, `name[key]=value`. A value may be empty here.
    pub fn family(
        &mut self,
        name: &'static str,
        shown: &'static str,
        errors: &mut FieldErrors,
    ) -> Vec<(String, String)> {
        self.known.push(shown);
        let mut members: Vec<(String, String)> = Vec::new();
        for parameter in &mut self.parameters {
            let key = parameter
                .name
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('['))
                .and_then(|rest| rest.strip_suffix(']'));
            let Some(key) = key else { continue };
            parameter.taken = true;
            if members.iter().any(|(other, _)| other == key) {
                errors.add(Shown(&parameter.name), "is given more than once");
            } else if let Some(value) = &parameter.value {
                members.push((key.to_owned(), value.clone().into_owned()));
            }
        }
        members
    }

    /// Returns the path and the parameters other than those named, sorted: which list this is, whatever
    /// page of it is asked for.
    pub(super) fn list(&self, but: &[&str]) -> (&'q str, Vec<(&str, &str)>) {
        let mut parameters: Vec<_> = self
            .parameters
            .iter()
            .filter(|parameter| !but.contains(&&*parameter.name))
            .map(|parameter| (&*parameter.name, parameter.value.as_deref().unwrap_or_default()))
            .collect();
        parameters.sort_unstable();
        (self.path, parameters)
    }

    fn refuse_the_rest(self, errors: &mut FieldErrors) {
        for parameter in self.parameters.iter().filter(|parameter| !parameter.taken) {
            let message = if self.known.is_empty() {
                "is unknown; no parameters are taken here".to_owned()
            } else {
                format!("is unknown; known here: {}", self.known.join(", "))
            };
            errors.add(Shown(&parameter.name), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Address, Asset};
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Probe {
        account: Option<Address>,
        asset: Option<Asset>,
        metadata: Vec<(String, String)>,
    }

    impl FromQuery for Probe {
        fn from_query(query: &mut QueryReader<'_>, errors: &mut FieldErrors) -> Self {
            Self {
                account: query.optional("account", errors),
                asset: query.optional("asset", errors),
                metadata: query.family("metadata", "metadata[key]", errors),
            }
        }
    }

    fn read(query: &str) -> Result<Probe, Vec<String>> {
        let mut errors = FieldErrors::default();
        let probe = read_query("/list", Some(query), &mut errors);
        let fields = errors.as_slice().iter().map(|error| error.field.clone()).collect();
        if errors.is_empty() { Ok(probe) } else { Err(fields) }
    }

    #[test]
    fn known_parameters_are_read_decoded() {
        assert_eq!(read("").unwrap(), Probe::default());
        let probe = read("account=users%3A42&&asset=USD/2&metadata%5Ba+b%5D=c%26d&metadata[e]=&").unwrap();
        assert_eq!(probe.account.unwrap().as_str(), "users:42");
        assert_eq!(probe.asset.unwrap().as_str(), "USD/2");
        let metadata = [("a b", "c&d"), ("e", "")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(probe.metadata, metadata);
    }

    #[test]
    fn all_faults_are_named_at_once() {
        for (query, fields) in [
            ("account=", &["account"][..]),
            ("account", &["account"]),
            ("account=a&account=a", &["account"]),
            ("account=a&account=%zz", &["account", "account"]),
            ("account=a%20b", &["account"]),
            ("account=%ff", &["account"]),
            ("asset=usd&account=:", &["account", "asset"]),
            ("colour=red&account=:&size=1", &["account", "colour", "size"]),
            ("Account=a", &["Account"]),
            ("metadata=a", &["metadata"]),
            ("metadata[a=b", &["metadata[a"]),
            ("metadata[a]=b&metadata[a]=b", &["metadata[a]"]),
            ("=a", &["query"]),
            ("%zz=a", &["%zz"]),
            (&"a=b&".repeat(65), &["query"]),
            (&"a".repeat(8193), &["query"]),
        ] {
            let found = read(query).unwrap_err();
            assert!(
                found.iter().map(String::as_str).take(fields.len()).eq(fields.iter().copied()),
                "{query} {found:?}"
            );
        }
    }

    #[test]
    fn a_request_without_parameters_refuses_any() {
        let mut errors = FieldErrors::default();
        let _: NoQuery = read_query("/", None, &mut errors);
        assert!(errors.is_empty());
        let _: NoQuery = read_query("/", Some("dry_run=true"), &mut errors);
        assert_eq!(errors.as_slice()[0].field, "dry_run");
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "[a-z%&=+\\[\\]0-9ä\\PC]{0,200}") {
            let _ = read(&query);
        }
    }
}
