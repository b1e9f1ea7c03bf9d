//! `cargo xtask sqlx-prepare`: what sqlx knows of the queries, taken from a new database that the migrations
//! have just made. It never touches a database that somebody uses, and changes nothing outside `.sqlx`.
//!
//! PostgreSQL's part needs PostgreSQL: it starts a server of its own, as the tests do, or leaves that store out
//! and says so.
//!
//! sqlx is what this crate takes longest to compile, and only this task needs it: so it stands behind the
//! feature `sqlx`, and without it the task runs itself again with it.

/// Renew what sqlx knows of the queries; after a change of a query or a migration.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Changes nothing; fails where what is committed is not what the queries and the migrations give.
    #[arg(long)]
    check: bool,
}

/// Runs the task.
///
/// # Errors
/// A migration fails, a query is not valid on the schema, or, with `--check`, what is committed is stale.
#[cfg(not(feature = "sqlx"))]
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut again = cargo_command::cargo();
    again.args(["run", "--quiet", "--package", "xtask", "--features", "sqlx", "--", "sqlx-prepare"]);
    if arguments.check {
        again.arg("--check");
    }
    crate::process::stream(&mut again)
}

#[cfg(feature = "sqlx")]
pub(crate) use with_sqlx::run;

#[cfg(feature = "sqlx")]
mod with_sqlx {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    use anyhow::{Context, Result, bail};
    use sqlx::migrate::{Migrate, Migrator};
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Connection};

    use super::Arguments;

    /// Makes a database with the schema of `migrations`. The second path is a folder for whatever it needs.
    type Make = fn(&Path, &Path) -> Result<Option<Schema>>;

    /// The crates whose queries are checked, each with a folder of that name.
    const STORES: &[(&str, Make)] = &[("store_postgres", postgres), ("store_sqlite", sqlite)];

    /// A database with the schema, for as long as this is held.
    struct Schema {
        url: String,
        _database: Option<test_postgres::Database>,
    }

    /// File names and what stands in the files.
    type Files = BTreeMap<String, String>;

    pub(crate) fn run(arguments: &Arguments) -> Result<()> {
        let crates = crate::workspace::root().join("crates");
        for (store, make) in STORES {
            let Some(fresh) = prepare(store, *make, &crates.join(store).join("migrations"))? else {
                eprintln!("{store}: left out");
                continue;
            };
            let folder = crates.join(store).join(".sqlx");
            let committed = read(&folder)?;
            if arguments.check {
                compare(store, &committed, &fresh)?;
            } else {
                write(&folder, &committed, &fresh)?;
            }
            eprintln!("{store}: {} queries", fresh.len());
        }
        Ok(())
    }

    /// Has the compiler check every query of a crate against a new database, and returns what sqlx noted.
    fn prepare(store: &str, make: Make, migrations: &Path) -> Result<Option<Files>> {
        let folder = tempfile::tempdir().context("cannot make a folder for the database")?;
        let schema = make(migrations, folder.path());
        let schema = schema.with_context(|| format!("cannot apply {}", migrations.display()))?;
        let Some(schema) = schema else { return Ok(None) };
        let notes = folder.path().join("sqlx");
        fs::create_dir(&notes).with_context(|| format!("cannot create {}", notes.display()))?;
        // A flag that was never used before makes cargo compile the crate even where nothing has
        // changed, and nothing but that crate.
        let once = format!("--cfg=sqlx_prepare_in=\"{}\"", folder.path().display());
        let mut check = cargo_command::cargo();
        check
            .args(["rustc", "--quiet", "--package", store, "--lib", "--profile", "check", "--", &once])
            .env("DATABASE_URL", &schema.url)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &notes);
        crate::process::stream(&mut check)?;
        read(&notes).map(Some)
    }

    fn sqlite(migrations: &Path, folder: &Path) -> Result<Option<Schema>> {
        let path = folder.join("schema.db");
        block_on(async {
            let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
            migrate(migrations, options.connect().await?).await
        })?;
        Ok(Some(Schema { url: format!("sqlite://{}", path.display()), _database: None }))
    }

    fn postgres(migrations: &Path, _: &Path) -> Result<Option<Schema>> {
        block_on(async {
            let Some(database) = test_postgres::database().await else { return Ok(None) };
            migrate(migrations, database.stranger().await).await?;
            Ok(Some(Schema { url: database.url().to_owned(), _database: Some(database) }))
        })
    }

    fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
    }

    async fn migrate<C: Connection + Migrate>(migrations: &Path, mut connection: C) -> Result<()> {
        let migrator = Migrator::new(migrations).await?;
        migrator.run_direct(None, &mut connection, false).await?;
        connection.close().await?;
        Ok(())
    }

    /// Reads the files of a folder; none where it is not there.
    fn read(folder: &Path) -> Result<Files> {
        if !folder.exists() {
            return Ok(Files::new());
        }
        let read = || -> std::io::Result<Files> {
            let mut files = Files::new();
            for file in fs::read_dir(folder)? {
                let path: PathBuf = file?.path();
                if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                    files.insert(name.to_owned(), fs::read_to_string(&path)?);
                }
            }
            Ok(files)
        };
        read().with_context(|| format!("cannot read {}", folder.display()))
    }

    /// Replaces the files of a folder.
    fn write(folder: &Path, committed: &Files, fresh: &Files) -> Result<()> {
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            for name in committed.keys().filter(|name| !fresh.contains_key(*name)) {
                fs::remove_file(folder.join(name))?;
            }
            for (name, content) in fresh {
                // A file that stays as it is keeps its time, and with it what was compiled from it.
                if committed.get(name) != Some(content) {
                    fs::write(folder.join(name), content)?;
                }
            }
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", folder.display()))
    }

    /// Fails where two sets of files differ, and says in what.
    fn compare(store: &str, committed: &Files, fresh: &Files) -> Result<()> {
        let missing = fresh.keys().filter(|name| !committed.contains_key(*name)).count();
        let left_over = committed.keys().filter(|name| !fresh.contains_key(*name)).count();
        let changed = fresh
            .iter()
            .filter(|(name, content)| committed.get(*name).is_some_and(|committed| committed != *content))
            .count();
        if (missing, left_over, changed) != (0, 0, 0) {
            bail!(
                "crates/{store}/.sqlx is stale ({missing} queries missing, {left_over} left over, \
                {changed} changed): run `cargo xtask sqlx-prepare` and commit what it writes"
            );
        }
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use super::{Files, compare, read, write};

        fn files(pairs: &[(&str, &str)]) -> Files {
            pairs.iter().map(|(name, content)| ((*name).into(), (*content).into())).collect()
        }

        #[test]
        fn a_stale_folder_says_in_what() {
            let committed = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
            assert!(compare("store", &committed, &committed).is_ok());
            let fresh = files(&[("b", "1"), ("c", "2"), ("d", "1"), ("e", "1")]);
            let error = compare("store", &committed, &fresh).unwrap_err().to_string();
            assert!(error.contains("2 queries missing, 1 left over, 1 changed"), "{error}");
        }

        #[test]
        fn what_is_written_replaces_what_was_there() {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path().join(".sqlx");
            let (old, new) = (files(&[("a", "1"), ("b", "1")]), files(&[("b", "2"), ("c", "1")]));
            assert_eq!(read(&folder).unwrap(), Files::new());
            write(&folder, &Files::new(), &old).unwrap();
            assert_eq!(read(&folder).unwrap(), old);
            write(&folder, &old, &new).unwrap();
            assert_eq!(read(&folder).unwrap(), new);
        }
    }
}
