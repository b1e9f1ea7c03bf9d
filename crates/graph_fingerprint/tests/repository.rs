//! This repository's own fingerprint.

use std::path::Path;
use std::time::Instant;

use graph_fingerprint::{Fingerprint, Shapes, Sources};

#[test]
fn this_repository_has_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf();
    let sources = Sources {
        package: "app".to_owned(),
        generated: root.join("server_sdk"),
        root,
        tools: String::new(),
    };
    let mut shapes = Shapes::default();
    let started = Instant::now();
    let first = Fingerprint::take(&sources, &mut shapes).unwrap();
    eprintln!("{:?}", started.elapsed());
    let kept = tempfile::NamedTempFile::new().unwrap();
    shapes.keep(kept.path()).unwrap();
    let started = Instant::now();
    let mut shapes = Shapes::read(kept.path());
    let second = Fingerprint::take(&sources, &mut shapes).unwrap();
    eprintln!("{:?}", started.elapsed());
    assert_eq!(first, second);
    eprintln!("{first:#?}");
}
