//! What a new endpoint of a feature consists of: a file, its operation, its row in the table of rights, a call of it.
//!
//! It answers with something that is true, so that it can be asked at once; what it is for is then written into it.

use std::path::Path;

use anyhow::{Result, bail};

use super::house::{Handler, House, Method};
use super::imports::import;
use super::lists::{insert, insert_module};
use super::name::{check_up_to, type_case};
use super::plan::Plan;

/// The most characters of a handler's name.
const LENGTH_MAX: usize = 40;

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) feature: &'a str,
    pub(super) verb_noun: &'a str,
    pub(super) method: Option<Method>,
    pub(super) path: Option<&'a str>,
    pub(super) like: Option<&'a str>,
}

/// An endpoint, as far as its files have to know it.
struct Endpoint<'a> {
    feature: &'a str,
    id: &'a str,
    method: Method,
    path: String,
    /// What is read of the path: a type, and where it is from.
    input: (String, &'static str),
    /// The handler whose right it takes.
    like: &'a Handler,
    /// What the feature's requests fail with.
    error: Option<String>,
}

/// Plans an endpoint.
///
/// # Errors
/// The feature is not there, the name or the path is taken, or the feature has nothing to go by.
pub(super) fn plan(root: &Path, wanted: &Wanted<'_>) -> Result<Plan> {
    let Wanted { feature, verb_noun: id, .. } = *wanted;
    let house = House::look(root)?;
    let Some(folder) = house.features.iter().find(|its| *its == feature) else {
        bail!("there is no feature `{feature}`; there are {}", house.features.join(", "));
    };
    check_up_to(id, LENGTH_MAX)?;
    let Some((verb, noun)) = id.split_once('_') else {
        bail!("`{id}` is no verb and noun: endpoints are called `get_payee`, `list_payees`, `close_account`");
    };
    if let Some(known) = house.handlers.iter().find(|known| known.id == id) {
        bail!(
            "there is a handler `{id}` already, in app/src/{}: `{} {}`",
            known.feature,
            known.method,
            known.path
        );
    }
    let method = wanted.method.unwrap_or_else(|| Method::of_verb(verb));
    let own: Vec<&Handler> = house.handlers.iter().filter(|its| its.feature == *folder).collect();
    let path = match wanted.path {
        Some(path) => path.to_owned(),
        None => default_path(&own, feature, noun)?,
    };
    check_path(&path)?;
    let alike = |known: &&Handler| known.method == method && shape(&known.path) == shape(&path);
    if let Some(known) = house.handlers.iter().find(alike) {
        bail!("`{method} {path}` is `{}` already; say another one: `--path …`", known.id);
    }
    let endpoint = Endpoint {
        feature,
        id,
        method,
        input: input(&house, feature, &path)?,
        like: like(&own, wanted.like, method, &path)?,
        error: house.error_of(feature)?,
        path,
    };
    endpoint.plan(&house, root)
}

/// Where an endpoint lies that says nothing of that: beside the feature's others.
fn default_path(own: &[&Handler], feature: &str, noun: &str) -> Result<String> {
    let Some(base) = own.iter().map(|its| its.path.as_str()).min_by_key(|path| path.len()) else {
        bail!("the feature has no endpoint that says where the others lie; say where: `--path …`");
    };
    Ok(if noun == feature { base.to_owned() } else { format!("{base}/{noun}") })
}

fn check_path(path: &str) -> Result<()> {
    let Some(rest) = path.strip_prefix('/') else { bail!("the path `{path}` does not begin with `/`") };
    for segment in rest.split('/') {
        let word = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(segment);
        let holds = !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte));
        if !holds {
            bail!("`{segment}` in the path is neither a word nor a parameter such as `{{id}}`");
        }
    }
    Ok(())
}

