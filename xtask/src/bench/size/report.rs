//! The report: the marks and whether they are met, and all that was seen, in Markdown.

use std::fmt::Write as _;

use super::Options;
use super::commands::{SHOPS, TILLS};
use super::reading::{Pages, Row};
use super::surroundings::LEDGERS;
use crate::bench::figures::{Figures, Round, median};
use crate::bench::table::{Bound, Figure, Spread, counted, row};

/// What part of the small ledger's throughput the large one has to have.
const RATIO: Bound = Bound::AtLeast(0.8);

/// How long a page may take in 99 of 100 cases, in milliseconds.
const P99_MS: Bound = Bound::AtMost(20.0);

/// What was seen on one database.
pub(super) struct Measured {
    pub(super) database: &'static str,
    pub(super) about: String,
    /// The size of the large database on disk.
    pub(super) bytes: u64,
    /// Entries of the large ledger when its lists were asked.
    pub(super) entries: u64,
    /// No checkpoint of the database server fell into the rounds.
    pub(super) undisturbed: bool,
    /// How many processes ran or wanted to, on average over a minute: before the rounds, after them, and after the lists.
    pub(super) loads: [f64; 3],
    pub(super) small: Figures,
    pub(super) large: Figures,
    pub(super) rows: Vec<Row>,
}

impl Measured {
    /// Returns the large ledger's throughput over the small one's, round by round.
    fn ratios(&self) -> Vec<f64> {
        self.large.ratios(&self.small, |round| round.per_second)
    }

    /// Says which marks are missed.
    pub(super) fn missed(&self) -> impl Iterator<Item = String> {
        let ratio = median(self.ratios());
        let throughput = (RATIO.holds(ratio) == Some(false))
            .then(|| format!("{}: {} of the throughput", self.database, Figure(ratio)));
        let lists = self.rows.iter().filter(|row| !row.is_fast()).map(|row| {
            format!("{}: {}, {}: {} ms", self.database, row.operation, row.name, Figure(row.worst_p99_ms()))
        });
        throughput.into_iter().chain(lists)
    }
}

impl Row {
    /// Returns the 99th percentile of first pages or of deep ones, whichever took longer.
    fn worst_p99_ms(&self) -> f64 {
        self.deep.map_or(self.first.p99_ms, |deep| deep.p99_ms.max(self.first.p99_ms))
    }

    /// Says whether the mark is met: of what was refused, it cannot be.
    fn is_fast(&self) -> bool {
        P99_MS.holds(self.worst_p99_ms()) == Some(true) && self.first.refused == 0
    }

    fn verdict(&self) -> String {
        match (self.first.refused, self.is_fast()) {
            (0, true) => String::new(),
            (0, false) => "**not met**".to_owned(),
            (refused, _) => format!("**{refused} refused**"),
        }
    }
}

/// Writes the whole report.
pub(super) fn report(options: &Options, measured: &[Measured]) -> anyhow::Result<String> {
    let Options { accounts, small_entries, seconds, warm_up, run_in, connections, requests, .. } = options;
    let rounds = counted(options.rounds as usize, "round");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let tills = SHOPS * TILLS;
    let mut text = String::new();
    writeln!(
        text,
        "# A large ledger\n\n\
         Written by `cargo xtask bench size`: a ledger of {entries} entries and more on {accounts} accounts beside one of \
         {small_entries} entries on as many accounts, both filled through the service with the same mix. Service, \
         database and load share {cores} cores.\n\n\
         Of a thousand commands that the ledgers are filled with, some 800 are transfers between two users drawn from all; \
         100 are orders, with a reference and metadata, by which a user pays one of {tills} tills of {SHOPS} shops and the \
         shop an account `fees`; 50 are deposits from `world`; 20 give another currency to two to five users; 10 are holds, \
         half of which are captured or voided; 5 count at a time in the past; one is a reversal, one changes an account and \
         one a transaction. Before all that, `world` gives every user what they may spend. So `fees` is on a tenth of all \
         entries, and `world` on a twelfth. Beside the ledger there are {LEDGERS} others and 350 schedules.\n\n\
         ## The marks\n",
        entries = options.entries,
    )?;
    text.push_str(&marks(measured));
    writeln!(
        text,
        "\n## Writing\n\n\
         `POST …/transactions` with one posting between any two of the ledger's accounts and an `Idempotency-Key` of its own \
         each, over {connections} connections. First the large ledger is posted to for {run_in} s, as on a service that has run \
         for a while: caches hold what they can then, and PostgreSQL has written the pages that change into its log as a \
         whole, which it does once after each checkpoint. In each of {rounds} first a new small ledger and then the large \
         one is posted to, {seconds} s after {warm_up} s of warm-up. Medians; the processor's time is milliseconds for 1000 transfers.\n"
    )?;
    text.push_str(&writing(measured));
    for measured in measured {
        let checkpoints = match (measured.database, measured.undisturbed) {
            ("SQLite", _) => "",
            (_, true) => " No checkpoint fell into the rounds: the last one was before the first.",
            (_, false) => " **Checkpoints** fell into the rounds.",
        };
        let [before, between, after] = measured.loads.map(Figure);
        writeln!(
            text,
            "\n{}{checkpoints} The machine's load, which is 0 before where nobody else uses it: {before} before the rounds, \
             {between} after them, {after} after the lists.",
            measured.about
        )?;
    }
    writeln!(
        text,
        "\n## Lists\n\n\
         One request at a time on one connection, while nobody else asks for anything; accounts, keys and times are drawn \
         anew for every request. Times are milliseconds from the first byte sent to the last one read. *First* pages are \
         those without `limit` and `cursor` (50 items at most), {requests} of each list; *deep* ones are behind five pages \
         of the largest limit, which is 1000; *largest* are first pages of that limit, which no mark is set for. A list that \
         filters what no index tells looks at a bounded number of entries and then has a short page, or an empty one \
         ([0005](adr/0005-short-pages.md)); what would take too much to look at as of a moment is refused with 422 \
         ([0019](adr/0019-two-clocks.md)), which does not meet the mark. A row ends after {} s, however few pages it has by then.\n",
        options.seconds_a_list
    )?;
    for measured in measured {
        writeln!(text, "\n### {}, {} entries\n", measured.database, measured.entries)?;
        text.push_str(&lists(&measured.rows));
    }
    Ok(text)
}

