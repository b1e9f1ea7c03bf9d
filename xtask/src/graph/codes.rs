//! Which codes of problems belong to which error, as far as the description of the API tells.
//!
//! It reads `docs/openapi.json` by its lines, which another test holds to the way in which the service writes it.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Service;
use super::names::sides;

/// The codes of each route.
pub(crate) type Codes = BTreeMap<String, BTreeSet<String>>;

/// Reads the codes of each route from the description of the API.
pub(crate) fn read(description: &str) -> Codes {
    let mut codes = Codes::new();
    let (mut path, mut method) = ("", String::new());
    for line in description.lines() {
        let key = |indent: &str| line.strip_prefix(indent)?.strip_prefix('"')?.strip_suffix("\": {");
        if let Some(found) = key("    ") {
            path = found;
        } else if let Some(found) = key("      ").filter(|_| path.starts_with('/')) {
            method = found.to_ascii_uppercase();
        } else if let Some((_, code)) =
            line.split_once("\"#/components/examples/").filter(|_| path.starts_with('/'))
        {
            let code = code.split('"').next().unwrap_or_default().to_owned();
            codes.entry(format!("{method} {path}")).or_default().insert(code);
        }
    }
    codes
}

/// The codes that stand with each error: those that only routes have whose handler may fail with it. Those that are left
/// stand with no error.
pub(crate) fn by_error(service: &Service, codes: &Codes) -> BTreeMap<String, BTreeSet<String>> {
    let mut routes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in service.routes.values() {
        if let (_, Some(error)) = sides(&route.handler.gives) {
            routes.entry(error).or_default().insert(&route.name);
        }
    }
    let mut having: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (route, codes) in codes {
        for code in codes {
            having.entry(code).or_default().insert(route);
        }
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (code, having) in having {
        let error =
            routes.iter().find(|(_, routes)| having.is_subset(routes)).map_or("", |(error, _)| *error);
        found.entry(error.to_owned()).or_default().insert(code.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{SMALL, small};
    use super::*;

    const DESCRIPTION: &str = "{\n  \"paths\": {\n    \"/a\": {\n      \"get\": {\n          \
        \"$ref\": \"#/components/examples/a.not_found\"\n          \"$ref\": \"#/components/examples/internal.error\"\n      \
        },\n      \"post\": {\n          \"$ref\": \"#/components/examples/internal.error\"\n      }\n    }\n  },\n  \
        \"components\": {\n    \"examples\": {\n      \"x.y\": {\n        \"$ref\": \"#/components/examples/x.y\"\n";

    #[test]
    fn codes_are_read_by_route_and_stand_with_the_error_that_alone_has_them() {
        let codes = read(DESCRIPTION);
        let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(codes.keys().collect::<Vec<_>>(), ["GET /a", "POST /a"]);
        assert_eq!(codes["GET /a"], set(&["a.not_found", "internal.error"]));
        let found = by_error(&small(SMALL), &codes);
        assert_eq!(found["app::AError"], set(&["a.not_found"]));
        assert_eq!(found[""], set(&["internal.error"]), "another route has it too");
    }
}
