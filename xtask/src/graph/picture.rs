//! What a picture shows: boxes with what is written on them, and which column each stands in.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostics::Call;
use super::layout::Size;
use super::model::{Component, Failure, Lifecycle, Route, Service};
use super::names::{call, family, owned, short};

/// What a letter takes on the page, in pixels: the types are set in one width.
const LETTER: f64 = 7.3;

/// The longest text of a box, in letters. What is longer is cut; pointing at the box shows all of it.
const LETTERS_MAX: usize = 46;

/// A box.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its colour, as the style sheet calls it.
    pub(crate) class: &'static str,
    /// What it is.
    pub(crate) title: String,
    /// Where it comes from.
    pub(crate) origin: String,
    /// What can go wrong there, and who answers.
    pub(crate) failures: Vec<String>,
    /// All of it, for who points at it.
    pub(crate) tip: String,
    pub(crate) column: usize,
}

/// A picture before anything has a place.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) headings: Vec<String>,
    pub(crate) boxes: Vec<Shown>,
    pub(crate) links: Vec<(usize, usize)>,
    /// Which box stands around which one below it.
    pub(crate) around: Vec<(usize, usize)>,
}

impl Shown {
    /// How much room it takes.
    pub(crate) fn size(&self) -> Size {
        let texts = [&self.title, &self.origin].into_iter().chain(&self.failures);
        let longest = texts.map(|text| cut(text).chars().count()).max().unwrap_or(0);
        let letters = f64::from(u32::try_from(longest).unwrap_or(u32::MAX));
        let rows = if self.origin.is_empty() { 1.0 } else { 2.0 };
        let failures = f64::from(u32::try_from(self.failures.len()).unwrap_or(u32::MAX));
        let height = 12.0 + rows * 16.0 + if failures > 0.0 { 6.0 + failures * 16.0 } else { 0.0 };
        Size { column: self.column, width: (letters * LETTER + 24.0).max(120.0), height }
    }
}

/// A text that is no longer than a box.
pub(crate) fn cut(text: &str) -> String {
    if text.chars().count() <= LETTERS_MAX {
        return text.to_owned();
    }
    text.chars().take(LETTERS_MAX - 1).chain(['…']).collect()
}

fn class(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Configuration => "configuration",
        Lifecycle::Prebuilt => "prebuilt",
        Lifecycle::Singleton => "singleton",
        Lifecycle::Request => "request",
        Lifecycle::Made => "made",
    }
}

fn answered(failures: &[Failure], error: &str) -> String {
    let found = failures.iter().find(|failure| failure.error == error);
    found.map_or_else(|| short(error), |found| format!("{} → {}", short(error), call(&found.handler)))
}

fn of_component(component: &Component, column: usize, failures: &[Failure]) -> Shown {
    let lifecycle = component.lifecycle.name();
    let origin = if component.function.is_empty() { lifecycle.to_owned() } else { call(&component.function) };
    Shown {
        class: class(component.lifecycle),
        title: short(&component.gives),
        origin,
        failures: component.fails.iter().map(|error| answered(failures, error)).collect(),
        tip: format!("{} ({lifecycle})\n{}", component.gives, component.function),
        column,
    }
}

fn of_middleware(middleware: &Call, column: usize) -> Shown {
    Shown {
        class: "middleware",
        title: call(&middleware.function),
        origin: "stands around what is below".to_owned(),
        failures: Vec::new(),
        tip: middleware.function.clone(),
        column,
    }
}

/// The columns of components: each stands right of all that it is made of.
fn columns(components: &[Component]) -> Vec<usize> {
    let mut columns: Vec<usize> = components
        .iter()
        .map(|component| usize::from(matches!(component.lifecycle, Lifecycle::Made)))
        .collect();
    for _ in components {
        for (index, component) in components.iter().enumerate() {
            let before = component.takes.iter().filter_map(|taken| {
                components.iter().position(|other| other.gives == *taken).map(|at| columns[at])
            });
            columns[index] = before.map(|column| column + 1).max().unwrap_or(0).max(columns[index]);
        }
    }
    columns
}

fn headings(middle: usize, last: &str) -> Vec<String> {
    let mut headings = vec!["there before".to_owned()];
    headings.extend((0..middle).map(|at| if at == 0 { "made of it".to_owned() } else { "then".to_owned() }));
    headings.push(last.to_owned());
    headings
}

