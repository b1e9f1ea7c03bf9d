//! Starts the service on each database, plays, verifies.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use ::differential::{Plan, PlayError};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::report::{self, Row};
use super::{Choice, Options};
use crate::bench::service::{Service, build};

/// How many commands are played until the bar moves.
const COMMANDS_A_STEP: u64 = 50;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.binary.clone().map_or_else(build, Ok)?;
    let plan = Plan {
        seed: options.seed.unwrap_or_else(|| fastrand::u32(..).into()),
        commands: options.commands,
        history: options.history,
        ledgers_at_once: options.ledgers_at_once.into(),
    };
    let mut rows = Vec::new();
    if options.database != Choice::Postgres {
        let folder = tempfile::Builder::new().prefix("florin-differential-").tempdir_in("target")?;
        let database = format!("sqlite://{}", folder.path().join("florin.db").display());
        rows.push(on(&binary, "sqlite", &database, &plan)?);
    }
    if options.database != Choice::Sqlite {
        rows.push(on_postgres(&binary, options, &plan)?);
    }
    if options.json {
        println!("{}", report::json(&plan, &rows));
    } else {
        print!("{}", report::table(&plan, &rows));
    }
    match rows.iter().find_map(Row::failure) {
        Some(failure) => bail!(failure),
        None => Ok(()),
    }
}

fn on_postgres(binary: &Path, options: &Options, plan: &Plan) -> anyhow::Result<Row> {
    if let Some(url) = &options.postgres_url {
        return on(binary, "postgres", url, plan);
    }
    #[cfg(feature = "postgres")]
    {
        let server = test_postgres::own_server_with("max_connections = 200");
        let server = server.context("PostgreSQL has to be installed for this")?;
        on(binary, "postgres", &server.url(), plan)
    }
    #[cfg(not(feature = "postgres"))]
    bail!("this program was compiled without the feature `postgres`")
}

/// Plays to a service on a database, and has all of it verified when the service is gone.
fn on(binary: &Path, name: &'static str, database: &str, plan: &Plan) -> anyhow::Result<Row> {
    let began = Instant::now();
    // Histories are as long as each other, and all may be at their exports at the same time.
    let streams = plan.ledgers_at_once.to_string();
    let service = Service::start(binary, database, &[("PX_SERVER__STREAMS_MAX", &streams)])?;
    let bar = ProgressBar::new(plan.commands).with_style(
        ProgressStyle::with_template(
            "{prefix} {wide_bar} {human_pos} of {human_len} commands, {per_sec}, {eta} left",
        )
        .context("the bar's template is right")?,
    );
    bar.set_prefix(name);
    let played = std::sync::atomic::AtomicU64::new(0);
    let count = || {
        let before = played.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if before % COMMANDS_A_STEP == COMMANDS_A_STEP - 1 {
            bar.inc(COMMANDS_A_STEP);
        }
    };
    let ended = ::differential::play(service.address, plan, &count);
    bar.finish_and_clear();
    let seconds = began.elapsed().as_secs_f64();
    let played = match ended {
        Ok(played) => Ok(played),
        Err(PlayError::Differs(difference)) => Err(difference),
        Err(error) => return Err(error).with_context(|| format!("playing on {name}")),
    };
    drop(service);
    eprintln!("{name}: verifying the whole database …");
    let verified = verify(binary, database)?;
    Ok(Row { database: name, played, seconds, verified })
}

/// Runs `server verify` on a database, and says whether it has found nothing.
fn verify(binary: &Path, database: &str) -> anyhow::Result<bool> {
    let mut command = Command::new(binary);
    command.arg("verify").env("PX_PROFILE", "dev").env("PX_DATABASE__URL", database);
    let output = command.stdin(Stdio::null()).output().context("starting `server verify`")?;
    if !output.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.status.success())
}
