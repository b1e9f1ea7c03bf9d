//! What of the service runs how often, as a build of it has counted that was asked things on both databases.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::bench::alloc::{ACCOUNTS, Home, Store, send_all};
use crate::bench::load::{Client, Keys, Load, Traffic, post_transfers};
use crate::bench::service::Service;

/// Many threads, as the service comes, and lines in the log; nobody is asked who they are.
const SETTINGS: [(&str, &str); 3] =
    [("PX_AUTHENTICATION__MODE", "off"), ("PX_SERVER__WORKERS", "2"), ("PX_TELEMETRY__FILTER", "info")];

/// How often each route is asked for over one connection.
const REQUESTS: u32 = 300;

/// What is asked for over many connections: all kinds of traffic about alike.
const ROUNDS: [(Traffic, usize); 5] = [
    (Traffic::Uniform, 1),
    (Traffic::Reads, 1),
    (Traffic::Uniform, 256),
    (Traffic::Hot, 64),
    (Traffic::Reads, 64),
];

const ROUND: Duration = Duration::from_secs(4);

/// Has a program that counts answer requests, and end. What it has counted lies where it was built to put it.
///
/// # Errors
/// The service cannot be started, or answers as it should not.
pub(super) fn count(program: &Path, folder: &Path) -> anyhow::Result<()> {
    for store in Store::ALL {
        eprintln!("counting what runs on {} …", store.name());
        let home = Home::new(store, folder)?;
        home.fill(program)?;
        let database = home.copy(0)?;
        let mut command = Command::new(program);
        // A line for each request is a hundred megabytes.
        command.stderr(Stdio::null());
        let service = Service::start_with(command, &database.url, &SETTINGS)?;
        let mut client = Client::open(service.address)?;
        send_all(&mut client, REQUESTS)?;
        drop(client);
        for (traffic, connections) in ROUNDS {
            post_transfers(&Load {
                address: service.address,
                connections,
                traffic,
                keys: Keys::Random,
                accounts: ACCOUNTS,
                is_authorized: false,
                warm_up: Duration::ZERO,
                duration: ROUND,
            })?;
        }
        service.end()?;
    }
    Ok(())
}

/// The Rust that is installed.
pub(super) struct Rust {
    /// What it compiles for.
    pub(super) host: String,
    folder: PathBuf,
}

impl Rust {
    /// Asks the compiler.
    ///
    /// # Errors
    /// There is none, or it says nothing of itself.
    pub(super) fn installed() -> anyhow::Result<Self> {
        let about = output("rustc", &["-vV"])?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("`rustc -vV` names no host")?.to_owned();
        let folder = PathBuf::from(output("rustc", &["--print", "sysroot"])?.trim());
        Ok(Self { host, folder })
    }

    /// Returns what makes one profile of all counts in a folder.
    ///
    /// # Errors
    /// The program that does it is not installed.
    pub(super) fn merging(&self) -> anyhow::Result<impl Fn(&Path, &Path) -> anyhow::Result<()>> {
        let program = self.folder.join("lib/rustlib").join(&self.host).join("bin/llvm-profdata");
        if !program.is_file() {
            bail!("{} is not there: rustup component add llvm-tools", program.display());
        }
        Ok(move |counts: &Path, file: &Path| {
            let status = Command::new(&program).arg("merge").arg("-o").arg(file).arg(counts).status()?;
            if status.success() { Ok(()) } else { bail!("llvm-profdata ended with {status}") }
        })
    }
}

fn output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output =
        Command::new(program).args(arguments).output().with_context(|| format!("starting {program}"))?;
    if !output.status.success() {
        bail!("{program} {} ended with {}", arguments.join(" "), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
