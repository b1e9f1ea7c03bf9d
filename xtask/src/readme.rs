//! `cargo xtask readme`: follows the README as a newcomer would and compares what happens with what it promises.
//! It never knows what the service does: commands and replies come from the README alone.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::process;

/// How long the first `cargo run` may take, compiling included.
const START_MAX: Duration = Duration::from_mins(20);

/// Where the service leaves a key at its first start, as the README has it.
const KEY: &str = "data/admin-key";

/// The command that starts the service.
const START: &str = "cargo run";

/// One thing that the README has its readers do.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Starts the service, which stays up from here on.
    Start,
    /// A command whose output has to hold a text.
    Call { line: usize, command: String, expected: String },
    /// A command that has to succeed.
    Run { line: usize, command: String },
}

/// Follows the README: starts the service as it says, runs its commands, checks the replies, stops the service.
///
/// # Errors
/// A step fails or answers other than the README says; the README has no such steps.
pub(crate) fn run() -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string("README.md").context("cannot read README.md here: run this at the root")?;
    let steps = steps(&text)?;
    ensure!(steps.first() == Some(&Step::Start), "the README's first command to run is not `{START}`");
    let address = address(&text).context("the README names no http:// address")?;

    // Who has been using the service here keeps their data, and the steps find the empty ledger they expect.
    let aside = tempfile::tempdir().context("cannot make a temporary folder")?;
    let database =
        Path::new("data").exists().then(|| format!("sqlite://{}", aside.path().join("readme.db").display()));
    if database.is_some() {
        println!("./data/ is in use: the service gets a database of its own");
    }

    let key = aside.path().join("admin-key").display().to_string();
    let secret = aside.path().join("secret").display().to_string();
    let away = database.as_deref().map(|database| Away { database, key: &key, secret: &secret });
    let away = away.as_ref();

    let mut service = None;
    let count = steps.len();
    for step in steps {
        match step {
            Step::Start => service = Some(Service::start(address, away)?),
            Step::Call { line, command, expected } => {
                let reply = process::capture(&mut shell(&command, away))
                    .with_context(|| format!("README.md:{line}"))?;
                ensure!(
                    reply.contains(&expected),
                    "README.md:{line}: the reply does not hold what the README shows\n  shown:   {expected}\n  \
                     replied: {reply}"
                );
                println!("README.md:{line}: replies as shown");
            }
            Step::Run { line, command } => {
                process::stream(&mut shell(&command, away)).with_context(|| format!("README.md:{line}"))?;
                println!("README.md:{line}: `{command}` succeeds");
            }
        }
    }
    service.context("the README does not start the service")?.stop()?;
    println!("README.md: all {count} steps do what it says");
    Ok(())
}

/// A database, a key and a secret that are not where the README has them.
struct Away<'a> {
    database: &'a str,
    key: &'a str,
    secret: &'a str,
}

impl Away<'_> {
    fn settings(&self) -> [(&str, &str); 3] {
        [
            ("PX_DATABASE__URL", self.database),
            ("PX_AUTHENTICATION__CREATE_ADMIN_KEY_IN", self.key),
            ("PX_AUTHENTICATION__CREATE_SECRET_IN", self.secret),
        ]
    }
}

fn shell(command: &str, away: Option<&Away<'_>>) -> Command {
    let mut shell = Command::new("sh");
    cargo_command::as_from_a_shell(&mut shell);
    let command = away.map_or(command.to_owned(), |away| command.replace(KEY, away.key));
    shell.args(["-c", &command]).envs(away.into_iter().flat_map(Away::settings));
    shell
}

/// The service as `cargo run` started it. It is killed when dropped, stopped when all went well.
struct Service {
    process: Child,
    output: Receiver<String>,
}

