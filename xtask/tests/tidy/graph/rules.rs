//! What the Pavex compiler takes without a word and gets wrong, or leaves to us: each rule finds it in the sources.

use std::collections::{BTreeMap, BTreeSet};

use super::component::{CONSTRUCTORS, Component, GIVEN, METHODS, components};
use crate::tree::SourceFile;

/// A rule: what it finds in some files, and why that is wrong.
pub(super) struct Rule {
    /// What is told to whoever broke it.
    pub(super) why: &'static str,
    /// Finds where.
    pub(super) find: fn(&[SourceFile]) -> Vec<String>,
    /// A file that breaks it: path and text.
    pub(super) broken: (&'static str, &'static str),
}

/// All of them.
pub(super) const RULES: [Rule; 19] = [
    Rule {
        why: "Pavex is imported first: of two error handlers for one type the later import wins, silently, and ours have to",
        find: |files| {
            lines(files, SourceFile::is_of_the_app, |line| {
                line.contains(".import(from![") && !line.contains("from![pavex")
            })
        },
        broken: ("app/src/blueprint.rs", "//! x\nbp.import(from![crate, pavex]);\n"),
    },
    Rule {
        why: "constructors are imported at the root only: where a nested blueprint imports one that can fail and two \
              components need it, the compiler panics",
        find: |files| {
            let root = "app/src/blueprint.rs";
            let all = lines(files, SourceFile::is_of_the_app, |line| line.contains(".import("));
            let first = all.iter().position(|found| found.starts_with(root));
            all.iter()
                .enumerate()
                .filter(|(at, _)| Some(*at) != first)
                .map(|(_, found)| found.clone())
                .collect()
        },
        broken: ("app/src/points/mod.rs", "//! x\nnested.import(from![crate::points]);\n"),
    },
    Rule {
        why: "an error handler that a blueprint names loses, silently, to one that is imported: write `#[error_handler]` \
              and nothing else",
        find: |files| lines(files, SourceFile::is_of_the_app, |line| line.contains(".error_handler(")),
        broken: ("app/src/blueprint.rs", "//! x\nbp.error_handler(error::REFUSE);\n"),
    },
    Rule {
        why: "domains never match over HTTP/2: tell hosts apart where connections are accepted",
        find: |files| {
            lines(files, SourceFile::is_of_the_app, |line| line.replace(".domain()", "").contains(".domain("))
        },
        broken: ("app/src/blueprint.rs", "//! x\nbp.domain(\"a.example\").nest(it);\n"),
    },
    Rule {
        why: "what is named first in the blueprint stands outside: import, error observer, wraps, fallback, then the routes",
        find: order,
        broken: ("app/src/blueprint.rs", "//! x\nbp.routes(from![crate::a]);\nbp.wrap(guard::GUARD);\n"),
    },
    Rule {
        why: "a type has one constructor: of two the compiler takes the last and says nothing",
        find: constructors,
        broken: (
            "app/src/points/clock.rs",
            "//! x\n#[singleton]\npub fn one() -> Clock {\n}\n#[request_scoped]\npub fn two() -> Clock {\n}\n",
        ),
    },
    Rule {
        why: "a configuration type derives Deserialize and denies unknown fields: without the one the generated code does not \
              compile, without the other a misspelt key is ignored",
        find: |files| {
            let is_whole = |its: &Component<'_>| {
                its.attributes.contains("Deserialize") && its.attributes.contains("deny_unknown_fields")
            };
            every(files, |its| (its.kind == "config" && !is_whole(its)).then(|| its.place()))
        },
        broken: (
            "app/src/points/config.rs",
            "//! x\n#[derive(Clone)]\n#[config(key = \"points\")]\npub struct Points {\n}\n",
        ),
    },
    Rule {
        why: "a reply is a type of ours: the compiler panics on `Reply<Vec<_>>` and others with an allocator; use a page",
        find: |files| {
            every(files, |its| {
                let (good, _) = its.gives();
                let inside = good.split_once('<').map_or("", |(_, inside)| inside);
                let bad = ["Vec<", "Box<", "HashMap<", "BTreeMap<"].iter().any(|bad| inside.starts_with(bad));
                (METHODS.contains(&its.kind) && bad).then(|| its.place())
            })
        },
        broken: (
            "app/src/points/list.rs",
            "//! x\n#[get(path = \"/a\")]\npub fn list() -> Reply<Vec<A>> {\n}\n",
        ),
    },
    Rule {
        why: "a middleware returns plain `Processing`: with a type in it the generated code does not compile",
        find: |files| lines(files, SourceFile::is_of_the_app, |line| line.contains("Processing<")),
        broken: ("crates/app_base/src/http/gate.rs", "//! x\npub fn gate() -> Processing<Problem> {\n"),
    },
    Rule {
        why: "what a request says is read with `Read`, `Write` or `WriteMany`: Pavex's own extractors stop at the first thing \
              that is wrong, and answer some of it with 500",
        find: |files| {
            let own = [
                "PathParams<",
                "QueryParams<",
                "JsonBody<",
                "UrlEncodedBody<",
                "BufferedBody",
                "ConnectionInfo",
            ];
            every(files, |its| {
                let takes = its.takes();
                let found = own.iter().find(|own| takes.iter().any(|taken| taken.starts_with(*own)))?;
                METHODS
                    .contains(&its.kind)
                    .then(|| format!("{} takes `{}`", its.place(), found.trim_end_matches('<')))
            })
        },
        broken: (
            "app/src/points/get_a.rs",
            "//! x\n#[get(path = \"/a/{id}\")]\npub fn get_a(path: PathParams<A>) -> Response {\n}\n",
        ),
    },
    Rule {
        why: "a route has one method and a path without a slash at its end; a GET answers HEAD by itself",
        find: |files| {
            every(files, |its| {
                let route = its.route().unwrap_or_default();
                let plain =
                    route.starts_with('/') && !route.ends_with('/') && !its.arguments.contains("allow(");
                let many = matches!(its.kind, "head" | "route");
                (many || (METHODS.contains(&its.kind) && !plain)).then(|| format!("{} {route}", its.place()))
            })
        },
        broken: (
            "app/src/points/get_a.rs",
            "//! x\n#[get(path = \"/a/\")]\npub fn get_a() -> Response {\n}\n",
        ),
    },
    Rule {
        why: "whoever asks under /v1 has to have a right: the first argument of the handler is `Granted<…>` with one of \
              crates/app_base/src/http/principal.rs, or a `Visitor` where they have none yet",
        find: |files| {
            every(files, |its| {
                let takes = its.takes();
                let gate =
                    takes.first().is_some_and(|first| first.starts_with("Granted<") || first == "Visitor");
                (its.route()?.starts_with("/v1/") && !gate).then(|| its.place())
            })
        },
        broken: (
            "app/src/points/get_a.rs",
            "//! x\n#[get(path = \"/v1/a\")]\npub fn get_a(e: &Engine) -> Response {\n}\n",
        ),
    },
    Rule {
        why: "every route is described: add the operation to `operations.rs` of its feature",
        find: operations,
        broken: (
            "app/src/points/get_a.rs",
            "//! x\n#[get(path = \"/a\")]\npub fn get_a() -> Response {\n}\n",
        ),
    },
    Rule {
        why: "a path is read by the names that the route has: no more, and no others",
        find: paths,
        broken: (
            "app/src/points/get_a.rs",
            "//! x\nimpl FromPath for APath {\n    fn from_path() {\n        path.read(\"no\", errors);\n    }\n}\n\
             #[get(path = \"/a/{id}\")]\npub fn get_a(request: Read<(APath, NoQuery)>) -> Response {\n}\n",
        ),
    },
    Rule {
        why: "every error has a handler of its own: what has none is answered with 500",
        find: errors,
        broken: (
            "app/src/points/get_a.rs",
            "//! x\n#[get(path = \"/a\")]\npub fn get_a() -> Result<A, AError> {\n}\n",
        ),
    },
    Rule {
        why: "every handler of errors answers with a problem, and so with a code",
        find: |files| {
            let says = |path: &str| {
                let file = files.iter().find(|file| file.path == path);
                file.is_some_and(|file| {
                    ["problem", "Problem", "failures::"].iter().any(|word| file.text.contains(word))
                })
            };
            every(files, |its| (its.kind == "error_handler" && !says(its.path)).then(|| its.place()))
        },
        broken: (
            "app/src/points/error.rs",
            "//! x\n#[error_handler]\npub fn refuse(error: &AError) -> Response {\n    Response::bad_request()\n}\n",
        ),
    },
    Rule {
        why: "a code belongs to one kind of problem: callers match on it",
        find: codes,
        broken: (
            "app/src/points/error.rs",
            "//! x\nstatic A: ProblemType = ProblemType {\n    code: \"points.short\",\n};\n\
             static B: ProblemType = ProblemType {\n    code: \"points.short\",\n};\n",
        ),
    },
    Rule {
        why: "every component is used; what the state has to have though no route takes it is named in crates/app_base/src/storage.rs alone",
        find: |files| {
            let known = "crates/app_base/src/storage.rs";
            every(files, |its| {
                (its.arguments.contains("allow(unused") && its.path != known).then(|| its.place())
            })
        },
        broken: ("app/src/points/mod.rs", "//! x\n#[singleton(allow(unused))]\npub fn a() -> A {\n}\n"),
    },
    Rule {
        why: "a panic ends its own request and nothing else: it has to unwind",
        find: |files| lines(files, |_| true, |line| line.replace(' ', "").contains("panic=\"abort\"")),
        broken: ("Cargo.toml", "[profile.release]\npanic = \"abort\"\n"),
    },
];

