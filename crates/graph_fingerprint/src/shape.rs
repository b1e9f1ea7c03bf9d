//! One file's shape: what of its text the code generator may see, as a digest, and where else that leads.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, File, ImplItem, Item, Path, ReturnType, Signature, TraitItem, UseTree};

use crate::blueprint::{self, Blueprints};
use crate::digest::Digest;
use crate::tokens::Counted;
use crate::{bodies, trusted};

/// What of a file counts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub(crate) struct Shape {
    pub(crate) digest: Digest,
    /// The files that belong to it.
    pub(crate) modules: Vec<Declared>,
    /// Files whose content counts, relative to the folder of this one.
    pub(crate) includes: BTreeSet<String>,
    /// Environment variables whose values count.
    pub(crate) environment: BTreeSet<String>,
    /// Whether it is one of those that make the blueprint.
    pub(crate) blueprints: Option<Blueprints>,
}

/// A module whose content is another file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub(crate) struct Declared {
    /// The modules in this file that it stands in, the outermost first.
    pub(crate) within: Vec<String>,
    pub(crate) name: String,
    /// What its `path` attribute says.
    pub(crate) path: Option<String>,
}

impl Shape {
    /// Reads the shape of a file.
    ///
    /// # Errors
    /// Says why the text cannot be judged.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        let mut file = syn::parse_file(text).map_err(|error| format!("it cannot be parsed: {error}"))?;
        if is_for_tests(&file.attrs) {
            file.items.clear();
        }
        let mut names = Names::default();
        names.visit_file(&file);
        if let Some(name) = names.defines {
            return Err(format!("it defines a macro `{name}!`, a name that is taken for the language's"));
        }
        let mut modules = Modules::default();
        modules.visit_file(&file);
        if let Some(name) = modules.unclear {
            return Err(format!("where the module `{name}` is cannot be told"));
        }
        let blueprints = blueprint::find(&file);
        Pruning { foreign: names.foreign }.visit_file_mut(&mut file);
        let mut counted = Counted::default();
        counted.add(tokens(&file), false);
        if let Some(unknown) = counted.unknown {
            return Err(unknown.to_owned());
        }
        // The code generator is told in which line the blueprint says what.
        let digest = if blueprints.is_some() { Digest::of(text) } else { counted.digest() };
        let Counted { includes, environment, .. } = counted;
        Ok(Self { digest, modules: modules.found, includes, environment, blueprints })
    }
}

fn tokens(of: &impl quote::ToTokens) -> TokenStream {
    of.to_token_stream()
}

fn words(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Returns whether these attributes say that something is there in tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let said = tokens(&attribute.meta).to_string().replace(' ', "");
        said == "cfg(test)" || said.starts_with("cfg(all(test,")
    })
}

fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Finds names that mean something else in this file than `trusted` takes them for.
#[derive(Default)]
struct Names {
    /// What is imported under a name that is taken for another's.
    foreign: BTreeSet<String>,
    /// A macro with such a name that the file defines, for itself and for others.
    defines: Option<String>,
}

impl Names {
    fn add(&mut self, tree: &UseTree, root: Option<&str>) {
        match tree {
            UseTree::Path(path) => {
                let name = path.ident.to_string();
                self.add(&path.tree, Some(root.unwrap_or(&name)));
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, root)),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                if trusted::is_name(&name) && !root.is_some_and(|root| trusted::comes_from(root, &name)) {
                    self.foreign.insert(name);
                }
            }
            UseTree::Rename(renamed) => _ = self.foreign.insert(renamed.rename.to_string()),
            UseTree::Glob(_) => {}
        }
    }
}

impl<'a> Visit<'a> for Names {
    fn visit_item(&mut self, item: &'a Item) {
        if is_for_tests(item_attributes(item)) {
            return;
        }
        match item {
            Item::Use(import) => self.add(&import.tree, None),
            Item::ExternCrate(item) => {
                // `#[macro_use]` brings macros of any name; a crate may be given another one's name.
                if let Some((_, name)) = &item.rename {
                    self.foreign.insert(name.to_string());
                }
                if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_use")) {
                    self.defines = Some(item.ident.to_string());
                }
            }
            Item::Macro(item) => {
                let name = item.ident.as_ref().map(ToString::to_string);
                if let Some(name) = name.filter(|name| trusted::is_name(name)) {
                    self.defines = Some(name);
                }
            }
            _ => visit::visit_item(self, item),
        }
    }
}

