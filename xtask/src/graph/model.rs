//! The graph as people think of it: what is there at start-up, what is made for a request, what stands around a
//! handler, what can go wrong.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};

use super::diagnostics::{Call, Node, Stage};
use super::names::{call, owned, short, sides};

/// How long a value lives, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lifecycle {
    /// It is read from the configuration at start-up.
    Configuration,
    /// The binary hands it over at start-up.
    Prebuilt,
    /// A constructor makes it at start-up.
    Singleton,
    /// It is the request, or what the router knows of it.
    Request,
    /// A constructor makes it for each request that needs it.
    Made,
}

impl Lifecycle {
    /// What it is called in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Prebuilt => "prebuilt",
            Self::Singleton => "singleton",
            Self::Request => "of the request",
            Self::Made => "per request",
        }
    }
}

/// A value of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Component {
    /// Its type.
    pub(crate) gives: String,
    /// How long it lives.
    pub(crate) lifecycle: Lifecycle,
    /// The function that makes it; empty where none does.
    pub(crate) function: String,
    /// The types that it is made of.
    pub(crate) takes: Vec<String>,
    /// The error that making it may end with.
    pub(crate) fails: Option<String>,
}

/// An error, and the function that answers for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failure {
    /// The type of the error.
    pub(crate) error: String,
    /// The function.
    pub(crate) handler: String,
}

/// One route: all that happens between a request and its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Method and path.
    pub(crate) name: String,
    /// What stands around the handler, the outermost first.
    pub(crate) middlewares: Vec<Call>,
    /// The handler.
    pub(crate) handler: Call,
    /// The values that it needs, and those that stand behind them.
    pub(crate) components: Vec<Component>,
    /// What can go wrong, in the order in which it is found out.
    pub(crate) failures: Vec<Failure>,
    /// Who is told of every error.
    pub(crate) observers: Vec<Call>,
}

/// The whole service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// What is there at start-up.
    pub(crate) state: Vec<Component>,
    /// The routes by name, without what answers where there is none.
    pub(crate) routes: BTreeMap<String, Route>,
    /// What answers where there is no route.
    pub(crate) fallback: Option<Route>,
}

impl Service {
    /// Puts stages together. `configuration` are the types that are read from the configuration.
    ///
    /// # Errors
    /// A route has no handler.
    pub(crate) fn of(stages: &[Stage], configuration: &BTreeSet<String>) -> anyhow::Result<Self> {
        let state = stages.iter().filter(|stage| stage.route.is_empty()).flat_map(|stage| &stage.nodes);
        let mut state: Vec<Component> = state.filter_map(|node| at_start(node, configuration)).collect();
        state.sort_by_key(|component| (component.lifecycle, short(&component.gives)));
        let mut grouped: Vec<(&str, Vec<&Stage>)> = Vec::new();
        for stage in stages.iter().filter(|stage| !stage.route.is_empty()) {
            match grouped.last_mut() {
                Some((route, stages)) if *route == stage.route => stages.push(stage),
                _ => grouped.push((&stage.route, vec![stage])),
            }
        }
        let (mut routes, mut fallback) = (BTreeMap::new(), None);
        for (name, stages) in grouped {
            let route = route(name, &stages, &state)?;
            if name.starts_with('*') {
                fallback = Some(route);
            } else {
                ensure!(routes.insert(name.to_owned(), route).is_none(), "{name} is there twice");
            }
        }
        Ok(Self { state, routes, fallback })
    }

    /// All routes, and what answers where there is none.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = &Route> {
        self.fallback.iter().chain(self.routes.values())
    }
}

fn at_start(node: &Node, configuration: &BTreeSet<String>) -> Option<Component> {
    match node {
        Node::Value(name) => {
            let configured = configuration.contains(name);
            let lifecycle = if configured { Lifecycle::Configuration } else { Lifecycle::Prebuilt };
            Some(given(name, lifecycle))
        }
        Node::Call(made) if !made.function.starts_with("crate::") && !copies(made) => {
            Some(component(made, Lifecycle::Singleton))
        }
        _ => None,
    }
}

/// Says whether nothing new is made: who takes a value by itself gets a copy of it.
fn copies(made: &Call) -> bool {
    made.function.ends_with("::clone") && made.takes == [format!("&{}", made.gives)]
}

fn given(name: &str, lifecycle: Lifecycle) -> Component {
    Component { gives: name.to_owned(), lifecycle, function: String::new(), takes: Vec::new(), fails: None }
}

