//! What two graphs differ in, in Markdown for a pull request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::model::{Component, Route, Service};
use super::names::{call, family, owned, short};
use super::page::cells;

/// Says how the graph changed; that it did not is said too.
pub(crate) fn diff(before: &Service, after: &Service) -> String {
    let mut text = String::new();
    let routes = [rows(before), rows(after)];
    list(&mut text, "Routes that came", came(&routes[0], &routes[1]));
    list(&mut text, "Routes that went", came(&routes[1], &routes[0]));
    // What changes for many alike is said once.
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, old) in &before.routes {
        let changes = after.routes.get(name).map(|new| route_changes(old, new)).unwrap_or_default();
        if !changes.is_empty() {
            alike.entry(changes.join("; ")).or_default().push(format!("`{name}`"));
        }
    }
    let mut lines: Vec<String> =
        alike.into_iter().map(|(changes, names)| format!("{}: {changes}", names.join(", "))).collect();
    lines.sort();
    list(&mut text, "Routes that changed", lines);
    for (what, of) in [
        ("Values", values as fn(&Service) -> BTreeMap<String, String>),
        ("Middlewares and who is told of errors", around),
        ("Errors", errors),
    ] {
        let (old, new) = (of(before), of(after));
        list(&mut text, &format!("{what} that came"), came(&old, &new));
        list(&mut text, &format!("{what} that went"), came(&new, &old));
        let changed = old.iter().filter_map(|(name, old)| {
            let new = new.get(name)?;
            (old != new).then(|| format!("{old}, now {new}"))
        });
        list(&mut text, &format!("{what} that changed"), changed.collect());
    }
    if text.is_empty() {
        text.push_str("The graph is the same.\n");
    }
    format!("## How the graph changes\n\n{text}")
}

fn list(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "### {title}\n");
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
    text.push('\n');
}

fn came(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    new.iter().filter(|(name, _)| !old.contains_key(*name)).map(|(_, line)| line.clone()).collect()
}

fn rows(service: &Service) -> BTreeMap<String, String> {
    let shown = |route: &Route| {
        let cells = cells(route).map(|cell| if cell.is_empty() { "nothing".to_owned() } else { cell });
        let [name, handler, right, takes, replies, errors] = cells;
        format!("{name}: {handler} for {right}, takes {takes}, replies {replies}, fails with {errors}")
    };
    service.routes.iter().map(|(name, route)| (name.clone(), shown(route))).collect()
}

fn route_changes(old: &Route, new: &Route) -> Vec<String> {
    let mut changes = Vec::new();
    let mut compare = |what: &str, old: BTreeSet<String>, new: BTreeSet<String>| {
        let came: Vec<String> = new.difference(&old).map(|name| format!("`{name}`")).collect();
        let went: Vec<String> = old.difference(&new).map(|name| format!("`{name}`")).collect();
        if !came.is_empty() {
            changes.push(format!("{what} {}", came.join(", ")));
        }
        if !went.is_empty() {
            changes.push(format!("no longer {what} {}", went.join(", ")));
        }
    };
    let takes = |route: &Route| route.handler.takes.iter().map(|taken| short(owned(taken))).collect();
    compare("takes", takes(old), takes(new));
    let needs = |route: &Route| -> BTreeSet<String> {
        let own: BTreeSet<String> = route.handler.takes.iter().map(|taken| short(owned(taken))).collect();
        route
            .components
            .iter()
            .map(|component| short(&component.gives))
            .filter(|name| !own.contains(name))
            .collect()
    };
    compare("needs", needs(old), needs(new));
    let one = |text: String| BTreeSet::from([text]);
    compare("is answered by", one(old.handler_name()), one(new.handler_name()));
    compare("replies", one(old.replies().0), one(new.replies().0));
    let fails = |route: &Route| route.failures.iter().map(|failure| short(&failure.error)).collect();
    compare("fails with", fails(old), fails(new));
    let stands =
        |route: &Route| route.middlewares.iter().map(|middleware| call(&middleware.function)).collect();
    compare("goes through", stands(old), stands(new));
    changes
}