/// A path without the names of its parameters: two of one shape would be one route.
fn shape(path: &str) -> Vec<&str> {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

fn parameters(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect()
}

/// The type that reads the path's parameters.
fn input(house: &House, feature: &str, path: &str) -> Result<(String, &'static str)> {
    let parameters = parameters(path);
    match parameters[..] {
        [] => Ok(("NoPath".to_owned(), "crate::http::path")),
        ["ledger"] => Ok(("InLedger".to_owned(), "crate::http::path")),
        _ => match house.path_type(feature, &parameters)? {
            Some(its) => Ok((its, "super")),
            None => bail!(
                "no type in app/src/{feature}/query.rs reads {} of a path; write one there first",
                parameters.join(", ")
            ),
        },
    }
}

/// The handler whose right the new one takes: the named one, or the first of the feature that does likewise.
fn like<'a>(own: &[&'a Handler], named: Option<&str>, method: Method, path: &str) -> Result<&'a Handler> {
    let in_ledger = |path: &str| path.contains("{ledger}");
    let found = match named {
        Some(named) => own.iter().find(|its| its.id == named),
        None => own.iter().find(|its| {
            its.method.reads() == method.reads()
                && in_ledger(&its.path) == in_ledger(path)
                && its.right.is_some()
        }),
    };
    match found {
        Some(found) if found.right.is_some() => Ok(found),
        _ => {
            let of_rights = own.iter().filter(|its| its.right.is_some());
            let ids: Vec<&str> = of_rights.map(|its| its.id.as_str()).collect();
            if ids.is_empty() {
                bail!("no endpoint of this feature takes a right, which the new one would take as well");
            }
            bail!("say whose right it takes, `--like …`: {}", ids.join(", "))
        }
    }
}

