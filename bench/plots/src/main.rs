//! Draws charts.

fn main() {}
