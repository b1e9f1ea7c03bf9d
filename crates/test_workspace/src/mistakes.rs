//! `docs/mistakes.md` as a table of cases: who catches which mistake, and what is said to it.

/// One section of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The heading of the section.
    pub title: String,
    /// Where the code stands, from the root of the workspace on.
    pub file: String,
    /// What somebody wrote there.
    pub code: String,
    /// What the tool says to it, line by line; `…` stands for what is left out.
    pub says: Vec<String>,
}

impl Mistake {
    /// Returns the first line that a message lacks, white space and drawn frames aside.
    #[must_use]
    pub fn missing_in(&self, message: &str) -> Option<&str> {
        let message = plain(message);
        let is_there = |line: &&String| {
            let mut rest = message.as_str();
            line.split('…').map(plain).all(|part| {
                let found = rest.find(&part);
                rest = found.map_or("", |at| &rest[at + part.len()..]);
                found.is_some()
            })
        };
        self.says.iter().find(|line| !is_there(line)).map(String::as_str)
    }
}

/// The tools that the page has a part for, by its headings.
///
/// # Panics
/// The page has no parts.
#[must_use]
pub fn catchers(page: &str) -> Vec<&str> {
    let parts: Vec<&str> =
        page.split("\n## Caught by ").skip(1).filter_map(|part| part.lines().next()).collect();
    assert!(!parts.is_empty(), "the page has a part for each tool that catches mistakes");
    parts
}

/// The mistakes that the page says a tool catches.
///
/// # Panics
/// The page has no part for this tool, or a section lacks its code, where that stands, or what is said to it.
#[must_use]
pub fn caught_by(page: &str, catcher: &str) -> Vec<Mistake> {
    let parts = page.split("\n## Caught by ").skip(1);
    let mut parts = parts.filter_map(|part| part.split_once('\n')).filter(|(heading, _)| *heading == catcher);
    let (_, part) = parts.next().unwrap_or_else(|| panic!("the page has no part `Caught by {catcher}`"));
    let part = part.split("\n## ").next().unwrap_or_default();
    part.split("\n### ").skip(1).map(section).collect()
}

fn section(text: &str) -> Mistake {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let block = |kind: &str| {
        let begin = format!("\n```{kind}\n");
        let inside = rest.split_once(&begin).and_then(|(_, after)| after.split_once("\n```"));
        inside.map(|(inside, _)| inside)
    };
    let code = block("rust").or_else(|| block("toml")).unwrap_or_else(|| panic!("{title}: no code"));
    let (file, code) = code.split_once('\n').unwrap_or_else(|| panic!("{title}: no code"));
    let file = file.trim_start_matches(['/', '#', ' ']);
    let says = block("text").unwrap_or_else(|| panic!("{title}: nothing that is said to it"));
    Mistake {
        title: title.to_owned(),
        file: file.to_owned(),
        code: format!("{code}\n"),
        says: says.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    }
}

/// A message on one line, without the frames that a compiler draws.
fn plain(message: &str) -> String {
    let frame = |word: &str| word.chars().all(|character| "│×╭╰─╯·├┬▲▶".contains(character));
    let words = message.split_whitespace().filter(|word| !frame(word));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Mistakes\n\n## Caught by a\n\n### One\n\n```rust\n// src/x.rs\nfn x() {}\n```\n\n\
        ```text\nx is … wrong\nmend it\n```\n\nWhy.\n\n## Caught by b\n\n### Two\n\n```toml\n# Cargo.toml\ny = 1\n```\n\n\
        ```text\ny\n```\n\n## What else\n\n### Three\n";

    #[test]
    fn sections_are_read_by_who_catches_them() {
        assert_eq!(catchers(PAGE), ["a", "b"]);
        let one = Mistake {
            title: "One".into(),
            file: "src/x.rs".into(),
            code: "fn x() {}\n".into(),
            says: vec!["x is … wrong".into(), "mend it".into()],
        };
        assert_eq!(caught_by(PAGE, "a"), [one]);
        let two = caught_by(PAGE, "b");
        assert_eq!((two.len(), two[0].file.as_str()), (1, "Cargo.toml"));
    }

    #[test]
    fn a_message_is_compared_without_its_frames_and_what_is_left_out() {
        let one = &caught_by(PAGE, "a")[0];
        assert_eq!(one.missing_in("  × x is,\n  │ to all,  wrong\n  ╰── mend\n    it"), None);
        assert_eq!(one.missing_in("× wrong: x is. mend it"), Some("x is … wrong"), "in this order");
        assert_eq!(one.missing_in("x is wrong"), Some("mend it"));
    }
}
