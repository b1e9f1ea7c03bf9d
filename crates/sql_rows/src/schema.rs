//! Steps of a schema: which are missing, which a newer version has added, and which cannot be ours. Never
//! applies one.
//!
//! Two versions can run side by side because a step that older versions do not notice says so by its name: it
//! begins with `expand`. Any other step that a version does not know keeps it from using the database.

use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrator;

/// How the name of a step begins that older versions can go on with.
const EXPAND: &str = "expand";

/// A step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaStep {
    /// Its place in the order of steps.
    pub version: i64,
    /// What it is about.
    pub description: String,
}

/// A step as the database has it recorded.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RecordedStep {
    /// Its place in the order of steps.
    pub version: i64,
    /// What it is about.
    pub description: String,
    /// A digest of what it did.
    pub checksum: Vec<u8>,
}

/// How a database's schema stands to what this version knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaState {
    /// Steps that this version has and the database has not.
    pub missing: Vec<SchemaStep>,
    /// Steps that a newer version has added, and that this one can go on with.
    pub newer: Vec<SchemaStep>,
}

impl SchemaState {
    /// Adds how steps stand that are somebody's own, each with whose it is.
    pub fn add(&mut self, own: Self, name: &str) {
        let named = |step: SchemaStep| SchemaStep {
            version: step.version,
            description: format!("{name}: {}", step.description),
        };
        self.missing.extend(own.missing.into_iter().map(named));
        self.newer.extend(own.newer.into_iter().map(named));
    }
}

/// Steps of a schema that is somebody's own, in the same database: numbered for themselves, and recorded in a table of
/// their own, `_NAME_migrations`.
#[derive(Clone, Copy, Debug)]
pub struct OwnSteps {
    name: &'static str,
    /// The steps.
    pub steps: &'static Migrator,
}

impl OwnSteps {
    /// Names steps.
    ///
    /// # Panics
    /// When the name is not made of lower-case letters and `_`, has more than 40 of them, or is the one that Florin's own
    /// steps have.
    #[must_use]
    pub fn new(name: &'static str, steps: &'static Migrator) -> Self {
        let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_word && (1..=40).contains(&name.len()) && name != "sqlx", "{name:?} names no steps");
        Self { name, steps }
    }

    /// Returns whose they are.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the table in which they are recorded.
    #[must_use]
    pub fn table(&self) -> String {
        format!("_{}_migrations", self.name)
    }

    /// Returns the statement that reads what is recorded.
    #[must_use]
    pub fn recorded(&self) -> AssertSqlSafe<String> {
        // The name is a word, as `new` saw.
        AssertSqlSafe(format!("SELECT version, description, checksum FROM {} ORDER BY version", self.table()))
    }

    /// Returns the steps to be applied to a database that [passed the comparison](compare_steps).
    #[must_use]
    pub fn applicable(&self) -> Migrator {
        let mut steps = applicable(self.steps);
        steps.dangerous_set_table_name(self.table());
        steps
    }
}

/// Why a schema could not be brought up to date. The step that failed has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database holds a step that this version does not know and cannot go on with.
    #[error(
        "the database was written by a newer version of Florin: it holds migration {} ({}), unknown here",
        .0.version, .0.description
    )]
    FromTheFuture(SchemaStep),
    /// A step was changed after it had been applied.
    #[error(
        "migration {0} is not the one that the database was migrated with: what was applied stays as it is, and what is to \
         change comes with a migration of its own; a database that was made to try things out can be removed"
    )]
    Altered(i64),
    /// A step failed.
    #[error("cannot migrate the database")]
    Failed(#[source] sqlx::migrate::MigrateError),
}

