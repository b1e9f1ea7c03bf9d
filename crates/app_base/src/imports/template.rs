//! Templates: texts in which `{Name}` stands for what a row has in the column of that name.

/// A text with places for columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

/// A template whose columns were found in a file.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    parts: Vec<PlacedPart>,
    columns: Vec<String>,
}

#[derive(Clone, Debug)]
enum PlacedPart {
    Text(String),
    Column(usize),
}

impl Template {
    /// Reads `users:{Customer}`; `{{` and `}}` stand for braces.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
            if let Some(after) = after.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err("has a } without a {; }} stands for the brace itself");
            }
            let (name, after) =
                after.split_once('}').ok_or("has a { without a }; {{ stands for the brace itself")?;
            if name.is_empty() || name.contains('{') {
                return Err("has no name between { and }");
            }
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Column(name.to_owned()));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self(parts))
    }

    /// Finds its columns by their names. The error is the one that is not there.
    pub(super) fn place(&self, mut find: impl FnMut(&str) -> Option<usize>) -> Result<Placed, &str> {
        let mut placed = Placed { parts: Vec::new(), columns: Vec::new() };
        for part in &self.0 {
            placed.parts.push(match part {
                Part::Text(text) => PlacedPart::Text(text.clone()),
                Part::Column(name) => {
                    placed.columns.push(name.clone());
                    PlacedPart::Column(find(name).ok_or(name.as_str())?)
                }
            });
        }
        Ok(placed)
    }
}

impl Placed {
    /// Puts in what a row has. A column that the row does not have is empty.
    pub(super) fn fill<'r>(&self, field: impl Fn(usize) -> &'r str) -> String {
        let mut text = String::new();
        for part in &self.parts {
            text.push_str(match part {
                PlacedPart::Text(text) => text,
                PlacedPart::Column(at) => field(*at),
            });
        }
        text
    }

    /// Says whether it names columns, and a row has nothing in any of them.
    pub(super) fn is_blank<'r>(&self, field: impl Fn(usize) -> &'r str) -> bool {
        let mut columns = self.parts.iter().filter_map(|part| match part {
            PlacedPart::Text(_) => None,
            PlacedPart::Column(at) => Some(field(*at)),
        });
        !self.columns.is_empty() && columns.all(str::is_empty)
    }

    /// Names its columns; `None` where it has none.
    pub(super) fn columns(&self) -> Option<String> {
        (!self.columns.is_empty()).then(|| self.columns.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, columns: &[&str], row: &[&'static str]) -> String {
        let template = Template::parse(template).unwrap();
        let placed = template.place(|name| columns.iter().position(|column| *column == name)).unwrap();
        placed.fill(|at| row.get(at).copied().unwrap_or_default())
    }

    #[test]
    fn columns_stand_where_their_names_do() {
        for (template, text) in [
            ("world", "world"),
            ("{a}", "1"),
            ("users:{a}:{b c}", "users:1:2"),
            ("{a}{a}", "11"),
            ("{{a}} {a}", "{a} 1"),
            ("", ""),
        ] {
            assert_eq!(filled(template, &["a", "b c"], &["1", "2"]), text, "{template}");
        }
        assert_eq!(filled("x{b}", &["a", "b"], &["1"]), "x");
    }

    #[test]
    fn braces_that_do_not_match_are_refused() {
        for template in ["{", "}", "{a", "a}", "{}", "{a{b}", "{{a}"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let template = Template::parse("{a} {b}").unwrap();
        assert_eq!(template.place(|name| (name == "a").then_some(0)).unwrap_err(), "b");
    }

    #[test]
    fn blank_is_what_has_columns_and_nothing_in_them() {
        for (template, blank) in [("{a}", true), ("-{a}", true), ("{a}{b}", false), ("x", false), ("", false)]
        {
            let template = Template::parse(template).unwrap();
            let placed = template.place(|name| Some(usize::from(name == "b"))).unwrap();
            assert_eq!(placed.is_blank(|at| ["", "2"][at]), blank);
        }
    }
}