fn values(service: &Service) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for component in service.all_routes().flat_map(|route| &route.components).chain(&service.state) {
        found.entry(family(&component.gives)).or_insert_with(|| value(component));
    }
    found
}

fn value(component: &Component) -> String {
    let mut line = format!("`{}` ({}", family(&component.gives), component.lifecycle.name());
    if !component.function.is_empty() {
        let takes: Vec<String> = component.takes.iter().map(|taken| family(taken)).collect();
        let _ = write!(line, ", `{}({})`", call(&component.function), takes.join(", "));
    }
    if let Some(error) = &component.fails {
        let _ = write!(line, ", fails with `{}`", short(error));
    }
    line + ")"
}

fn around(service: &Service) -> BTreeMap<String, String> {
    let calls = service.all_routes().flat_map(|route| route.middlewares.iter().chain(&route.observers));
    let shown = calls.map(|made| {
        let takes = made.takes.iter().filter(|taken| !taken.starts_with("pavex::"));
        let takes: Vec<String> = takes.map(|taken| short(owned(taken))).collect();
        (made.function.clone(), format!("`{}({})`", call(&made.function), takes.join(", ")))
    });
    shown.collect()
}

fn errors(service: &Service) -> BTreeMap<String, String> {
    let failures = service.all_routes().flat_map(|route| &route.failures);
    let shown = failures.map(|failure| {
        let (error, handler) = (short(&failure.error), call(&failure.handler));
        (failure.error.clone(), format!("`{error}`, answered by `{handler}`"))
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{SMALL, small};
    use super::*;

    fn changed(find: &str, with: &str) -> String {
        let text = SMALL.replace(find, with);
        assert_ne!(text, SMALL, "{find}");
        diff(&small(SMALL), &small(&text))
    }

    #[test]
    fn a_graph_that_is_the_same_says_so() {
        assert_eq!(
            diff(&small(SMALL), &small(SMALL)),
            "## How the graph changes\n\nThe graph is the same.\n"
        );
    }

    #[test]
    fn a_route_of_another_name_came_and_the_old_one_went() {
        let text = changed("GET /a", "GET /b");
        let row = "get_a` for `Known`, takes nothing, replies `Reply<A>`, fails with `AccessError`, `AError`";
        assert!(text.contains(&format!("### Routes that came\n\n- `GET /b`: `{row}\n")), "{text}");
        assert!(text.contains(&format!("### Routes that went\n\n- `GET /a`: `{row}\n")), "{text}");
    }

    #[test]
    fn a_right_that_changes_is_said_of_its_route() {
        let text = changed("app::Known", "app::KeysAdmin");
        assert!(
            text.contains("### Routes that changed\n\n- `GET /a`: takes `Granted<KeysAdmin>`; no longer takes `Granted<Known>`\n"),
            "{text}"
        );
    }

    #[test]
    fn middlewares_values_and_errors_that_change_are_said_of_all() {
        let text = changed("app::guard::guard", "app::guard::watch");
        assert!(
            text.contains("### Middlewares and who is told of errors that came\n\n- `watch(Limits)`\n"),
            "{text}"
        );
        let text =
            changed("app::Limits::configured(&app_base::configuration::Server)", "app::Limits::fixed()");
        let old = "`Limits` (singleton, `Limits::configured(Server)`)";
        assert!(
            text.contains(&format!(
                "### Values that changed\n\n- {old}, now `Limits` (singleton, `Limits::fixed()`)\n"
            )),
            "{text}"
        );
        let text = changed("app::refuse_access", "app::turn_away");
        let line =
            "- `AccessError`, answered by `refuse_access`, now `AccessError`, answered by `turn_away`\n";
        assert!(text.contains(&format!("### Errors that changed\n\n{line}")), "{text}");
    }
}
