//! The command line.

use std::path::PathBuf;

use app_base::journals::Format;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::configuration::Profile;

/// A double-entry ledger for money in motion, served over HTTP.
#[derive(Debug, Parser)]
#[command(name = "server", bin_name = "server", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Which configuration to use on top of the base; the variable `PX_PROFILE` does the same [default: dev]
    #[arg(long, global = true, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  server                                     on SQLite under ./data, on http://127.0.0.1:8000
  PX_SERVER__PORT=0 server serve             on a free port, which the first line names
  PX_DATABASE__URL=sqlite:///var/lib/florin/florin.db server --profile prod migrate
  server verify --ledger main                replay the log of `main` and compare
  server backup florin-2026-01-31.db         a copy of a SQLite database, while the service runs
  server export main --format csv            every posting of `main` as a row
  server import --ledger copy main.ndjson    the entries of an export again, checked
  server admin create-key alice              a key that may do everything, printed once
  server config                              what is in effect, and where it comes from

Every key of the configuration is explained in configuration/base.yml. An environment variable overrides
it: PX_, the section, two underscores, the key, as in PX_SERVER__PORT.";

/// What to do.
#[derive(Debug, Default, Subcommand)]
pub(crate) enum Command {
    /// Serve the API until a signal says stop (what happens without a command)
    #[default]
    Serve,
    /// Bring the database's schema up to date
    #[command(long_about = MIGRATE)]
    Migrate(Migrate),
    /// Replay ledgers' logs and compare every balance and statement with what follows from them
    #[command(long_about = VERIFY)]
    Verify(Verify),
    /// Copy the SQLite database to a file, while the service runs
    #[command(long_about = BACKUP)]
    Backup(Backup),
    /// Write a ledger's whole log to a file, in Florin's own form or in that of another program
    #[command(long_about = EXPORT)]
    Export(Export),
    /// Read a file into a ledger: an export of Florin's own, or CSV with a mapping
    #[command(long_about = IMPORT)]
    Import(Import),
    /// Create, list and revoke API keys, directly in the database
    #[command(long_about = ADMIN)]
    Admin {
        /// What to do with keys and users
        #[command(subcommand)]
        command: Admin,
    },
    /// Print the description of the API (OpenAPI 3.1) as JSON
    Openapi,
    /// Print the configuration in effect, each value with where it comes from
    #[command(
        long_about = "Print the configuration in effect as YAML, each value with where it comes from. \
                            Secrets are hidden. Fails where a value would keep `serve` from starting."
    )]
    Config,
}

const MIGRATE: &str = "\
Bring the database's schema up to date, step by step; a step that fails has changed nothing. Any number of these may
run at the same time, and running it again does no harm. Where `database.migrate_on_start` is on, `serve` does it by
itself. Replicas of the version before go on, and can be started, as long as the names of the new steps begin with
`expand`.

Exit status: 0 when the schema is up to date, 1 when a step failed. With --check: 0 when it is up to date, 1 when
steps are missing, 2 when it could not be found out.";

/// Whether to migrate at all.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    /// Change nothing, and name the steps that are missing
    #[arg(long)]
    pub(crate) check: bool,
}

const ADMIN: &str = "\
Create, list and revoke API keys, and create, list and disable users, directly in the database: whoever can open that
may do everything anyway. The service may run meanwhile; who is revoked or disabled gets nowhere there two seconds
later. Everything is recorded in the audit trail.

docs/authorization.md says what keys may do, docs/users.md what there is about users.

Exit status: 0 when it is done, 1 when it is not.";

/// What to do with API keys and users.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Create a key and print it, once: it is kept nowhere
    CreateKey(CreateKey),
    /// List all keys, newest first: id, state, grants, name
    ListKeys,
    /// Revoke a key, for good
    RevokeKey {
        /// The key's id: the part of its text between the underscores
        id: String,
    },
    /// Create a user, who has no password yet, and print their id
    CreateUser(CreateUser),
    /// Set a user's password, which is asked for, or is the first line of standard input where that is no terminal
    SetPassword {
        /// The user's address
        email: String,
    },
    /// List all users, newest first: id, state, grants, address, name
    ListUsers,
    /// Disable a user, until they are made active again: they get in no more
    DisableUser {
        /// The user's address
        email: String,
    },
    /// Make a user active again who was disabled
    EnableUser {
        /// The user's address
        email: String,
    },
    /// Make a new key that access tokens are signed with from now on; the service does so by itself every 30 days
    RotateSigningKey {
        /// Refuse all tokens that were given before
        #[arg(long)]
        revoke_earlier: bool,
    },
    /// Print a new key that opens nothing yet, to be brought in `PX_AUTHENTICATION__ADMIN_KEY`
    GenerateKey,
    /// Print a new secret for the service, to be brought in `PX_AUTHENTICATION__SECRET`
    GenerateSecret,
}

/// Which key to create.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  server admin create-key alice
  server admin create-key billing --role writer --ledger main --expires-in-days 90")]
pub(crate) struct CreateKey {
    /// What people call it
    pub(crate) name: String,
    /// What it may do: admin, operator, writer, reader or auditor
    #[arg(long, default_value = "admin")]
    pub(crate) role: String,
    /// Only for this ledger; may be given more than once [default: all]
    #[arg(long = "ledger", value_name = "NAME")]
    pub(crate) ledgers: Vec<String>,
    /// After how many days it opens nothing any more [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) expires_in_days: Option<u32>,
}

