//! Which packages the code generator documents: those in the repository that a package builds on, found through their
//! manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::Unfit;

/// A package of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) folder: PathBuf,
    /// The file that its library begins with.
    pub(crate) library: PathBuf,
    /// Its build script, if it has one.
    pub(crate) script: Option<PathBuf>,
    /// All of its code counts, bodies included: it runs when others are compiled.
    pub(crate) runs_at_build: bool,
}

/// What the manifests of a repository say.
#[derive(Debug)]
pub(crate) struct Packages {
    /// Every manifest that counts.
    pub(crate) manifests: BTreeSet<PathBuf>,
    pub(crate) documented: Vec<Package>,
}

/// Finds all that `package` builds on, itself included, in the repository at `root`. The manifest of the generated
/// package, in the folder `generated`, does not count: it is made and not read.
///
/// # Errors
/// A manifest cannot be read or understood.
pub(crate) fn find(root: &Path, package: &str, generated: &Path) -> Result<Packages, Unfit> {
    let top = root.join("Cargo.toml");
    let workspace = read(&top)?;
    let mut manifests = BTreeSet::from([top.clone()]);
    let members = members(root, &workspace).ok_or_else(|| Unfit::new(&top, "its members cannot be told"))?;
    let mut folder = None;
    for member in members {
        let path = member.join("Cargo.toml");
        if member == generated || !path.is_file() {
            continue;
        }
        if name(&read(&path)?) == Some(package) {
            folder = Some(member);
        }
        manifests.insert(path);
    }
    let folder = folder.ok_or_else(|| Unfit::new(&top, "the package with the blueprint is no member"))?;
    let mut found: BTreeMap<PathBuf, Package> = BTreeMap::new();
    let mut waiting = vec![(folder, false)];
    while let Some((folder, runs_at_build)) = waiting.pop() {
        if found.get(&folder).is_some_and(|known| known.runs_at_build || !runs_at_build) {
            continue;
        }
        let path = folder.join("Cargo.toml");
        let manifest = read(&path)?;
        let library = manifest.get("lib").and_then(Value::as_table);
        let is_macro = library.is_some_and(|library| {
            ["proc-macro", "proc_macro"]
                .iter()
                .any(|key| library.get(*key).and_then(Value::as_bool) == Some(true))
        });
        let runs_at_build = runs_at_build || is_macro;
        for (dependency, is_of_script) in dependencies(&folder, root, &manifest, &workspace) {
            waiting.push((dependency, runs_at_build || is_of_script));
        }
        let start =
            library.and_then(|library| library.get("path")).and_then(Value::as_str).unwrap_or("src/lib.rs");
        let script = match manifest.get("package").and_then(|package| package.get("build")) {
            Some(Value::String(script)) => Some(folder.join(script)),
            Some(Value::Boolean(false)) => None,
            Some(_) => return Err(Unfit::new(&path, "its build script cannot be told")),
            None => Some(folder.join("build.rs")).filter(|script| script.is_file()),
        };
        manifests.insert(path);
        let package = Package { library: folder.join(start), script, runs_at_build, folder: folder.clone() };
        found.insert(folder, package);
    }
    Ok(Packages { manifests, documented: found.into_values().collect() })
}

fn read(path: &Path) -> Result<Table, Unfit> {
    let text = std::fs::read_to_string(path).map_err(|error| Unfit::new(path, error))?;
    text.parse().map_err(|error| Unfit::new(path, error))
}

fn name(manifest: &Table) -> Option<&str> {
    manifest.get("package")?.get("name")?.as_str()
}

/// Returns the folders of the members; of patterns, `folder/*` is understood.
fn members(root: &Path, workspace: &Table) -> Option<Vec<PathBuf>> {
    let Some(workspace) = workspace.get("workspace") else { return Some(vec![root.to_owned()]) };
    let mut folders = Vec::new();
    for member in workspace.get("members").and_then(Value::as_array).into_iter().flatten() {
        let member = member.as_str()?;
        match member.strip_suffix("/*") {
            Some(parent) => {
                let entries = std::fs::read_dir(root.join(parent)).ok()?;
                folders.extend(entries.map_while(Result::ok).map(|entry| entry.path()));
            }
            None if member.contains(['*', '?', '[']) => return None,
            None => folders.push(root.join(member)),
        }
    }
    folders.sort();
    Some(folders)
}

/// Returns the folders of what a package builds on in the repository, and whether its build script does.
fn dependencies(folder: &Path, root: &Path, manifest: &Table, workspace: &Table) -> Vec<(PathBuf, bool)> {
    let shared = workspace.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let mut found = Vec::new();
    let mut add = |table: &Table| {
        for (section, is_of_script) in [("dependencies", false), ("build-dependencies", true)] {
            for (name, wanted) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
                let path = |value: &Value| value.get("path").and_then(Value::as_str).map(str::to_owned);
                let is_shared = wanted.get("workspace").and_then(Value::as_bool) == Some(true);
                let at = if is_shared {
                    shared.and_then(|shared| shared.get(name)).and_then(path).map(|path| root.join(path))
                } else {
                    path(wanted).map(|path| folder.join(path))
                };
                found.extend(at.map(|at| (plain(&at), is_of_script)));
            }
        }
    };
    add(manifest);
    for table in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        table.1.as_table().into_iter().for_each(&mut add);
    }
    found
}

/// Returns a path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => _ = plain.pop(),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
