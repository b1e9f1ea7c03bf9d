//! What `cargo px` runs to generate code: has the blueprint handed to the Pavex compiler where that could write anything
//! else than what is there. It never runs for `cargo px verify-freshness`, which always asks the compiler.

use std::path::PathBuf;
use std::process::ExitCode;

use graph_fingerprint::{GenerateError, Generator, Verdict};

fn main() -> ExitCode {
    match run() {
        Ok(Verdict::Fresh) => {
            eprintln!("  Unaffected: nothing changed that the Pavex compiler reads");
            ExitCode::SUCCESS
        }
        Ok(Verdict::Stale(_)) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Verdict, GenerateError> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.ok_or(GenerateError::Usage("run this through cargo-px: `cargo px build`"))
    };
    let package =
        std::env::args().nth(1).ok_or(GenerateError::Usage("say which package has the blueprint"))?;
    let root = variable("CARGO_PX_WORKSPACE_ROOT_DIR")?;
    let manifest = variable("CARGO_PX_GENERATED_PKG_MANIFEST_PATH")?;
    let generator = Generator::new(root, package, &manifest);
    generator.run(|why| eprintln!("  Generating the graph ({why})"))
}
