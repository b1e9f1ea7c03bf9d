//! Reads what the Pavex compiler writes about the graph: a digraph in DOT for each stage of each route, and one for what
//! is made at start-up.
//!
//! It is a format for debugging and may change with `pavexc`, which is pinned: what is not understood is an error.

use anyhow::{Context, bail, ensure};

/// One digraph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stage {
    /// The route, `GET /version`; empty for what is made at start-up.
    pub(crate) route: String,
    /// The nodes, by number.
    pub(crate) nodes: Vec<Node>,
    /// Which node's result another one takes.
    pub(crate) edges: Vec<(usize, usize)>,
}

/// One node of a digraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A value that is there when the stage begins, by its type.
    Value(String),
    /// A call of a function.
    Call(Call),
    /// A choice between success and failure.
    Choice,
    /// One side of such a choice: the type that it has then.
    Side(String),
}

/// A function that is called, with the types that it takes and the one that it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The path of the function.
    pub(crate) function: String,
    /// The types of its arguments.
    pub(crate) takes: Vec<String>,
    /// The type of its result; empty where it has none.
    pub(crate) gives: String,
}

/// Reads all digraphs, in order.
///
/// # Errors
/// A line is not understood.
pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Stage>> {
    let mut stages: Vec<Stage> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = || format!("line {} of the diagnostics: {line}", index + 1);
        if let Some(title) = line.strip_prefix("digraph ") {
            let title = title.trim_end_matches([' ', '{']).trim_matches('"');
            // Stages come in order.
            let route = title.rsplit_once(" - ").map_or("", |(route, _)| route);
            stages.push(Stage { route: route.to_owned(), ..Stage::default() });
        } else if line.starts_with("    ") {
            let stage = stages.last_mut().with_context(place)?;
            if let Some((number, label)) = node(line) {
                ensure!(number == stage.nodes.len(), "{}: nodes are numbered", place());
                stage.nodes.push(label);
            } else {
                stage.edges.push(edge(line).with_context(place)?);
            }
        } else if !matches!(line, "" | "}") {
            bail!("{}: not understood", place());
        }
    }
    ensure!(!stages.is_empty(), "the diagnostics have no graphs: `cargo px build` writes them");
    Ok(stages)
}

fn node(line: &str) -> Option<(usize, Node)> {
    let (number, label) = line.trim().split_once(" [ label = \"")?;
    let label = label.strip_suffix("\"]")?.split_once("| ")?.1;
    Some((number.parse().ok()?, parse(label)))
}

fn edge(line: &str) -> Option<(usize, usize)> {
    let (from, to) = line.split_once(" -> ")?;
    Some((from.trim().parse().ok()?, to.split(' ').next()?.parse().ok()?))
}

fn parse(label: &str) -> Node {
    if label == "`match`" {
        return Node::Choice;
    }
    let (before, gives) = match top_level(label, " -> ") {
        Some(at) => (&label[..at], &label[at + 4..]),
        None => (label, ""),
    };
    match top_level(before, "(") {
        Some(at) if at > 0 => Node::Call(Call {
            function: plain(&before[..at]),
            takes: split(before[at + 1..].strip_suffix(')').unwrap_or_default())
                .into_iter()
                .map(plain)
                .collect(),
            gives: plain(gives),
        }),
        _ if !gives.is_empty() => Node::Side(plain(gives)),
        _ => Node::Value(plain(before)),
    }
}

/// Where something stands outside of all brackets.
fn top_level(text: &str, what: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        if depth == 0 && text[at..].starts_with(what) {
            return Some(at);
        }
        match character {
            '<' | '(' | '[' => depth += 1,
            '>' if text[..at].ends_with('-') => {}
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Splits a list of types at its own commas.
pub(crate) fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), list);
    while let Some(at) = top_level(rest, ",") {
        parts.push(rest[..at].trim());
        rest = &rest[at + 1..];
    }
    parts.push(rest.trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// A type without its lifetimes.
fn plain(name: &str) -> String {
    let mut without = String::new();
    let mut rest = name;
    while let Some(at) = rest.find('\'') {
        without.push_str(&rest[..at]);
        rest = rest[at + 1..].trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
        rest = rest.trim_start_matches([',', ' ']);
    }
    without.push_str(rest);
    without.replace(", >", ">").replace("::<>", "").replace("<>", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_kind_of_node_is_told_from_the_others() {
        let text = "digraph \"GET /a - 0\" {\n    0 [ label = \"0| &app::P<'server, 'request>\"]\n    \
            1 [ label = \"1| app::X::<(A, B)>::of(&'a app::P, (A, B)) -> core::Result<app::X, E>\"]\n    \
            2 [ label = \"2| `match`\"]\n    3 [ label = \"3| core::Result<app::X<(A, B)>, E> -> E\"]\n    \
            4 [ label = \"4| app::note(&pavex::Error)\"]\n    0 -> 1 [ label = \"&\"]\n    1 -> 2 [ ]\n}\n\n\
            digraph app_state {\n    0 [ label = \"0| app_base::storage::Engine\"]\n}\n";
        let stages = read(text).unwrap();
        assert_eq!(stages.iter().map(|stage| stage.route.as_str()).collect::<Vec<_>>(), ["GET /a", ""]);
        assert_eq!(stages[0].edges, [(0, 1), (1, 2)]);
        let call = |function: &str, takes: &[&str], gives: &str| {
            Node::Call(Call { function: function.into(), takes: types(takes), gives: gives.into() })
        };
        assert_eq!(
            stages[0].nodes,
            [
                Node::Value("&app::P".into()),
                call("app::X::<(A, B)>::of", &["&app::P", "(A, B)"], "core::Result<app::X, E>"),
                Node::Choice,
                Node::Side("E".into()),
                call("app::note", &["&pavex::Error"], ""),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_an_error_that_names_the_line() {
        let error = |text: &str| read(text).expect_err("it is wrong").to_string();
        assert!(error("").contains("cargo px build"));
        assert!(error("graph {\n").starts_with("line 1 of the diagnostics: graph {"));
        assert!(error("digraph app_state {\n    0 ~ 1\n").starts_with("line 2 of the diagnostics"));
        assert!(error("digraph app_state {\n    1 [ label = \"1| A\"]\n").contains("nodes are numbered"));
    }
}