/// Which user to create.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  server admin create-user ada@example.com --name 'Ada Lovelace' --role admin
  server admin create-user grace@example.com --name 'Grace Hopper' --role writer --ledger main")]
pub(crate) struct CreateUser {
    /// Their address, by which they sign in
    pub(crate) email: String,
    /// What they are called
    #[arg(long)]
    pub(crate) name: String,
    /// What they may do: admin, operator, writer, reader or auditor
    #[arg(long)]
    pub(crate) role: String,
    /// Only for this ledger; may be given more than once [default: all]
    #[arg(long = "ledger", value_name = "NAME")]
    pub(crate) ledgers: Vec<String>,
}

const VERIFY: &str = "\
Replay ledgers' logs and compare every balance and statement with what follows from them. The service may run
meanwhile: each ledger is verified as it stood at one moment. Nothing is ever changed.

Exit status: 0 when everything holds, 1 when something does not, 2 when it could not be found out.";

const BACKUP: &str = "\
Copy the SQLite database to a file that is not there yet. The service may run meanwhile: the copy is all of the
database as it stood at one moment, and holds up nobody. It is verified like a ledger of the service, and gets its
name only when it is whole, verified and on disk; what fails leaves nothing behind.

It reads and writes all of the database once, and as much again is read to verify it; until it is done, the
write-ahead log beside the database grows by all that is written. To restore, stop the service and put the copy in
the database's place: docs/operations.md says how.

PostgreSQL has tools of its own for this, pg_dump and pg_basebackup.

Exit status: 0 when there is a good copy, 1 when there is none.";

/// Where to put the copy.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  server backup /var/backups/florin-2026-01-31.db
  server backup --no-verify /var/backups/damaged.db    a copy to look into, of whatever there is")]
pub(crate) struct Backup {
    /// The file to write; it must not be there
    pub(crate) path: PathBuf,
    /// Keep the copy as it is, without replaying its ledgers' logs first
    #[arg(long)]
    pub(crate) no_verify: bool,
}

const EXPORT: &str = "\
Write a ledger's whole log to a file, or to standard output, as it stands when this begins. The service may run
meanwhile; nothing is ever changed. The file gets its name only when it is complete and on disk, and only its owner may
read it; what fails leaves nothing behind. Standard output may have got a part by then: the exit status tells.

docs/exports.md says what each format holds.

Exit status: 0 when all of it was written, 1 when it was not.";

/// What to export, in which form, and where to.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  server export main > main.ndjson
  server export main --format hledger --output main.journal
  server export main --format csv | xz > main.csv.xz")]
pub(crate) struct Export {
    /// The name of the ledger
    pub(crate) ledger: String,
    /// What to write it in
    #[arg(long, value_parser = formats(), default_value = Format::default().name())]
    pub(crate) format: Format,
    /// The file to write; it must not be there [default: standard output]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(Format::name));
    names.try_map(|name| Format::named(&name).ok_or("there is no such format"))
}

const IMPORT: &str = "\
Read a file into a ledger. The service may run meanwhile. It may be stopped or killed at any moment: what was imported
stays, and importing the same file again goes on where it stood and does nothing twice.

ndjson: an export of Florin's own, into a ledger that is not there yet, has no entries, or has the first entries of the
file. The same entries are written, with their numbers, times and keys, each after it was found to follow from those
before it. The first line that does not ends it.

csv: each row becomes a transaction, or rows next to each other one together, as the mapping says. The ledger decides
on them like on any other. Rows that are refused are told of on standard error by their line, column and reason, and
written to a file with --refused; the others are imported. The ledger has to be there.

docs/imports.md says more, and what a mapping may say.

Exit status: 0 when all of it is in the ledger, 1 when rows were refused or a line ended it, 2 when it failed or
stopped early.";

/// What to import, and where to.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  server import --ledger copy main.ndjson
  server export main | ssh other server import --ledger main -
  server import --ledger main --format csv --mapping bank.toml --dry-run january.csv
  server import --ledger main --format csv --mapping bank.toml --refused refused.csv january.csv")]
pub(crate) struct Import {
    /// The file to read; `-` is standard input
    pub(crate) file: PathBuf,
    /// The ledger to import into
    #[arg(long, value_name = "NAME")]
    pub(crate) ledger: String,
    /// What the file is written in
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ImportFormat,
    /// csv: what is made of which column, in TOML
    #[arg(long, value_name = "PATH")]
    pub(crate) mapping: Option<PathBuf>,
    /// csv: tells these rows from others of the same key, reference or line
    #[arg(long, value_name = "NAME")]
    pub(crate) key_prefix: Option<String>,
    /// csv: write refused rows to this file, with the reasons; it must not be there
    #[arg(long, value_name = "PATH")]
    pub(crate) refused: Option<PathBuf>,
    /// csv: stop early when more rows than this were refused
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_refused: Option<u64>,
    /// Check all of it and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What an import is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Florin's own export
    #[default]
    Ndjson,
    /// Rows, with a mapping
    Csv,
}

/// What to verify, and how to tell.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  server verify
  server verify --ledger main --ledger loyalty
  server verify --format json | jq '.ledgers[] | select(.clean | not)'")]
pub(crate) struct Verify {
    /// Verify this ledger only; may be given more than once [default: all]
    #[arg(long = "ledger", value_name = "NAME")]
    pub(crate) ledgers: Vec<String>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// For machines: one JSON object
    Json,
}
