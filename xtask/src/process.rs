//! Runs other programs and says what went wrong in one line. It never goes through a shell.

use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// What a program printed on its standard output, white space trimmed.
///
/// # Errors
/// The program cannot be started, or exits with a failure: its last `error:` line, or its last line, says why.
pub(crate) fn capture(command: &mut Command) -> anyhow::Result<String> {
    let shown = show(command);
    let output = command
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed: {}", reason(&String::from_utf8_lossy(&output.stderr)));
    }
    let stdout = String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed no UTF-8"))?;
    Ok(stdout.trim().to_owned())
}

/// Runs a program whose output the person at the terminal wants to see.
///
/// # Errors
/// The program cannot be started, or exits with a failure.
pub(crate) fn stream(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}

/// The command line as a person would type it.
fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(std::ffi::OsStr::to_string_lossy));
    words.join(" ")
}

/// The line of a program's complaint that says most.
fn reason(stderr: &str) -> &str {
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .find(|line| line.starts_with("error"))
        .or_else(|| lines().next_back())
        .unwrap_or("it printed no reason")
}

#[cfg(test)]
mod tests {
    use super::{capture, reason, stream};
    use std::process::Command;

    #[test]
    fn the_error_line_is_the_reason_wherever_it_stands() {
        assert_eq!(
            reason("info: syncing\nerror: no such component\nnote: try again\n"),
            "error: no such component"
        );
        assert_eq!(reason("first\nlast\n\n"), "last");
        assert_eq!(reason(""), "it printed no reason");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let mut command = Command::new("florin-has-no-such-program");
        let error = capture(command.arg("--flag")).expect_err("it cannot start");
        assert_eq!(error.to_string(), "cannot start `florin-has-no-such-program --flag`");
        assert!(stream(&mut command).is_err());
    }

    #[test]
    fn a_program_that_fails_is_shown_with_its_reason() {
        let error = capture(Command::new("rustc").arg("--no-such-flag")).expect_err("it fails");
        assert!(error.to_string().starts_with("`rustc --no-such-flag` failed: error: "), "{error}");
    }
}
