//! The runs: the service under valgrind, asked N times and 2 N times, and ended so that its counts are written.

use std::path::Path;

use anyhow::{Context, bail};

use super::counts::{Counts, Files, version};
use super::databases::Home;
use super::page::{self, Counted};
use super::routes::{self, Route};
use super::{Options, Store};
use crate::bench::load::Client;
use crate::bench::service::{Service, build};
use crate::workspace;

/// What the service runs with: one thread that serves, and nobody is asked who they are, of which it need not warn.
pub(crate) const SETTINGS: [(&str, &str); 3] =
    [("PX_AUTHENTICATION__MODE", "off"), ("PX_SERVER__WORKERS", "1"), ("PX_TELEMETRY__FILTER", "error")];

/// The page with the bounds.
const PAGE: &str = "docs/bench-alloc.md";

/// Counts, and prints or writes or compares what was counted.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let valgrind = version()?;
    let page = || std::fs::read_to_string(workspace::root().join(PAGE)).context(PAGE);
    let bounds = options.check.then(|| page::read(&page()?)).transpose()?;
    let program = options.binary.clone().map_or_else(build, Ok)?;
    let target = workspace::target();
    let folder = tempfile::Builder::new().prefix("florin-alloc-").tempdir_in(target)?;
    let mut counted = Vec::new();
    for &store in &options.stores {
        counted.extend(count(options, store, &program, folder.path())?);
    }
    let text = page::write(&counted, options.requests, &valgrind);
    if let Some(file) = &options.report {
        std::fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    print!("{text}");
    let Some(bounds) = bounds else { return Ok(()) };
    let above = page::above(&counted, &bounds)?;
    if !above.is_empty() {
        bail!(
            "a request costs more than {PAGE} allows:\n{}\nMake it cheaper, or say in the commit why it is worth that \
             and write the page anew: cargo xtask bench alloc --report {PAGE}",
            above.join("\n")
        );
    }
    eprintln!("all within the bounds of {PAGE}");
    Ok(())
}

/// Counts all routes on one database.
fn count(options: &Options, store: Store, program: &Path, folder: &Path) -> anyhow::Result<Vec<Counted>> {
    let home = Home::new(store, folder)?;
    home.fill(program)?;
    let mut counted = Vec::new();
    let mut run = 0;
    for route in routes::all().into_iter().filter(|route| route.name.contains(&options.only)) {
        eprintln!("{}: {} …", store.name(), route.name);
        let mut after = |requests| {
            run += 1;
            let counts = ask(&home, run, program, folder, &route, requests);
            counts.with_context(|| format!("{} on {}", route.name, store.name()))
        };
        let (less, more) = (after(options.requests)?, after(2 * options.requests)?);
        let counts = Counts::per_request(more, less, options.requests);
        counted.push(Counted { route: route.name.to_owned(), store: store.name().to_owned(), counts });
    }
    Ok(counted)
}

/// Has a service answer so many requests, and returns what all of its life came to.
fn ask(
    home: &Home,
    run: u32,
    program: &Path,
    folder: &Path,
    route: &Route,
    requests: u32,
) -> anyhow::Result<Counts> {
    let database = home.copy(run)?;
    let files = Files::new(folder, run);
    let service = Service::start_with(files.command(program), &database.url, &SETTINGS)?;
    let mut client = Client::open(service.address)?;
    for _ in 0..requests {
        send(&mut client, route)?;
    }
    drop(client);
    service.end()?;
    files.read()
}

/// Asks once.
fn send(client: &mut Client, route: &Route) -> anyhow::Result<()> {
    let reply = client.send(route.method, &route.path, None, &route.body)?;
    if reply.status != route.status {
        bail!("answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    }
    Ok(())
}

/// Asks for each route so many times, one after the other.
pub(crate) fn send_all(client: &mut Client, times: u32) -> anyhow::Result<()> {
    for route in routes::all() {
        for _ in 0..times {
            send(client, &route).context(route.name)?;
        }
    }
    Ok(())
}
