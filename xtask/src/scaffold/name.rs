//! What a feature is called, in all the forms that files need; and what no feature may be called.

use anyhow::{Result, bail};

/// The most characters of a name: longer ones break lines that people read.
const LENGTH_MAX: usize = 24;

/// Words of Rust, those that are kept for later included.
const RUST: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that SQLite or PostgreSQL keep for themselves, as far as they could be names of tables:
/// <https://www.sqlite.org/lang_keywords.html>, <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>.
const SQL: &[&str] = &[
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "asc",
    "authorization",
    "autoincrement",
    "between",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "columns",
    "commit",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "drop",
    "end",
    "escape",
    "except",
    "exists",
    "fetch",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "groups",
    "having",
    "index",
    "indexed",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "key",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "others",
    "outer",
    "overlaps",
    "partition",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "rollback",
    "row",
    "rows",
    "select",
    "session_user",
    "set",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "tables",
    "temp",
    "then",
    "ties",
    "to",
    "trailing",
    "transaction",
    "trigger",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "variadic",
    "verbose",
    "view",
    "views",
    "when",
    "window",
    "with",
    "without",
];

/// A feature's name, for one and for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// For many, as in `price_lists`.
    pub(super) many: String,
    /// For one, as in `price_list`.
    pub(super) one: String,
}

impl Name {
    /// Takes the name of a feature, and that of one of its things, which is guessed where it is left out.
    ///
    /// # Errors
    /// It is no name for a feature; the reason says why.
    pub(super) fn parse(many: &str, one: Option<&str>) -> Result<Self> {
        check(many)?;
        let one = match one {
            Some(one) => one.to_owned(),
            None => match singular(many) {
                Some(one) => one,
                None => bail!(
                    "features are called after many of a kind, as in `payees`; say what one is called: `--singular …`"
                ),
            },
        };
        check(&one)?;
        if one == many {
            bail!("one and many are both called `{many}`; code has to tell them apart");
        }
        Ok(Self { many: many.to_owned(), one })
    }
}

/// Says whether a text can be a name in Rust, in SQL, in paths and in scopes alike.
///
/// # Errors
/// Why it cannot.
pub(super) fn check(name: &str) -> Result<()> {
    check_up_to(name, LENGTH_MAX)
}

/// Says the same of a text that may have so many characters.
///
/// # Errors
/// Why it cannot.
pub(super) fn check_up_to(name: &str, length_max: usize) -> Result<()> {
    let parts_hold = name.split('_').all(|part| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit())
    });
    if !parts_hold {
        bail!(
            "`{name}` is not in snake case: lower-case letters and digits, in words that begin with a letter, with `_` between them"
        );
    }
    if !(3..=length_max).contains(&name.len()) {
        bail!("`{name}` has {} characters; names have 3 to {length_max}", name.len());
    }
    if RUST.contains(&name) {
        bail!("`{name}` is a word of Rust");
    }
    if SQL.contains(&name) {
        bail!("`{name}` is a word of SQL, and would have to be quoted in every statement");
    }
    if let Some(prefix) = ["pg_", "sqlite_", "sqlx_"].into_iter().find(|prefix| name.starts_with(prefix)) {
        bail!("names that begin with `{prefix}` belong to the database");
    }
    Ok(())
}

/// What one of many is called, as far as English has a rule.
fn singular(many: &str) -> Option<String> {
    if let Some(stem) = many.strip_suffix("ies") {
        return Some(format!("{stem}y"));
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if many.ends_with(ending) {
            return many.strip_suffix("es").map(str::to_owned);
        }
    }
    let stem = many.strip_suffix('s')?;
    (!stem.ends_with(['s', 'u', 'i'])).then(|| stem.to_owned())
}

/// `price_list` as a type has it: `PriceList`.
pub(super) fn type_case(snake: &str) -> String {
    let word = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    snake.split('_').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_is_guessed_or_given() {
        for (many, one) in [
            ("payees", "payee"),
            ("policies", "policy"),
            ("price_lists", "price_list"),
            ("branches", "branch"),
            ("classes", "class"),
        ] {
            assert_eq!(Name::parse(many, None).unwrap().one, one);
        }
        assert_eq!(Name::parse("data_points", Some("sample")).unwrap().one, "sample");
        for many in ["sheep", "bonus", "glass"] {
            let error = Name::parse(many, None).unwrap_err().to_string();
            assert!(error.contains("--singular"), "{error}");
        }
        assert!(Name::parse("sheep", Some("sheep")).unwrap_err().to_string().contains("tell them apart"));
    }

    #[test]
    fn every_bad_name_is_refused_with_its_reason() {
        for (name, reason) in [
            ("Payees", "snake case"),
            ("payees-eu", "snake case"),
            ("1payees", "snake case"),
            ("payees__eu", "snake case"),
            ("_payees", "snake case"),
            ("../payees", "snake case"),
            ("pàyees", "snake case"),
            ("", "snake case"),
            ("as", "3 to 24"),
            ("abcdefghijklmnopqrstuvwxys", "3 to 24"),
            ("yield", "word of Rust"),
            ("values", "word of SQL"),
            ("pg_payees", "database"),
        ] {
            let error = Name::parse(name, Some("payee")).unwrap_err().to_string();
            assert!(error.contains(reason), "{name}: {error}");
        }
        // What one is called is looked at in the same way.
        assert!(Name::parse("types", None).unwrap_err().to_string().contains("`type` is a word of Rust"));
        assert!(Name::parse("orders", None).unwrap_err().to_string().contains("`order` is a word of SQL"));
    }

    #[test]
    fn types_have_capitals() {
        assert_eq!((type_case("payee"), type_case("price_list2")), ("Payee".into(), "PriceList2".into()));
    }
}
