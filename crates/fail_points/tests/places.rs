//! Every point is a place in the code, and only one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fail_points::Point;

/// How code reaches a point.
const CALL: &str = "fail_points::reach(Point::";

#[test]
fn every_point_is_reached_at_exactly_one_place() {
    let mut reached: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in sources() {
        let text = std::fs::read_to_string(&file).expect("it can be read");
        for (number, line) in text.lines().enumerate() {
            for after in line.split(CALL).skip(1) {
                let name = after.split(')').next().expect("the first part").to_owned();
                reached.entry(name).or_default().push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    for point in Point::ALL {
        let places = reached.remove(&format!("{point:?}")).unwrap_or_default();
        assert_eq!(places.len(), 1, "{point:?} is reached at {places:?}");
    }
    assert!(reached.is_empty(), "no such points: {reached:?}");
}

#[test]
fn names_are_told_apart() {
    let mut names: Vec<_> = Point::ALL.iter().map(|point| point.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Point::ALL.len());
}

/// The Rust files of all crates but this one.
fn sources() -> Vec<PathBuf> {
    let this = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(this.parent().expect("a folder of crates")).expect("it can be read");
    let mut folders: Vec<_> =
        crates.map(|entry| entry.expect("an entry").path()).filter(|path| path != this).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
