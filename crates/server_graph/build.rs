//! Brings the generated graph to where `src/lib.rs` includes it.

// As in the server's own build script.
#[path = "../graph_source/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate for others")]
mod graph_source;

fn main() {
    println!("cargo::rerun-if-changed=../graph_source/src/lib.rs");
    graph_source::copy("../../server_sdk/src/lib.rs");
}
