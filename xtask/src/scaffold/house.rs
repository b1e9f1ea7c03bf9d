//! What the house has: its features, their handlers with what each takes, and the types that a new endpoint can use.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::taken::{features, files};

/// A method of HTTP that endpoints use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method that a verb stands for in the house's handlers.
    pub(super) fn of_verb(verb: &str) -> Self {
        match verb {
            "get" | "list" | "show" | "find" | "count" | "export" | "search" => Self::Get,
            "change" | "update" | "rename" => Self::Patch,
            "put" | "replace" | "set" => Self::Put,
            "delete" | "remove" | "revoke" | "end" => Self::Delete,
            _ => Self::Post,
        }
    }

    /// The function and the attribute that stand for it.
    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    pub(super) fn reads(self) -> bool {
        self == Self::Get
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function().to_ascii_uppercase())
    }
}

/// A handler of the app.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) feature: String,
    pub(super) id: String,
    pub(super) method: Method,
    pub(super) path: String,
    /// The right that its signature names.
    pub(super) right: Option<String>,
}

/// The app, and the table of what its operations take.
pub(super) struct House {
    root: PathBuf,
    pub(super) features: Vec<String>,
    pub(super) handlers: Vec<Handler>,
    table: String,
}

impl House {
    /// Looks at the sources.
    ///
    /// # Errors
    /// Something cannot be read.
    pub(super) fn look(root: &Path) -> Result<Self> {
        let features = features(root)?;
        let mut handlers = Vec::new();
        for feature in &features {
            for (_, text) in files(&root.join("app/src").join(feature))? {
                handlers.extend(handler(feature, &text));
            }
        }
        let table = root.join("server/tests/http/access/rows.rs");
        let table = fs::read_to_string(&table).with_context(|| format!("cannot read {}", table.display()))?;
        Ok(Self { root: root.to_owned(), features, handlers, table })
    }

    /// What an operation takes, as the table of rights has it.
    pub(super) fn takes(&self, id: &str) -> Option<&str> {
        let row = self.table.split(&format!("    (\"{id}\", ")).nth(1)?;
        row.split("),\n").next()
    }

    /// What the feature's requests fail with, where a store that could not be read is among that.
    pub(super) fn error_of(&self, feature: &str) -> Result<Option<String>> {
        let errors = files(&self.root.join("app/src").join(feature))?;
        Ok(errors.iter().find_map(|(_, text)| {
            let (before, _) = text.split_once("(#[from] ReadError)")?;
            let (_, name) = before.rsplit_once("pub enum ")?;
            Some(name.split_whitespace().next()?.to_owned())
        }))
    }

    /// Says whether a right is the feature's own.
    pub(super) fn has_right(&self, feature: &str, right: &str) -> Result<bool> {
        let files = files(&self.root.join("app/src").join(feature))?;
        Ok(files.iter().any(|(_, text)| text.contains(&format!("    {right} = Need::"))))
    }

    /// The type of a feature that reads these parameters of a path, and no others.
    pub(super) fn path_type(&self, feature: &str, parameters: &[&str]) -> Result<Option<String>> {
        for (_, text) in files(&self.root.join("app/src").join(feature))? {
            for rest in text.split("pub struct ").skip(1) {
                let Some((name, body)) = rest.split_once(" {") else { continue };
                if !name.ends_with("Path") {
                    continue;
                }
                let body = body.split("\n}").next().unwrap_or_default();
                let fields: Vec<&str> = body
                    .lines()
                    .filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next())
                    .collect();
                if fields.len() == parameters.len() && parameters.iter().all(|its| fields.contains(its)) {
                    return Ok(Some(name.to_owned()));
                }
            }
        }
        Ok(None)
    }
}

/// The handler that a file has, if any.
fn handler(feature: &str, text: &str) -> Option<Handler> {
    let (method, rest) = Method::ALL.into_iter().find_map(|method| {
        let (_, rest) = text.split_once(&format!("#[{}(path = \"", method.function()))?;
        Some((method, rest))
    })?;
    let (path, rest) = rest.split_once('"')?;
    let (_, rest) = rest.split_once("fn ")?;
    let (id, rest) = rest.split_once('(')?;
    let signature = rest.split('{').next().unwrap_or_default();
    let right = signature.split_once("Granted<").and_then(|(_, rest)| rest.split('>').next());
    Some(Handler {
        feature: feature.to_owned(),
        id: id.to_owned(),
        method,
        path: path.to_owned(),
        right: right.map(str::to_owned),
    })
}
