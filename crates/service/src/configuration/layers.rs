//! The layers of the configuration: built-in files, files in `configuration`, the environment.
//!
//! It reads and combines them; whether a value is any good is not its business.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use figment::Provider as _;
use figment::providers::{Env, Format as _, Yaml};
use figment::value::{Dict, Value};

use super::check::Problem;
use super::{Invalid, Profile};
use crate::program::Program;

const FOLDER: &str = "configuration";
const BASE: &str = include_str!("../../../../configuration/base.yml");
const DEV: &str = include_str!("../../../../configuration/dev.yml");
const PROD: &str = include_str!("../../../../configuration/prod.yml");

/// What one place says.
pub(super) struct Layer {
    source: Source,
    values: BTreeMap<String, Value>,
}

/// A place that values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    BuiltIn(&'static str),
    File(String),
    Environment,
}

impl Source {
    /// Names the place where a key's value stands.
    fn name(&self, key: &str) -> String {
        match self {
            Self::BuiltIn(name) => (*name).to_owned(),
            Self::File(path) => path.clone(),
            Self::Environment => variable(key),
        }
    }
}

/// A key that the service knows, and its value in effect.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The key with its section, `server.port`.
    pub(super) key: String,
    /// The value.
    pub(super) value: Value,
    /// The value that it has where nobody says anything.
    pub(super) default: Value,
    /// Where the value comes from.
    pub(super) source: String,
}

/// Names the environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("PX_{}", key.to_uppercase().replace('.', "__"))
}

/// Reads all layers, the weakest first.
pub(super) fn read(program: &Program, profile: Profile) -> Result<Vec<Layer>, Invalid> {
    let (built_in, source) = match profile {
        Profile::Dev => (DEV, "default for dev"),
        Profile::Prod => (PROD, "default for prod"),
    };
    let mut problems = Vec::new();
    let mut layers = built_in_layers(program);
    layers.extend(file("base", &mut problems));
    // A file takes the place of the built-in one of the same name.
    let profile_file = file(profile.name(), &mut problems)
        .or_else(|| Some(Layer { source: Source::BuiltIn(source), values: parse(built_in).ok()? }));
    layers.extend(profile_file);
    layers.push(environment());
    if problems.is_empty() { Ok(layers) } else { Err(Invalid(problems)) }
}

/// Combines layers: for each known key the last word, and the keys that nobody knows.
pub(super) fn combine(program: &Program, layers: Vec<Layer>) -> (Vec<Setting>, Vec<Problem>) {
    let mut settings: BTreeMap<String, Setting> = built_in_layers(program)
        .into_iter()
        .flat_map(|layer| layer.values)
        .map(|(key, value)| {
            let setting = Setting { key: key.clone(), default: value.clone(), value, source: String::new() };
            (key, setting)
        })
        .collect();
    let known: Vec<String> = settings.keys().cloned().collect();
    let mut unknown = Vec::new();
    for layer in layers {
        for (key, value) in layer.values {
            let source = layer.source.name(&key);
            if let Some(setting) = settings.get_mut(&key) {
                setting.value = value;
                setting.source = source;
            } else {
                let message = super::check::unknown(&key, &known);
                unknown.push(Problem { key, source, message });
            }
        }
    }
    (settings.into_values().collect(), unknown)
}

/// What is built in whatever the profile: Florin's keys, then those of the program's own.
fn built_in_layers(program: &Program) -> Vec<Layer> {
    let layer = |text| Layer {
        source: Source::BuiltIn("default"),
        values: parse(text).expect("what is built in can be read"),
    };
    vec![layer(BASE), layer(program.configuration)]
}

/// Reads a file of the folder `configuration`, here or in the nearest folder above that has it.
fn file(name: &str, problems: &mut Vec<Problem>) -> Option<Layer> {
    let here = env::current_dir().ok()?;
    let path: PathBuf = [FOLDER, &format!("{name}.yml")].iter().collect();
    let (full, text) = here.ancestors().find_map(|folder| {
        let full = folder.join(&path);
        match fs::read_to_string(&full) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
            read => Some((full, read)),
        }
    })?;
    let shown = shown(&full, &here);
    let values = text.map_err(|error| error.to_string()).and_then(|text| parse(&text));
    match values {
        Ok(values) => Some(Layer { source: Source::File(shown), values }),
        Err(message) => {
            problems.push(Problem { key: "the file".into(), source: shown, message });
            None
        }
    }
}

/// Shows a path from here where it is below, in full where it is not.
fn shown(path: &Path, here: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

fn environment() -> Layer {
    let variables = Env::prefixed("PX_").split("__").ignore(&["PROFILE"]);
    let mut values = BTreeMap::new();
    for (_, dict) in variables.data().unwrap_or_default() {
        flatten("", dict, &mut values);
    }
    Layer { source: Source::Environment, values }
}

fn parse(text: &str) -> Result<BTreeMap<String, Value>, String> {
    // A file of comments only is a file that says nothing.
    let dict: Option<Dict> = Yaml::from_str(text).map_err(|error| error.to_string())?;
    let mut values = BTreeMap::new();
    flatten("", dict.unwrap_or_default(), &mut values);
    Ok(values)
}

/// Turns sections within sections into keys with dots. A section that holds nothing says nothing.
fn flatten(section: &str, dict: Dict, into: &mut BTreeMap<String, Value>) {
    for (name, value) in dict {
        let key = if section.is_empty() { name } else { format!("{section}.{name}") };
        match value {
            Value::Dict(_, dict) => flatten(&key, dict, into),
            Value::Empty(..) if section.is_empty() => {}
            value => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_can_be_read_and_only_name_known_keys() {
        let known = parse(BASE).unwrap();
        for profile in [DEV, PROD] {
            for key in parse(profile).unwrap().keys() {
                assert!(known.contains_key(key), "{key}");
            }
        }
    }

    #[test]
    fn every_key_is_documented_with_its_variable() {
        for key in parse(BASE).unwrap().keys() {
            let name = variable(key);
            let named = BASE.lines().any(|line| line.split_whitespace().next_back() == Some(&name));
            assert!(named, "configuration/base.yml does not say that {key} is {name}");
        }
    }

    #[test]
    fn a_file_that_says_nothing_is_a_file() {
        assert!(parse("# nothing\n").unwrap().is_empty());
        assert!(parse("").unwrap().is_empty());
        assert!(parse("server:\n").unwrap().is_empty());
        assert!(parse("- a list\n").is_err());
        assert!(parse("server: [\n").is_err());
    }
}
