//! Turns a rustdoc source page back into the Rust file it shows. It never touches the disk.

use std::path::{Component, Path, PathBuf};

/// A source file as it was before rustdoc made a page of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// Where it was, as in `library/core/src/option.rs`: relative, and never upwards.
    pub(super) path: PathBuf,
    /// What it said.
    pub(super) text: String,
}

/// Reads a page; `None` if it is not a source page.
pub(super) fn parse(page: &str) -> Option<SourceFile> {
    // The library takes in files from beside its crates: `library/core/src/../../stdarch/…`.
    let path = resolved(Path::new(&unescape(between(page, "Source of the Rust file `", "`")?)))?;
    if path.is_absolute() || path == Path::new("") {
        return None;
    }
    let (_, code) = page.split_once("<pre class=\"rust\"><code>")?;
    let (code, _) = code.rsplit_once("</code></pre>")?;
    Some(SourceFile { path, text: unescape(&without_tags(code)) })
}

/// The path without `.` and `..`; the files need not exist. `None` if it leads above where it starts.
pub(super) fn resolved(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            other => plain.push(other),
        }
    }
    Some(plain)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inside, _)| inside)
}

/// Drops the colouring and the links, and the line numbers with what they show.
fn without_tags(code: &str) -> String {
    let mut text = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, tag_on)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag_on.split_once('>') else { return text };
        rest = after;
        let is_line_number = tag.starts_with("a ") && tag.ends_with("data-nosnippet");
        if is_line_number && let Some((_, after_number)) = rest.split_once("</a>") {
            rest = after_number;
        }
    }
    text.push_str(rest);
    text
}

/// Undoes HTML's character references; what is none of those it knows stays as it is.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference_on)) = rest.split_once('&') {
        plain.push_str(before);
        let known = reference_on.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = known {
            plain.push(character);
            rest = after;
        } else {
            plain.push('&');
            rest = reference_on;
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, parse, unescape};
    use std::path::PathBuf;

    fn page(path: &str, code: &str) -> String {
        format!(
            "<!DOCTYPE html><meta name=\"description\" content=\"Source of the Rust file `{path}`.\"><body>\
             <div class=\"example-wrap\"><pre class=\"rust\"><code>{code}</code></pre></div></body>"
        )
    }

    #[test]
    fn a_page_gives_back_the_file_byte_for_byte() {
        let code = concat!(
            "<a href=#1 id=1 data-nosnippet>1</a><span class=\"doccomment\">//! A&lt;B&gt; &amp;amp; 'c'.\n",
            "<a href=#2 id=2 data-nosnippet>2</a></span>\n",
            "<a href=#3 id=3 data-nosnippet>3</a><span class=\"kw\">pub fn </span>",
            "<a href=\"../../core/fn.f.html\" class=\"fn\">f</a>&lt;T&gt;(x: <span>&amp;</span>T) -&gt; &quot;2&quot; {}\n",
            "<a href=#4 id=4 data-nosnippet>4</a>",
        );
        let text = "//! A<B> &amp; 'c'.\n\npub fn f<T>(x: &T) -> \"2\" {}\n";
        let file = SourceFile { path: PathBuf::from("library/core/src/f.rs"), text: text.to_owned() };
        assert_eq!(parse(&page("library/core/src/f.rs", code)), Some(file));
    }

    #[test]
    fn code_that_shows_the_closing_tags_does_not_end_the_file() {
        let code = "<span class=\"string\">\"&lt;/code&gt;&lt;/pre&gt;\"</span>;\n// after\n";
        let file = parse(&page("library/std/src/a.rs", code)).expect("a source page");
        assert_eq!(file.text, "\"</code></pre>\";\n// after\n");
    }

    #[test]
    fn an_ordinary_link_keeps_its_text() {
        let file = parse(&page("a.rs", "<a class=\"macro\" href=\"#\">vec!</a>[]")).expect("a source page");
        assert_eq!(file.text, "vec![]");
    }

    #[test]
    fn character_references_are_undone_once_and_only_if_known() {
        assert_eq!(unescape("&amp;lt; &#39;&#x41;&#X42; &nbsp;|"), "&lt; 'AB \u{a0}|");
        assert_eq!(unescape("a && b; &unknown; &#xD800; &"), "a && b; &unknown; &#xD800; &");
    }

    #[test]
    fn a_file_from_beside_the_crate_is_put_where_the_crate_looks() {
        let file = parse(&page("library/core/src/../../stdarch/src/mod.rs", "")).expect("a source page");
        assert_eq!(file.path, PathBuf::from("library/stdarch/src/mod.rs"));
    }

    #[test]
    fn a_path_that_leads_outside_is_refused() {
        for path in ["/etc/passwd", "../up.rs", "library/../../up.rs", "a/..", ""] {
            assert_eq!(parse(&page(path, "fn f() {}")), None, "{path}");
        }
    }

    #[test]
    fn other_pages_are_not_taken_for_source() {
        assert_eq!(parse("<html>Struct std::vec::Vec</html>"), None);
        assert_eq!(parse("Source of the Rust file `a.rs`, but no code"), None);
        assert_eq!(parse(""), None);
    }
}
