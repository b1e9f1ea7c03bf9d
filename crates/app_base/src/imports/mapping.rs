//! The mapping: what is made of which column. Read from TOML; whatever is wrong with it is said by the name of the key.

mod raw;

use std::collections::BTreeMap;

use ledger::Metadata;

use self::raw::{RawMapping, RawNegative};
use super::dates::{self, Dates};
use super::numbers::Numbers;
use super::table::FileFormat;
use super::template::{Placed, Template};

/// What is wrong with a mapping, or with how it fits a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MappingError(String);

impl MappingError {
    pub(super) fn of_key(key: &str, problem: impl std::fmt::Display) -> Self {
        Self(format!("`{key}` {problem}"))
    }
}

/// What is made of which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub(super) file: FileFormat,
    pub(super) fields: Fields<Template>,
    pub(super) values: Values,
}

/// What a transaction is made of, each as a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields<T> {
    pub(super) sides: Sides<T>,
    pub(super) asset: T,
    /// Where the amount may stand: exactly one of them has to have it.
    pub(super) amount: Vec<T>,
    pub(super) reference: Option<T>,
    pub(super) effective_at: Option<T>,
    /// Rows next to each other with the same text here are one transaction.
    pub(super) group: Option<T>,
    /// What makes a transaction known when it is imported again.
    pub(super) key: Option<T>,
    pub(super) metadata: BTreeMap<String, T>,
}

/// Which accounts a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sides<T> {
    /// A row is a posting.
    Posting { source: T, destination: T },
    /// A row is one side: what the account gets, or gives where it is negative.
    Leg { account: T },
}

/// How the texts of a row are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) numbers: Numbers,
    pub(super) negative: Negative,
    pub(super) dates: Dates,
    /// Other texts in the place of whole ones, by what they are of.
    pub(super) replace: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a negative amount means where rows are postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negative {
    Refuse,
    Swap,
    Absolute,
}

/// What may have replacements.
const REPLACEABLE: [&str; 4] = ["source", "destination", "account", "asset"];

impl Mapping {
    /// The largest mapping, in bytes.
    pub const BYTES_MAX: u64 = 4 << 20;

    /// Reads a mapping.
    ///
    /// # Errors
    /// [`MappingError`], which names the key.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let raw: RawMapping = toml::from_str(text).map_err(|error| {
            let line = error.span().and_then(|span| {
                let before = text.get(..span.start)?;
                let number = before.matches('\n').count() + 1;
                let shown = text.lines().nth(number - 1).unwrap_or_default().trim();
                Some(format!("line {number} (`{shown}`): "))
            });
            MappingError(format!("{}{}", line.unwrap_or_default(), error.message().replace('\n', " ")))
        })?;
        let fields = fields(&raw)?;
        if let Some(unknown) = raw.replace.keys().find(|key| !REPLACEABLE.contains(&key.as_str())) {
            let known = REPLACEABLE.join(", ");
            return Err(MappingError::of_key(
                &format!("replace.{unknown}"),
                format!("is unknown; known here: {known}"),
            ));
        }
        Ok(Self { file: file(&raw)?, values: values(raw)?, fields })
    }

    /// Finds the columns in a file.
    pub(super) fn place(&self, columns: &[String]) -> Result<Fields<Placed>, MappingError> {
        let mut twice = None;
        let find = |name: &str| {
            let mut found = columns.iter().enumerate().filter(|(_, column)| *column == name);
            let first = found.next()?.0;
            if found.next().is_some() {
                twice = Some(name.to_owned());
            }
            Some(first)
        };
        let placed = self.fields.place(find).map_err(|(key, column)| {
            let there = columns.join(", ");
            MappingError::of_key(&key, format!("names the column `{column}`, and the file has: {there}"))
        })?;
        match twice {
            Some(name) => Err(MappingError(format!("the file has more than one column `{name}`"))),
            None => Ok(placed),
        }
    }
}

fn file(raw: &RawMapping) -> Result<FileFormat, MappingError> {
    let one = |key: &str, text: &str| match text.as_bytes() {
        [byte] if byte.is_ascii() && !b"\r\n".contains(byte) => Ok(*byte),
        _ => Err(MappingError::of_key(key, "must be one ASCII character")),
    };
    let quote = raw.file.quote.as_deref().unwrap_or("\"");
    let format = FileFormat {
        delimiter: one("file.delimiter", raw.file.delimiter.as_deref().unwrap_or(","))?,
        quote: if quote.is_empty() { None } else { Some(one("file.quote", quote)?) },
        header: raw.file.header.unwrap_or(true),
        trim: raw.file.trim.unwrap_or(false),
    };
    if format.quote == Some(format.delimiter) {
        return Err(MappingError::of_key("file.quote", "must be another character than the delimiter"));
    }
    Ok(format)
}

fn template(key: &str, text: &str) -> Result<Template, MappingError> {
    Template::parse(text).map_err(|problem| MappingError::of_key(key, problem))
}

