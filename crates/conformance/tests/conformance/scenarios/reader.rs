//! Reads scenarios. Whatever is not exactly as `docs/scenarios.md` has it is a fault with its line and column: a file
//! that says something else than its author meant would hold nothing.

use std::collections::{BTreeMap, HashSet};

use ledger::{
    Asset, CaptureHold, ChangeAccount, ChangeTransaction, Command, CreateHold, EntryNumber, Expectations,
    Metadata, MetadataPatch, PolicyPatch, PostTransaction, Postings, Quantity, ReleaseCause, ReleaseHold,
    ReverseTransaction,
};

use super::amounts;
use super::cells;
use super::options::Options;
use super::script::{Answer, BalanceLine, Figures, Row, Scenario, Step, Target};
use super::span::{Fault, Span};
use super::times;

const COMMANDS: [&str; 5] = ["name", "command", "postings", "with", "expected"];
const BALANCES: [&str; 6] = ["account", "asset", "posted", "pending in", "pending out", "available"];
const HOLDS: [&str; 2] = ["hold", "state"];

/// The table that rows belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Commands,
    Balances,
    Holds,
}

/// Reads a file of scenarios. Each ends with its balances.
///
/// # Errors
/// The first fault.
pub(crate) fn read(text: &str) -> Result<Vec<Scenario>, Fault> {
    let mut scenarios: Vec<Reader> = Vec::new();
    let mut last = 0;
    for line in Span::lines(text, 1) {
        last = line.line;
        let (word, title) = line.trimmed().first_word();
        match scenarios.last_mut() {
            _ if word == "scenario" => {
                if title.text.is_empty() {
                    return Err(title.fault("a scenario has a title"));
                }
                if let Some(before) = scenarios.last() {
                    before.end(line.fault(UNBALANCED))?;
                }
                scenarios.push(Reader::new(title));
            }
            Some(scenario) => scenario.line(line)?,
            None if line.trimmed().text.is_empty() || word.starts_with('#') => {}
            None => return Err(line.trimmed().fault("a file begins with a scenario")),
        }
    }
    let end = Fault { line: last, column: 1, message: UNBALANCED.to_owned() };
    match scenarios.last() {
        Some(scenario) => scenario.end(end)?,
        None => return Err(Fault { line: 1, column: 1, message: "there is no scenario".to_owned() }),
    }
    Ok(scenarios.into_iter().map(|reader| reader.scenario).collect())
}

const UNBALANCED: &str = "the scenario before this place does not end with its balances";

/// Reads the steps of a single scenario, which stand in several places: texts, each with the number of its first line.
/// It need not end with its balances.
///
/// # Errors
/// The first fault.
pub(crate) fn read_steps(title: &str, parts: &[(&str, usize)]) -> Result<Scenario, Fault> {
    let line = parts.last().map_or(1, |(_, line)| *line);
    let mut reader = Reader::new(Span::lines(title, line).next().expect("a title is a line"));
    for (text, first) in parts {
        Span::lines(text, *first).try_for_each(|line| reader.line(line))?;
    }
    reader.is_whole(Fault { line, column: 1, message: "together has no end".to_owned() })?;
    Ok(reader.scenario)
}

/// A scenario as far as it was read.
struct Reader {
    scenario: Scenario,
    table: Option<Table>,
    /// Rows that happen together, as long as that goes on.
    together: Option<Vec<Row>>,
    /// Rows that made an entry.
    named: HashSet<String>,
    names: HashSet<String>,
    /// Sums of the table of balances that is being read: what is posted, and what is pending.
    sums: BTreeMap<Asset, (i128, i128)>,
}

impl Reader {
    fn new(title: Span<'_>) -> Self {
        Self {
            scenario: Scenario { title: title.text.to_owned(), line: title.line, steps: Vec::new() },
            table: None,
            together: None,
            named: HashSet::new(),
            names: HashSet::new(),
            sums: BTreeMap::new(),
        }
    }

    fn line(&mut self, line: Span<'_>) -> Result<(), Fault> {
        let line = line.trimmed();
        if line.text.starts_with('|') {
            return self.table_line(line);
        }
        let (word, value) = line.first_word();
        if word.is_empty() || word.starts_with('#') {
            return Ok(());
        }
        self.close_balances(line)?;
        match (word, self.together.is_some()) {
            ("clock", false) => {
                self.scenario.steps.push(Step::Clock(times::read(value)?));
                Ok(())
            }
            ("together", false) if value.text.is_empty() => {
                self.together = Some(Vec::new());
                Ok(())
            }
            ("end", true) if value.text.is_empty() => {
                let rows = self.together.take().unwrap_or_default();
                if rows.len() < 2 {
                    return Err(line.fault("two commands or more happen together"));
                }
                self.scenario.steps.push(Step::Commands(rows));
                Ok(())
            }
            _ => Err(line.fault("a line is a row, a clock, together or end, or begins with #")),
        }
    }

