//! Sorted lists in source files and documents, of which each feature has its own lines. Adding to one never changes or
//! moves a line that is there.

use anyhow::{Result, bail};

/// Adds an entry to the list that begins behind the line `anchor`, in front of the first one that sorts behind it. The
/// entry may have several lines; it is written as far in as the list is.
///
/// # Errors
/// There is no such line, or more than one; or the entry is there already.
pub(super) fn insert(text: &str, anchor: &str, entry: &str) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = lines.iter().enumerate().filter(|(_, line)| line.trim() == anchor);
    let (Some((at, line)), None) = (found.next(), found.next()) else {
        bail!("the line `{anchor}` should stand there once");
    };
    let is_remark = anchor.starts_with("//");
    let indent =
        if is_remark { indent_of(line) } else { lines.get(at + 1).map_or(0, |next| indent_of(next)) };
    let begins = |line: &str| indent_of(line) == indent && !line.trim().starts_with(['}', ')', ']', '/']);
    let mut end = at + 1;
    let mut place = None;
    while let Some(line) = lines.get(end) {
        let goes_on = !line.is_empty() && indent_of(line) >= indent;
        if !goes_on || (indent_of(line) == indent && line.trim().starts_with(['/'])) {
            break;
        }
        if begins(line) {
            if line.trim() == entry.lines().next().unwrap_or_default() {
                bail!("`{}` is there already", line.trim());
            }
            if place.is_none() && key(line) > key(entry) {
                place = Some(end);
            }
        }
        // What closes the list stands as far in as the list only where the list is at the edge.
        if indent == 0 && line.starts_with(['}', ')', ']']) {
            break;
        }
        end += 1;
    }
    Ok(put(&lines, place.unwrap_or(end), indent, entry))
}

/// Adds a `mod` line to those of a file, by name.
///
/// # Errors
/// The file has none, or has this one.
pub(super) fn insert_module(text: &str, declaration: &str) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let modules: Vec<(usize, &str)> =
        lines.iter().enumerate().filter_map(|(at, line)| Some((at, module_of(line)?))).collect();
    let Some(name) = module_of(declaration) else { bail!("`{declaration}` declares no module") };
    if modules.iter().any(|(_, its)| *its == name) {
        bail!("there is a module `{name}` already");
    }
    let Some((last, _)) = modules.last() else { bail!("it should declare modules") };
    let mut place = modules.iter().find(|(_, its)| *its > name).map_or(last + 1, |(at, _)| *at);
    // What is said of a module stays with it.
    while place > 0 && lines[place - 1].starts_with("#[") {
        place -= 1;
    }
    Ok(put(&lines, place, 0, declaration))
}

/// Returns the name of the module that a line declares.
fn module_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
    rest.strip_prefix("mod ")?.strip_suffix(';')
}

/// What entries are sorted by.
fn key(entry: &str) -> String {
    entry.lines().next().unwrap_or_default().trim().to_lowercase()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn put(lines: &[&str], place: usize, indent: usize, entry: &str) -> String {
    let entry: Vec<String> = entry.lines().map(|line| format!("{}{line}", " ".repeat(indent))).collect();
    let before = lines[..place].iter().copied();
    let all = before.chain(entry.iter().map(String::as_str)).chain(lines[place..].iter().copied());
    all.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_goes_where_it_is_sorted() {
        let text = "x![\n    // sorted\n    b,\n    d,\n]\ny\n";
        for (entry, wanted) in [
            ("a,", "x![\n    // sorted\n    a,\n    b,\n    d,\n]\ny\n"),
            ("c,", "x![\n    // sorted\n    b,\n    c,\n    d,\n]\ny\n"),
            ("e,", "x![\n    // sorted\n    b,\n    d,\n    e,\n]\ny\n"),
        ] {
            assert_eq!(insert(text, "// sorted", entry).unwrap(), wanted);
        }
    }

    #[test]
    fn a_list_may_be_empty_and_end_with_another_remark() {
        assert_eq!(
            insert("[\n    // sorted\n]\n", "// sorted", "a,").unwrap(),
            "[\n    // sorted\n    a,\n]\n"
        );
        let text = "[\n    // sorted\n    // others\n    a,\n]\n";
        assert_eq!(
            insert(text, "// sorted", "b,").unwrap(),
            text.replace("    // others", "    b,\n    // others")
        );
    }

    #[test]
    fn entries_of_several_lines_stay_whole() {
        let text = "m! { list;\n        b {\n            x\n        }\n        d {\n            y\n        }\n    }\n}\n";
        let put = insert(text, "m! { list;", "c {\n    z\n}").unwrap();
        assert_eq!(put, text.replace("        d {", "        c {\n            z\n        }\n        d {"));
        let last = insert(text, "m! { list;", "e {\n    z\n}").unwrap();
        assert_eq!(
            last,
            text.replace("y\n        }\n", "y\n        }\n        e {\n            z\n        }\n")
        );
    }

    #[test]
    fn rows_of_a_table_are_entries() {
        let text = "| word | meaning |\n|---|---|\n| API key | k |\n| clock | c |\n\nmore\n";
        let put = insert(text, "|---|---|", "| batch | b |").unwrap();
        assert_eq!(put, text.replace("| clock", "| batch | b |\n| clock"));
        let last = insert(text, "|---|---|", "| zone | z |").unwrap();
        assert_eq!(last, text.replace("| c |\n", "| c |\n| zone | z |\n"));
    }

    #[test]
    fn modules_are_sorted_by_name_and_keep_what_is_said_of_them() {
        let text = "//! X.\n\nmod b;\n#[path = \"../d.rs\"]\nmod d;\npub mod e;\n\nuse b::B;\n";
        for (name, before) in
            [("pub mod a;", "mod b;"), ("mod c;", "#[path"), ("mod d2;", "pub mod e;"), ("mod f;", "\nuse b")]
        {
            let wanted = text.replacen(before, &format!("{name}\n{before}"), 1);
            assert_eq!(insert_module(text, name).unwrap(), wanted, "{name}");
        }
        assert!(insert_module(text, "pub mod d;").is_err());
        assert!(insert_module("use a;\n", "mod b;").is_err());
    }

    #[test]
    fn an_anchor_that_is_missing_or_there_twice_is_named() {
        for text in ["a\n", "// sorted\n// sorted\n"] {
            let error = insert(text, "// sorted", "b").unwrap_err().to_string();
            assert_eq!(error, "the line `// sorted` should stand there once");
        }
        assert!(insert("// sorted\nb,\n", "// sorted", "b,").is_err());
    }
}