/// The lines among these files that are wrong.
fn lines(files: &[SourceFile], among: fn(&SourceFile) -> bool, wrong: fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| among(file) && !file.path.starts_with("xtask/")) {
        for (number, line) in file.code_lines().filter(|(_, line)| wrong(line)) {
            found.push(format!("{}:{number}: {}", file.path, line.trim()));
        }
    }
    found
}

/// All components of the app.
fn all(files: &[SourceFile]) -> Vec<Component<'_>> {
    files.iter().filter(|file| file.is_of_the_app()).flat_map(components).collect()
}

fn every(files: &[SourceFile], wrong: impl Fn(&Component<'_>) -> Option<String>) -> Vec<String> {
    all(files).iter().filter_map(wrong).collect()
}

fn order(files: &[SourceFile]) -> Vec<String> {
    let steps = [
        ".import(",
        ".error_observer(",
        ".pre_process(",
        ".wrap(",
        ".post_process(",
        ".fallback(",
        ".routes(",
    ];
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path == "app/src/blueprint.rs") {
        let mut reached = 0;
        for (number, line) in file.code_lines() {
            let Some(step) = steps.iter().position(|step| line.contains(step)) else { continue };
            // Middlewares stand among themselves in the order of their nesting.
            let step = if (2..=4).contains(&step) { 2 } else { step };
            if step < reached {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
            reached = reached.max(step);
        }
    }
    found
}

fn codes(files: &[SourceFile]) -> Vec<String> {
    let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_of_the_app()) {
        for (number, line) in file.code_lines() {
            let code = line.trim().strip_prefix("code: \"").and_then(|rest| rest.strip_suffix("\","));
            if let Some(code) = code {
                declared.entry(code.to_owned()).or_default().push(format!("{}:{number}", file.path));
            }
        }
    }
    let twice = declared.into_iter().filter(|(_, places)| places.len() > 1);
    twice.map(|(code, places)| format!("`{code}` in {}", places.join(" and in "))).collect()
}

