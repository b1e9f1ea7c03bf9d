//! The page that explains every error, made of what the kinds of problems say of themselves.

use std::fmt::Write as _;

use crate::http::problem::ProblemType;

/// Writes the page.
pub(super) fn html(kinds: &[&'static ProblemType]) -> String {
    let mut page = String::from(include_str!("files/errors_head.html"));
    page.push_str("<nav><ul>\n");
    for kind in kinds {
        let code = Escaped(kind.code);
        writeln!(page, "<li><a href=\"#{code}\"><code>{code}</code></a></li>").expect(INFALLIBLE);
    }
    page.push_str("</ul></nav>\n");
    for kind in kinds {
        section(&mut page, kind).expect(INFALLIBLE);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

const INFALLIBLE: &str = "a string takes everything";

fn section(page: &mut String, kind: &ProblemType) -> std::fmt::Result {
    let code = Escaped(kind.code);
    let (status, title) = (kind.status.as_u16(), Escaped(kind.title));
    let (meaning, remedy) = (Escaped(kind.meaning), Escaped(kind.remedy));
    writeln!(page, "<section id=\"{code}\">")?;
    writeln!(page, "<h2><a href=\"#{code}\"><code>{code}</code></a> <small>{status}</small></h2>")?;
    writeln!(page, "<p><strong>{title}.</strong> {meaning}</p>")?;
    writeln!(page, "<p><em>What to do:</em> {remedy}</p>")?;
    if !kind.members.is_empty() {
        page.push_str("<dl>\n");
        for member in kind.members {
            let (name, meaning) = (Escaped(member.name), Escaped(member.meaning));
            let json_type = member.json_type;
            writeln!(page, "<dt><code>{name}</code> <small>{json_type}</small></dt><dd>{meaning}</dd>")?;
        }
        page.push_str("</dl>\n");
    }
    writeln!(page, "</section>")
}

/// Text as HTML shows it.
struct Escaped<'t>(&'t str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem_types::{INTERNAL_ERROR, ROUTE_NOT_FOUND};

    #[test]
    fn every_code_has_its_place() {
        let page = html(&[&INTERNAL_ERROR, &ROUTE_NOT_FOUND]);
        for kind in [&INTERNAL_ERROR, &ROUTE_NOT_FOUND] {
            assert!(page.contains(&format!("<section id=\"{}\">", kind.code)));
            assert!(page.contains(kind.remedy));
        }
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(Escaped("a < \"b\" & c").to_string(), "a &lt; &quot;b&quot; &amp; c");
    }
}
