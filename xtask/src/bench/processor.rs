//! Processor time, as `/proc` tells it. Where there is none, it is left out of the tables and nothing else.

use std::fs;

/// Ticks of `/proc/PID/stat` in a second: 100 on every Linux, whatever the kernel's own rate.
const TICKS_PER_SECOND: f64 = 100.0;

/// What one process has used.
struct Used {
    parent: u32,
    itself: f64,
    /// Children that have ended.
    children: f64,
}

/// Returns the seconds that this process has used.
pub(crate) fn of_this_process() -> f64 {
    stat("self").map_or(f64::NAN, |used| used.itself)
}

/// Returns the seconds that the children of this process had used when they ended.
pub(crate) fn of_ended_children() -> f64 {
    stat("self").map_or(f64::NAN, |used| used.children)
}

/// Returns the seconds that a process and all its children have used, those that have ended as well.
pub(crate) fn with_children(process: u32) -> f64 {
    let Some(root) = stat(&process.to_string()) else { return f64::NAN };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let running = processes.filter_map(|entry| stat(entry.file_name().to_str()?));
    let children = running.filter(|used| used.parent == process).map(|used| used.itself + used.children);
    root.itself + root.children + children.sum::<f64>()
}

/// Returns how many processes have run or wanted to, on average over the last minute.
#[cfg(any(test, feature = "size", feature = "peers"))]
pub(crate) fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

fn stat(process: &str) -> Option<Used> {
    parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn parse(stat: &str) -> Option<Used> {
    // The program's name, in parentheses, may hold anything; what follows it is numbers.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let seconds = |places: [usize; 2]| {
        let ticks = places.map(|place| fields.get(place)?.parse::<f64>().ok());
        Some((ticks[0]? + ticks[1]?) / TICKS_PER_SECOND)
    };
    Some(Used {
        parent: fields.get(1)?.parse().ok()?,
        itself: seconds([11, 12])?,
        children: seconds([13, 14])?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_name_with_spaces_and_parentheses_hides_nothing() {
        let used = parse("7 (post) gres: x) S 3 7 7 0 -1 0 0 0 0 0 150 50 1000 25 20 0 1 0\n").unwrap();
        assert_eq!(used.parent, 3);
        assert_eq!([used.itself, used.children].map(|s| format!("{s}")), ["2", "10.25"]);
        assert!(parse("7 (cut) S 3").is_none() && parse("").is_none());
    }
}