/// Writes the table of marks.
fn marks(measured: &[Measured]) -> String {
    let mut text = String::from("| | mark | measured | |\n|---|---|---|---|\n");
    for measured in measured {
        let ratios = measured.ratios();
        let shown: Vec<_> = ratios.iter().map(|ratio| Figure(*ratio).to_string()).collect();
        let ratio = median(ratios);
        row(
            &mut text,
            &[
                &format!("{}: transfers/s, large ÷ small", measured.database),
                &RATIO,
                &format!("{}, the median of {}", Figure(ratio), shown.join(", ")),
                &RATIO.verdict(ratio),
            ],
        );
        let slow = measured.rows.iter().filter(|row| !row.is_fast()).count();
        let worst = measured.rows.iter().max_by(|a, b| a.worst_p99_ms().total_cmp(&b.worst_p99_ms()));
        let Some(worst) = worst else { continue };
        let (p99, lists) = (worst.worst_p99_ms(), measured.rows.len());
        row(
            &mut text,
            &[
                &format!("{}: p99 ms of a page, each of {lists} lists", measured.database),
                &P99_MS,
                &format!(
                    "{} at most (`{}`, {}); {slow} above or refused",
                    Figure(p99),
                    worst.operation,
                    worst.name
                ),
                &if slow == 0 { "met" } else { "**not met**" },
            ],
        );
    }
    text
}

/// Writes the table of what was posted.
fn writing(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| database | ledger | transfers/s | slowest to fastest round | p50 ms | p99 ms | transfers a batch \
         | WAL bytes each | CPU: service | PostgreSQL | load | GB on disk |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for measured in measured {
        // Shown to three digits.
        #[expect(clippy::cast_precision_loss)]
        let gigabytes = measured.bytes as f64 / 1e9;
        for (name, figures, gigabytes) in
            [("small", &measured.small, f64::NAN), ("large", &measured.large, gigabytes)]
        {
            let figure = |figure: fn(&Round) -> f64| Figure(figures.median(figure));
            row(
                &mut text,
                &[
                    &measured.database,
                    &name,
                    &figure(|round| round.per_second),
                    &Spread(figures.spread(|round| round.per_second)),
                    &figure(|round| round.p50_ms),
                    &figure(|round| round.p99_ms),
                    &figure(|round| round.batch),
                    &figure(|round| round.wal_bytes),
                    &figure(|round| round.processor.service),
                    &figure(|round| round.processor.postgres),
                    &figure(|round| round.processor.load),
                    &Figure(gigabytes),
                ],
            );
        }
    }
    text
}

/// Writes the table of a database's lists.
fn lists(rows: &[Row]) -> String {
    let mut text = String::from(
        "| list | asked for | pages | items | first: p50 | p99 | max | deep: p50 | p99 | max | largest: items | p50 | p99 | |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for list in rows {
        let figure =
            |pages: Option<Pages>, figure: fn(&Pages) -> f64| Figure(pages.as_ref().map_or(f64::NAN, figure));
        let (first, deep, largest) = (Some(list.first), list.deep, list.largest);
        row(
            &mut text,
            &[
                &format!("`{}`", list.operation),
                &list.name,
                &list.first.count,
                &figure(first, |pages| pages.items),
                &figure(first, |pages| pages.p50_ms),
                &figure(first, |pages| pages.p99_ms),
                &figure(first, |pages| pages.max_ms),
                &figure(deep, |pages| pages.p50_ms),
                &figure(deep, |pages| pages.p99_ms),
                &figure(deep, |pages| pages.max_ms),
                &figure(largest, |pages| pages.items),
                &figure(largest, |pages| pages.p50_ms),
                &figure(largest, |pages| pages.p99_ms),
                &list.verdict(),
            ],
        );
    }
    text
}