/// Finds the modules that are files of their own.
#[derive(Default)]
struct Modules {
    within: Vec<String>,
    found: Vec<Declared>,
    unclear: Option<String>,
}

impl<'a> Visit<'a> for Modules {
    fn visit_item(&mut self, item: &'a Item) {
        if is_for_tests(item_attributes(item)) {
            return;
        }
        match item {
            Item::Mod(module) => {
                let name = module.ident.to_string().trim_start_matches("r#").to_owned();
                let mut path = None;
                for attribute in &module.attrs {
                    let is_path = attribute.path().is_ident("path");
                    if is_path {
                        path = said(attribute);
                    }
                    let may_be_path =
                        is_path && (path.is_none() || !self.within.is_empty() || module.content.is_some());
                    if may_be_path || attribute.path().is_ident("cfg_attr") {
                        self.unclear = Some(name.clone());
                    }
                }
                if module.content.is_some() {
                    self.within.push(name);
                    visit::visit_item_mod(self, module);
                    self.within.pop();
                } else {
                    self.found.push(Declared { within: self.within.clone(), name, path });
                }
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_block(&mut self, block: &'a Block) {
        // A module that a block declares is looked for nowhere here.
        let mut inner = Self::default();
        visit::visit_block(&mut inner, block);
        let declared = inner.found.pop().map(|module| module.name);
        self.unclear = self.unclear.take().or(inner.unclear).or(declared);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        let text = call.tokens.to_string();
        let mut words = text.split_whitespace().skip_while(|word| *word != "mod");
        if let (Some(_), Some(name)) = (words.next(), words.next())
            && words.next() == Some(";")
        {
            self.unclear = Some(name.to_owned());
        }
    }
}

/// Returns the text of an attribute `#[name = "text"]`.
fn said(attribute: &Attribute) -> Option<String> {
    let value = &attribute.meta.require_name_value().ok()?.value;
    match value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// Takes out what the code generator cannot see.
struct Pruning {
    foreign: BTreeSet<String>,
}

impl Pruning {
    /// Returns whether these attributes leave what they stand at as it is written.
    fn knows(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().all(|attribute| {
            let path = words(attribute.path());
            trusted::is_attribute(&path) && !self.is_foreign(&path)
        })
    }

    fn is_foreign(&self, path: &[String]) -> bool {
        path.first().is_some_and(|root| self.foreign.contains(root))
    }

    fn prune(&self, attributes: &[Attribute], signature: &Signature, body: &mut Block) {
        let is_open = |output: &ReturnType| {
            let said = tokens(output).to_string();
            said.split(|c: char| !c.is_alphanumeric()).any(|word| word == "impl")
        };
        if !self.knows(attributes) || signature.constness.is_some() || is_open(&signature.output) {
            return;
        }
        let is_trusted = |path: &[String]| trusted::is_macro(path) && !self.is_foreign(path);
        let whole: TokenStream = body.stmts.iter().flat_map(tokens).collect();
        let kept = bodies::counted(whole, &is_trusted);
        body.stmts =
            if kept.is_empty() { Vec::new() } else { vec![syn::Stmt::Expr(syn::Expr::Verbatim(kept), None)] };
    }
}

impl VisitMut for Pruning {
    fn visit_file_mut(&mut self, file: &mut File) {
        if self.knows(&file.attrs) {
            file.items.retain(|item| !is_for_tests(item_attributes(item)));
            visit_mut::visit_file_mut(self, file);
        }
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        if !self.knows(item_attributes(item)) {
            return;
        }
        match item {
            Item::Fn(function) => self.prune(&function.attrs, &function.sig, &mut function.block),
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    items.retain(|item| !is_for_tests(item_attributes(item)));
                    for item in items {
                        self.visit_item_mut(item);
                    }
                }
            }
            Item::Impl(block) => {
                for item in &mut block.items {
                    if let ImplItem::Fn(method) = item {
                        self.prune(&method.attrs, &method.sig, &mut method.block);
                    }
                }
            }
            Item::Trait(item) => {
                for item in &mut item.items {
                    if let TraitItem::Fn(method) = item
                        && let Some(body) = &mut method.default
                    {
                        self.prune(&method.attrs, &method.sig, body);
                    }
                }
            }
            _ => {}
        }
    }
}
