//! The binary `server`: Florin's own graph, and what a service does around it. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::program::run()
}
