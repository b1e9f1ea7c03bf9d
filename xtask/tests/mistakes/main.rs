//! Mistakes that the Pavex compiler catches before anything is compiled, and what it says to each.
//!
//! Every case makes one edit in a copy of this workspace under `target/mistakes` and runs what a
//! contributor would run. It needs the code generator: without it the test says so and passes, except
//! where `CI` or `FLORIN_REQUIRE_CODEGEN` is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One edit, and what the compiler has to say to it.
struct Mistake {
    claim: &'static str,
    file: &'static str,
    find: &'static str,
    replace: &'static str,
    /// Each has to occur in the message, white space and frames aside.
    says: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        claim: "a constructor that is taken away is missed by name, with who needs it",
        file: "app/src/telemetry/root_span.rs",
        find: "#[pavex::request_scoped]\n",
        replace: "",
        says: &[
            "I can't find a constructor for `&pavex_tracing::RootSpan`.",
            "to invoke your wrapping middleware, `app::telemetry::observe_request`.",
        ],
    },
    Mistake {
        claim: "two handlers for one method and path are both shown",
        file: "app/src/health/get_ready.rs",
        find: "path = \"/health/ready\"",
        replace: "path = \"/health/live\"",
        says: &["There are 2 different request handlers for `GET /health/live` requests."],
    },
    Mistake {
        claim: "a singleton that cannot be shared between threads is refused",
        file: "app/src/http/guard.rs",
        find: "use std::sync::Arc;\n",
        replace: "use std::rc::Rc as Arc;\n",
        says: &["`app::http::guard::RequestLimits` doesn't implement the `core::marker::Send` trait."],
    },
    Mistake {
        claim: "a singleton cannot be taken out of the state",
        file: "app/src/http/guard.rs",
        find: "    limits: &RequestLimits,\n    route",
        replace: "    limits: RequestLimits,\n    route",
        says: &[
            "consumes `app::http::guard::RequestLimits` by value",
            "is a singleton and can't be moved out of `ApplicationState`",
        ],
    },
];

#[test]
fn the_compiler_catches_each_mistake_and_says_what_is_wrong() {
    if !has_code_generator() {
        let required = ["CI", "FLORIN_REQUIRE_CODEGEN"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "the code generator is not set up: run `cargo xtask setup`");
        eprintln!("left out: the code generator is not set up; `cargo xtask setup` brings it");
        return;
    }
    let workspace = copy_workspace();
    for mistake in MISTAKES {
        let file = workspace.join(mistake.file);
        let right = std::fs::read_to_string(&file).unwrap();
        let wrong = right.replacen(mistake.find, mistake.replace, 1);
        assert_ne!(right, wrong, "{}: {} has no {:?}", mistake.claim, mistake.file, mistake.find);
        std::fs::write(&file, wrong).unwrap();
        let (passed, output) = build(&workspace);
        std::fs::write(&file, right).unwrap();
        assert!(!passed, "{}: it built", mistake.claim);
        let message = plain(&output);
        for says in mistake.says {
            assert!(message.contains(says), "{}: missing {says:?} in\n{output}", mistake.claim);
        }
    }
}

fn has_code_generator() -> bool {
    let answers = |program: &str, arguments: &[&str]| {
        let status = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    answers("pavexc", &["--version"])
        && answers("cargo", &["px", "--version"])
        && answers("rustc", &["+florin-docs", "--version"])
}

/// Copies what git knows or would take in. Files that are the same already stay untouched, so that cargo
/// rebuilds what changed only.
fn copy_workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let copy = root.join("target/mistakes/workspace");
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .unwrap();
    for name in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
        let Ok(bytes) = std::fs::read(root.join(name)) else { continue };
        let target = copy.join(name);
        if std::fs::read(&target).is_ok_and(|old| old == bytes) {
            continue;
        }
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }
    copy
}

/// Builds as a contributor does; returns whether it went well, and what was said.
fn build(workspace: &Path) -> (bool, String) {
    let output = Command::new("cargo")
        .args(["px", "build", "--package", "server_sdk"])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.parent().unwrap().join("target"))
        .env("CARGO_TERM_COLOR", "never")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A message without the frames that the compiler draws, on one line.
fn plain(message: &str) -> String {
    let words = message.split_whitespace().filter(|word| !matches!(*word, "│" | "×" | "╭" | "╰" | "·"));
    words.collect::<Vec<_>>().join(" ")
}
