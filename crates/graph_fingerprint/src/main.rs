//! What `cargo px` runs to generate code: has the blueprint handed to the Pavex compiler where that could write anything
//! else than what is there. It never runs for `cargo px verify-freshness`, which always asks the compiler.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use graph_fingerprint::{Generation, Sources, Verdict, tools};

/// The program that hands the blueprint over.
const PROGRAM: &str = "bp";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.ok_or("run this through cargo-px: `cargo px build`")
    };
    let root = variable("CARGO_PX_WORKSPACE_ROOT_DIR")?;
    let package = std::env::args().nth(1).ok_or("say which package has the blueprint")?;
    let manifest = variable("CARGO_PX_GENERATED_PKG_MANIFEST_PATH")?;
    let generated = manifest.parent().ok_or("the manifest has no folder")?.to_path_buf();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let sources = Sources { root, package, generated, tools: tools::describe() };
    let generation = Generation::new(&sources, &target.join("graph_fingerprint"));
    let verdict = generation.run(|why| generate(&sources, why))?;
    if verdict == Verdict::Fresh {
        eprintln!("  Unaffected the graph: nothing changed that the Pavex compiler reads");
    }
    Ok(ExitCode::SUCCESS)
}

fn generate(sources: &Sources, why: &str) -> Result<(), Box<dyn Error>> {
    eprintln!("  Generating the graph ({why})");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo told this program of itself is not meant for others: a build script may heed it.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_this_program(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    let arguments = ["run", "--package", &sources.package, "--bin", PROGRAM];
    let status = command.args(arguments).current_dir(&sources.root).status()?;
    if !status.success() {
        return Err(format!("`{PROGRAM}` failed: {status}").into());
    }
    Ok(())
}

fn is_of_this_program(variable: &str) -> bool {
    const SET_BY_CARGO: [&str; 6] = [
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_LINKS",
        "CARGO_MANIFEST_PATH",
        "CARGO_PRIMARY_PACKAGE",
    ];
    SET_BY_CARGO.contains(&variable) || variable.starts_with("CARGO_PKG_")
}
