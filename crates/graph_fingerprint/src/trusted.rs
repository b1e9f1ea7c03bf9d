//! Names that are known to hide nothing: macros that make no item of what they are given, attributes that leave an
//! item what it is, methods by which a blueprint is told what there is. What is not named here counts in full.

/// Macros that expand to an expression and no more. They are known by their last word, or by two.
const MACROS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "concat",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "env",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "line",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Of other crates: known only together with the crate's name.
const MACROS_OF_CRATES: &[(&str, &[&str])] = &[
    ("tokio", &["join", "pin", "select", "try_join"]),
    ("tracing", &["debug", "debug_span", "error", "event", "info", "info_span", "span", "trace", "warn"]),
];

/// Attributes of the language that change no signature.
const ATTRIBUTES: &[&str] = &[
    "allow",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "non_exhaustive",
    "repr",
    "test",
    "track_caller",
    "warn",
];

/// Attributes of other crates that make their items of the signature alone.
const ATTRIBUTES_OF_CRATES: &[(&str, &[&str])] = &[
    ("async_trait", &["async_trait"]),
    (
        "pavex",
        &[
            "config",
            "delete",
            "error_handler",
            "error_observer",
            "fallback",
            "get",
            "head",
            "methods",
            "options",
            "patch",
            "post",
            "post_process",
            "pre_process",
            "prebuilt",
            "put",
            "px",
            "request_scoped",
            "route",
            "singleton",
            "transient",
            "wrap",
        ],
    ),
    ("tokio", &["test"]),
];

/// The methods of `pavex`'s blueprint, and of what they return.
const BLUEPRINT: &[&str] = &[
    "allow",
    "clone_if_necessary",
    "cloning",
    "config",
    "constructor",
    "default_if_missing",
    "deny",
    "domain",
    "error_handler",
    "error_observer",
    "fallback",
    "import",
    "include_if_unused",
    "lifecycle",
    "nest",
    "never_clone",
    "post_process",
    "pre_process",
    "prebuilt",
    "prefix",
    "required",
    "route",
    "routes",
    "warn",
    "wrap",
];

/// Where the names of the language come from.
const LANGUAGE: &[&str] = &["alloc", "core", "std"];

/// Returns whether a macro, by the words of its path, makes nothing but an expression.
pub(crate) fn is_macro(path: &[String]) -> bool {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match words.as_slice() {
        [name] => MACROS.contains(name),
        [root, name] => {
            LANGUAGE.contains(root) && MACROS.contains(name) || belongs(MACROS_OF_CRATES, root, name)
        }
        _ => false,
    }
}

/// Returns whether an attribute, by the words of its path, leaves what it stands at as it is.
pub(crate) fn is_attribute(path: &[String]) -> bool {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match words.as_slice() {
        [name] => {
            ATTRIBUTES.contains(name) || ATTRIBUTES_OF_CRATES.iter().any(|(_, names)| names.contains(name))
        }
        [root, name] => belongs(ATTRIBUTES_OF_CRATES, root, name),
        _ => false,
    }
}

/// Returns whether a method is one of a blueprint's own.
pub(crate) fn is_of_a_blueprint(method: &str) -> bool {
    BLUEPRINT.contains(&method)
}

/// Returns whether a name means something here if it is imported from nowhere else.
pub(crate) fn is_name(name: &str) -> bool {
    let here = [name.to_owned()];
    is_macro(&here) || is_attribute(&here)
}

/// Returns whether a name, imported from the crate `root`, is the one that is known here.
pub(crate) fn comes_from(root: &str, name: &str) -> bool {
    LANGUAGE.contains(&root) && MACROS.contains(&name) || belongs(ATTRIBUTES_OF_CRATES, root, name)
}

fn belongs(crates: &[(&str, &[&str])], root: &str, name: &str) -> bool {
    crates.iter().any(|(krate, names)| *krate == root && names.contains(&name))
}
