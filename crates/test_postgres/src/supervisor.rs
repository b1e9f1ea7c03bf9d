//! Stands for the shell script that runs a server: it stops the server when the pipe to it closes, which a panic,
//! an abort and `kill -9` do as well as an orderly end. Knows nothing of what the server is for.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::folder::{ServerFolder, as_user};
use crate::small_disk::{self, SmallDisk};

const SUPERVISE: &str = include_str!("supervise.sh");

/// The script, as long as it runs. Dropping it ends the server and removes its folder, unless that is kept.
#[derive(Debug)]
pub(crate) struct Supervisor {
    script: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Starts a server; its folder is the script's from now on.
    pub(crate) fn start(folder: &ServerFolder, disk: Option<SmallDisk>) -> Self {
        let mut command = Command::new("sh");
        match disk {
            None => {
                as_user(command.args(["-c", SUPERVISE, "supervise"]), folder.user);
            }
            Some(disk) => small_disk::prepare(&mut command, disk, folder, SUPERVISE),
        }
        let special = disk.map(|disk| disk.holds.name()).or(folder.kept.then_some("kept"));
        command.arg(&folder.programs).arg(&folder.path).args(special);
        // Of its own group, so that an interrupt meant for the tests does not reach it before they end.
        command.current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = command.spawn().expect("sh runs");
        let commands = script.stdin.take();
        let answers = BufReader::new(script.stdout.take().expect("it is piped"));
        Self { script, commands, answers }
    }

    pub(crate) fn command(&mut self, command: &str) {
        let commands = self.commands.as_mut().expect("open until dropped");
        writeln!(commands, "{command}").expect("the supervisor listens");
    }

    /// Waits for the answer to the last command, and says whether it is good.
    pub(crate) fn is_done(&mut self) -> bool {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the supervisor answers");
        line.trim() == "done"
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.script.wait();
    }
}