fn constructors(files: &[SourceFile]) -> Vec<String> {
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for component in all(files) {
        let gives = if CONSTRUCTORS.contains(&component.kind) {
            component.gives().0
        } else if GIVEN.contains(&component.kind) {
            component.name.clone()
        } else {
            continue;
        };
        made.entry(gives).or_default().push(component.place());
    }
    let twice = made.into_iter().filter(|(_, places)| places.len() > 1);
    twice.map(|(gives, places)| format!("{gives} by {}", places.join(" and by "))).collect()
}

fn operations(files: &[SourceFile]) -> Vec<String> {
    every(files, |its| {
        let (route, name) = (its.route()?, &its.name);
        let folder = its.path.strip_prefix("app/src/")?.split('/').next()?;
        let wanted = format!("app/src/{folder}/operations.rs");
        let described = files.iter().filter(|file| file.path == wanted).any(|file| {
            let text = file.text.split_whitespace().collect::<String>();
            text.contains(&format!("(\"{route}\",\"{name}\""))
        });
        (!described).then(|| {
            format!("{} needs `Operation::{}(\"{route}\", \"{name}\")` in {wanted}", its.place(), its.kind)
        })
    })
}

fn paths(files: &[SourceFile]) -> Vec<String> {
    let mut read: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_of_the_app()) {
        for block in file.text.split("\nimpl FromPath for ").skip(1) {
            let body = block.split("\n}").next().unwrap_or_default();
            let names = body.split("path.read(\"").skip(1).filter_map(|rest| rest.split('"').next());
            read.insert(block.split([' ', '\n']).next().unwrap_or_default(), names.collect());
        }
    }
    every(files, |its| {
        let route = its.route()?;
        let takes = its.takes();
        let input = takes.iter().find_map(|taken| {
            ["Read<(", "Write<(", "WriteMany<("].iter().find_map(|own| taken.strip_prefix(own))
        })?;
        let input = input.split(',').next()?;
        let names: BTreeSet<&str> =
            route.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let reads = read.get(input)?;
        let shown = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
        (*reads != names).then(|| {
            format!(
                "{}: {route} has {{{}}}, and `{input}` reads {{{}}}",
                its.place(),
                shown(&names),
                shown(reads)
            )
        })
    })
}

fn errors(files: &[SourceFile]) -> Vec<String> {
    let all = all(files);
    let handlers = all.iter().filter(|its| its.kind == "error_handler");
    let answered: BTreeSet<String> = handlers.flat_map(Component::takes).collect();
    let answers = |error: &String| answered.iter().any(|taken| taken.trim_end_matches(',') == error);
    let fallible = all.iter().filter(|its| METHODS.contains(&its.kind) || CONSTRUCTORS.contains(&its.kind));
    let missing = fallible.filter_map(|its| {
        let error = its.gives().1.filter(|error| !answers(error))?;
        Some(format!("{}: no `#[error_handler]` takes `&{error}`", its.place()))
    });
    missing.collect()
}
