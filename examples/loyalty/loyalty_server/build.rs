//! Brings the generated graph to where `src/main.rs` includes it.

fn main() {
    graph_source::copy("../loyalty_server_sdk/src/lib.rs");
}