fn fields(raw: &RawMapping) -> Result<Fields<Template>, MappingError> {
    let transaction = &raw.transaction;
    let optional = |name: &str, text: &Option<String>| {
        let key = format!("transaction.{name}");
        text.as_ref().map(|text| template(&key, text)).transpose()
    };
    let required = |name: &str, text: &Option<String>| {
        optional(name, text)?
            .ok_or_else(|| MappingError::of_key(&format!("transaction.{name}"), "is required"))
    };
    let group = optional("group", &transaction.group)?;
    let sides = match &transaction.account {
        None => Sides::Posting {
            source: required("source", &transaction.source)?,
            destination: required("destination", &transaction.destination)?,
        },
        Some(_) if transaction.source.is_some() || transaction.destination.is_some() => {
            return Err(MappingError::of_key(
                "transaction.account",
                "stands in the place of source and destination",
            ));
        }
        Some(_) if group.is_none() => {
            return Err(MappingError::of_key(
                "transaction.group",
                "is required with `transaction.account`: it says which rows are the two sides of a transaction",
            ));
        }
        Some(_) => Sides::Leg { account: required("account", &transaction.account)? },
    };
    let amounts = transaction.amount.as_ref().map(raw::OneOrMore::as_slice).unwrap_or_default();
    if amounts.is_empty() {
        return Err(MappingError::of_key("transaction.amount", "is required"));
    }
    let amount = amounts.iter().map(|text| template("transaction.amount", text)).collect::<Result<_, _>>()?;
    let mut metadata = BTreeMap::new();
    for (name, text) in &transaction.metadata {
        let key = format!("transaction.metadata.{name}");
        if !Metadata::is_key(name) {
            return Err(MappingError::of_key(
                &key,
                "is no key of metadata: 1 to 64 bytes without control characters",
            ));
        }
        metadata.insert(name.clone(), template(&key, text)?);
    }
    if metadata.len() > Metadata::MAX_KEYS {
        let most = Metadata::MAX_KEYS;
        return Err(MappingError::of_key("transaction.metadata", format!("has more than {most} keys")));
    }
    Ok(Fields {
        sides,
        asset: required("asset", &transaction.asset)?,
        amount,
        reference: optional("reference", &transaction.reference)?,
        effective_at: optional("effective_at", &transaction.effective_at)?,
        group,
        key: optional("key", &transaction.key)?,
        metadata,
    })
}

fn values(raw: RawMapping) -> Result<Values, MappingError> {
    let mark = |key: &str, text: &str| {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(mark), None) if !mark.is_ascii_digit() && !"+-()".contains(mark) => Ok(mark),
            _ => Err(MappingError::of_key(key, "must be one character that is no digit, sign or bracket")),
        }
    };
    let decimal_mark = mark("amount.decimal_mark", raw.amount.decimal_mark.as_deref().unwrap_or("."))?;
    let thousands = raw.amount.thousands.as_deref().filter(|text| !text.is_empty());
    let thousands = thousands.map(|text| mark("amount.thousands", text)).transpose()?;
    if thousands == Some(decimal_mark) {
        return Err(MappingError::of_key(
            "amount.thousands",
            "must be another character than the decimal mark",
        ));
    }
    let offset = raw.effective_at.offset.as_deref().unwrap_or("Z");
    if let Some(format) = &raw.effective_at.format {
        dates::check_format(format)
            .map_err(|problem| MappingError::of_key("effective_at.format", problem))?;
    }
    let offset_seconds = dates::offset(offset)
        .ok_or_else(|| MappingError::of_key("effective_at.offset", "must be such as +01:00, -05:30 or Z"))?;
    let negative = match raw.amount.negative.unwrap_or_default() {
        RawNegative::Refuse => Negative::Refuse,
        RawNegative::Swap => Negative::Swap,
        RawNegative::Absolute => Negative::Absolute,
    };
    Ok(Values {
        numbers: Numbers { decimal_mark, thousands, minor_units: raw.amount.minor_units.unwrap_or(false) },
        negative,
        dates: Dates { format: raw.effective_at.format, offset_seconds },
        replace: raw.replace,
    })
}

impl Fields<Template> {
    /// Finds the columns by their names. The error is the key, and the column that is not there.
    fn place(&self, mut find: impl FnMut(&str) -> Option<usize>) -> Result<Fields<Placed>, (String, String)> {
        let mut place = |key: &str, template: &Template| {
            let missing = |column: &str| (format!("transaction.{key}"), column.to_owned());
            template.place(&mut find).map_err(missing)
        };
        Ok(Fields {
            sides: match &self.sides {
                Sides::Posting { source, destination } => Sides::Posting {
                    source: place("source", source)?,
                    destination: place("destination", destination)?,
                },
                Sides::Leg { account } => Sides::Leg { account: place("account", account)? },
            },
            asset: place("asset", &self.asset)?,
            amount: self.amount.iter().map(|one| place("amount", one)).collect::<Result<_, _>>()?,
            reference: self.reference.as_ref().map(|one| place("reference", one)).transpose()?,
            effective_at: self.effective_at.as_ref().map(|one| place("effective_at", one)).transpose()?,
            group: self.group.as_ref().map(|one| place("group", one)).transpose()?,
            key: self.key.as_ref().map(|one| place("key", one)).transpose()?,
            metadata: self
                .metadata
                .iter()
                .map(|(name, one)| place(&format!("metadata.{name}"), one).map(|one| (name.clone(), one)))
                .collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
