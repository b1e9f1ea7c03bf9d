//! The functions that make the blueprint. What they do decides on the graph, so that a file that names a blueprint
//! counts to the letter. They may only say what there is, in plain words: had they any other code to call, any body
//! anywhere could change the graph.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Expr, File, FnArg, Item, ItemFn, Pat, Stmt, UseTree};

use crate::trusted;

/// What is known of the functions in a file that make the blueprint.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
pub(crate) struct Blueprints {
    /// The functions that name it.
    pub(crate) functions: BTreeSet<String>,
    /// The functions that those call.
    pub(crate) calls: BTreeSet<String>,
    /// Something in the file does more than to say what there is: what.
    pub(crate) more: Option<String>,
}

/// Returns what the functions of a file that make the blueprint do; `None` where nothing names a blueprint.
pub(crate) fn find(file: &File) -> Option<Blueprints> {
    if !names_it(file.to_token_stream()) {
        return None;
    }
    let mut found = Blueprints::default();
    found.add(&file.items);
    Some(found)
}

fn names_it(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Blueprint",
        TokenTree::Group(group) => names_it(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns whether an import names it under another name.
fn renames_it(tree: &UseTree) -> bool {
    match tree {
        UseTree::Path(path) => path.ident == "Blueprint" || renames_it(&path.tree),
        UseTree::Group(group) => group.items.iter().any(renames_it),
        UseTree::Rename(renamed) => renamed.ident == "Blueprint" || renamed.rename == "Blueprint",
        _ => false,
    }
}

impl Blueprints {
    fn add(&mut self, items: &[Item]) {
        for item in items.iter().filter(|item| names_it(item.to_token_stream())) {
            match item {
                Item::Use(import) if !renames_it(&import.tree) => {}
                Item::Mod(module) if module.content.is_some() => {
                    module.content.iter().for_each(|(_, items)| self.add(items));
                }
                Item::Fn(function) => {
                    self.functions.insert(function.sig.ident.to_string());
                    if let Err(what) = self.check(function) {
                        self.more = Some(format!("`{}` {what}", function.sig.ident));
                    }
                }
                _ => self.more = Some("an item that is no function names the blueprint".to_owned()),
            }
        }
    }

    fn check(&mut self, function: &ItemFn) -> Result<(), String> {
        let mut words = Words { blueprints: BTreeSet::new(), calls: &mut self.calls };
        for input in &function.sig.inputs {
            if let FnArg::Typed(input) = input
                && let Pat::Ident(name) = &*input.pat
                && names_it(input.ty.to_token_stream())
            {
                words.blueprints.insert(name.ident.to_string());
            }
        }
        words.block(&function.block)
    }
}

/// Follows a function's words.
struct Words<'a> {
    /// Variables that hold a blueprint, or what a blueprint's method gave back.
    blueprints: BTreeSet<String>,
    calls: &'a mut BTreeSet<String>,
}

fn other(what: &impl ToTokens) -> String {
    format!("does more than to say what there is: `{}`", what.to_token_stream())
}

impl Words<'_> {
    fn block(&mut self, block: &Block) -> Result<(), String> {
        block.stmts.iter().try_for_each(|statement| match statement {
            Stmt::Local(local) => {
                let (Pat::Ident(name), Some(value)) = (&local.pat, &local.init) else {
                    return Err(other(local));
                };
                if value.diverge.is_some() || name.subpat.is_some() {
                    return Err(other(local));
                }
                self.value(&value.expr)?;
                let name = name.ident.to_string();
                match &*value.expr {
                    Expr::Call(_) | Expr::MethodCall(_) => _ = self.blueprints.insert(name),
                    _ => _ = self.blueprints.remove(&name),
                }
                Ok(())
            }
            Stmt::Expr(value, _) => self.value(value),
            Stmt::Item(_) | Stmt::Macro(_) => Err(other(statement)),
        })
    }

    /// Follows something that is a blueprint or is told to one.
    fn value(&mut self, value: &Expr) -> Result<(), String> {
        match value {
            Expr::Lit(_) | Expr::Path(_) => Ok(()),
            Expr::Block(block) if block.label.is_none() => {
                let outside = self.blueprints.clone();
                let inside = self.block(&block.block);
                self.blueprints = outside;
                inside
            }
            Expr::Macro(call) if call.mac.path.segments.last().is_some_and(|name| name.ident == "from") => {
                Ok(())
            }
            Expr::Reference(reference) => match &*reference.expr {
                Expr::Path(path) if path.path.get_ident().is_some_and(|name| self.is_blueprint(name)) => {
                    Ok(())
                }
                _ => Err(other(value)),
            },
            Expr::Call(_) | Expr::MethodCall(_) => self.call(value),
            _ => Err(other(value)),
        }
    }

    /// Follows what gives a blueprint, or what one of its methods gives.
    fn call(&mut self, value: &Expr) -> Result<(), String> {
        match value {
            Expr::Path(path) if path.path.get_ident().is_some_and(|name| self.is_blueprint(name)) => Ok(()),
            Expr::MethodCall(call) if trusted::is_of_a_blueprint(&call.method.to_string()) => {
                self.call(&call.receiver)?;
                call.args.iter().try_for_each(|argument| self.value(argument))
            }
            Expr::Call(call) => {
                let Expr::Path(function) = &*call.func else { return Err(other(value)) };
                let names: Vec<String> =
                    function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                match names.as_slice() {
                    [.., owner, name] if owner == "Blueprint" && name == "new" => {}
                    [.., name] => _ = self.calls.insert(name.clone()),
                    [] => return Err(other(value)),
                }
                call.args.iter().try_for_each(|argument| self.value(argument))
            }
            _ => Err(other(value)),
        }
    }

    fn is_blueprint(&self, name: &syn::Ident) -> bool {
        self.blueprints.contains(&name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Blueprints, find};

    fn found(text: &str) -> Option<Blueprints> {
        find(&syn::parse_file(text).unwrap())
    }

    #[test]
    fn plain_words_are_followed() {
        let plain = found(
            "use pavex::{Blueprint, blueprint::from};
            pub fn blueprint() -> Blueprint {
                let mut bp = Blueprint::new();
                bp.import(from![pavex, crate]);
                bp.route(routes::LIST).error_handler(errors::TO_PROBLEM);
                instrument(&mut bp);
                bp.prefix(\"/users\").nest(users::blueprint());
                bp.prefix(PREFIX).nest({ let mut inner = Blueprint::new(); inner.wrap(TIMEOUT); inner });
                bp
            }
            fn instrument(bp: &mut Blueprint) { bp.wrap(telemetry::OBSERVE); }",
        )
        .unwrap();
        assert_eq!(plain.more, None);
        assert_eq!(plain.functions.into_iter().collect::<Vec<_>>(), ["blueprint", "instrument"]);
        assert_eq!(plain.calls.into_iter().collect::<Vec<_>>(), ["blueprint", "instrument"]);
        assert_eq!(found("fn plan() -> Plan { Plan::new() }"), None);
    }

    #[test]
    fn other_code_is_noticed() {
        for (line, case) in [
            "if cfg!(debug_assertions) { bp.wrap(A); }",
            "for route in ROUTES { bp.route(route); }",
            "bp.prefix(&prefix()).nest(b());",
            "bp.prefix(VERSION.path()).nest(b());",
            "bp.extend(A);",
            "[A, B].map(|route| bp.route(route));",
            "bp.prefix(format!(\"/{VERSION}\"));",
            "let prefix = VERSION; prefix.route(A);",
            "unsafe { BP.as_mut() }.route(A);",
        ]
        .iter()
        .zip(0..)
        {
            let text = format!("fn a() -> Blueprint {{ let mut bp = Blueprint::new(); {line} bp }}");
            assert!(found(&text).unwrap().more.is_some(), "{case}: {line}");
        }
        for item in [
            "use pavex::Blueprint as Plan;",
            "type Plan = pavex::Blueprint;",
            "impl Extend for Blueprint {}",
            "fn a() { impl Extend for Blueprint {} }",
        ] {
            assert!(found(item).unwrap().more.is_some(), "{item}");
        }
    }
}
