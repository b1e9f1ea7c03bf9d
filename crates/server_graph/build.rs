//! Brings the generated graph to where `src/lib.rs` includes it.

// Others have it as a build-dependency. Here that would have cargo-hakari unify the features of what build scripts and
// tests use, all of it, and the service would be built with what only tests need.
#[path = "../graph_source/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate for others")]
mod graph_source;

fn main() {
    println!("cargo::rerun-if-changed=../graph_source/src/lib.rs");
    graph_source::copy("../../server_sdk/src/lib.rs");
}
