//! All that the code generator reads, part by part, each with its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::Unfit;
use crate::digest::Digest;
use crate::packages::{self, Package};
use crate::shape::{Declared, Shape};
use crate::shapes::Shapes;

/// What the code generator works for, and what of it lies outside of the sources.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The workspace.
    pub root: PathBuf,
    /// The package that has the blueprint.
    pub package: String,
    /// The folder of the generated package.
    pub generated: PathBuf,
    /// The versions of the tools, in any form.
    pub tools: String,
}

/// Parts and their digests. Two that are the same mean that the code generator would write the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Fingerprint(pub(crate) BTreeMap<String, Digest>);

impl Fingerprint {
    /// Takes the fingerprint. What is known of files from earlier is taken from `shapes`.
    ///
    /// # Errors
    /// Something cannot be read or judged, so that nothing can be said.
    pub fn take(sources: &Sources, shapes: &mut Shapes) -> Result<Self, Unfit> {
        let packages = packages::find(&sources.root, &sources.package, &sources.generated)?;
        let mut taking = Taking { root: &sources.root, shapes, parts: BTreeMap::new(), files: Vec::new() };
        taking.parts.insert("the tools".to_owned(), Digest::of(&sources.tools));
        for manifest in &packages.manifests {
            taking.whole(manifest)?;
        }
        for name in ["Cargo.lock", "rust-toolchain.toml", "rust-toolchain"] {
            taking.whole_if_there(&sources.root.join(name))?;
        }
        for settings in cargo_settings(&sources.root) {
            taking.whole_if_there(&settings)?;
        }
        for package in &packages.documented {
            taking.package(package)?;
        }
        // What hands the blueprint to the code generator.
        for package in packages
            .documented
            .iter()
            .filter(|package| package.folder.file_name().is_some_and(|name| name == sources.package.as_str()))
        {
            for name in ["src/bin/bp.rs", "src/main.rs"] {
                taking.whole_if_there(&package.folder.join(name))?;
            }
        }
        taking.finish()
    }

    /// Returns the first parts that are not the same in both, at most `most`.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self, most: usize) -> Vec<&'a str> {
        let names: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let different = names.into_iter().filter(|name| self.0.get(*name) != other.0.get(*name));
        different.map(String::as_str).take(most).collect()
    }

    /// Returns the names of all parts.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// Returns one digest for all of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut words = crate::digest::Words::default();
        for (name, digest) in &self.0 {
            words.add(name);
            words.add(&digest.to_string());
        }
        words.digest()
    }
}

/// Where cargo looks for its settings.
fn cargo_settings(root: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let folders = root.ancestors().map(|folder| folder.join(".cargo")).chain(home);
    folders.flat_map(|folder| [folder.join("config.toml"), folder.join("config")]).collect()
}

/// A source file that was read.
struct Read {
    path: PathBuf,
    text: String,
    shape: Shape,
}

/// A fingerprint in the making.
struct Taking<'a> {
    root: &'a Path,
    shapes: &'a mut Shapes,
    parts: BTreeMap<String, Digest>,
    files: Vec<Read>,
}

impl Taking<'_> {
    fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).display().to_string()
    }

    fn whole(&mut self, path: &Path) -> Result<(), Unfit> {
        let bytes = std::fs::read(path).map_err(|error| Unfit::new(path, error))?;
        self.parts.insert(self.name(path), Digest::of(bytes));
        Ok(())
    }

    fn whole_if_there(&mut self, path: &Path) -> Result<(), Unfit> {
        if path.exists() { self.whole(path) } else { Ok(()) }
    }

    fn package(&mut self, package: &Package) -> Result<(), Unfit> {
        if let Some(script) = &package.script {
            self.whole(script)?;
        }
        if !package.library.is_file() {
            return Err(Unfit::new(&package.library, "the package has no library there"));
        }
        if package.runs_at_build {
            return self.all_of(&package.folder.join("src"));
        }
        let mut waiting = vec![(package.library.clone(), folder_of(&package.library))];
        while let Some((path, folder)) = waiting.pop() {
            let text = std::fs::read_to_string(&path).map_err(|error| Unfit::new(&path, error))?;
            let shape = self.shapes.of(&text).map_err(|why| Unfit::new(&path, why))?;
            for module in &shape.modules {
                let (file, below) = locate(&path, &folder, module);
                if file.is_file() {
                    waiting.push((file, below));
                } else {
                    // It may be there for others only. When it comes, it counts.
                    self.parts.insert(self.name(&file), Digest::of("missing"));
                }
            }
            for include in &shape.includes {
                self.whole(&folder_of(&path).join(include))?;
            }
            for variable in shape.environment.iter().filter(|name| !name.starts_with("CARGO_")) {
                let value = std::env::var(variable).unwrap_or_default();
                self.parts.insert(format!("the environment's {variable}"), Digest::of(value));
            }
            self.parts.insert(self.name(&path), shape.digest);
            self.files.push(Read { path, text, shape });
        }
        Ok(())
    }

    fn all_of(&mut self, folder: &Path) -> Result<(), Unfit> {
        for entry in std::fs::read_dir(folder).map_err(|error| Unfit::new(folder, error))? {
            let path = entry.map_err(|error| Unfit::new(folder, error))?.path();
            if path.is_dir() { self.all_of(&path)? } else { self.whole(&path)? }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Fingerprint, Unfit> {
        if !self.is_plain() {
            // Whatever the blueprint is made of may lie in any body.
            for Read { path, text, .. } in &self.files {
                let name = path.strip_prefix(self.root).unwrap_or(path).display().to_string();
                self.parts.insert(format!("{name}, to the letter"), Digest::of(text));
            }
        }
        if self.files.iter().all(|file| file.shape.blueprints.is_none()) {
            return Err(Unfit::new(self.root, "no function that makes the blueprint is found"));
        }
        Ok(Fingerprint(self.parts))
    }

    /// Returns whether the blueprint is made by functions that say what there is, and call others like them only.
    fn is_plain(&self) -> bool {
        let makers = || self.files.iter().filter_map(|file| file.shape.blueprints.as_ref());
        let others = || self.files.iter().filter(|file| file.shape.blueprints.is_none());
        let functions: BTreeSet<&String> = makers().flat_map(|made| &made.functions).collect();
        let calls = makers().flat_map(|made| &made.calls);
        makers().all(|made| made.more.is_none())
            && calls
                .into_iter()
                .all(|call| functions.contains(call) && !others().any(|file| defines(&file.text, call)))
    }
}

/// Returns whether a text may have a function of this name.
fn defines(text: &str, function: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let mut before = "";
    words.any(|word| std::mem::replace(&mut before, word) == "fn" && word == function)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

/// Returns the file of a module that `file` declares, and the folder for the modules of that. The modules of `file`
/// lie in `folder`.
fn locate(file: &Path, folder: &Path, module: &Declared) -> (PathBuf, PathBuf) {
    if let Some(path) = &module.path {
        let file = folder_of(file).join(path);
        let below = folder_of(&file);
        return (file, below);
    }
    let folder = module.within.iter().fold(folder.to_owned(), |folder, name| folder.join(name));
    let below = folder.join(&module.name);
    let beside = folder.join(format!("{}.rs", module.name));
    let inside = below.join("mod.rs");
    if inside.is_file() { (inside, below) } else { (beside, below) }
}
