//! What the tests of imports have in common.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Stdio};

use crate::harness::{Ended, command};
use crate::place::Place;

/// Each row is a transfer of its own.
pub(crate) const MAPPING: &str = r#"
[transaction]
source = "{From}"
destination = "{To}"
asset = "USD/2"
amount = "{Amount}"
reference = "{Order}"
"#;

/// Writes a file into the folder of a place.
pub(crate) fn write(place: &Place, name: &str, text: &str) {
    std::fs::write(place.path().join(name), text).unwrap();
}

/// Brings the schema up to date and leaves the database without a ledger.
pub(crate) fn migrate(place: &Place) {
    let migrated = place.run(&["migrate"]);
    assert_eq!(migrated.code(), Some(0), "{migrated:?}");
}

/// Rows `from..to`, each from the world to one of seven accounts.
pub(crate) fn rows(from: usize, to: usize) -> String {
    let row = |n| [format!("order-{n},world,users:{},{n}.25", n % 7), "\n".to_owned()];
    (from..to).flat_map(row).collect()
}

/// A whole file of so many rows.
pub(crate) fn csv(count: usize) -> String {
    format!("Order,From,To,Amount\n{}", rows(0, count))
}

/// Fills the ledger `main` with so many transactions, and returns what it exports.
pub(crate) fn fill(place: &Place, count: usize) -> String {
    drop(place.start());
    write(place, "filling.toml", MAPPING);
    write(place, "filling.csv", &csv(count));
    let filling =
        &["import", "--ledger", "main", "--format", "csv", "--mapping", "filling.toml", "filling.csv"];
    let filled = place.run(filling);
    assert_eq!(filled.code(), Some(0), "{filled:?}");
    export(place)
}

pub(crate) fn export(place: &Place) -> String {
    let exported = place.run(&["export", "main"]);
    assert_eq!(exported.code(), Some(0), "{exported:?}");
    exported.stdout
}

/// Says how many entries the ledger `main` has; none where it is not there.
pub(crate) fn entries(place: &Place) -> u64 {
    let exported = place.run(&["export", "main"]).stdout;
    let first = exported.lines().next().unwrap_or("{}");
    serde_json::from_str::<serde_json::Value>(first).unwrap()["entries"].as_u64().unwrap_or_default()
}

pub(crate) fn assert_clean(place: &Place) {
    let verified = place.run(&["verify"]);
    assert!(verified.code() == Some(0) && verified.stdout.contains("main: clean"), "{verified:?}");
}

/// An import that is fed through standard input.
pub(crate) struct Fed {
    child: Option<Child>,
    input: Option<ChildStdin>,
}

impl Fed {
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut import = command(place.path(), &place.settings());
        import.arg("import").args(arguments).arg("-");
        import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = import.spawn().expect("the binary runs");
        let input = child.stdin.take();
        Self { child: Some(child), input }
    }

    pub(crate) fn feed(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it was not closed");
        input.write_all(text.as_bytes()).and_then(|()| input.flush()).expect("it reads on");
    }

    /// Feeds it as much as it takes before it ends.
    pub(crate) fn offer(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it was not closed");
        let _ = input.write_all(text.as_bytes());
    }

    /// Ends it, as a power cut would.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().expect("it was not ended");
        child.kill().expect("it runs");
        let ended = Ended::from(child.wait_with_output().expect("it has ended"));
        assert_eq!(ended.code(), None, "it ended by itself: {ended:?}");
    }

    /// Lets it come to its end.
    pub(crate) fn finish(mut self) -> Ended {
        drop(self.input.take());
        Ended::from(self.child.take().expect("it was not ended").wait_with_output().expect("it ends"))
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended; then there is nothing left to end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
