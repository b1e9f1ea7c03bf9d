//! What of a file's tokens counts: all of them but the text of doc comments. Their links do count: the order in which
//! rustdoc numbers items follows them, and the code generator's order follows rustdoc's.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use crate::digest::{Digest, Words};

/// The digest of tokens, and what else they depend on.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    words: Words,
    /// Files that they include, relative to the folder of theirs.
    pub(crate) includes: BTreeSet<String>,
    /// Environment variables whose values they take.
    pub(crate) environment: BTreeSet<String>,
    /// They depend on something else that cannot be found out: what.
    pub(crate) unknown: Option<&'static str>,
}

impl Counted {
    /// Adds tokens; of doc comments their links, unless `is_verbatim`.
    pub(crate) fn add(&mut self, tokens: TokenStream, is_verbatim: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut docs = String::new();
        let mut at = 0;
        while at < tokens.len() {
            if !is_verbatim && let Some((text, length)) = doc_comment(&tokens[at..]) {
                docs.push_str(&text);
                docs.push('\n');
                at += length;
                continue;
            }
            self.add_links(&mut docs);
            self.add_one(&tokens, at, is_verbatim);
            at += 1;
        }
        self.add_links(&mut docs);
    }

    pub(crate) fn digest(&self) -> Digest {
        self.words.digest()
    }

    fn add_one(&mut self, tokens: &[TokenTree], at: usize, is_verbatim: bool) {
        match &tokens[at] {
            TokenTree::Ident(ident) => self.words.add(&ident.to_string()),
            TokenTree::Literal(literal) => self.words.add(&literal.to_string()),
            TokenTree::Punct(punct) => {
                let joint = if punct.spacing() == Spacing::Joint { "+" } else { "" };
                self.words.add(&format!("{}{joint}", punct.as_char()));
            }
            TokenTree::Group(group) => {
                let name = called(tokens, at);
                if let Some(name) = &name {
                    self.note_call(name, group.stream());
                }
                let [open, close] = match group.delimiter() {
                    Delimiter::Parenthesis => ["(", ")"],
                    Delimiter::Brace => ["{", "}"],
                    Delimiter::Bracket => ["[", "]"],
                    Delimiter::None => ["", ""],
                };
                self.words.add(open);
                // A macro may do something with doc comments.
                self.add(group.stream(), is_verbatim || name.is_some());
                self.words.add(close);
            }
        }
    }

    /// Notes what a macro reads besides its tokens.
    fn note_call(&mut self, name: &str, arguments: TokenStream) {
        let literal = || {
            let mut arguments = arguments.into_iter();
            let first = arguments.next()?;
            // `env!` may be given what to say when there is nothing.
            let ends = arguments.next().is_none_or(|next| next.to_string() == ",");
            ends.then(|| string(&first)).flatten()
        };
        match name {
            "include" | "include_str" | "include_bytes" => match literal() {
                Some(path) => _ = self.includes.insert(path),
                None => self.unknown = Some("it includes a file whose name is put together"),
            },
            "env" | "option_env" => match literal() {
                Some(name) => _ = self.environment.insert(name),
                None => self.unknown = Some("it takes an environment variable whose name is put together"),
            },
            _ => {}
        }
    }

    fn add_links(&mut self, docs: &mut String) {
        if docs.is_empty() {
            return;
        }
        let links = links(docs);
        if !links.is_empty() {
            self.words.add("#links");
            self.words.add(&links);
        }
        docs.clear();
    }
}

/// Returns the name of the macro whose arguments the group at `at` is: the word before the `!` before it.
fn called(tokens: &[TokenTree], at: usize) -> Option<String> {
    let before = |back: usize| at.checked_sub(back).and_then(|place| tokens.get(place));
    let is_mark =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == '!');
    let ident = |token: Option<&TokenTree>| match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    };
    if is_mark(before(1)) {
        return ident(before(2));
    }
    // `macro_rules! name { … }`
    (is_mark(before(2)) && ident(before(1)).is_some()).then(|| ident(before(3))).flatten()
}

/// Returns the text of the doc comment that these tokens begin with, and of how many tokens it is.
fn doc_comment(tokens: &[TokenTree]) -> Option<(String, usize)> {
    let TokenTree::Punct(hash) = tokens.first()? else { return None };
    if hash.as_char() != '#' {
        return None;
    }
    let is_inner = matches!(tokens.get(1)?, TokenTree::Punct(mark) if mark.as_char() == '!');
    let at = if is_inner { 2 } else { 1 };
    let TokenTree::Group(group) = tokens.get(at)? else { return None };
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    match inside.as_slice() {
        [TokenTree::Ident(doc), TokenTree::Punct(is), text]
            if group.delimiter() == Delimiter::Bracket && doc == "doc" && is.as_char() == '=' =>
        {
            Some((string(text)?, at + 1))
        }
        _ => None,
    }
}

/// Returns what a string literal says.
fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// Returns all that may be a link: what stands in brackets, with what follows at once in round ones or after a colon.
fn links(text: &str) -> String {
    let mut found = String::new();
    let mut depth = 0_usize;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '[' => depth += 1,
            ']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push(']');
                    let end = match characters.peek() {
                        Some('(') => ')',
                        Some(':') => '\n',
                        _ => continue,
                    };
                    found.extend(characters.by_ref().take_while(|next| *next != end));
                }
            }
            _ => {}
        }
        if depth > 0 {
            found.push(character);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Counted, links};

    fn counted(text: &str) -> Counted {
        let mut counted = Counted::default();
        counted.add(text.parse().unwrap(), false);
        counted
    }

    #[test]
    fn links_are_what_stands_in_brackets() {
        assert_eq!(links("Says [what](crate::What) it is.\n"), "[what](crate::What");
        assert_eq!(links("See [`A`] and [b][c].\n\n[c]: d::E\nNo more."), "[`A`][b][c][c]: d::E");
        assert_eq!(links("Nothing (at all): here"), "");
    }

    #[test]
    fn doc_comments_do_not_count_but_in_macros() {
        assert_eq!(counted("/// One.\nstruct A;").digest(), counted("struct A;").digest());
        assert_ne!(counted("/// [`One`]\nstruct A;").digest(), counted("struct A;").digest());
        assert_ne!(counted("a! { /// One.\nstruct A; }").digest(), counted("a! { struct A; }").digest());
        assert_ne!(counted("#[doc(hidden)] struct A;").digest(), counted("struct A;").digest());
    }

    #[test]
    fn what_is_read_besides_is_noted() {
        let both = counted(r#"const A: &str = include_str!("a.txt"); const B: &str = env!("B", "no B");"#);
        assert_eq!(both.includes.into_iter().collect::<Vec<_>>(), ["a.txt"]);
        assert_eq!(both.environment.into_iter().collect::<Vec<_>>(), ["B"]);
        assert_eq!(both.unknown, None);
        assert!(counted(r#"include!(concat!(env!("OUT_DIR"), "/a.rs"));"#).unknown.is_some());
    }
}