impl Service {
    /// Starts it and waits for the line that names its address.
    fn start(address: &str, away: Option<&Away<'_>>) -> anyhow::Result<Self> {
        let mut command = cargo_command::cargo();
        command.arg("run").envs(away.into_iter().flat_map(Away::settings));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut process = command.spawn().context("cannot start cargo")?;
        let (sender, output) = sync_channel(1024);
        forward(process.stdout.take(), sender.clone());
        forward(process.stderr.take(), sender);
        let service = Self { process, output };

        loop {
            match service.output.recv_timeout(START_MAX.saturating_sub(started.elapsed())) {
                Ok(line) => {
                    println!("  {line}");
                    if line.contains(address) {
                        println!("{START}: up after {} s", started.elapsed().as_secs());
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("{START} named no {address} within {START_MAX:?}"),
                Err(RecvTimeoutError::Disconnected) => bail!("{START} ended without naming {address}"),
            }
        }
        Ok(service)
    }

    /// Asks it to end, as a supervisor would, and expects that it does so in good order.
    fn stop(mut self) -> anyhow::Result<()> {
        process::capture(Command::new("kill").args(["-TERM", &self.process.id().to_string()]))?;
        // Its pipes would fill up, and it would wait for a reader.
        self.output.iter().for_each(|line| println!("  {line}"));
        let status = self.process.wait().context("the service is gone")?;
        ensure!(status.success(), "the service did not end in good order: {status}");
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already when all went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Hands on each line of an output, from a thread of its own, until it ends.
fn forward(output: Option<impl Read + Send + 'static>, sender: SyncSender<String>) {
    let Some(output) = output else { return };
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}

/// The `http://host:port` that the README's commands use.
fn address(readme: &str) -> Option<&str> {
    let (before, _) = readme.split_once("http://")?;
    let from_scheme = &readme[before.len()..];
    let end =
        from_scheme["http://".len()..].find(|c: char| !(c.is_ascii_alphanumeric() || ".:-".contains(c)));
    Some(end.map_or(from_scheme, |end| &from_scheme[.."http://".len() + end]))
}

/// Reads the commands of all `sh` blocks: `cargo run …`, and `curl …` with its reply in a line `#=> …` below.
/// Other commands are for people.
fn steps(readme: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut inside = false;
    let mut lines = readme.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    while let Some((number, line)) = lines.next() {
        if line.starts_with("```") {
            inside = !inside && line == "```sh";
        } else if inside {
            let mut command = line.split(" #").next().unwrap_or_default().trim_end().to_owned();
            while command.ends_with('\\') {
                let (_, more) =
                    lines.next().with_context(|| format!("README.md:{number}: the command breaks off"))?;
                command.push('\n');
                command.push_str(more.trim_end());
            }
            if command == START {
                steps.push(Step::Start);
            } else if command.starts_with(START) {
                steps.push(Step::Run { line: number, command });
            } else if command.starts_with("curl ") {
                let expected = lines.next_if(|(_, line)| line.starts_with("#=> "));
                let (_, expected) =
                    expected.with_context(|| format!("README.md:{number}: no `#=>` below the call"))?;
                let expected = expected.trim_start_matches("#=> ").trim().to_owned();
                steps.push(Step::Call { line: number, command, expected });
            }
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::{Step, address, steps};

    #[test]
    fn the_steps_are_read_in_order_with_their_replies() {
        let readme = "# X\n```sh\ncargo run     # starts it\ncargo test    # tests it\n```\nText: cargo run\n\
            ```sh\ncurl -s http://h:1/a \\\n  -d '{}'\n#=> \"a\":1\n\ncurl b\n#=> b\n```\n\
            ```json\ncurl c\n```\n```sh\ncargo run -- verify\n```\n";
        let call = |line, command: &str, expected: &str| Step::Call {
            line,
            command: command.to_owned(),
            expected: expected.to_owned(),
        };
        let expected = [
            Step::Start,
            call(8, "curl -s http://h:1/a \\\n  -d '{}'", "\"a\":1"),
            call(12, "curl b", "b"),
            Step::Run { line: 19, command: "cargo run -- verify".to_owned() },
        ];
        assert_eq!(steps(readme).expect("well written"), expected);
    }

    #[test]
    fn a_call_without_its_reply_is_refused() {
        let error = steps("```sh\ncurl a\n```\n").expect_err("nothing to compare with");
        assert_eq!(error.to_string(), "README.md:2: no `#=>` below the call");
        assert!(steps("```sh\ncurl a \\").is_err(), "it breaks off");
    }

    #[test]
    fn the_address_ends_where_the_path_begins() {
        assert_eq!(address("on http://127.0.0.1:8000/v1"), Some("http://127.0.0.1:8000"));
        assert_eq!(address("on http://127.0.0.1:8000"), Some("http://127.0.0.1:8000"));
        assert_eq!(address("nowhere"), None);
    }
}
