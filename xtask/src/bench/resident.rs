//! How much memory a process has resident, as `/proc` tells it.

use anyhow::Context;

/// Returns the bytes that a process has resident.
///
/// # Errors
/// There is no such process, or no `/proc`.
pub(crate) fn resident_bytes(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("reading how much memory a process has")?;
    parse(&status).context("a process without memory")
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn memory_stands_in_the_status_of_a_process() {
        assert_eq!(parse("Name:\tx\nVmHWM:\t 9000 kB\nVmRSS:\t    8192 kB\n"), Some(8192 * 1024));
        assert_eq!(parse("Name:\tkthreadd\n"), None);
    }
}