fn component(made: &Call, lifecycle: Lifecycle) -> Component {
    let (gives, fails) = sides(&made.gives);
    Component {
        gives: gives.to_owned(),
        lifecycle,
        function: made.function.clone(),
        takes: made.takes.iter().map(|name| owned(name).to_owned()).collect(),
        fails: fails.map(str::to_owned),
    }
}

fn route(name: &str, stages: &[&Stage], state: &[Component]) -> anyhow::Result<Route> {
    let mut found = Route {
        name: name.to_owned(),
        middlewares: Vec::new(),
        handler: Call { function: String::new(), takes: Vec::new(), gives: String::new() },
        components: Vec::new(),
        failures: Vec::new(),
        observers: Vec::new(),
    };
    let mut values: BTreeSet<&str> = BTreeSet::new();
    let mut wraps = 0;
    let handling = stages.iter().rposition(|stage| !post_processes(stage)).unwrap_or_default();
    for (index, stage) in stages.iter().enumerate() {
        let mut last = None;
        for (at, node) in stage.nodes.iter().enumerate() {
            match node {
                Node::Value(name) if name == REPLY => {}
                Node::Value(name) => {
                    values.insert(owned(name));
                }
                Node::Call(made) => match kind(stage, at, made) {
                    Kind::Plumbing => {}
                    // What comes later stands around what came before.
                    Kind::Middleware if index > handling => found.middlewares.insert(wraps, made.clone()),
                    Kind::Middleware => {
                        found.middlewares.push(made.clone());
                        wraps = found.middlewares.len();
                    }
                    Kind::Observer => add(&mut found.observers, made.clone()),
                    Kind::ErrorHandler(error) => {
                        add(&mut found.failures, Failure { error, handler: made.function.clone() });
                    }
                    // Replies come from the handler, and everything else from constructors.
                    Kind::Other if index == handling && replies(stage, at) => last = Some(made),
                    Kind::Other => add(&mut found.components, component(made, Lifecycle::Made)),
                },
                Node::Choice | Node::Side(_) => {}
            }
        }
        if index == handling {
            found.handler = last.with_context(|| format!("{name} has no handler"))?.clone();
        }
    }
    let mut all: Vec<Component> = Vec::new();
    for value in values {
        if let Some(known) = state.iter().find(|known| known.gives == value) {
            all.push(known.clone());
        } else if !found.components.iter().any(|made| made.gives == value) {
            all.push(given(value, Lifecycle::Request));
        }
    }
    all.append(&mut found.components);
    all.sort_by_key(|component| (component.lifecycle, short(&component.gives)));
    found.components = all;
    Ok(found)
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The type of a reply that is on its way out.
const REPLY: &str = "pavex::Response";

/// Whether a stage comes behind the handler, and takes its reply.
fn post_processes(stage: &Stage) -> bool {
    stage.nodes.iter().any(|node| matches!(node, Node::Value(name) if name == REPLY))
}

/// What a call is for.
enum Kind {
    Plumbing,
    Middleware,
    Observer,
    ErrorHandler(String),
    Other,
}

fn kind(stage: &Stage, at: usize, made: &Call) -> Kind {
    let plumbing = ["crate::", "pavex::middleware::", "pavex::Error::new"];
    if plumbing.iter().any(|own| made.function.starts_with(own)) || made.function.ends_with("::into_response")
    {
        return Kind::Plumbing;
    }
    let post = made.takes.iter().any(|name| name == REPLY) && made.gives.contains(REPLY);
    if made.takes.iter().any(|name| name.starts_with("pavex::middleware::Next<"))
        || made.gives.contains("pavex::middleware::Processing")
        || post
    {
        return Kind::Middleware;
    }
    if made.gives.is_empty() && made.takes.iter().any(|name| name == "&pavex::Error") {
        return Kind::Observer;
    }
    // A handler of errors takes one side of a choice, borrowed, or that made a `pavex::Error`.
    let mut before = stage.edges.iter().filter(|(_, to)| *to == at).map(|(from, _)| &stage.nodes[*from]);
    let error = before.find_map(|node| match node {
        Node::Side(error) if made.takes.contains(&format!("&{error}")) => Some(error.clone()),
        Node::Call(wrapped) if wrapped.function == "pavex::Error::new" => wrapped.takes.first().cloned(),
        _ => None,
    });
    // What takes the good side of a choice by reference makes something of it.
    let is_error = |error: &String| {
        let fails = |node: &Node| matches!(node, Node::Call(call) if sides(&call.gives).1 == Some(error));
        error == "pavex::Error" || stage.nodes.iter().any(fails)
    };
    error.filter(is_error).map_or(Kind::Other, Kind::ErrorHandler)
}

/// Whether what a call gives is the reply: when nothing but the way to a response takes it.
fn replies(stage: &Stage, at: usize) -> bool {
    let mut after = stage.edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| *to);
    after.any(|next| match &stage.nodes[next] {
        Node::Call(call) => call.function.ends_with("::into_response"),
        Node::Choice | Node::Side(_) => replies(stage, next),
        Node::Value(_) => false,
    })
}

