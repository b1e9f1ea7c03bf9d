//! The process as the operating system sees it, read when somebody asks.
//!
//! Where `/proc` is missing or does not read as expected, the figures are left out.

use std::fmt;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Ticks of `/proc/self/stat` in a second: 100 on every Linux, whatever the kernel's own rate.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads the process's memory, processor time, threads and open files.
#[derive(Debug)]
pub(super) struct ProcessCollector {
    started_at_seconds: f64,
}

impl ProcessCollector {
    /// Takes the present as the process's start.
    #[expect(clippy::disallowed_methods, reason = "it is no time of a ledger's: only metrics show it")]
    pub(super) fn started_now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started_at_seconds: since_epoch.as_secs_f64() }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let figure = |value: Option<f64>| value.map(ConstGauge::new);
        let gauges = [
            (
                "process_start_time",
                "When the process started, since 1970.",
                Some(Unit::Seconds),
                figure(Some(self.started_at_seconds)),
            ),
            ("process_resident_memory", "Memory in use.", Some(Unit::Bytes), figure(resident_bytes())),
            ("process_threads", "Threads.", None, figure(threads())),
            ("process_open_fds", "Open files and sockets.", None, figure(open_files())),
        ];
        for (name, help, unit, gauge) in gauges {
            let Some(gauge) = gauge else { continue };
            gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), gauge.metric_type())?)?;
        }
        if let Some(seconds) = processor_seconds() {
            let counter = ConstCounter::new(seconds);
            let unit = Some(&Unit::Seconds);
            counter.encode(encoder.encode_descriptor(
                "process_cpu",
                "Processor time used.",
                unit,
                counter.metric_type(),
            )?)?;
        }
        Ok(())
    }
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(status_figure(&status, "VmRSS:")? * 1024.0)
}

fn threads() -> Option<f64> {
    status_figure(&fs::read_to_string("/proc/self/status").ok()?, "Threads:")
}

fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

fn open_files() -> Option<f64> {
    // Reading the folder opens one more.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(f64::from(u32::try_from(open).ok()?))
}

fn status_figure(status: &str, name: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn the_process_tells_its_memory_and_processor_time() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessCollector::started_now()));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(text.contains("process_start_time_seconds "), "{text}");
        if cfg!(target_os = "linux") {
            let figure = |name: &str| -> f64 {
                let line = text.lines().find(|line| line.starts_with(name));
                line.unwrap_or_else(|| panic!("{name}: {text}")).rsplit(' ').next().unwrap().parse().unwrap()
            };
            assert!(figure("process_resident_memory_bytes ") > 100_000.0);
            assert!(figure("process_cpu_seconds_total ") >= 0.0);
            assert!(figure("process_threads ") >= 1.0);
            assert!(figure("process_open_fds ") >= 1.0);
        }
    }
}
