//! Makes transactions of rows, as the mapping says.
//!
//! The key of a transaction is made of what the rows say, never of when or from where they were imported, so that the
//! same rows again are the same request again.

mod legs;

use std::collections::BTreeMap;
use std::fmt::Display;

use csv::StringRecord;
use engine::Submission;
use engine::idempotency::IdempotencyKey;
use ledger::{
    Address, Asset, Command, Expectations, Metadata, PostTransaction, Posting, Postings, Quantity, Reference,
};
use sha2::{Digest, Sha256};

use self::legs::Leg;
use super::mapping::{Fields, Mapping, MappingError, Negative, Sides, Values};
use super::refusal::Refusal;
use super::template::Placed;
use crate::http::fields::Shown;
use crate::http::text::FromText;

/// Makes transactions of the rows of one file.
pub(super) struct Composer {
    fields: Fields<Placed>,
    values: Values,
    key_prefix: Option<String>,
}

/// What a row is of its transaction.
enum Part {
    Posting(Posting),
    Leg(Leg),
}

/// What all rows of a transaction have in common, as text.
#[derive(Debug, PartialEq, Eq)]
struct Common(BTreeMap<String, String>);

impl Composer {
    pub(super) fn new(
        mapping: &Mapping,
        columns: &[String],
        key_prefix: Option<&str>,
    ) -> Result<Self, MappingError> {
        let fields = mapping.place(columns)?;
        if fields.key.is_none() && fields.reference.is_none() && key_prefix.is_none() {
            return Err(MappingError::of_key(
                "transaction.key",
                "is required, or `transaction.reference`, or --key-prefix on the command line: something has to make \
                 a transaction known when it is imported again",
            ));
        }
        let key_prefix = key_prefix.map(str::to_owned);
        Ok(Self { fields, values: mapping.values.clone(), key_prefix })
    }

    /// Says whether rows may be one transaction with others.
    pub(super) fn groups(&self) -> bool {
        self.fields.group.is_some()
    }

    /// Returns what makes a row one of a group; `None` where it stands alone.
    pub(super) fn group(&self, row: &StringRecord) -> Option<String> {
        let group = self.fields.group.as_ref()?.fill(field_of(row));
        (!group.is_empty()).then_some(group)
    }

    /// Makes a transaction of rows. The error has a refusal for each.
    pub(super) fn compose(
        &self,
        rows: Vec<(u64, Result<StringRecord, Refusal>)>,
    ) -> Result<Submission, Vec<Refusal>> {
        let first_line = rows.first().map(|(line, _)| *line).unwrap_or_default();
        let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
        let mut common: Option<Common> = None;
        let parts = rows.into_iter().map(|(_, row)| {
            let row = row?;
            let part = self.part(&row)?;
            let own = self.common(&row);
            match &common {
                None => common = Some(own),
                Some(first) => first.check(&own, &self.fields)?,
            }
            Ok(part)
        });
        let parts = parts.collect::<Vec<Result<Part, Refusal>>>();
        if let Some(bad) = parts.iter().position(Result::is_err) {
            let line = lines[bad];
            let together = || {
                Refusal::of_row(format!(
                    "line {line}, which is of the same transaction or may be, is refused"
                ))
            };
            return Err(parts.into_iter().map(|part| part.err().unwrap_or_else(together)).collect());
        }
        let count = parts.len();
        let common = common.unwrap_or(Common(BTreeMap::new()));
        self.submission(parts.into_iter().flatten().collect(), &common, first_line)
            .map_err(|refusal| vec![refusal; count])
    }

    fn part(&self, row: &StringRecord) -> Result<Part, Refusal> {
        let asset: Asset = self.read(row, "asset", &self.fields.asset)?;
        match &self.fields.sides {
            Sides::Posting { source, destination } => {
                let mut source: Address = self.read(row, "source", source)?;
                let mut destination: Address = self.read(row, "destination", destination)?;
                let (template, text, number) = self.amount(row, &asset)?;
                match self.values.negative {
                    Negative::Refuse if number.negative => {
                        let problem = "is negative, and `amount.negative` says what is to be made of that";
                        return Err(refusal(template, "amount", problem, &text));
                    }
                    Negative::Swap if number.negative => std::mem::swap(&mut source, &mut destination),
                    Negative::Refuse | Negative::Swap | Negative::Absolute => {}
                }
                let posting = Posting::new(source, destination, asset, number.amount);
                posting
                    .map(Part::Posting)
                    .map_err(|_| Refusal::of_row("source and destination are the same account"))
            }
            Sides::Leg { account } => {
                let account = self.read(row, "account", account)?;
                let (_, _, number) = self.amount(row, &asset)?;
                Ok(Part::Leg(Leg { account, asset, negative: number.negative, amount: number.amount }))
            }
        }
    }

    /// Reads what a template makes of a row, or what stands in its place.
    fn read<T: FromText>(&self, row: &StringRecord, name: &str, template: &Placed) -> Result<T, Refusal> {
        let text = template.fill(field_of(row));
        let replaced = self.values.replace.get(name).and_then(|texts| texts.get(&text));
        let text = replaced.unwrap_or(&text);
        T::from_text(text).map_err(|problem| refusal(template, name, problem, text))
    }

    /// Reads the amount, from the one place where there is one.
    fn amount(
        &self,
        row: &StringRecord,
        asset: &Asset,
    ) -> Result<(&Placed, String, super::numbers::Signed), Refusal> {
        let given = self.fields.amount.iter().filter(|template| !template.is_blank(field_of(row)));
        let given: Vec<_> = given.collect();
        let [template] = given[..] else {
            let columns: Vec<_> = self.fields.amount.iter().filter_map(Placed::columns).collect();
            let reason =
                if given.is_empty() { "there is no amount" } else { "there is more than one amount" };
            return Err(Refusal { column: Some(columns.join(", ")), reason: reason.into() });
        };
        let text = template.fill(field_of(row));
        match self.values.numbers.read(&text, asset) {
            Ok(number) => Ok((template, text, number)),
            Err(problem) => {
                Err(Refusal { column: template.columns(), reason: format!("amount {problem}").into() })
            }
        }
    }

