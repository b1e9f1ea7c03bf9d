//! Names that something in the workspace has already.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::name::{Name, type_case};

/// Says whether a name is free: for a feature, a module in every crate, a table, scopes, schemas, handlers.
///
/// # Errors
/// What has it.
pub(super) fn is_free(root: &Path, name: &Name) -> Result<()> {
    let Name { many, one } = name;
    if features(root)?.contains(many) {
        bail!("there is a feature `{many}` already");
    }
    let stands_in = |folder: &str| {
        let folder = root.join(folder);
        folder.join(many).exists() || folder.join(format!("{many}.rs")).exists()
    };
    if stands_in("app/src") || stands_in("crates/app_base/src") {
        bail!("`{many}` is a part of the app that all features share");
    }
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    if lock.lines().any(|line| line.replace('-', "_") == format!("name = \"{many}\"")) {
        bail!("`{many}` is a crate that is used here: code could mean either");
    }
    for store in ["store_postgres", "store_sqlite"] {
        for file in files(&root.join("crates").join(store).join("migrations"))? {
            if file.1.lines().any(|line| line.starts_with(&format!("CREATE TABLE {many} "))) {
                bail!("there is a table `{many}` already, in {}", file.0);
            }
        }
    }
    let scopes =
        fs::read_to_string(root.join("crates/identity/src/scope.rs")).context("cannot read the scopes")?;
    if scopes.contains(&format!("\"{many}:")) {
        bail!("there are scopes of `{many}` already");
    }
    let of_clients =
        fs::read_to_string(root.join("docs/openapi.json")).context("cannot read docs/openapi.json")?;
    let one_type = type_case(one);
    for its in [format!("{one_type}Id"), format!("{one_type}Name"), one_type] {
        if of_clients.contains(&format!("\"#/components/schemas/{its}\"")) {
            bail!("clients know a type `{its}` already, in docs/openapi.json");
        }
    }
    for (path, text) in files(&root.join("app/src"))? {
        for function in [format!("create_{one}"), format!("get_{one}")] {
            if text.contains(&format!("fn {function}(")) {
                bail!("there is a function `{function}` already, in {path}");
            }
        }
    }
    for (path, text) in files(&root.join("crates/engine/src"))? {
        let is_method = [format!(" fn {one}(&self"), format!(" fn {one}(\n        &self")];
        if text.contains("impl Engine {") && is_method.iter().any(|form| text.contains(form)) {
            bail!("the engine has a function `{one}` already, in {path}");
        }
    }
    Ok(())
}

/// The features that there are: folders of the app with operations.
///
/// # Errors
/// The app cannot be read.
pub(super) fn features(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("app/src")).context("cannot read app/src: is this the workspace?")? {
        let entry = entry?;
        if entry.path().join("operations.rs").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// All files under a folder that are source text, by their names from there on.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn files(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|its| its == "rs" || its == "sql") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.push((path.display().to_string(), text));
        }
    }
    found.sort();
    Ok(found)
}
