//! The binary `loyalty_server`: Florin, with points beside it.

use std::process::ExitCode;

use loyalty_server::graph::Graph;
use service::Program;

fn main() -> ExitCode {
    let program = Program::new("loyalty_server", env!("CARGO_PKG_VERSION"), loyalty_app::api())
        .about("Points for purchases, on a ledger")
        .configuration(include_str!("../defaults.yml"))
        .schema(points::schema());
    service::run::<Graph>(&program)
}
