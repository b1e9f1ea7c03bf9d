//! Adds up what tests saw: lines of `name=value` that start with `seen:`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context;

/// What must never be anything but zero.
const WRONG: [&str; 5] = ["lost", "doubled", "gaps", "drift", "overdrawn"];

/// What came of the first attempt of a post; together these are all posts.
const POSTS: [&str; 4] = ["acknowledged", "rejected", "failed", "unanswered"];

/// What all runs saw, by database and kind of fault.
#[derive(Default)]
pub(crate) struct Sums(BTreeMap<(String, String), Sum>);

/// What the runs of one test saw.
#[derive(Default)]
struct Sum {
    runs: u64,
    counts: BTreeMap<String, u64>,
    recovery_max_seconds: f64,
}

impl Sums {
    /// Adds what a run said. Returns how many tests it was.
    pub(crate) fn add(&mut self, said: &str) -> anyhow::Result<usize> {
        let mut tests = 0;
        for line in said.lines().filter_map(seen) {
            self.add_line(line).with_context(|| format!("not what a test sees: {line}"))?;
            tests += 1;
        }
        Ok(tests)
    }

    fn add_line(&mut self, line: &str) -> anyhow::Result<()> {
        let mut values = line.split_whitespace().map(|pair| pair.split_once('=').context("no `=`"));
        let (name, test) = values.next().context("it is empty")??;
        anyhow::ensure!(name == "test", "it does not begin with the test's name");
        let (fault, database) = match test.rsplit_once('_') {
            Some((fault, database @ ("sqlite" | "postgres"))) => (fault, database),
            // What does not say is about the database that can go away by itself.
            _ => (test, "postgres"),
        };
        let sum = self.0.entry((database.to_owned(), fault.replace('_', " "))).or_default();
        sum.runs += 1;
        for pair in values {
            let (name, value) = pair?;
            if name == "recovery_max_seconds" {
                sum.recovery_max_seconds = sum.recovery_max_seconds.max(value.parse()?);
            } else {
                *sum.counts.entry(name.to_owned()).or_default() += value.parse::<u64>()?;
            }
        }
        Ok(())
    }

    /// Returns one count of one kind of fault.
    pub(crate) fn count(&self, database: &str, fault: &str, name: &str) -> u64 {
        self.0.get(&(database.to_owned(), fault.to_owned())).map_or(0, |sum| sum.of(&[name]))
    }

    /// Returns all posts, and all that is wrong, on one database.
    pub(crate) fn posts_and_wrongs(&self, database: &str) -> (u64, u64) {
        let of_it = self.0.iter().filter(|((its, _), _)| its == database).map(|(_, sum)| sum);
        of_it.fold((0, 0), |(posts, wrongs), sum| (posts + sum.of(&POSTS), wrongs + sum.of(&WRONG)))
    }

    /// Writes the table.
    pub(crate) fn table(&self) -> String {
        let mut table = String::from(
            "| database | fault | runs | kills | posts | acknowledged | rejected | failed | unanswered | settled \
             | longest recovery, s | lost | doubled | gaps | drifts | overdrawn |\n",
        );
        table += "|---|---|";
        table += &"---:|".repeat(14);
        table.push('\n');
        for ((database, fault), sum) in &self.0 {
            let counts = |names: &[&str]| {
                let counts: Vec<_> = names.iter().map(|name| sum.of(&[name]).to_string()).collect();
                counts.join(" | ")
            };
            let (kills, posts, wrong) = (sum.of(&["kills"]), sum.of(&POSTS), counts(&WRONG));
            let (first, settled) = (counts(&POSTS), sum.of(&["settled"]));
            let recovery = match sum.recovery_max_seconds {
                0.0 => "–".to_owned(),
                seconds => format!("{seconds:.1}"),
            };
            writeln!(
                table,
                "| {database} | {fault} | {} | {kills} | {posts} | {first} | {settled} | {recovery} | {wrong} |",
                sum.runs
            )
            .expect("a string takes everything");
        }
        table
    }
}

impl Sum {
    fn of(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|name| self.counts.get(*name)).sum()
    }
}

/// Returns what a line says of what a test saw. Where tests run one at a time their name stands before it; who
/// quotes the line does not count.
fn seen(line: &str) -> Option<&str> {
    let (before, seen) = line.split_once("seen: ")?;
    (before.is_empty() || before.starts_with("test ")).then_some(seen)
}

#[cfg(test)]
mod tests {
    use super::Sums;

    const SAID: &str = "running 2 tests
FLORIN_SEED=1 random_kills_sqlite
seen: test=random_kills_sqlite acknowledged=10 rejected=4 failed=0 unanswered=3 settled=3 kills=10 \
recovery_max_seconds=0.000 lost=0 doubled=0 gaps=0 drift=0 overdrawn=0
test a ... seen: test=restart acknowledged=5 failed=2 unanswered=1 settled=3 recovery_max_seconds=1.250 lost=1
assertion failed: seen: test=restart acknowledged=5 failed=2
ok";

    #[test]
    fn what_runs_saw_is_added_up_by_database_and_fault() {
        let mut sums = Sums::default();
        assert_eq!(sums.add(SAID).expect("all of it is well formed"), 2);
        assert_eq!(sums.add(SAID).expect("all of it is well formed"), 2);
        assert_eq!(sums.count("sqlite", "random kills", "kills"), 20);
        assert_eq!(sums.posts_and_wrongs("sqlite"), (34, 0));
        assert_eq!(sums.posts_and_wrongs("postgres"), (16, 2));
        let table = sums.table();
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            rows[0],
            "| postgres | restart | 2 | 0 | 16 | 10 | 0 | 4 | 2 | 6 | 1.2 | 2 | 0 | 0 | 0 | 0 |"
        );
        assert_eq!(
            rows[1],
            "| sqlite | random kills | 2 | 20 | 34 | 20 | 8 | 0 | 6 | 6 | – | 0 | 0 | 0 | 0 | 0 |"
        );
        let columns = |line: &str| line.matches('|').count();
        assert!(table.lines().all(|line| columns(line) == columns(rows[0])), "{table}");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_an_error() {
        for line in ["seen: ", "seen: lost=1", "seen: test=a lost", "seen: test=a lost=-1"] {
            assert!(Sums::default().add(line).is_err(), "{line}");
        }
    }
}
