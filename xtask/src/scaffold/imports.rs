//! Imports of a source file: what it already has is left as it is, what it lacks is added. Their order is rustfmt's
//! business.

/// Adds the import of a name to a file, unless it has it.
pub(super) fn import(text: &str, module: &str, name: &str) -> String {
    let group = format!("use {module}::{{");
    let single = format!("use {module}::");
    if let Some(at) = text.find(&group) {
        let begin = at + group.len();
        let end = begin + text[begin..].find('}').unwrap_or_default();
        if text[begin..end].split(',').any(|its| its.trim() == name) {
            return text.to_owned();
        }
        let names = text[begin..end].split(',').map(str::trim).filter(|its| !its.is_empty());
        return format!("{}{}{}", &text[..begin], sorted(names, name), &text[end..]);
    }
    for (at, _) in text.match_indices(&single) {
        let begin = at + single.len();
        let end = begin + text[begin..].find(';').unwrap_or_default();
        let its = &text[begin..end];
        if its == name {
            return text.to_owned();
        }
        if its.chars().all(|each| each.is_alphanumeric() || each == '_') {
            return format!("{}{{{}}}{}", &text[..begin], sorted([its].into_iter(), name), &text[end..]);
        }
    }
    let line = format!("use {module}::{name};\n");
    // Imports of this crate are one group, which comes last.
    let at = if let Some(last) = text.rfind("\nuse ") {
        last + 1 + text[last + 1..].find(";\n").unwrap_or_default() + 2
    } else {
        let after = text.find("\n\n").map_or(text.len(), |at| at + 2);
        return format!("{}{line}\n{}", &text[..after], &text[after..]);
    };
    format!("{}{line}{}", &text[..at], &text[at..])
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>, name: &'a str) -> String {
    let mut names: Vec<&str> = names.chain([name]).collect();
    names.sort_unstable();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::import;

    #[test]
    fn a_name_is_imported_once() {
        let text = "//! X.\n\nuse super::{A, C};\nuse crate::http::input::Read;\nuse crate::openapi::Operation;\n\nfn x() {}\n";
        assert_eq!(import(text, "super", "A"), text);
        assert_eq!(import(text, "crate::http::input", "Read"), text);
        assert_eq!(import(text, "super", "B"), text.replace("{A, C}", "{A, B, C}"));
        assert_eq!(
            import(text, "crate::http::input", "NoBody"),
            text.replace("input::Read", "input::{NoBody, Read}")
        );
        assert_eq!(
            import(text, "crate::storage", "Engine"),
            text.replace("Operation;\n", "Operation;\nuse crate::storage::Engine;\n")
        );
        assert_eq!(import("//! X.\n\nfn x() {}\n", "super", "A"), "//! X.\n\nuse super::A;\n\nfn x() {}\n");
    }
}