/// The picture of one route.
pub(crate) fn of_route(route: &Route) -> Picture {
    let columns = columns(&route.components);
    let last = columns.iter().max().map_or(1, |column| column + 1);
    let mut boxes: Vec<Shown> = route
        .components
        .iter()
        .zip(&columns)
        .map(|(component, column)| of_component(component, *column, &route.failures))
        .collect();
    let mut links = Vec::new();
    let place = |taken: &str| route.components.iter().position(|other| other.gives == owned(taken));
    for (index, component) in route.components.iter().enumerate() {
        links.extend(component.takes.iter().filter_map(|taken| Some((place(taken)?, index))));
    }
    let first = boxes.len();
    for middleware in &route.middlewares {
        links.extend(middleware.takes.iter().filter_map(|taken| Some((place(taken)?, boxes.len()))));
        boxes.push(of_middleware(middleware, last));
    }
    links.extend(route.handler.takes.iter().filter_map(|taken| Some((place(taken)?, boxes.len()))));
    let (good, bad) = super::names::sides(&route.handler.gives);
    boxes.push(Shown {
        class: "handler",
        title: route.handler_name(),
        origin: format!("replies {}", short(good)),
        failures: bad.iter().map(|error| answered(&route.failures, error)).collect(),
        tip: format!("{}\n→ {}", route.handler.function, route.handler.gives),
        column: last,
    });
    let observers: Vec<String> = route.observers.iter().map(|observer| call(&observer.function)).collect();
    let told = if observers.is_empty() || route.failures.is_empty() {
        String::new()
    } else {
        format!(" Every error is told to {}.", observers.join(", "))
    };
    Picture {
        title: route.name.clone(),
        about: format!("What it takes to answer, from left to right.{told}"),
        headings: headings(last - 1, "around the handler, and it"),
        around: (first..boxes.len() - 1).map(|at| (at, at + 1)).collect(),
        boxes,
        links,
    }
}

/// The picture of the service: routes are put together by feature, values of one generic type by that.
pub(crate) fn of_service(service: &Service) -> Picture {
    let mut components: BTreeMap<String, Component> = BTreeMap::new();
    for component in service.all_routes().flat_map(|route| &route.components).chain(&service.state) {
        let name = family(&component.gives);
        let shown =
            components.entry(name.clone()).or_insert_with(|| Component { gives: name, ..component.clone() });
        shown.takes = component.takes.iter().map(|taken| family(taken)).collect();
    }
    let mut components: Vec<Component> = components.into_values().collect();
    components.sort_by(|a, b| (a.lifecycle, &a.gives).cmp(&(b.lifecycle, &b.gives)));
    let failures: Vec<Failure> = service.all_routes().flat_map(|route| route.failures.clone()).collect();
    let columns = columns(&components);
    let last = columns.iter().max().map_or(1, |column| column + 1);
    let mut boxes: Vec<Shown> = components
        .iter()
        .zip(&columns)
        .map(|(component, column)| of_component(component, *column, &failures))
        .collect();
    let place = |taken: &str| components.iter().position(|other| other.gives == family(owned(taken)));
    let mut links: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (index, component) in components.iter().enumerate() {
        links.extend(component.takes.iter().filter_map(|taken| Some((place(taken)?, index))));
    }
    let first = boxes.len();
    let around: Vec<Call> = service.fallback.iter().flat_map(|route| route.middlewares.clone()).collect();
    for middleware in &around {
        links.extend(middleware.takes.iter().filter_map(|taken| Some((place(taken)?, boxes.len()))));
        boxes.push(of_middleware(middleware, last));
    }
    let mut features: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in service.routes.values() {
        features.entry(route.feature()).or_default().push(route);
    }
    for (feature, routes) in &features {
        let mut errors: Vec<String> = routes
            .iter()
            .filter_map(|route| {
                let (_, bad) = super::names::sides(&route.handler.gives);
                bad.map(|error| answered(&route.failures, error))
            })
            .collect();
        errors.sort();
        errors.dedup();
        for taken in routes.iter().flat_map(|route| &route.handler.takes) {
            links.extend(place(taken).map(|at| (at, boxes.len())));
        }
        let names: Vec<&str> = routes.iter().map(|route| route.name.as_str()).collect();
        boxes.push(Shown {
            class: "handler",
            title: (*feature).to_owned(),
            origin: match names.len() {
                1 => "1 route".to_owned(),
                count => format!("{count} routes"),
            },
            failures: errors,
            tip: names.join("\n"),
            column: last,
        });
    }
    if let Some(fallback) = &service.fallback {
        links.extend(fallback.handler.takes.iter().filter_map(|taken| Some((place(taken)?, boxes.len()))));
        boxes.push(Shown {
            class: "handler",
            title: fallback.handler_name(),
            origin: "where no route fits".to_owned(),
            failures: Vec::new(),
            tip: fallback.handler.function.clone(),
            column: last,
        });
    }
    Picture {
        title: "The whole service".to_owned(),
        about: format!(
            "{} routes, by feature; values of one generic type are one box.",
            service.routes.len()
        ),
        headings: headings(last - 1, "around every handler, and the handlers"),
        around: (first..first + around.len()).map(|at| (at, at + 1)).collect(),
        boxes,
        links: links.into_iter().collect(),
    }
}
