//! The manifests, and what else is taken from the checkout.

use std::io;
use std::path::Path;

use crate::{APP, SDK, SERVER};

/// The package that decides whether to generate code, and what it needs of the checkout; each with its folders.
const COPIED: [(&str, &[&str]); 2] =
    [("crates/cargo_command", &["src"]), ("crates/graph_fingerprint", &["src", "src/bin"])];

/// Where a package's manifest says what the workspace says.
const SHARED: &str = "version.workspace = true\nedition.workspace = true\nlicense.workspace = true\npublish.workspace = true\n";

/// Settings for packages that are not there.
const FOR_OTHERS: [&str; 4] = [
    "[profile.dev.package.argon2]",
    "[profile.dev.package.ledger]",
    "[profile.dev.package.proptest]",
    "[profile.dev.package.server_graph]",
];

/// Returns all files that do not depend on the number of routes.
pub(crate) fn all(checkout: &Path) -> io::Result<Vec<(String, String)>> {
    let read = |path: &str| std::fs::read_to_string(checkout.join(path));
    let top = read("Cargo.toml")?;
    let members = format!(r#"members = ["{APP}", "crates/*", "{SDK}", "{SERVER}", "workspace_hack"]"#);
    let lines = top.lines().map(|line| match line.split_once(" = ") {
        Some(("members", _)) => format!("{members}\ndefault-members = [\"{SERVER}\"]"),
        _ => line.to_owned(),
    });
    let lines = lines.filter(|line| !line.starts_with("exclude = "));
    let lines = lines.map(|line| match line.as_str() {
        "[profile.dev.package.server]" => format!("[profile.dev.package.{SERVER}]"),
        "[profile.dev.package.server_sdk]" => format!("[profile.dev.package.{SDK}]"),
        _ => line,
    });
    let mut is_kept = true;
    let lines = lines.filter(|line| {
        if line.starts_with('[') {
            is_kept = !line.starts_with("[profile.release") && !FOR_OTHERS.contains(&line.as_str());
        }
        is_kept
    });
    let top = lines.map(|line| line + "\n").collect();
    let mut files = vec![
        ("Cargo.toml".to_owned(), top),
        (format!("{APP}/Cargo.toml"), app()),
        (format!("{SERVER}/Cargo.toml"), server()),
    ];
    for path in [
        ".cargo/config.toml",
        "rust-toolchain.toml",
        "workspace_hack/Cargo.toml",
        "workspace_hack/src/lib.rs",
    ] {
        files.push((path.to_owned(), read(path)?));
    }
    for (package, folders) in COPIED {
        let manifest = read(&format!("{package}/Cargo.toml"))?;
        // Its tests stay behind, and what they need.
        let manifest = manifest.split("[dev-dependencies]").next().unwrap_or_default().to_owned();
        files.push((format!("{package}/Cargo.toml"), manifest));
        for folder in folders {
            let folder = format!("{package}/{folder}");
            for entry in std::fs::read_dir(checkout.join(&folder))? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                    files.push((path.clone(), read(&path)?));
                }
            }
        }
    }
    Ok(files)
}

fn app() -> String {
    format!(
        "[package]\nname = \"{APP}\"\n{SHARED}\n[[bin]]\nname = \"bp\"\npath = \"src/bin/bp.rs\"\n\n[dependencies]\n\
         pavex.workspace = true\npavex_cli_client.workspace = true\nworkspace_hack.workspace = true\n"
    )
}

/// Returns the generated package's manifest, as the code generator leaves it.
pub(crate) fn sdk() -> String {
    format!(
        r#"[package]
name = "{SDK}"
version = "0.1.0"
edition = "2024"

[package.metadata.px.generate]
generator_type = "cargo_workspace_binary"
generator_name = "generate"
generator_args = ["{APP}"]

[package.metadata.px.verify]
verifier_type = "cargo_workspace_binary"
verifier_name = "bp"
verifier_args = ["--check"]

[dependencies]
http = {{ version = "1", default-features = false }}
hyper = {{ version = "1", default-features = false }}
matchit = {{ version = "0.8", default-features = false }}
pavex = {{ version = "0.2", default-features = false }}
serde = {{ version = "1", default-features = false }}
{APP} = {{ version = "0.1", path = "../{APP}", default-features = false }}
thiserror = {{ version = "2", default-features = false }}
"#
    )
}

fn server() -> String {
    let dependencies = ["http", "hyper", "matchit", "pavex", "serde", "thiserror", "tokio", "workspace_hack"];
    let dependencies: Vec<String> =
        dependencies.iter().map(|name| format!("{name}.workspace = true\n")).collect();
    let dependencies = dependencies.concat();
    format!(
        "[package]\nname = \"{SERVER}\"\n{SHARED}\n[dependencies]\n{APP} = {{ path = \"../{APP}\" }}\n{dependencies}"
    )
}