    fn table_line(&mut self, line: Span<'_>) -> Result<(), Fault> {
        if line.text.chars().all(|sign| matches!(sign, '|' | '-' | ':' | ' ')) && line.text.contains('-') {
            return if self.table.is_some() { Ok(()) } else { Err(line.fault("a rule follows a heading")) };
        }
        let mut cells: Vec<Span<'_>> = line.split('|').collect();
        let last = cells.pop().unwrap_or(line);
        if !last.text.is_empty() || cells.is_empty() {
            return Err(last.fault("a row ends with |"));
        }
        cells.remove(0);
        let texts: Vec<&str> = cells.iter().map(|cell| cell.text).collect();
        let headings =
            [(&COMMANDS[..], Table::Commands), (&BALANCES, Table::Balances), (&HOLDS, Table::Holds)];
        if let Some((_, table)) = headings.iter().find(|(heading, _)| *heading == &texts[..]) {
            if self.together.is_some() {
                return Err(line.fault("no table begins among commands that happen together"));
            }
            self.close_balances(line)?;
            self.table = Some(*table);
            if *table == Table::Balances {
                self.scenario.steps.push(Step::Balances { line: line.line, lines: Vec::new() });
            }
            return Ok(());
        }
        match (self.table, &cells[..]) {
            (Some(Table::Commands), [name, command, postings, with, expected]) => {
                self.command([*name, *command, *postings, *with, *expected], line)
            }
            (Some(Table::Balances), [account, asset, figures @ ..]) if figures.len() == 4 => {
                self.balance(*account, *asset, figures)
            }
            (Some(Table::Holds), [hold, state]) => {
                self.is_named(*hold)?;
                let (hold, state) = (hold.text.to_owned(), cells::state(*state)?);
                self.scenario.steps.push(Step::Hold { line: line.line, hold, state });
                Ok(())
            }
            (None, _) => Err(line.fault("a table begins with its heading")),
            (Some(table), _) => {
                let columns = match table {
                    Table::Commands => COMMANDS.len(),
                    Table::Balances => BALANCES.len(),
                    Table::Holds => HOLDS.len(),
                };
                Err(line.fault(format!("a row of this table has {columns} cells, not {}", cells.len())))
            }
        }
    }

