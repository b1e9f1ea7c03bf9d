//! What stands in the column `with`: all that a command has beside its postings.

use std::collections::BTreeMap;

use engine::idempotency::IdempotencyKey;
use ledger::{
    Bounds, Command, Expectation, Expectations, ExpectedBounds, FloorsPatch, Frozen, LedgerName, Metadata,
    MetadataPatch, Reference, Timestamp,
};

use super::amounts;
use super::cells::{address, asset};
use super::span::{Fault, Span};
use super::times;

/// What a command has beside its postings, before it is known which command it is.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) ledger: Option<LedgerName>,
    pub(crate) dry_run: bool,
    expectations: Vec<Expectation>,
    metadata: BTreeMap<String, Option<String>>,
}

impl Options {
    /// Reads options with `;` between them, and puts what is the command's into it.
    ///
    /// # Errors
    /// Where something else stands, or the command takes no such option.
    pub(crate) fn read(cell: Span<'_>, command: &mut Command) -> Result<Self, Fault> {
        let mut options = Self::default();
        if cell.text.is_empty() {
            return Ok(options);
        }
        for option in cell.split(';') {
            options.take(option, command)?;
        }
        options.put_into(command, cell)?;
        Ok(options)
    }

    fn take(&mut self, option: Span<'_>, command: &mut Command) -> Result<(), Fault> {
        let (name, value) = option.first_word();
        let fault = || value.fault(format!("this is no {name}"));
        match name {
            "key" => {
                let key = IdempotencyKey::parse(value.text).map_err(|_| fault())?;
                self.key = Some(key);
                Ok(())
            }
            "ledger" => {
                self.ledger = Some(LedgerName::parse(value.text).map_err(|_| fault())?);
                Ok(())
            }
            "dry" if value.text == "run" => {
                self.dry_run = true;
                Ok(())
            }
            "metadata" => {
                let fault = || value.fault("metadata is KEY=VALUE, or KEY1..KEY9=VALUE");
                let (keys, kept) = value.text.split_once('=').ok_or_else(fault)?;
                let kept = (!kept.is_empty()).then(|| kept.to_owned());
                let keys = numbered(keys).ok_or_else(fault)?;
                self.metadata.extend(keys.into_iter().map(|key| (key, kept.clone())));
                Ok(())
            }
            "expect" => {
                self.expectations.push(expectation(value)?);
                Ok(())
            }
            "reference" => {
                let reference = Reference::parse(value.text).map_err(|_| fault())?;
                give_reference(command, reference).ok_or_else(|| option.fault("it takes no reference"))
            }
            "effective" => {
                let at = times::read(value)?;
                give_effective(command, at).ok_or_else(|| option.fault("it takes no time of its own"))
            }
            _ => special(name, option, value, command),
        }
    }

    /// Puts what was gathered into the command.
    fn put_into(&mut self, command: &mut Command, cell: Span<'_>) -> Result<(), Fault> {
        if !self.expectations.is_empty() {
            let Command::PostTransaction(post) = command else {
                return Err(cell.fault("only transactions have expectations"));
            };
            let expectations = Expectations::new(std::mem::take(&mut self.expectations));
            post.expectations = expectations.map_err(|_| cell.fault("too many expectations"))?;
        }
        if self.metadata.is_empty() {
            return Ok(());
        }
        let changes = std::mem::take(&mut self.metadata);
        let fault = || cell.fault("this is no metadata");
        let patch = match command {
            Command::ChangeAccount(change) => Some(&mut change.metadata),
            Command::ChangeTransaction(change) => Some(&mut change.metadata),
            _ => None,
        };
        if let Some(patch) = patch {
            *patch = MetadataPatch::new(changes).map_err(|_| fault())?;
            return Ok(());
        }
        let values: Option<BTreeMap<_, _>> =
            changes.into_iter().map(|(key, value)| value.map(|value| (key, value))).collect();
        let metadata = Metadata::new(values.ok_or_else(fault)?).map_err(|_| fault())?;
        match command {
            Command::PostTransaction(post) => post.metadata = metadata,
            Command::CreateHold(hold) => hold.metadata = metadata,
            Command::CaptureHold(capture) => capture.metadata = metadata,
            Command::ReverseTransaction(reversal) => reversal.metadata = metadata,
            _ => return Err(cell.fault("it takes no metadata")),
        }
        Ok(())
    }
}

/// Returns the keys that `k1..k64` stands for, or the only one.
fn numbered(keys: &str) -> Option<Vec<String>> {
    let Some((first, last)) = keys.split_once("..") else { return Some(vec![keys.to_owned()]) };
    let name = first.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let number = |key: &str| key.strip_prefix(name)?.parse::<u16>().ok();
    let (from, to) = (number(first)?, number(last)?);
    (from <= to).then(|| (from..=to).map(|number| format!("{name}{number}")).collect())
}

