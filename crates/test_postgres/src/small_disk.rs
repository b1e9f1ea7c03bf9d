//! A file system so small that it can be filled, for a part of a server's files. It is mounted where nobody else
//! sees it, and leaves nothing behind.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::folder::ServerFolder;

const MOUNTED: &str = include_str!("small_disk.sh");

/// What of a server lies on a small disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSmallDisk {
    /// Its write-ahead log: without it nothing can be written, and the server breaks down.
    WriteAheadLog,
    /// A tablespace, and with it what is created there: the server goes on without it.
    Tablespace,
}

impl OnSmallDisk {
    /// What the script calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WriteAheadLog => "wal",
            Self::Tablespace => "tablespace",
        }
    }
}

/// A small disk and what it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SmallDisk {
    pub(crate) holds: OnSmallDisk,
    pub(crate) mebibytes: u32,
}

/// Says whether this process may have small disks: root may, and others where the system lets everybody have
/// name spaces of users.
pub(crate) fn can_be_had(programs: &Path) -> bool {
    // The script itself, with a supervisor that does nothing.
    let folder = ServerFolder::empty(programs);
    let mut command = Command::new("sh");
    let disk = SmallDisk { holds: OnSmallDisk::Tablespace, mebibytes: 1 };
    prepare(&mut command, disk, &folder, "echo done");
    command.arg(&folder.programs).arg(&folder.path).stdin(Stdio::null());
    command.output().is_ok_and(|output| output.stdout == b"done\n")
}

/// Makes a command run a supervisor's script with a small disk beside the server's files.
pub(crate) fn prepare(command: &mut Command, disk: SmallDisk, folder: &ServerFolder, supervise: &str) {
    let (user, group) = folder.user.unwrap_or_else(|| folder.owner());
    let numbers = [disk.mebibytes, user, group].map(|number| number.to_string());
    command.args(["-c", MOUNTED, "small_disk"]).args(numbers).arg(supervise);
}
