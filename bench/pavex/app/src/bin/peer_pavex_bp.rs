//! Hands the blueprint to the Pavex compiler. `cargo px` runs it; nobody else needs to.

use std::error::Error;
use std::path::PathBuf;

use pavex_cli_client::Client;

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = std::env::var("CARGO_PX_GENERATED_PKG_MANIFEST_PATH")
        .map_err(|_| "run this through cargo-px: `cargo px build`")?;
    let package = PathBuf::from(manifest).parent().ok_or("the manifest has no folder")?.to_path_buf();
    Client::new().pavex_cli_path("pavexc".into()).generate(peer_pavex_app::blueprint(), package).execute()?;
    Ok(())
}