impl From<sqlx::migrate::MigrateError> for MigrateError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMismatch(version) => Self::Altered(version),
            other => Self::Failed(other),
        }
    }
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Holds the steps that a database has recorded to those that are known.
///
/// # Errors
/// [`MigrateError::FromTheFuture`], [`MigrateError::Altered`].
pub fn compare_steps(known: &Migrator, recorded: &[RecordedStep]) -> Result<SchemaState, MigrateError> {
    let mut state = SchemaState::default();
    for recorded in recorded {
        match known.iter().find(|step| step.version == recorded.version) {
            Some(step) if step.checksum != recorded.checksum => {
                return Err(MigrateError::Altered(recorded.version));
            }
            Some(_) => {}
            None => {
                let step =
                    SchemaStep { version: recorded.version, description: recorded.description.clone() };
                if !expands(&step.description) {
                    return Err(MigrateError::FromTheFuture(step));
                }
                state.newer.push(step);
            }
        }
    }
    let missing = known.iter().filter(|step| recorded.iter().all(|found| found.version != step.version));
    state.missing = missing
        .map(|step| SchemaStep { version: step.version, description: step.description.to_string() })
        .collect();
    Ok(state)
}

/// Returns the known steps to be applied to a database that [passed the comparison](compare_steps).
#[must_use]
pub fn applicable(known: &Migrator) -> Migrator {
    let mut steps = Migrator::with_migrations(known.iter().cloned().collect());
    // Steps that are unknown here were looked at; and whoever applies these holds a lock of its own.
    steps.set_ignore_missing(true).set_locking(false);
    steps
}

fn expands(description: &str) -> bool {
    description.split(' ').next() == Some(EXPAND)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    fn known() -> Migrator {
        let step = |(version, description): (i64, &'static str)| {
            let sql = AssertSqlSafe(format!("step {version}")).into_sql_str();
            Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql, false)
        };
        Migrator::with_migrations(
            [(1, "ledgers"), (2, "expand holds"), (3, "contract names")].map(step).into(),
        )
    }

    /// The known steps of these numbers, as a database would have them recorded.
    fn recorded(versions: &[i64]) -> Vec<RecordedStep> {
        let steps = known();
        let recorded = steps.iter().filter(|step| versions.contains(&step.version));
        recorded
            .map(|step| RecordedStep {
                version: step.version,
                description: step.description.to_string(),
                checksum: step.checksum.to_vec(),
            })
            .collect()
    }

    fn newer(version: i64, description: &str) -> RecordedStep {
        RecordedStep { version, description: description.to_owned(), checksum: vec![0] }
    }

    #[test]
    fn steps_are_missing_until_they_are_recorded() {
        let missing = |versions: &[i64]| -> Vec<i64> {
            let state = compare_steps(&known(), &recorded(versions)).unwrap();
            assert_eq!(state.newer, []);
            state.missing.iter().map(|step| step.version).collect()
        };
        assert_eq!(missing(&[]), [1, 2, 3]);
        assert_eq!(missing(&[1]), [2, 3]);
        assert_eq!(missing(&[1, 3]), [2]);
        assert!(missing(&[1, 2, 3]).is_empty());
    }

    #[test]
    fn of_the_steps_that_are_unknown_only_those_that_expand_are_taken() {
        let mut steps = recorded(&[1, 2]);
        steps.extend([newer(4, "expand"), newer(5, "expand fees")]);
        let state = compare_steps(&known(), &steps).unwrap();
        assert_eq!(state.missing.len(), 1);
        assert_eq!(state.newer.iter().map(|step| step.version).collect::<Vec<_>>(), [4, 5]);

        for description in ["contract fees", "expanded fees", "Expand fees", "fees that expand", ""] {
            let mut steps = recorded(&[1, 2, 3]);
            steps.extend([newer(4, "expand"), newer(5, description)]);
            let error = compare_steps(&known(), &steps).unwrap_err();
            assert!(
                matches!(&error, MigrateError::FromTheFuture(step) if step.version == 5),
                "{description}: {error:?}"
            );
        }
    }

    #[test]
    fn a_step_that_was_altered_is_refused_whatever_its_name() {
        let mut steps = recorded(&[1, 2, 3]);
        steps[1].checksum[0] ^= 1;
        let error = compare_steps(&known(), &steps).unwrap_err();
        assert!(matches!(error, MigrateError::Altered(2)), "{error:?}");
    }
}
