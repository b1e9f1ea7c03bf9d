//! Cargo, run from a program as a person would run it from a shell.
//!
//! Cargo tells what it runs about itself, in variables that are inherited. Some build scripts heed them, as ring's does:
//! where cargo runs in a program that cargo runs, they would be run again, with all that builds on them, and once more
//! from the shell.

use std::process::Command;

/// How the variables begin that cargo sets for what it runs.
const OF_THE_CALLER: [&str; 5] =
    ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_MANIFEST", "CARGO_PKG", "CARGO_PRIMARY"];

/// Returns cargo: the one that runs this program, or the one that a shell finds.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    as_from_a_shell(&mut cargo);
    cargo
}

/// Returns how many jobs a build after a small change should have: one more than there are cores.
///
/// Packages are then compiled one after the other, and a compiler that is through with what the next one waits for still
/// counts as a job while it writes machine code. With as many jobs as cores, of two packages that could be compiled side
/// by side one waits for that, on two cores.
#[must_use]
pub fn jobs_after_a_change() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get) + 1
}

/// Leaves out what cargo told this program about itself, for a command that runs cargo sooner or later.
pub fn as_from_a_shell(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if OF_THE_CALLER.iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_told_this_test_is_left_out_and_the_rest_is_there() {
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "cargo runs this");
        let output = as_from_a_shell(&mut Command::new("env")).output().unwrap();
        let variables = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(variables.lines().any(|line| line.starts_with("PATH=")), "{variables}");
        let told = |line: &&str| OF_THE_CALLER.iter().any(|start| line.starts_with(start));
        assert_eq!(variables.lines().find(told), None);
    }
}
