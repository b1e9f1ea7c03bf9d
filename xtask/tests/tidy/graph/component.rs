//! The components of the graph as sources declare them: functions and types with an attribute of Pavex.
//!
//! It reads text and understands what rustfmt leaves of it; macros that write components stay unseen.

use crate::tree::SourceFile;

/// Attributes of handlers.
pub(super) const METHODS: [&str; 6] = ["delete", "get", "patch", "post", "put", "route"];

/// Attributes of what makes values.
pub(super) const CONSTRUCTORS: [&str; 3] = ["request_scoped", "singleton", "transient"];

/// Attributes of types that come from elsewhere.
pub(super) const GIVEN: [&str; 2] = ["config", "prebuilt"];

/// All others.
const OTHERS: [&str; 7] =
    ["error_handler", "error_observer", "fallback", "head", "post_process", "pre_process", "wrap"];

/// No attribute with its signature is longer.
const LINES_MAX: usize = 60;

/// One component.
#[derive(Debug)]
pub(super) struct Component<'s> {
    pub(super) path: &'s str,
    /// From 1 on.
    pub(super) line: usize,
    /// The attribute's name.
    pub(super) kind: &'s str,
    /// What stands in its parentheses.
    pub(super) arguments: String,
    /// The name of the function or type.
    pub(super) name: String,
    /// From its name on: parameters and result of a function.
    pub(super) signature: String,
    /// All attributes of a type, on one line.
    pub(super) attributes: String,
    /// The type around a method.
    pub(super) around: Option<String>,
}

impl Component<'_> {
    /// Where it stands, and what it is called.
    pub(super) fn place(&self) -> String {
        format!("{}:{}: `{}`", self.path, self.line, self.name)
    }

    /// The path of a route.
    pub(super) fn route(&self) -> Option<&str> {
        let route = self.arguments.split_once("path = \"")?.1.split('"').next();
        route.filter(|_| METHODS.contains(&self.kind))
    }

    /// The types of its parameters, without borrows and lifetimes.
    pub(super) fn takes(&self) -> Vec<String> {
        let Some(inside) = self.signature.split_once('(').map(|(_, rest)| rest) else { return Vec::new() };
        let end = inside.split(") -> ").next().unwrap_or_default().trim_end_matches([')', ' ']);
        let parameters = split(end).into_iter().filter_map(|parameter| parameter.split_once(": "));
        parameters.map(|(_, of)| of.trim_start_matches(['&', ' ']).to_owned()).collect()
    }

    /// The type that it gives, and the error that it may end with.
    pub(super) fn gives(&self) -> (String, Option<String>) {
        let after = self.signature.split_once(") -> ").map_or("", |(_, after)| after);
        let after = after.split(" where ").next().unwrap_or_default().trim();
        let own = |name: &str| match &self.around {
            Some(around) if name == "Self" => around.clone(),
            _ => name.to_owned(),
        };
        let inside = after.strip_prefix("Result<").and_then(|rest| rest.strip_suffix('>'));
        match inside.map(split).as_deref() {
            Some([good, bad]) => (own(good), Some((*bad).to_owned())),
            _ => (own(after), None),
        }
    }
}

/// Finds the components of a file.
pub(super) fn components(file: &SourceFile) -> Vec<Component<'_>> {
    let lines: Vec<(usize, &str)> = file.code_lines().collect();
    let mut around = None;
    let mut found = Vec::new();
    for (index, (number, line)) in lines.iter().enumerate() {
        if line.starts_with("impl") {
            around = implemented(line);
        } else if line.starts_with('}') {
            around = None;
        }
        let Some((kind, rest)) = attribute(line) else { continue };
        let text =
            lines[index..].iter().take(LINES_MAX).map(|(_, line)| line.trim()).collect::<Vec<_>>().join(" ");
        // What rustfmt breaks over lines ends in a comma.
        let text = text.replace(", )", ")").replace("( ", "(").replace(",)", ")");
        let Some(name_at) =
            [" fn ", " struct ", " enum ", " type "].iter().filter_map(|key| text.find(key)).min()
        else {
            continue;
        };
        let (attributes, item) = text.split_at(name_at);
        let item = item.trim_start().split_once(' ').map_or("", |(_, item)| item);
        let signature = item.split(['{', ';']).next().unwrap_or_default().trim();
        let name: String =
            signature.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        // Derives may stand before it.
        let before = lines[..index].iter().rev().take_while(|(_, line)| line.trim().starts_with("#["));
        let before: String = before.map(|(_, line)| line.trim()).collect();
        let arguments =
            rest.strip_prefix('(').map_or("", |_| attributes.split_once('(').map_or("", |(_, it)| it));
        found.push(Component {
            path: &file.path,
            line: *number,
            kind,
            arguments: arguments.split(")]").next().unwrap_or_default().to_owned(),
            name,
            signature: signature.to_owned(),
            attributes: before + attributes,
            around: around.clone(),
        });
    }
    found
}

/// The attribute of Pavex that a line begins with, and what follows it.
fn attribute(line: &str) -> Option<(&'static str, &str)> {
    let inside = line.trim_start().strip_prefix("#[")?;
    let inside = inside.strip_prefix("pavex::").unwrap_or(inside);
    let known = METHODS.iter().chain(&CONSTRUCTORS).chain(&GIVEN).chain(&OTHERS);
    let mut known = known.filter_map(|kind| Some((*kind, inside.strip_prefix(kind)?)));
    known.find(|(_, rest)| rest.starts_with(['(', ']']))
}

/// The type that a block implements something for, without its parameters.
fn implemented(line: &str) -> Option<String> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generic) => generic.split_once("> ").map_or("", |(_, rest)| rest),
        None => rest,
    };
    let rest = rest.split(" for ").last().unwrap_or_default().trim();
    Some(rest.trim_end_matches('{').trim().to_owned())
}

/// Splits at the commas outside of all brackets.
pub(super) fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, character) in list.char_indices() {
        match character {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[test]
fn components_are_read_with_what_they_take_and_give() {
    let text = "//! x\n\n#[methods]\nimpl<R> Granted<R> {\n    #[request_scoped(id = \"CHECK\")]\n    pub async fn check(\n        \
        head: &RequestHead,\n        pair: &Pair<A, B>,\n    ) -> Result<Self, AccessError>\n    where\n        R: Right,\n    {\n    }\n}\n\n\
        #[derive(Clone)]\n#[pavex::config(key = \"x\")]\npub struct X {\n}\n\n#[get(path = \"/v1/{a}\")]\n#[must_use]\n\
        pub fn get_a() -> Reply<A> {\n}\n\n#[cfg(test)]\nmod tests {\n    #[get(path = \"/no\")]\n    fn no() {}\n}\n";
    let file = SourceFile { path: "a.rs".to_owned(), text: text.to_owned() };
    let found = components(&file);
    assert_eq!(
        found.iter().map(|it| (it.kind, it.name.as_str())).collect::<Vec<_>>(),
        [("request_scoped", "check"), ("config", "X"), ("get", "get_a")]
    );
    assert_eq!(found[0].takes(), ["RequestHead", "Pair<A, B>"]);
    assert_eq!(found[0].gives(), ("Granted<R>".to_owned(), Some("AccessError".to_owned())));
    assert_eq!(found[0].place(), "a.rs:5: `check`");
    assert!(found[1].attributes.contains("derive(Clone)"), "{:?}", found[1]);
    assert_eq!(found[2].route(), Some("/v1/{a}"));
    assert_eq!((found[2].takes(), found[2].gives()), (vec![], ("Reply<A>".to_owned(), None)));
}