/// Takes an option that only one kind of command has.
fn special(name: &str, option: Span<'_>, value: Span<'_>, command: &mut Command) -> Result<(), Fault> {
    match (name, command) {
        ("expires", Command::CreateHold(hold)) => hold.expires_at = Some(times::read(value)?),
        ("final", Command::CaptureHold(capture)) if value.text.is_empty() => capture.is_final = true,
        ("forced", Command::ReverseTransaction(reversal)) if value.text.is_empty() => reversal.forced = true,
        ("closed", Command::ChangeAccount(change)) if value.text.is_empty() => {
            change.policy.closed = Some(true);
        }
        ("open", Command::ChangeAccount(change)) if value.text.is_empty() => {
            change.policy.closed = Some(false);
        }
        ("unbounded", Command::ChangeAccount(change)) if value.text.is_empty() => {
            change.policy.floors = Some(FloorsPatch::Unbounded);
        }
        ("floor", Command::ChangeAccount(change)) => {
            let words = value.words();
            let [floor, code] = &words[..] else { return Err(value.fault("a floor is AMOUNT ASSET")) };
            let asset = asset(*code)?;
            let floor = match floor.text {
                "none" => None,
                _ => Some(amounts::read_signed(*floor, &asset)?),
            };
            let Some(FloorsPatch::PerAsset(floors)) = &mut change.policy.floors else {
                change.policy.floors = Some(FloorsPatch::PerAsset([(asset, floor)].into()));
                return Ok(());
            };
            floors.insert(asset, floor);
        }
        ("frozen", Command::ChangeAccount(change)) => {
            change.policy.frozen = match value.text {
                "none" => Some(Frozen::None),
                "debits" => Some(Frozen::Debits),
                "credits" => Some(Frozen::Credits),
                "all" => Some(Frozen::All),
                _ => return Err(value.fault("frozen is none, debits, credits or all")),
            };
        }
        _ => return Err(option.fault(format!("it takes no {:?}", option.text))),
    }
    Ok(())
}

fn give_reference(command: &mut Command, reference: Reference) -> Option<()> {
    let place = match command {
        Command::PostTransaction(post) => &mut post.reference,
        Command::CreateHold(hold) => &mut hold.reference,
        Command::CaptureHold(capture) => &mut capture.reference,
        Command::ReverseTransaction(reversal) => &mut reversal.reference,
        _ => return None,
    };
    *place = Some(reference);
    Some(())
}

fn give_effective(command: &mut Command, at: Timestamp) -> Option<()> {
    let place = match command {
        Command::PostTransaction(post) => &mut post.effective_at,
        Command::CaptureHold(capture) => &mut capture.effective_at,
        Command::ReverseTransaction(reversal) => &mut reversal.effective_at,
        _ => return None,
    };
    *place = Some(at);
    Some(())
}

/// Reads `ACCOUNT posted >= AMOUNT ASSET`, or `ACCOUNT version = NUMBER`.
fn expectation(span: Span<'_>) -> Result<Expectation, Fault> {
    let words = span.words();
    let fault =
        || span.fault("an expectation is ACCOUNT posted >= AMOUNT ASSET, or ACCOUNT version = NUMBER");
    let (account, figure, operator, bound, code) = match &words[..] {
        [account, figure, operator, bound] => (account, figure, operator, bound, None),
        [account, figure, operator, bound, code] => (account, figure, operator, bound, Some(asset(*code)?)),
        _ => return Err(fault()),
    };
    let units = match &code {
        Some(asset) => amounts::read_signed(*bound, asset)?,
        None => bound.text.parse().map_err(|_| bound.fault("a version is a number"))?,
    };
    let bounds = match operator.text {
        "=" => Bounds { equals: Some(units), ..Bounds::default() },
        ">=" => Bounds { at_least: Some(units), ..Bounds::default() },
        "<=" => Bounds { at_most: Some(units), ..Bounds::default() },
        _ => return Err(operator.fault("a bound begins with =, >= or <=")),
    };
    let none = ExpectedBounds::default();
    let bounds = match (figure.text, &code) {
        ("posted", Some(_)) => ExpectedBounds { posted: bounds, ..none },
        ("available", Some(_)) => ExpectedBounds { available: bounds, ..none },
        ("version", None) => ExpectedBounds { version: bounds, ..none },
        _ => return Err(fault()),
    };
    Expectation::new(address(*account)?, code, bounds).map_err(|_| fault())
}
