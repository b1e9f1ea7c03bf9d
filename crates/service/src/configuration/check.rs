//! Whether a configuration can be used. Finds everything that is wrong with it, not the first thing only.

use std::fmt;

use app_base::configuration::{DatabaseUrl, FlorinConfig, InvalidValue};
use app_base::graph::Graph;
use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Provider};
use serde::de::DeserializeOwned;

use super::layers::Setting;
use super::{Checked, Invalid};
use crate::program::Program;
use crate::telemetry;

/// The key whose value may hold a password, and those whose values are secrets as a whole.
const SECRET: &str = "database.url";
const WHOLE_SECRETS: [&str; 3] = ["authentication.admin_key", "authentication.secret", "mail.smtp_password"];

/// How alike an unknown key and a known one have to be for the one to be taken for the other.
const ALIKE: f64 = 0.85;

/// Something wrong, in words that hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What it is about.
    pub(super) key: String,
    /// Where that stands.
    pub(super) source: String,
    /// What is wrong with it.
    pub(super) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.key, self.source, self.message)
    }
}

/// Says that a key is not known, and which one may have been meant.
pub(super) fn unknown(key: &str, known: &[String]) -> String {
    let within = format!("{key}.");
    if let Some(example) = known.iter().find(|known| known.starts_with(&within)) {
        return format!("it is a section and takes no value; its keys are like {example}");
    }
    let closest = known
        .iter()
        .map(|known| (strsim::jaro_winkler(key, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match closest {
        Some((_, known)) => format!("there is no such key; is {known} meant?"),
        None => "there is no such key; `server config` lists all".to_owned(),
    }
}

/// Makes a configuration of the settings.
pub(super) fn check<G: Graph>(
    program: &Program,
    settings: &[Setting],
    unknown: Vec<Problem>,
) -> Result<Checked<G::Config>, Invalid> {
    let mut problems = unknown;
    let mut fixed = settings.to_vec();
    let florin: FlorinConfig = extract(program, &mut fixed, &mut problems)?;
    // Only what is wrong with the program's own sections can come to light here.
    let graph: G::Config = extract(program, &mut fixed, &mut problems)?;
    let source = |key: &str| {
        settings
            .iter()
            .find(|setting| setting.key == key)
            .map_or(String::new(), |setting| setting.source.clone())
    };
    let invalid = invalid_values(&florin).into_iter().chain(G::problems(&graph));
    for InvalidValue { key, message } in invalid {
        // One mistake per key: that a value of the wrong type is missing now is no other mistake.
        if problems.iter().all(|problem| problem.key != key) {
            problems.push(Problem { source: source(&key), key, message });
        }
    }
    if problems.is_empty() { Ok(Checked { florin, graph }) } else { Err(Invalid(problems)) }
}

/// Makes a type of the settings, after each mistake with the default in its place.
fn extract<T: DeserializeOwned>(
    program: &Program,
    settings: &mut [Setting],
    problems: &mut Vec<Problem>,
) -> Result<T, Invalid> {
    loop {
        match Figment::from(Settings(settings)).extract::<T>() {
            Ok(config) => return Ok(config),
            Err(error) => {
                let key = error.path.join(".");
                let setting = settings.iter_mut().find(|setting| setting.key == key);
                let Some(setting) = setting else {
                    problems.push(Problem {
                        key,
                        source: "configuration".into(),
                        message: error.to_string(),
                    });
                    return Err(Invalid(std::mem::take(problems)));
                };
                problems.push(Problem {
                    key,
                    source: setting.source.clone(),
                    message: format!("{} {}", shown(program, setting), complaint(&error.kind)),
                });
                // With the default in its place, the next mistake comes to light.
                setting.value = setting.default.clone();
            }
        }
    }
}

/// Says what a value is not.
fn complaint(kind: &Kind) -> String {
    let expected = match kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => expected.as_str(),
        Kind::UnknownVariant(_, variants) => return format!("is none of {}", variants.join(", ")),
        other => return format!("is not right: {other}"),
    };
    let expected = match expected {
        "u16" => "a whole number up to 65535",
        "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "a boolean" => "true or false",
        "a sequence" => "a list, as in [a, b]",
        other => other,
    };
    format!("is not {expected}")
}

fn invalid_values(config: &FlorinConfig) -> Vec<InvalidValue> {
    let mut found = config.problems();
    if let Err(error) = telemetry::filter(&config.telemetry.filter) {
        let message = format!(
            "{:?} is no filter ({error}): it takes a level, then exceptions by module, like info,sqlx=debug",
            config.telemetry.filter
        );
        found.push(InvalidValue { key: "telemetry.filter".into(), message });
    }
    found
}

/// Writes a value as YAML, in one line and without secrets.
pub(super) fn shown(program: &Program, setting: &Setting) -> String {
    let is_secret = WHOLE_SECRETS.iter().chain(program.secrets).any(|key| *key == setting.key);
    match &setting.value {
        Value::String(_, text) if setting.key == SECRET => quoted(&DatabaseUrl::new(text).to_string()),
        Value::String(_, text) if is_secret && !text.is_empty() => quoted("***"),
        Value::String(_, text) => quoted(text),
        _ if is_secret => quoted("***"),
        value => serde_json::to_string(value).unwrap_or_default(),
    }
}

/// Quotes a text unless it reads as nothing but a text in YAML.
fn quoted(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._/:*-".contains(character);
    let a_word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(plain)
        && !text.ends_with(':')
        && !matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    let an_address = text.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_ipv4());
    if a_word || an_address { text.to_owned() } else { format!("{text:?}") }
}

/// Settings as figment takes them in.
struct Settings<'a>(&'a [Setting]);

impl Provider for Settings<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("configuration")
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, Error> {
        let mut sections = Dict::new();
        for setting in self.0 {
            let (section, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
            let section = sections.entry(section.to_owned()).or_insert_with(|| Dict::new().into());
            if let Value::Dict(_, section) = section {
                section.insert(key.to_owned(), setting.value.clone());
            }
        }
        Ok(figment::Profile::Default.collect(sections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_pointed_out() {
        let known = ["server.ip", "server.port", "database.url"].map(String::from);
        assert_eq!(unknown("server.prot", &known), "there is no such key; is server.port meant?");
        assert_eq!(unknown("databse.url", &known), "there is no such key; is database.url meant?");
        assert_eq!(unknown("colour", &known), "there is no such key; `server config` lists all");
        assert_eq!(
            unknown("server", &known),
            "it is a section and takes no value; its keys are like server.ip"
        );
    }

    #[test]
    fn texts_are_quoted_where_yaml_would_read_something_else() {
        for plain in ["info", "127.0.0.1", "sqlite://data/florin.db", "/var/lib"] {
            assert_eq!(quoted(plain), plain);
        }
        for text in ["", "8000", "true", "off", "a b", "a#b", "a: b", "::1", "1.5", "- x", "x:", "***"] {
            assert_eq!(quoted(text), format!("{text:?}"));
        }
    }
}