impl Route {
    /// The right that the handler asks for, where it asks for one.
    pub(crate) fn right(&self) -> Option<String> {
        let granted = self.handler.takes.iter().find(|name| short(name).starts_with("Granted<"))?;
        let name = short(granted);
        Some(name.trim_start_matches("Granted<").trim_end_matches('>').to_owned())
    }

    /// The folder in which the handler stands.
    pub(crate) fn feature(&self) -> &str {
        self.handler.function.split("::").nth(1).unwrap_or_default()
    }

    /// What it replies when all goes well, and the error that the handler may end with.
    pub(crate) fn replies(&self) -> (String, Option<String>) {
        let (good, bad) = sides(&self.handler.gives);
        (short(good), bad.map(short))
    }

    /// The name of the handler.
    pub(crate) fn handler_name(&self) -> String {
        call(&self.handler.function)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::diagnostics::read;
    use super::*;

    /// A route that takes a singleton and something made, with one wrap, an observer and two errors.
    pub(in crate::graph) const SMALL: &str = "\
digraph \"GET /a - 0\" {\n    0 [ label = \"0| &app::Limits\"]\n    \
1 [ label = \"1| crate::route_1::Next0(&'a app::Limits) -> crate::route_1::Next0<'a>\"]\n    0 -> 1 [ ]\n}\n\n\
digraph \"GET /a - 1\" {\n    0 [ label = \"0| &app::Limits\"]\n    \
1 [ label = \"1| app::guard::guard(pavex::middleware::Next<crate::route_1::Next1<'a>>, &app::Limits) -> pavex::Response\"]\n    \
0 -> 1 [ ]\n}\n\n\
digraph \"GET /a - 2\" {\n    0 [ label = \"0| &pavex::request::RequestHead\"]\n    \
1 [ label = \"1| app::Granted::check(&pavex::request::RequestHead) -> core::result::Result<app::Granted<app::Known>, app::AccessError>\"]\n    \
2 [ label = \"2| `match`\"]\n    \
3 [ label = \"3| core::result::Result<app::Granted<app::Known>, app::AccessError> -> app::AccessError\"]\n    \
4 [ label = \"4| app::refuse_access(&app::AccessError) -> pavex::Response\"]\n    \
5 [ label = \"5| pavex::Error::new(app::AccessError) -> pavex::Error\"]\n    \
6 [ label = \"6| app::note_error(&pavex::Error)\"]\n    \
7 [ label = \"7| core::result::Result<app::Granted<app::Known>, app::AccessError> -> app::Granted<app::Known>\"]\n    \
8 [ label = \"8| app::a::get_a(app::Granted<app::Known>) -> core::result::Result<app::Reply<app::A>, app::AError>\"]\n    \
9 [ label = \"9| `match`\"]\n    \
10 [ label = \"10| core::result::Result<app::Reply<app::A>, app::AError> -> app::AError\"]\n    \
11 [ label = \"11| app::a::refuse_a(&app::AError) -> pavex::Response\"]\n    \
12 [ label = \"12| core::result::Result<app::Reply<app::A>, app::AError> -> app::Reply<app::A>\"]\n    \
13 [ label = \"13| <app::Reply::<app::A> as pavex::IntoResponse>::into_response(app::Reply<app::A>) -> pavex::Response\"]\n    \
0 -> 1 [ ]\n    1 -> 2 [ ]\n    2 -> 3 [ ]\n    2 -> 7 [ ]\n    3 -> 4 [ label = \"&\"]\n    3 -> 5 [ ]\n    5 -> 6 [ label = \"&\"]\n    \
7 -> 8 [ ]\n    8 -> 9 [ ]\n    9 -> 10 [ ]\n    9 -> 12 [ ]\n    10 -> 11 [ label = \"&\"]\n    12 -> 13 [ ]\n}\n\n\
digraph app_state {\n    0 [ label = \"0| app_base::configuration::Server\"]\n    \
1 [ label = \"1| app::Limits::configured(&app_base::configuration::Server) -> app::Limits\"]\n    0 -> 1 [ label = \"&\"]\n}\n";

    pub(in crate::graph) fn small(text: &str) -> Service {
        let configuration = BTreeSet::from(["app_base::configuration::Server".to_owned()]);
        Service::of(&read(text).unwrap(), &configuration).unwrap()
    }

    #[test]
    fn a_copy_is_no_component() {
        let copy = SMALL.replace(
            "app::Limits::configured(&app_base::configuration::Server) -> app::Limits",
            "<app_base::configuration::Server as core::clone::Clone>::clone(&app_base::configuration::Server) -> app_base::configuration::Server",
        );
        assert_eq!(
            small(&copy).state.iter().map(|it| it.lifecycle).collect::<Vec<_>>(),
            [Lifecycle::Configuration]
        );
    }

    #[test]
    fn a_route_is_told_apart_into_what_it_is_made_of() {
        let service = small(SMALL);
        let lifecycles = service.state.iter().map(|it| (short(&it.gives), it.lifecycle)).collect::<Vec<_>>();
        let configured = ("Server".to_owned(), Lifecycle::Configuration);
        assert_eq!(lifecycles, [configured, ("Limits".to_owned(), Lifecycle::Singleton)]);
        let route = &service.routes["GET /a"];
        assert_eq!(route.handler_name(), "get_a");
        assert_eq!(route.right().as_deref(), Some("Known"));
        assert_eq!(route.feature(), "a");
        assert_eq!(route.replies(), ("Reply<A>".to_owned(), Some("AError".to_owned())));
        assert_eq!(route.middlewares.iter().map(|it| call(&it.function)).collect::<Vec<_>>(), ["guard"]);
        assert_eq!(route.observers.len(), 1);
        let failures = route.failures.iter().map(|it| (short(&it.error), call(&it.handler)));
        let pair = |error: &str, handler: &str| (error.to_owned(), handler.to_owned());
        assert_eq!(
            failures.collect::<Vec<_>>(),
            [pair("AccessError", "refuse_access"), pair("AError", "refuse_a")]
        );
        let components =
            route.components.iter().map(|it| (short(&it.gives), it.lifecycle)).collect::<Vec<_>>();
        let named = |name: &str, lifecycle| (name.to_owned(), lifecycle);
        assert_eq!(
            components,
            [
                named("Limits", Lifecycle::Singleton),
                named("RequestHead", Lifecycle::Request),
                named("Granted<Known>", Lifecycle::Made)
            ]
        );
    }

    #[test]
    fn what_takes_the_reply_stands_around_the_handler() {
        let behind = |at: u8, name: &str| {
            format!(
                "digraph \"GET /a - {at}\" {{\n    0 [ label = \"0| pavex::Response\"]\n    \
                 1 [ label = \"1| app::{name}(pavex::Response, &app::Limits) -> pavex::Response\"]\n    \
                 2 [ label = \"2| <pavex::Response as pavex::IntoResponse>::into_response(pavex::Response) -> pavex::Response\"]\n    \
                 0 -> 1 [ ]\n    1 -> 2 [ ]\n}}\n\n"
            )
        };
        let at = SMALL.find("digraph app_state").unwrap();
        let text = [&SMALL[..at], &behind(3, "first"), &behind(4, "second"), &SMALL[at..]].concat();
        let (service, without) = (small(&text), small(SMALL));
        let (route, before) = (&service.routes["GET /a"], &without.routes["GET /a"]);
        assert_eq!((&route.handler, &route.components), (&before.handler, &before.components));
        let around = route.middlewares.iter().map(|it| call(&it.function)).collect::<Vec<_>>();
        assert_eq!(around, ["guard", "second", "first"]);
    }

    #[test]
    fn a_route_without_a_handler_is_an_error() {
        let text = "digraph \"GET /a - 0\" {\n    0 [ label = \"0| &app::Limits\"]\n}\n";
        let error = Service::of(&read(text).unwrap(), &BTreeSet::new()).expect_err("nothing answers");
        assert_eq!(error.to_string(), "GET /a has no handler");
    }
}
