//! `cargo xtask graph`: shows what the Pavex compiler puts together, as pictures, as a page, and as what changed.
//!
//! It reads the compiler's own diagnostics and runs no compiler: `cargo px build` has written them.

mod codes;
mod diagnostics;
mod diff;
mod layout;
mod model;
mod names;
mod page;
mod picture;
mod svg;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::process::capture;
use crate::workspace::root;
use model::Service;

/// What the compiler writes.
const DIAGNOSTICS: &str = "server_sdk/blueprint.dot";

/// What it generates: here stands which types are read from the configuration.
const GENERATED: &str = "server_sdk/src/lib.rs";

/// The description of the API: here stands which problems a route may end with.
const DESCRIPTION: &str = "docs/openapi.json";

/// The page, and the folder of its pictures.
const PAGE: &str = "docs/graph.md";
const PICTURES: &str = "docs/graph";

/// The routes that have a picture in the documents: one that reads, one that writes, one that anybody may ask for.
const DRAWN: [(&str, &str); 3] = [
    ("GET /health/ready", "get_ready.svg"),
    ("GET /v1/ledgers/{ledger}/transactions", "list_transactions.svg"),
    ("POST /v1/ledgers/{ledger}/transactions", "create_transaction.svg"),
];

/// Draw the dependency graph of the service, from what the Pavex compiler says of it: writes `docs/graph.md` with its
/// pictures
#[derive(Args)]
pub(crate) struct Options {
    /// Compare the page and the pictures with the graph, and write nothing
    #[arg(long, conflicts_with_all = ["route", "diff"])]
    check: bool,
    /// Draw one route, such as `GET /version`, to standard output
    #[arg(long, value_name = "ROUTE", conflicts_with = "diff")]
    route: Option<String>,
    /// Say how the graph differs from that of a revision, in Markdown
    #[arg(long, value_name = "REVISION")]
    diff: Option<String>,
}

/// Draws, compares or checks.
///
/// # Errors
/// The diagnostics cannot be read; there is no such route or revision; with `check`, something is out of date.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let now = service(&read(DIAGNOSTICS)?, &read(GENERATED)?)?;
    if let Some(name) = &options.route {
        print!("{}", svg::draw(&picture::of_route(find(&now, name)?)));
    } else if let Some(revision) = &options.diff {
        let before = service(&at(revision, DIAGNOSTICS)?, &at(revision, GENERATED)?)?;
        print!("{}", diff::diff(&before, &now));
    } else if options.check {
        check(&now)?;
    } else {
        for (path, text) in documents(&now)? {
            let path = root().join(path);
            fs::create_dir_all(path.parent().context("a document lies in a folder")?)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

fn check(service: &Service) -> anyhow::Result<()> {
    for (path, text) in documents(service)? {
        let found = fs::read_to_string(root().join(&path)).unwrap_or_default();
        if found != text {
            bail!("{path} is out of date: `cargo xtask graph` writes it anew");
        }
    }
    Ok(())
}

/// The page and its pictures, with their paths.
fn documents(service: &Service) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = vec![
        (PAGE.to_owned(), page::page(service, &codes::read(&read(DESCRIPTION)?), &DRAWN)),
        (format!("{PICTURES}/service.svg"), svg::draw(&picture::of_service(service))),
    ];
    for (route, file) in DRAWN {
        let route = find(service, route)?;
        found.push((format!("{PICTURES}/{file}"), svg::draw(&picture::of_route(route))));
    }
    Ok(found)
}

fn find<'s>(service: &'s Service, name: &str) -> anyhow::Result<&'s model::Route> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let found = service.routes.values().find(|route| words(&route.name) == words(name));
    found.with_context(|| {
        let near =
            service.routes.keys().filter(|route| route.contains(name.split(' ').next_back().unwrap_or(name)));
        let near: Vec<&str> = near.map(String::as_str).collect();
        let known = if near.is_empty() { service.routes.keys().map(String::as_str).collect() } else { near };
        format!("there is no route `{name}`; there is\n  {}", known.join("\n  "))
    })
}

fn service(diagnostics: &str, generated: &str) -> anyhow::Result<Service> {
    Service::of(&diagnostics::read(diagnostics)?, &configuration(generated))
}

/// The types of the fields of what the generated code reads at start-up.
fn configuration(generated: &str) -> BTreeSet<String> {
    let fields =
        generated.split_once("pub struct ApplicationConfig {").and_then(|(_, rest)| rest.split_once('}'));
    let fields = fields.map_or("", |(fields, _)| fields).lines();
    fields
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "))
        .map(|(_, name)| name.trim_end_matches(',').to_owned())
        .collect()
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// A file as it was in a revision.
fn at(revision: &str, path: &str) -> anyhow::Result<String> {
    capture(Command::new("git").current_dir(root()).args(["show", &format!("{revision}:{path}")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Service {
        service(&read(DIAGNOSTICS).unwrap(), &read(GENERATED).unwrap()).unwrap()
    }

    /// `cargo xtask graph` writes them; `UPDATE_DOCS=1` has the test do it.
    #[test]
    fn the_page_and_its_pictures_show_the_graph() {
        let check = std::env::var_os("UPDATE_DOCS").is_none_or(|value| value != "1");
        run(&Options { check, route: None, diff: None }).unwrap();
    }

    #[test]
    fn nothing_overlaps_in_any_picture() {
        let service = now();
        let pictures = service.all_routes().map(picture::of_route).chain([picture::of_service(&service)]);
        for picture in pictures {
            let sizes: Vec<_> = picture.boxes.iter().map(picture::Shown::size).collect();
            let placed = layout::layout(&sizes, &picture.links, 72.0);
            assert!(layout::tests::is_clear(&placed), "{}", picture.title);
        }
    }

    #[test]
    fn whatever_a_handler_takes_is_in_its_picture() {
        for route in now().routes.values() {
            for taken in &route.handler.takes {
                let shown = names::short(names::owned(taken));
                let found = picture::of_route(route).boxes.iter().any(|it| it.title == shown);
                assert!(found, "{}: {shown}", route.name);
            }
        }
    }

    #[test]
    fn a_route_that_is_not_there_is_answered_with_those_that_are_near() {
        let service = now();
        assert!(find(&service, "GET  /version").is_ok(), "white space is no matter");
        let error = find(&service, "PUT /version").map(|_| ()).expect_err("no such route").to_string();
        assert_eq!(error, "there is no route `PUT /version`; there is\n  GET /version");
    }

    #[test]
    fn what_is_read_from_the_configuration_stands_in_the_generated_code() {
        let text = "pub struct ApplicationConfig {\n    pub a: app::A,\n    pub b: app::B,\n}\n";
        assert_eq!(configuration(text), BTreeSet::from(["app::A".to_owned(), "app::B".to_owned()]));
    }
}