    fn common(&self, row: &StringRecord) -> Common {
        let Fields { reference, effective_at, key, metadata, .. } = &self.fields;
        let named = [("reference", reference), ("effective_at", effective_at), ("key", key)];
        let named =
            named.into_iter().filter_map(|(name, template)| Some((name.to_owned(), template.as_ref()?)));
        let metadata = metadata.iter().map(|(name, template)| (metadata_name(name), template));
        Common(named.chain(metadata).map(|(name, template)| (name, template.fill(field_of(row)))).collect())
    }

    fn submission(&self, parts: Vec<Part>, common: &Common, line: u64) -> Result<Submission, Refusal> {
        let (mut postings, mut legs) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Posting(posting) => postings.push(posting),
                Part::Leg(leg) => legs.push(leg),
            }
        }
        postings.extend(legs::postings(&legs)?);
        let postings = Postings::new(postings.into_iter().map(Posting::<Quantity>::from).collect())
            .map_err(|_| Refusal::of_row("the rows have nothing that moves"))?;
        let Fields { reference, effective_at, metadata, .. } = &self.fields;
        let reference = common.read("reference", reference.as_ref(), |text| {
            Reference::from_text(text).map_err(std::borrow::Cow::into_owned)
        })?;
        let effective_at =
            common.read("effective_at", effective_at.as_ref(), |text| self.values.dates.read(text))?;
        let mut values = BTreeMap::new();
        for (name, template) in metadata {
            let checked = common.read(&metadata_name(name), Some(template), |text| {
                let fits = Metadata::is_value(text);
                if fits {
                    Ok(text.to_owned())
                } else {
                    Err("must be at most 1024 bytes without NUL".to_owned())
                }
            })?;
            values.extend(checked.map(|text| (name.clone(), text)));
        }
        // The mapping has no more keys than there may be.
        let metadata = Metadata::new(values).map_err(|_| Refusal::of_row("metadata is too large"))?;
        let key = Some(self.key(common, line)?);
        let expectations = Expectations::default();
        let post = PostTransaction { postings, reference, effective_at, metadata, expectations };
        Ok(Submission::new(Command::PostTransaction(post), key))
    }

    /// Makes the key: of the mapping's key, or else of the reference, or else of the line.
    fn key(&self, common: &Common, line: u64) -> Result<IdempotencyKey, Refusal> {
        let Fields { key, reference, .. } = &self.fields;
        let (kind, text) = match (key, reference) {
            (Some(template), _) => ("key", common.key_text("key", template)?),
            (None, Some(template)) => ("reference", common.key_text("reference", template)?),
            (None, None) => ("line", line.to_string()),
        };
        let mut hash = Sha256::new();
        for part in ["csv", self.key_prefix.as_deref().unwrap_or_default(), kind, &text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut front = [0; 16];
        front.copy_from_slice(&hash.finalize()[..16]);
        let key = format!("csv-{:032x}", u128::from_be_bytes(front));
        Ok(IdempotencyKey::parse(&key).expect("it is short and visible"))
    }
}

impl Common {
    /// Holds a further row to the first one. What it leaves empty is the first one's.
    fn check(&self, own: &Self, fields: &Fields<Placed>) -> Result<(), Refusal> {
        for ((name, first), text) in self.0.iter().zip(own.0.values()) {
            if !text.is_empty() && text != first {
                let template = match name.as_str() {
                    "reference" => fields.reference.as_ref(),
                    "effective_at" => fields.effective_at.as_ref(),
                    "key" => fields.key.as_ref(),
                    _ => {
                        fields.metadata.iter().find(|(key, _)| metadata_name(key) == *name).map(|(_, it)| it)
                    }
                };
                let problem = format!(
                    "must be the same in all rows of a transaction: the first has `{}`",
                    Shown(first)
                );
                let column = template.and_then(Placed::columns);
                return Err(Refusal { column, reason: format!("{name} {problem}").into() });
            }
        }
        Ok(())
    }

    /// Reads a text that may be empty, which is none.
    fn read<T>(
        &self,
        name: &str,
        template: Option<&Placed>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Refusal> {
        let (Some(template), Some(text)) = (template, self.0.get(name)) else { return Ok(None) };
        if text.is_empty() {
            return Ok(None);
        }
        let value = read(text).map_err(|problem| Refusal {
            column: template.columns(),
            reason: format!("{name} {problem}").into(),
        })?;
        Ok(Some(value))
    }

    fn key_text(&self, name: &str, template: &Placed) -> Result<String, Refusal> {
        let text = self.0.get(name).cloned().unwrap_or_default();
        if text.is_empty() {
            let reason =
                format!("{name} is empty, and makes the transaction known when it is imported again");
            return Err(Refusal { column: template.columns(), reason: reason.into() });
        }
        Ok(text)
    }
}

fn metadata_name(key: &str) -> String {
    format!("metadata.{key}")
}

fn field_of<'r>(row: &'r StringRecord) -> impl Fn(usize) -> &'r str {
    |at| row.get(at).unwrap_or_default()
}

fn refusal(template: &Placed, name: &str, problem: impl Display, text: &str) -> Refusal {
    let reason = format!("{name} {problem}; it is `{}`", Shown(text));
    Refusal { column: template.columns(), reason: reason.into() }
}

#[cfg(test)]
mod tests;
