//! What it ran on, as the machine says it itself.

use std::process::Command;

use anyhow::Context;

use super::results::Machine;
use crate::bench::cluster::Cluster;
use crate::bench::processor;
use crate::process;

/// Describes the machine and what is installed.
///
/// # Errors
/// Something that is needed is not there.
pub(super) fn describe(cluster: Option<&Cluster>, generator: String) -> anyhow::Result<Machine> {
    let read = |file: &str| std::fs::read_to_string(file).with_context(|| format!("reading {file}"));
    let capture = |program: &str, arguments: &[&str]| process::capture(Command::new(program).args(arguments));
    Ok(Machine {
        date: capture("date", &["-u", "+%Y-%m-%d"])?,
        processor: processor_name(&read("/proc/cpuinfo")?).to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_mb: memory_mb(&read("/proc/meminfo")?),
        kernel: capture("uname", &["-sr"])?,
        rustc: capture("rustc", &["--version"])?,
        generator,
        postgres: cluster.map(Cluster::version).transpose()?,
        file_system: cluster.map(Cluster::file_system),
        load_before: processor::load(),
    })
}

fn processor_name(cpuinfo: &str) -> &str {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    line.map_or("an unknown processor", |(_, name)| name.trim())
}

fn memory_mb(meminfo: &str) -> u64 {
    let kilobytes = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.strip_suffix("kB")?.trim().parse().ok());
    kilobytes.map_or(0, |kilobytes: u64| kilobytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::{memory_mb, processor_name};

    #[test]
    fn a_machine_says_what_it_is() {
        let cpuinfo = "processor\t: 0\nmodel name\t: A Processor: fast\n";
        assert_eq!(processor_name(cpuinfo), "A Processor: fast");
        assert_eq!(processor_name(""), "an unknown processor");
        assert_eq!(memory_mb("MemTotal:       2097152 kB\n"), 2048);
    }
}
