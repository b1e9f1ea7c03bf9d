//! A copy of this workspace, for tests of what happens when somebody changes it: mistakes that are caught, features
//! that are written by a command.
//!
//! The copy lies beside what cargo builds and has a target folder of its own, which begins with all that is compiled
//! already. One test at a time has it; it never touches the workspace that it was taken from.

pub mod mistakes;
mod seed;
mod sync;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_command::as_from_a_shell;

/// The copy, as long as the test has it. Whoever takes it finds it as the workspace is now.
#[derive(Debug)]
pub struct WorkspaceCopy {
    root: PathBuf,
    target: PathBuf,
    /// Others wait for it.
    _lock: File,
}

/// How a program ended, and what it said on both of its outputs.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whether it ended well.
    pub passed: bool,
    /// All that it said: standard output, then standard error.
    pub text: String,
}

impl WorkspaceCopy {
    /// Returns the copy, made anew or brought up to date; `None` where the code generator is not set up, after it was
    /// said that the test is left out.
    ///
    /// # Panics
    /// The code generator is not set up although `CI` or `FLORIN_REQUIRE_CODEGEN` says that it has to be; or the
    /// workspace cannot be copied.
    #[must_use]
    pub fn with_code_generator() -> Option<Self> {
        if has_code_generator() {
            return Some(Self::new());
        }
        let required = ["CI", "FLORIN_REQUIRE_CODEGEN"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "the code generator is not set up: run `cargo xtask setup`");
        eprintln!("left out: the code generator is not set up; `cargo xtask setup` brings it");
        None
    }

    fn new() -> Self {
        // This program lies in target/debug/deps.
        let program = std::env::current_exe().expect("a test is a file");
        let built = program.ancestors().nth(2).expect("a test lies where cargo builds").to_owned();
        let folder = built.with_file_name("workspace_copy");
        fs::create_dir_all(&folder).expect("a folder beside what is built");
        let lock = File::create(folder.join("lock")).expect("a file to lock");
        lock.lock().expect("a lock that is free once the other test is through");
        let copy = Self { root: folder.join("workspace"), target: folder.join("target"), _lock: lock };
        let begins = !copy.target.exists();
        copy.renew();
        if begins {
            seed::link(&built, &copy.target.join("debug"));
        }
        copy
    }

    /// Takes all changes back.
    ///
    /// # Panics
    /// A file cannot be written.
    pub fn renew(&self) {
        let original =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/test_workspace");
        sync::copy(original, &self.root);
    }

    /// Returns the folder of what is built of the copy. Another workspace with the same dependencies may share it: what
    /// is compiled already serves it, too.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Returns a folder beside the copy, for another workspace.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    /// Returns the path of a file or folder, which is named from the root on.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Reads a file.
    ///
    /// # Panics
    /// There is no such file.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file, in a folder that may be new.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        fs::write(path, text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Replaces what stands in a file, the first time that it does.
    ///
    /// # Panics
    /// It does not stand there.
    pub fn replace(&self, name: &str, find: &str, with: &str) {
        let text = self.read(name);
        assert!(text.contains(find), "{name} has no {find:?}");
        self.write(name, &text.replacen(find, with, 1));
    }

    /// Runs a program at the root of the copy, as a contributor would there, and waits for it.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn run(&self, program: &str, arguments: &[&str]) -> Said {
        let output = as_from_a_shell(&mut Command::new(program))
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_TERM_COLOR", "never")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let text = [output.stdout, output.stderr].concat();
        Said { passed: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
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
