//! Brings the generated graph to where `src/lib.rs` includes it, and tells the linker in which order functions lie where
//! that was found out.

// Others have it as a build-dependency. Here that would have cargo-hakari unify the features of what build scripts and
// tests use, all of it, and the service would be built with what only tests need.
#[path = "../crates/graph_source/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate for others")]
mod graph_source;

/// Names the file with the order. `cargo xtask release` finds it out and sets this.
const ORDER: &str = "FLORIN_LINK_ORDER";

fn main() {
    println!("cargo::rerun-if-changed=../crates/graph_source/src/lib.rs");
    graph_source::copy("../server_sdk/src/lib.rs");
    println!("cargo::rerun-if-env-changed={ORDER}");
    if let Ok(order) = std::env::var(ORDER) {
        println!("cargo::rerun-if-changed={order}");
        println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={order}");
        // The order holds for more than is in this program: code that was changed since, say.
        println!("cargo::rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
        // Where addresses stand is a list of 1.4 MB otherwise, all of which is read when the program starts.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