    fn command(&mut self, cells: [Span<'_>; 5], line: Span<'_>) -> Result<(), Fault> {
        let [name, command, postings, with, expected] = cells;
        let (line, started) = (line.line, command.text);
        if started == "expire" {
            return self.expire(cells, line);
        }
        let (mut command, target) = self.started(command, self::cells::postings(postings)?, postings)?;
        let options = Options::read(with, &mut command)?;
        if self.together.is_some() && options.ledger.is_some() {
            return Err(with.fault("commands that happen together happen in one ledger"));
        }
        let expected_span = expected;
        let expected = self::cells::expected(expected)?;
        let done = match (options.dry_run, &command) {
            (false, Command::ChangeAccount(_) | Command::ChangeTransaction(_) | Command::ReleaseHold(_))
            | (true, _) => 200,
            (false, _) => 201,
        };
        let is_done = matches!(expected.answer, Answer::Done | Answer::Replayed);
        if is_done && expected.status != done {
            return Err(
                expected_span.fault(format!("{started} is answered with {done} where it is carried out"))
            );
        }
        if !name.text.is_empty() {
            if !self.names.insert(name.text.to_owned()) {
                return Err(name.fault(format!("another row is called {:?}", name.text)));
            }
            if is_done && !options.dry_run {
                self.named.insert(name.text.to_owned());
            }
        }
        let name = (!name.text.is_empty()).then(|| name.text.to_owned());
        let Options { key, ledger, dry_run, .. } = options;
        let row = Row { line, name, ledger, command, target, key, dry_run, expected };
        match &mut self.together {
            Some(rows) => rows.push(row),
            None => self.scenario.steps.push(Step::Commands(vec![row])),
        }
        Ok(())
    }

    /// Reads the row that lets go of all holds whose time has come.
    fn expire(&mut self, cells: [Span<'_>; 5], line: usize) -> Result<(), Fault> {
        let [name, command, postings, with, expected] = cells;
        if self.together.is_some() {
            return Err(command.fault("expire is no command that happens together with others"));
        }
        for cell in [name, postings, with] {
            if !cell.text.is_empty() {
                return Err(cell.fault("expire without a hold has nothing here"));
            }
        }
        let number = expected.text.strip_suffix(" expired").and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| expected.fault("what is expected is N expired"))?;
        self.scenario.steps.push(Step::Expire { line, expected: number });
        Ok(())
    }

    /// Reads the cell of the command.
    fn started(
        &self,
        cell: Span<'_>,
        postings: Option<Postings<Quantity>>,
        postings_cell: Span<'_>,
    ) -> Result<(Command, Option<Target>), Fault> {
        let (word, value) = cell.first_word();
        let needed = |postings: Option<Postings<Quantity>>| {
            postings.ok_or_else(|| postings_cell.fault(format!("a {word} has postings")))
        };
        let none = || match &postings {
            Some(_) => Err(postings_cell.fault(format!("{word} has no postings"))),
            None => Ok(()),
        };
        let (number, metadata) = (EntryNumber(0), Metadata::default());
        let command = match word {
            "transaction" if value.text.is_empty() => Command::PostTransaction(PostTransaction {
                postings: needed(postings)?,
                reference: None,
                effective_at: None,
                metadata,
                expectations: Expectations::default(),
            }),
            "hold" if value.text.is_empty() => Command::CreateHold(CreateHold {
                postings: needed(postings)?,
                expires_at: None,
                reference: None,
                metadata,
            }),
            "account" => {
                none()?;
                Command::ChangeAccount(ChangeAccount {
                    account: cells::address(value)?,
                    policy: PolicyPatch::default(),
                    metadata: MetadataPatch::default(),
                })
            }
            "change" => {
                none()?;
                let metadata = MetadataPatch::default();
                Command::ChangeTransaction(ChangeTransaction { transaction: number, metadata })
            }
            "capture" => Command::CaptureHold(CaptureHold {
                hold: number,
                postings,
                is_final: false,
                reference: None,
                effective_at: None,
                metadata,
            }),
            "void" | "expire" => {
                none()?;
                let cause = if word == "void" { ReleaseCause::Voided } else { ReleaseCause::Expired };
                Command::ReleaseHold(ReleaseHold { hold: number, cause })
            }
            "reverse" => Command::ReverseTransaction(ReverseTransaction {
                transaction: number,
                postings,
                forced: false,
                reference: None,
                effective_at: None,
                metadata,
            }),
            _ => {
                let fault = "a command is transaction, hold, capture HOLD, void HOLD, expire [HOLD], reverse \
                             TRANSACTION, change TRANSACTION, or account ADDRESS";
                return Err(cell.fault(fault));
            }
        };
        let target = match word {
            "capture" | "void" | "expire" | "reverse" | "change" => Some(self.target(value)?),
            _ => None,
        };
        Ok((command, target))
    }

    /// Reads which entry a command is about.
    fn target(&self, span: Span<'_>) -> Result<Target, Fault> {
        if let Some(number) = span.text.strip_prefix("entry ") {
            let number = number.parse().map_err(|_| span.fault("an entry has a number"))?;
            return Ok(Target::Numbered(EntryNumber(number)));
        }
        self.is_named(span)?;
        Ok(Target::Named(span.text.to_owned()))
    }

    fn is_named(&self, span: Span<'_>) -> Result<(), Fault> {
        if self.named.contains(span.text) {
            return Ok(());
        }
        Err(span.fault(format!("no row before this one that is carried out is called {:?}", span.text)))
    }

    fn balance(&mut self, account: Span<'_>, code: Span<'_>, figures: &[Span<'_>]) -> Result<(), Fault> {
        let (account_address, asset) = (cells::address(account)?, cells::asset(code)?);
        let units = figures.iter().map(|figure| amounts::read_signed(*figure, &asset));
        let units = units.collect::<Result<Vec<_>, _>>()?;
        let [posted, pending_in, pending_out, available] = units[..] else { unreachable!("four cells") };
        if available != posted - pending_out {
            return Err(figures[3].fault("available is posted less pending out"));
        }
        let (sum, pending) = self.sums.entry(asset.clone()).or_default();
        *sum = sum.checked_add(posted).ok_or_else(|| figures[0].fault("the sum is too large"))?;
        *pending += pending_in - pending_out;
        let Some(Step::Balances { lines, .. }) = self.scenario.steps.last_mut() else {
            return Err(account.fault("balances follow their heading"));
        };
        let key = ledger::BalanceKey { account: account_address, asset };
        if lines.iter().any(|line| line.key == key) {
            return Err(account.fault("this balance stands above already"));
        }
        lines.push(BalanceLine {
            line: account.line,
            key,
            figures: Figures { posted, pending_in, pending_out },
        });
        Ok(())
    }

    /// Ends a table of balances: all of them together are nothing.
    fn close_balances(&mut self, place: Span<'_>) -> Result<(), Fault> {
        self.add_up(&place.fault(""))?;
        self.sums.clear();
        self.table = self.table.filter(|table| *table != Table::Balances);
        Ok(())
    }

    fn add_up(&self, place: &Fault) -> Result<(), Fault> {
        for (asset, (posted, pending)) in &self.sums {
            for (units, what) in [(posted, "posted"), (pending, "pending")] {
                if *units != 0 {
                    let units = amounts::text(*units, asset);
                    let message =
                        format!("what is {what} of {asset} in the table above adds up to {units}, not to 0");
                    return Err(Fault { message, ..place.clone() });
                }
            }
        }
        Ok(())
    }

    fn is_whole(&self, place: Fault) -> Result<(), Fault> {
        if self.together.is_some() {
            return Err(place);
        }
        self.add_up(&place)
    }

    /// Ends a scenario: with a table of balances.
    fn end(&self, place: Fault) -> Result<(), Fault> {
        self.is_whole(Fault { message: "together has no end".to_owned(), ..place.clone() })?;
        match self.scenario.steps.last() {
            Some(Step::Balances { lines, .. }) if !lines.is_empty() => Ok(()),
            _ => Err(place),
        }
    }
}
