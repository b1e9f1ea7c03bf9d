//! Debug builds are linked in a hurry: what nothing refers to stays in the program, and texts that occur twice are there
//! twice. That saves a seventh of what linking takes, after every change, and makes the file a fifth larger.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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
