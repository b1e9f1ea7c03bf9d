//! What valgrind's dhat says of a run, and what one request costs by two of them.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::process;

/// The files that dhat writes, by the number of the run.
pub(super) struct Files<'f> {
    folder: &'f Path,
    run: u32,
}

impl<'f> Files<'f> {
    pub(super) fn new(folder: &'f Path, run: u32) -> Self {
        Self { folder, run }
    }

    fn path(&self, kind: &str) -> String {
        self.folder.join(format!("{}.{kind}", self.run)).display().to_string()
    }

    /// Returns how a program is started so that it is counted. Threads take turns, so that none waits for one that is
    /// never let go on.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=dhat", "--num-callers=1", "--fair-sched=yes"]);
        valgrind.arg(format!("--log-file={}", self.path("log")));
        valgrind.arg(format!("--dhat-out-file={}", self.path("json")));
        valgrind.arg(program);
        valgrind
    }

    /// Reads them, once the program has ended.
    ///
    /// # Errors
    /// They are not there, or not as dhat writes them: the program did not end by itself, say.
    pub(super) fn read(&self) -> anyhow::Result<Counts> {
        let text = |kind| {
            let path = self.path(kind);
            std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))
        };
        counts(&text("log")?, &text("json")?).context("valgrind has not counted")
    }
}

/// Returns valgrind's version.
///
/// # Errors
/// It is not there.
pub(crate) fn version() -> anyhow::Result<String> {
    process::capture(Command::new("valgrind").arg("--version"))
        .context("valgrind has to be installed for this: Debian has it")
}

/// What a whole run did, or one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counts {
    /// Calls that allocate or grow.
    pub(super) allocations: f64,
    /// Bytes that they asked for; who grows asks for all of it again.
    pub(super) bytes: f64,
    pub(super) instructions: f64,
}

impl Counts {
    /// Returns the figures, each with its name.
    pub(super) fn figures(self) -> [(&'static str, f64); 3] {
        [("allocations", self.allocations), ("bytes", self.bytes), ("instructions", self.instructions)]
    }

    /// Returns what each of `requests` cost by which `more` is above `less`.
    pub(super) fn per_request(more: Self, less: Self, requests: u32) -> Self {
        let each = |more: f64, less: f64| (more - less) / f64::from(requests);
        Self {
            allocations: each(more.allocations, less.allocations),
            bytes: each(more.bytes, less.bytes),
            instructions: each(more.instructions, less.instructions),
        }
    }
}

/// Reads a log, `==7== Total:     4,313,441 bytes in 15,645 blocks`, and a profile, which has a line `,"te":27461014`.
fn counts(log: &str, profile: &str) -> Option<Counts> {
    let total = log.lines().find_map(|line| line.split_once("Total:").map(|(_, total)| total))?;
    let (bytes, blocks) = total.trim().strip_suffix("blocks")?.split_once("bytes in")?;
    let number = |text: &str| text.trim().replace(',', "").parse().ok();
    let end = profile.lines().find_map(|line| line.strip_prefix(",\"te\":"))?;
    Some(Counts { allocations: number(blocks)?, bytes: number(bytes)?, instructions: number(end)? })
}

#[cfg(test)]
mod tests {
    use super::{Counts, counts};

    const LOG: &str = "==7== DHAT, a dynamic heap analysis tool\n==7== \n\
                       ==7== Total:     4,313,441 bytes in 15,645 blocks\n==7== At t-gmax: 1,354,703 bytes in 4,459 blocks\n";
    const PROFILE: &str = "{\"dhatFileVersion\":2\n,\"pid\":7\n,\"te\":27461014\n,\"tg\":26659641\n";

    #[test]
    fn totals_stand_in_the_log_and_in_the_profile() {
        let seen = Counts { allocations: 15_645.0, bytes: 4_313_441.0, instructions: 27_461_014.0 };
        assert_eq!(counts(LOG, PROFILE), Some(seen));
        assert_eq!(counts("==7== killed", PROFILE), None);
        assert_eq!(counts(LOG, ""), None);
    }

    #[test]
    fn a_request_costs_the_difference() {
        let of = |all| Counts { allocations: all, bytes: 10.0 * all, instructions: 100.0 * all };
        assert_eq!(Counts::per_request(of(1250.0), of(1000.0), 100), of(2.5));
    }
}
