//! What a document has its readers do: commands and patches, in the blocks that are marked.

/// What stands above a block that is followed.
const MARK: &str = "<!-- followed by a test -->";

/// One thing to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A command, as it is typed into a shell.
    Run(String),
    /// Edits, as `git apply` takes them.
    Patch(String),
}

/// The steps of a document, in their order.
///
/// # Panics
/// A marked block is neither `sh` nor `diff`, or there is none.
pub(crate) fn steps(document: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in document.split(MARK).skip(1) {
        let (language, rest) = block.trim_start().split_once('\n').expect("a block");
        let (body, _) = rest.split_once("\n```").expect("a block ends");
        match language {
            "```sh" => steps
                .extend(body.lines().filter(|line| !line.is_empty()).map(|line| Step::Run(line.to_owned()))),
            "```diff" => steps.push(Step::Patch(format!("{body}\n"))),
            other => panic!("{other} cannot be followed"),
        }
    }
    assert!(!steps.is_empty(), "nothing is marked with {MARK}");
    steps
}

#[test]
fn marked_blocks_are_steps() {
    let document = "text\n\n<!-- followed by a test -->\n```sh\na b\nc 'd e'\n```\n\n```sh\nnot this\n```\n\
                    <!-- followed by a test -->\n```diff\n--- a/x\n+++ b/x\n```\n";
    let run = |command: &str| Step::Run(command.to_owned());
    let patch = Step::Patch("--- a/x\n+++ b/x\n".to_owned());
    assert_eq!(steps(document), [run("a b"), run("c 'd e'"), patch]);
}
