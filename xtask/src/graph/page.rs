//! `docs/graph.md`: the graph in tables, so that a change of it is a change of the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::codes::{Codes, by_error};
use super::model::{Component, Failure, Lifecycle, Route, Service};
use super::names::{call, family, owned, short};

/// What stands before the tables.
const OPENING: &str = "# The graph

What the Pavex compiler puts together from the blueprint: every route with what it takes, what is made for it and what can go wrong. It is read from the compiler's own diagnostics, `server_sdk/blueprint.dot`; nobody edits this page. `cargo xtask graph` writes it and the pictures anew after `cargo px build`, a test says when it is out of date, and `cargo xtask graph --diff main` says what a branch changes.

![The whole service](graph/service.svg)

Some routes on their own; `cargo xtask graph --route 'GET /version'` draws any other:

";

/// Writes the page. `pictures` are routes with the names of their files.
pub(crate) fn page(service: &Service, codes: &Codes, pictures: &[(&str, &str)]) -> String {
    let mut page = OPENING.to_owned();
    for (route, file) in pictures {
        let _ = writeln!(page, "- [`{route}`](graph/{file})");
    }
    around(&mut page, service);
    state(&mut page, service);
    made(&mut page, service);
    errors(&mut page, service, codes);
    routes(&mut page, service);
    page
}

fn around(page: &mut String, service: &Service) {
    page.push_str("\n## Around every route\n\nIn this order, each around the next one and all of them around the handler:\n\n");
    let Some(fallback) = &service.fallback else { return };
    for (index, middleware) in fallback.middlewares.iter().enumerate() {
        let takes = middleware.takes.iter().filter(|taken| !taken.starts_with("pavex::middleware::Next"));
        let takes: Vec<String> = takes.map(|taken| code(&short(owned(taken)))).collect();
        let _ = writeln!(
            page,
            "{}. `{}`, which takes {}.",
            index + 1,
            call(&middleware.function),
            takes.join(", ")
        );
    }
    let _ = writeln!(page, "\nWhere no route fits, `{}` answers.", fallback.handler_name());
    let observers: BTreeSet<String> =
        service.all_routes().flat_map(|route| &route.observers).map(|it| code(&call(&it.function))).collect();
    let observers: Vec<String> = observers.into_iter().collect();
    let _ = writeln!(page, "Every error is told to {} before it is answered for.", observers.join(", "));
    for route in service.routes.values().filter(|route| names(route) != names(fallback)) {
        let _ = writeln!(page, "\n`{}` has others: {}.", route.name, names(route).join(", "));
    }
}

fn names(route: &Route) -> Vec<String> {
    route.middlewares.iter().map(|middleware| code(&call(&middleware.function))).collect()
}

fn state(page: &mut String, service: &Service) {
    page.push_str(
        "\n## There at start-up\n\n| value | lifecycle | made by | of | routes |\n|---|---|---|---|---|\n",
    );
    for component in &service.state {
        let used = users(service, &component.gives);
        row(page, component, &component.gives, component.lifecycle.name(), used);
    }
}

fn users(service: &Service, gives: &str) -> usize {
    service.routes.values().filter(|route| route.components.iter().any(|other| other.gives == gives)).count()
}

fn row(page: &mut String, component: &Component, name: &str, lifecycle: &str, used: usize) {
    let function =
        if component.function.is_empty() { String::new() } else { code(&call(&component.function)) };
    let takes: Vec<String> = component.takes.iter().map(|taken| code(&short(taken))).collect();
    let name = code(&short(name));
    let _ = writeln!(page, "| {name} | {lifecycle} | {function} | {} | {used} |", takes.join(", "));
}

fn made(page: &mut String, service: &Service) {
    page.push_str("\n## Made per request\n\nOne that is generic stands here once.\n\n| value | made by | of | fails with | routes |\n|---|---|---|---|---|\n");
    let mut made: BTreeMap<String, (Component, usize)> = BTreeMap::new();
    for route in service.routes.values() {
        let mut seen = BTreeSet::new();
        for component in route.components.iter().filter(|component| component.lifecycle == Lifecycle::Made) {
            let name = family(&component.gives);
            let entry = made.entry(name.clone()).or_insert_with(|| (component.clone(), 0));
            entry.1 += usize::from(seen.insert(name));
        }
    }
    for (name, (component, used)) in made {
        let takes: Vec<String> = component.takes.iter().map(|taken| code(&short(taken))).collect();
        let fails = component.fails.as_deref().map_or(String::new(), |error| code(&short(error)));
        let function = code(&call(&component.function));
        let _ = writeln!(page, "| `{name}` | {function} | {} | {fails} | {used} |", takes.join(", "));
    }
}

fn errors(page: &mut String, service: &Service, codes: &Codes) {
    page.push_str(
        "\n## Errors\n\nA code stands with an error where only routes have it whose handlers may fail with that error. \
         What codes mean is told in [errors.md](errors.md), which ones a route has in [openapi.json](openapi.json).\n\n\
         | error | answered by | routes | codes |\n|---|---|---|---|\n",
    );
    let by_error = by_error(service, codes);
    let list = |error: &str| {
        let codes = by_error.get(error).into_iter().flatten().map(|name| code(name));
        codes.collect::<Vec<_>>().join(", ")
    };
    let mut errors: BTreeMap<&Failure, usize> = BTreeMap::new();
    for failure in service.routes.values().flat_map(|route| &route.failures) {
        *errors.entry(failure).or_default() += 1;
    }
    for (failure, used) in errors {
        let (error, handler) = (code(&short(&failure.error)), code(&call(&failure.handler)));
        let _ = writeln!(page, "| {error} | {handler} | {used} | {} |", list(&failure.error));
    }
    let _ = writeln!(page, "\nRoutes of several errors, or of none, have these: {}.", list(""));
}

fn routes(page: &mut String, service: &Service) {
    page.push_str("\n## Routes\n\nWhat each handler takes by itself; what that is made of stands above.\n\n| route | handler | right | takes | replies | errors |\n|---|---|---|---|---|---|\n");
    for route in service.routes.values() {
        let _ = writeln!(page, "| {} |", cells(route).join(" | "));
    }
}

/// What the table says of a route: its name, handler, right, what it takes, what it replies, its errors.
pub(crate) fn cells(route: &Route) -> [String; 6] {
    let granted = |name: &&String| short(name).starts_with("Granted<");
    let takes = route.handler.takes.iter().filter(|name| !granted(name));
    let takes: Vec<String> = takes.map(|taken| code(&short(owned(taken)))).collect();
    let (replies, _) = route.replies();
    let errors: Vec<String> = route.failures.iter().map(|failure| code(&short(&failure.error))).collect();
    [
        code(&route.name),
        code(&route.handler_name()),
        route.right().map_or("anybody".to_owned(), |right| code(&right)),
        takes.join(", "),
        code(&replies),
        errors.join(", "),
    ]
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