impl Endpoint<'_> {
    fn plan(&self, house: &House, root: &Path) -> Result<Plan> {
        let mut plan = Plan::new(root);
        let folder = format!("app/src/{}", self.feature);
        let in_ledger = self.path.contains("{ledger}");
        if in_ledger && self.error.is_none() {
            bail!(
                "{folder}/error.rs has no error that a `ReadError` can become; it needs one to read a ledger"
            );
        }
        let right = self.like.right.as_deref().unwrap_or_default();
        let right_from =
            if house.has_right(self.feature, right)? { "super" } else { "crate::http::principal" };
        plan.create(&format!("{folder}/{}.rs", self.id), self.file(right_from, right, in_ledger))?;
        plan.edit(&format!("{folder}/mod.rs"), |text| {
            let text = insert_module(text, &format!("mod {};", self.id))?;
            let line = format!("pub use {}::*;", self.id);
            let place = text.match_indices("\npub use ").map(|(at, _)| at + 1).find(|at| text[*at..] > *line);
            let at = place.unwrap_or(text.len());
            Ok(format!("{}{line}\n{}", &text[..at], &text[at..]))
        })?;
        plan.edit(&format!("{folder}/operations.rs"), |text| self.operation(text, right_from, right))?;
        let table = "server/tests/http/access/rows.rs";
        let Some(takes) = house.takes(&self.like.id) else {
            bail!("{table} has no row for `{}`", self.like.id);
        };
        plan.edit(table, |text| {
            insert(text, "// Sorted by operation, one line each.", &format!("(\"{}\", {takes}),", self.id))
        })?;
        self.call(&mut plan)?;
        Ok(plan)
    }

    /// The file of the endpoint.
    fn file(&self, right_from: &str, right: &str, in_ledger: bool) -> String {
        let template = match (in_ledger, self.method.reads()) {
            (true, true) => include_str!("../../templates/endpoint/read_in_ledger.rs"),
            (true, false) => include_str!("../../templates/endpoint/write_in_ledger.rs"),
            (false, true) => include_str!("../../templates/endpoint/read.rs"),
            (false, false) => include_str!("../../templates/endpoint/write.rs"),
        };
        let (input, from) = &self.input;
        let rest = parameters(&self.path).len() > 1;
        let mut text = template
            .replace(
                "PATTERN",
                &if rest { format!("{input} {{ ledger, .. }}") } else { format!("{input} {{ ledger }}") },
            )
            .replace("METHOD", &self.method.to_string())
            .replace("/the/path", &self.path)
            .replace("verb_noun", self.id)
            .replace("VerbNoun", &type_case(self.id))
            .replace("InputPath", input)
            .replace("SomeRight", right)
            .replace("SomeError", self.error.as_deref().unwrap_or_default())
            .replace("some_method", self.method.function());
        text = import(&text, from, input);
        text = import(&text, right_from, right);
        if in_ledger {
            text = import(&text, "super", self.error.as_deref().unwrap_or_default());
        }
        text
    }

    /// The operations of the feature, with this one behind the others.
    fn operation(&self, text: &str, right_from: &str, right: &str) -> Result<String> {
        let tag = if text.contains("const TAG:") {
            "TAG".to_owned()
        } else {
            let tag = text.split(".about(\"").nth(1).and_then(|rest| rest.split('"').next());
            format!("\"{}\"", tag.unwrap_or("Operations"))
        };
        let (input, from) = &self.input;
        let takes = if self.method.reads() {
            format!("Read<({input}, NoQuery)>")
        } else {
            format!("Write<({input}, NoBody)>")
        };
        let view = format!("{}View", type_case(self.id));
        let reply = if self.method.reads() { "Tagged" } else { "Reply" };
        let operation = format!(
            "        Operation::{}(\"{}\", \"{}\")\n            .right::<{right}>()\n            \
             .about({tag}, \"{}\")\n            .takes::<{takes}>()\n            .returns::<{reply}<{view}>>(),\n",
            self.method.function(),
            self.path,
            self.id,
            summary(self.id),
        );
        let Some(end) = text.rfind("\n    ]\n}") else { bail!("it should end with a list of operations") };
        let mut text = format!("{}\n{operation}{}", &text[..end], &text[end + 1..]);
        text = import(&text, "super", &view);
        text = import(&text, from, input);
        text = import(&text, right_from, right);
        text = import(&text, "crate::http::reply", reply);
        if self.method.reads() {
            text = import(&text, "crate::http::query", "NoQuery");
            text = import(&text, "crate::http::input", "Read");
        } else {
            text = import(&text, "crate::http::input", "NoBody");
            text = import(&text, "crate::http::input", "Write");
        }
        Ok(text)
    }

    /// A call of it, beside the feature's tests where it has calls of its own, with a test.
    fn call(&self, plan: &mut Plan) -> Result<()> {
        let known = parameters(&self.path).iter().all(|name| ["ledger", "id"].contains(name));
        let path = self.path.replace("{ledger}", "main");
        let own = format!("server/tests/http/{}.rs", self.feature);
        let request = match self.method {
            Method::Put => "Request::new(\"PUT\", PATH)".to_owned(),
            other => format!("Request::{}(PATH)", other.function()),
        };
        let request = |path: &str| request.replace("PATH", path);
        if plan.read(&own).is_ok_and(|text| text.contains("fn calls() -> Vec<Call>")) && known {
            let call = request(&if path.contains("{id}") {
                format!("format!(\"{}\")", path.replace("{id}", "{LATEST}"))
            } else {
                format!("\"{path}\"")
            });
            return plan.edit(&own, |text| {
                let begins = text.find("fn calls() -> Vec<Call>").unwrap_or_default();
                let Some(end) = text[begins..].find("\n    ]\n}").map(|at| begins + at) else {
                    bail!("its calls should be one list");
                };
                let text = format!("{}\n        ({call}, 200),{}", &text[..end], &text[end..]);
                Ok(
                    if text.contains("fn created(site: &Site) -> Value")
                        && path.starts_with("/v1/ledgers/main/")
                    {
                        text + &self.test(&path, &request("&path"))
                    } else {
                        text
                    },
                )
            });
        }
        if path.contains('{') {
            bail!(
                "nothing in {own} says which {} to ask with; without `{{id}}` in the path it can be written",
                parameters(&self.path).join(" and ")
            );
        }
        plan.edit("server/tests/http/operations.rs", |text| {
            let Some(end) = text.find("    ];\n    calls.extend(") else {
                bail!("it should have a list of calls")
            };
            Ok(format!(
                "{}        ({}, 200),\n{}",
                &text[..end],
                request(&format!("\"{path}\"")),
                &text[end..]
            ))
        })
    }

    fn test(&self, path: &str, request: &str) -> String {
        let id = self.id;
        let path = if path.contains("{id}") {
            format!("\"{path}\".replace(\"{{id}}\", created(&site)[\"id\"].as_str().expect(\"an id\"))")
        } else {
            format!("\"{path}\".to_owned()")
        };
        format!(
            "\n#[test]\nfn {id}_answers_for_a_ledger_that_is_there() {{\n    let site = Site::start();\n    \
             let path = {path};\n    let reply = site.call(&{request});\n    \
             assert_eq!((reply.status, &reply.json()[\"ledger\"]), (200, &json!(\"main\")), \"{{reply:?}}\");\n    \
             let path = path.replace(\"main\", \"nowhere\");\n    \
             assert_eq!(outcome(&site.call(&{request})), (404, \"ledger.not_found\".to_owned()));\n}}\n"
        )
    }
}

/// `get_payee_balance` as a summary: what it does, with the verb as the house has it.
fn summary(id: &str) -> String {
    let (verb, noun) = id.split_once('_').unwrap_or((id, ""));
    let noun = noun.replace('_', " ");
    let verb = match verb {
        "get" | "show" => "Shows".to_owned(),
        other => {
            let verb = other[..1].to_ascii_uppercase() + &other[1..];
            if verb.ends_with(['s', 'x', 'z']) || verb.ends_with("ch") || verb.ends_with("sh") {
                verb + "es"
            } else {
                verb + "s"
            }
        }
    };
    format!("{verb} {noun}")
}
