//! Has the crate compiled anew when a migration is added; never does anything else.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
