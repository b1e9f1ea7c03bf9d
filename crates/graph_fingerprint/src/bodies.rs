//! What of a function's body counts. The code generator reads what rustdoc writes, and rustdoc looks into no body but
//! for the items in it: an `impl` in there is seen everywhere, and so is an exported macro.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Words that begin an item. Some have other meanings, too; then the body counts without need, which does no harm.
const ITEMS: &[&str] = &[
    "const",
    "enum",
    "extern",
    "fn",
    "global_asm",
    "impl",
    "include",
    "macro",
    "macro_rules",
    "mod",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "use",
];

/// Returns what counts of a body: all of it, or the macros in it of which nothing is known.
/// `is_trusted` tells which macros, by the words of their paths, make nothing but an expression.
pub(crate) fn counted(body: TokenStream, is_trusted: &impl Fn(&[String]) -> bool) -> TokenStream {
    if holds_items(body.clone()) {
        return body;
    }
    let mut kept = TokenStream::new();
    keep_macros(body, is_trusted, &mut kept);
    kept
}

fn holds_items(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ITEMS.contains(&ident.to_string().trim_start_matches("r#")),
        TokenTree::Group(group) => holds_items(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn keep_macros(tokens: TokenStream, is_trusted: &impl Fn(&[String]) -> bool, kept: &mut TokenStream) {
    let mut path: Vec<String> = Vec::new();
    let mut is_call = false;
    let mut colons = 0;
    for token in tokens {
        let call = std::mem::take(&mut is_call);
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    path.clear();
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            // `a! { … }`, and `a != (…)` for good measure.
            TokenTree::Punct(punct) if punct.as_char() == '!' => is_call = !path.is_empty(),
            TokenTree::Group(group) if call && !is_trusted(&path) => {
                let name: TokenStream = path.join("::").parse().unwrap_or_default();
                kept.extend(name);
                kept.extend([TokenTree::Group(Group::new(Delimiter::Bracket, group.stream()))]);
                path.clear();
            }
            TokenTree::Group(group) => {
                keep_macros(group.stream(), is_trusted, kept);
                path.clear();
                colons = 0;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                path.clear();
                colons = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::counted;
    use crate::trusted;

    fn kept(body: &str) -> String {
        counted(body.parse().unwrap(), &trusted::is_macro).to_string()
    }

    #[test]
    fn plain_code_does_not_count() {
        assert_eq!(kept("let a = 1; if a != (2) { format!(\"{a}\") } else { tracing::info!(a, \"b\") }"), "");
        assert_eq!(kept("std::format!(\"a\"); a::<u8>(&vec![1, 2])"), "");
    }

    #[test]
    fn items_have_all_of_it_count() {
        for body in [
            "let a = 1; impl A for B {}",
            "if a { struct B; }",
            "b(|| { use a as vec; })",
            "format!(\"{}\", { impl A for B {} 1 })",
            "macro_rules! a { () => {} }",
            "include!(\"a.rs\")",
        ] {
            let all: proc_macro2::TokenStream = body.parse().unwrap();
            assert_eq!(kept(body), all.to_string(), "{body}");
        }
    }

    #[test]
    fn macros_of_which_nothing_is_known_count() {
        assert_eq!(kept("let a = 1; b::c!(d, 2) + e! { f }"), "b :: c [d , 2] e [f]");
        assert_eq!(kept("vec![a!(1)]; other::format!(2)"), "a [1] other :: format [2]");
        assert_eq!(kept("Some((1, [a!{ b }]))"), "a [b]");
    }
}
