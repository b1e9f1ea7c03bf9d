//! Brings the generated graph to where `src/main.rs` includes it, and tells the linker what each kind of build is for. Debug builds are linked in a hurry: what nothing refers to stays in the
//! program, and texts that occur twice are there twice. That saves a seventh of what linking takes, after every change,
//! and makes the file a fifth larger. Release builds have functions lie in the order that was found out, where it was.

// Others have it as a build-dependency. Here that would have cargo-hakari unify the features of what build scripts and
// tests use, all of it, and the service would be built with what only tests need.
#[path = "../crates/graph_source/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate for others")]
mod graph_source;

use std::env;

/// Names the file with the order. `cargo xtask release` finds it out and sets this.
const ORDER: &str = "FLORIN_LINK_ORDER";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../crates/graph_source/src/lib.rs");
    graph_source::copy("../server_sdk/src/lib.rs");
    println!("cargo::rerun-if-env-changed={ORDER}");
    if let Ok(order) = env::var(ORDER) {
        println!("cargo::rerun-if-changed={order}");
        println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={order}");
        // The order holds for more than is in this program: code that was changed since, say.
        println!("cargo::rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
        // Where addresses stand is a list of 1.4 MB otherwise, all of which is read when the program starts.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        // What unwinds the stack when something panics is a library of its own otherwise, mapped in pieces of sixteen pages.
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
    // Where Rust brings its own linker and takes it by itself; others are left alone.
    let hurries = [
        ("PROFILE", "debug"),
        ("CARGO_CFG_TARGET_ARCH", "x86_64"),
        ("CARGO_CFG_TARGET_ENV", "gnu"),
        ("CARGO_CFG_TARGET_OS", "linux"),
    ];
    if hurries.iter().all(|(name, value)| env::var(name).is_ok_and(|its| its == *value)) {
        println!("cargo::rustc-link-arg=-Wl,--no-gc-sections");
        println!("cargo::rustc-link-arg=-Wl,-O0");
    }
}
