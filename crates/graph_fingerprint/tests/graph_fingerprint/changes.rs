//! Changes of sources, and whether the Pavex compiler may see them.

use std::collections::BTreeMap;

use fastrand::Rng;
use synthetic_graph::{BLUEPRINT, COMPONENTS, MIDDLEWARES, SINGLETONS, route_file};

use crate::trial::ROUTES;

/// Whether the compiler may see a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Seen,
    Unseen,
}

/// The files, by their paths.
type Files = BTreeMap<String, String>;

/// Makes a change.
type Make = fn(&mut Files, &mut Rng);

/// A change.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    pub(crate) what: &'static str,
    pub(crate) effect: Effect,
    pub(crate) make: Make,
}

impl Change {
    /// Returns all there are.
    pub(crate) fn all() -> Vec<Self> {
        let of = |effect, changes: &[(&'static str, Make)]| {
            changes.iter().map(|&(what, make)| Self { what, effect, make }).collect::<Vec<_>>()
        };
        [of(Effect::Unseen, UNSEEN), of(Effect::Seen, SEEN)].concat()
    }

    /// Returns some that have this effect together: several that are not seen, or such and one that is.
    pub(crate) fn some(effect: Effect, random: &mut Rng) -> Vec<Self> {
        let of = |effect| Self::all().into_iter().filter(move |change| change.effect == effect);
        let mut unseen: Vec<Self> = of(Effect::Unseen).collect();
        random.shuffle(&mut unseen);
        let mut some: Vec<Self> = unseen.into_iter().take(random.usize(1..5)).collect();
        if effect == Effect::Seen {
            let seen: Vec<Self> = of(Effect::Seen).collect();
            // First, while what it looks for is as it was.
            some.insert(0, seen[random.usize(..seen.len())]);
        }
        some
    }
}

/// What stays inside of a function, or is no code.
const UNSEEN: &[(&str, Make)] = &[
    ("a statement in a handler", |files, random| {
        let number = random.u32(..);
        edit(
            files,
            &route(random),
            "    let number = ",
            &format!("    let _ = {number}_u32;\n    let number = "),
        );
    }),
    ("another body of a handler", |files, random| {
        let text = file(files, &route(random));
        let at = text.find("    let number").unwrap();
        text.truncate(at);
        text.push_str("    if made.0 > 7 {\n        return Response::ok();\n    }\n    Response::ok().set_typed_body(format!(\"{:?}\", (other, single)))\n}\n");
    }),
    ("a closure and a loop in a constructor", |files, _| {
        edit(
            files,
            COMPONENTS,
            "    let sum =",
            "    let add = |a: usize| a + 1;\n    for _ in 0..add(1) {}\n    let sum =",
        );
    }),
    ("a literal in a constructor", |files, random| {
        edit(files, SINGLETONS, "    let value = 3;", &format!("    let value = {};", random.u16(10..)));
    }),
    ("a comment between items", |files, random| {
        edit(files, &source(random), "\n#[", &format!("\n// {} [no link]\n#[", random.u32(..)));
    }),
    ("a comment among attributes", |files, _| {
        edit(
            files,
            SINGLETONS,
            "#[derive(Debug)]\n",
            "#[derive(Debug)]\n// It is shown.\n/* And\nkept. */\n",
        );
    }),
    ("another doc comment", |files, random| {
        edit(files, COMPONENTS, "/// Makes it.", &format!("/// Makes it, {} times over.", random.u32(..)));
    }),
    ("no doc comment", |files, _| edit(files, SINGLETONS, "/// A singleton.\n", "")),
    ("other words about a file", |files, random| {
        let path = route(random);
        let text = file(files, &path);
        text.insert_str(0, "//! Answers with a number.\n//!\n");
    }),
    ("tests", |files, random| {
        let path = route(random);
        file(files, &path).push_str(
            "\n#[cfg(test)]\nmod tests {\n    use super::*;\n    struct Made;\n    impl Clone for Made { fn clone(&self) -> Self { Made } }\n}\n",
        );
    }),
    ("a function for tests", |files, _| {
        file(files, SINGLETONS).push_str("\n#[cfg(test)]\npub fn only_in_tests() -> S00 {\n    S00(1)\n}\n");
    }),
    ("blank lines and white space", |files, random| {
        let path = source(random);
        edit(files, &path, "\npub ", "\n\n\n  pub  ");
    }),
    ("what a middleware does", |files, _| {
        edit(
            files,
            MIDDLEWARES,
            "    next.await\n",
            "    let response = next.await;\n    let _ = response.status();\n    response\n",
        );
    }),
];

/// What shows from outside.
const SEEN: &[(&str, Make)] = &[
    ("another path", |files, random| {
        edit(files, &route(random), "path = \"/routes/", "path = \"/other/");
    }),
    ("another method", |files, random| {
        let path = route(random);
        edit(files, &path, "{Response, get}", "{Response, post}");
        edit(files, &path, "#[get(", "#[post(");
    }),
    ("one input less", |files, random| {
        let path = route(random);
        edit(files, &path, "other: &R", "_unused: &R");
        edit(files, &path, " + other.0", "");
    }),
    ("an input of another type", |files, _| {
        let path = route_file(1);
        edit(files, &path, "use crate::singletons::S01;", "use crate::singletons::S19 as S01;");
    }),
    ("a constructor that is async", |files, _| edit(files, COMPONENTS, "pub fn r_01", "pub async fn r_01")),
    ("another lifecycle", |files, _| {
        edit(files, COMPONENTS, "use pavex::request_scoped;", "use pavex::{request_scoped, transient};");
        edit(
            files,
            COMPONENTS,
            "#[request_scoped(allow(unused))]\npub fn r_02",
            "#[transient(allow(unused))]\npub fn r_02",
        );
    }),
    ("no attribute", |files, _| {
        edit(files, COMPONENTS, "#[request_scoped(allow(unused))]\npub fn r_01", "pub fn r_01");
    }),
    ("a middleware less", |files, _| edit(files, BLUEPRINT, "    bp.wrap(middlewares::WRAP_2);\n", "")),
    ("middlewares in another order", |files, _| {
        edit(files, BLUEPRINT, "WRAP_0", "WRAP_X");
        edit(files, BLUEPRINT, "WRAP_1", "WRAP_0");
        edit(files, BLUEPRINT, "WRAP_X", "WRAP_1");
    }),
    ("a line above the blueprint, which names its lines", |files, _| {
        edit(files, BLUEPRINT, "/// Says what there is.", "/// Says\n/// what there is.");
    }),
    ("a field that cannot be sent", |files, _| {
        edit(
            files,
            SINGLETONS,
            "pub struct S01(pub usize);",
            "pub struct S01(pub usize, std::marker::PhantomData<std::rc::Rc<u8>>);",
        );
        edit(files, SINGLETONS, "    S01(value)", "    S01(value, std::marker::PhantomData)");
    }),
    ("a derive", |files, _| {
        edit(
            files,
            COMPONENTS,
            "#[derive(Debug)]\npub struct R00",
            "#[derive(Debug, Clone)]\npub struct R00",
        );
    }),
    ("an implementation of a trait", |files, _| file(files, SINGLETONS).push_str(CLONE)),
    ("an implementation in a body", |files, _| {
        edit(files, SINGLETONS, "    let value = 0;", &format!("{CLONE}    let value = 0;"));
    }),
    ("an implementation by a macro", |files, _| {
        file(files, SINGLETONS)
            .push_str(&["macro_rules! cloned { () => {", CLONE, "} }\ncloned!();\n"].concat());
    }),
    ("an implementation by a macro in a body", |files, _| {
        let text = file(files, SINGLETONS);
        text.push_str("\n/// Nothing.\npub fn nothing() { implemented!(); }\n");
        let at = text.find("use pavex").unwrap();
        text.insert_str(at, &format!("macro_rules! implemented {{ () => {{ {CLONE} }} }}\n"));
    }),
    ("another name", |files, random| {
        let path = route(random);
        edit(files, &path, "pub fn route_", "pub fn named_");
    }),
    ("another module", |files, _| {
        edit(
            files,
            COMPONENTS,
            "use crate::singletons::*;",
            "use crate::singletons::*;\npub mod inside { pub struct Inside; }",
        );
    }),
    ("what can be reached", |files, _| edit(files, SINGLETONS, "pub struct S03", "pub(crate) struct S03")),
    ("a condition that does not hold", |files, random| {
        let path = route(random);
        edit(files, &path, "#[get(", "#[cfg(any())]\n#[get(");
    }),
    ("a link in a doc comment", |files, _| {
        edit(files, SINGLETONS, "/// A singleton.", "/// A singleton, beside [`crate::components::R05`].");
    }),
    ("the order of constructors", |files, _| {
        let text = file(files, SINGLETONS);
        let at = text.find("/// A singleton.").unwrap();
        let second = at + text[at + 1..].find("/// A singleton.").unwrap() + 1;
        let first: String = text.drain(at..second).collect();
        text.push('\n');
        text.push_str(&first);
    }),
    ("a constant", |files, _| {
        file(files, SINGLETONS).push_str("\n/// Says how many.\npub const MANY: usize = 1 + 2;\n");
    }),
    ("a function that computes at compile time", |files, _| {
        file(files, SINGLETONS).push_str("\n/// Says how many.\npub const fn many() -> usize {\n    3\n}\n");
    }),
    ("a reply of another type", |files, random| {
        let path = route(random);
        edit(files, &path, "-> Response {", "-> pavex::http::StatusCode {");
        edit(
            files,
            &path,
            "    Response::ok().set_typed_body(number.to_string())",
            "    let _ = (number, Response::ok());\n    pavex::http::StatusCode::OK",
        );
    }),
];

const CLONE: &str = "\nimpl Clone for S00 {\n    fn clone(&self) -> Self {\n        Self(self.0)\n    }\n}\n";

fn file<'a>(files: &'a mut Files, path: &str) -> &'a mut String {
    files.get_mut(path).unwrap_or_else(|| panic!("there is no {path}"))
}

/// Replaces what is found first. Where another change has been there, a line end is added: something changes.
fn edit(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = file(files, path);
    match text.find(from) {
        Some(at) => text.replace_range(at..at + from.len(), to),
        None => text.push('\n'),
    }
}

fn route(random: &mut Rng) -> String {
    route_file(random.usize(..ROUTES))
}

/// Returns any file but the blueprint's, which counts to the letter.
fn source(random: &mut Rng) -> String {
    match random.usize(..4) {
        0 => SINGLETONS.to_owned(),
        1 => COMPONENTS.to_owned(),
        2 => MIDDLEWARES.to_owned(),
        _ => route(random),
    }
}
