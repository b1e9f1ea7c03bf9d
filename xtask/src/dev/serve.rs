//! The loop: build, hand over, wait for a change. What is served stays there until what takes its place is ready; nobody
//! who calls is refused in between.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::build::{Built, build};
use super::service::{self, Service};
use super::watch::Watch;
use crate::interrupt::Interrupt;
use crate::workspace;

/// How long to wait for a change before looking whether this is to end.
const TICK: Duration = Duration::from_millis(100);

/// Serves until somebody wants this to end.
pub(crate) fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let root = workspace::root();
    let interrupt = Interrupt::listen()?;
    let listener = TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address} (--address takes another)"))?;
    // From before the first build: what changes meanwhile is not missed.
    let watch = Watch::start(root)?;
    let mut serving = None;
    let mut changed = Instant::now();
    let mut has_settings_changed = false;
    while !interrupt.came() {
        serving = next(root, &listener, serving, has_settings_changed, changed);
        has_settings_changed = loop {
            if let Some(change) = watch.wait(TICK)? {
                break change.is_of_settings;
            }
            if interrupt.came() {
                break false;
            }
            if serving.as_mut().is_some_and(Service::has_ended) {
                eprintln!("the service has ended by itself; a change starts it again");
                serving = None;
            }
        };
        changed = Instant::now();
    }
    if let Some(service) = serving {
        service.stop();
    }
    service::wait_for_all();
    Ok(())
}

/// Builds, and has what was built take the place of what serves, if it is anything else.
fn next(
    root: &Path,
    listener: &TcpListener,
    serving: Option<Service>,
    has_settings_changed: bool,
    changed: Instant,
) -> Option<Service> {
    let built = match build(root) {
        Ok(built) => built,
        Err(error) => {
            let goes_on = if serving.is_some() { "; the last service goes on" } else { "" };
            eprintln!("error: {error:#}{goes_on}");
            return serving;
        }
    };
    let is_the_same = |service: &Service| service.built == built.stamp && !has_settings_changed;
    if serving.as_ref().is_some_and(is_the_same) {
        eprintln!("the service is the same");
        return serving;
    }
    let Built { binary, stamp } = built;
    match Service::start(root, &binary, stamp, listener) {
        Ok(service) => {
            if let Some(last) = serving {
                last.stop();
            }
            eprintln!("{} ({:.1} s after the change)", service.announced, changed.elapsed().as_secs_f64());
            Some(service)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            serving
        }
    }
}
