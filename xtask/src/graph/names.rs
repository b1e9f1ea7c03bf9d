//! What types and functions are called in pictures and tables: short, and still told apart.

/// A type without a borrow: what has to be there for it.
pub(crate) fn owned(name: &str) -> &str {
    name.trim_start_matches('&').trim_start_matches("mut ").trim()
}

/// A type without the paths of its names, as sources write it.
pub(crate) fn short(name: &str) -> String {
    let mut short = String::new();
    let mut word = String::new();
    for character in name.chars() {
        match character {
            ':' => word.clear(),
            letter if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            other => {
                short.push_str(&std::mem::take(&mut word));
                short.push(other);
            }
        }
    }
    short + &word
}

/// A function as sources would call it: with its type where it has one.
pub(crate) fn call(path: &str) -> String {
    let mut parts = path.rsplit("::").filter(|part| !part.is_empty());
    let name = parts.next().unwrap_or(path);
    match parts.next() {
        Some(around) if around.starts_with(char::is_uppercase) => format!("{around}::{name}"),
        _ => name.to_owned(),
    }
}

/// What a type stands for without its arguments: `Read<(A, B)>` is a `Read<…>`.
pub(crate) fn family(name: &str) -> String {
    match name.split_once('<') {
        Some((before, _)) => format!("{}<…>", short(before)),
        None => short(name),
    }
}

/// The two sides of a type that may be a `Result`.
pub(crate) fn sides(name: &str) -> (&str, Option<&str>) {
    let inside = name.strip_prefix("core::result::Result<").and_then(|rest| rest.strip_suffix('>'));
    match inside.map(super::diagnostics::split).as_deref() {
        Some([good, bad]) => (good, Some(bad)),
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_keep_what_tells_them_apart() {
        assert_eq!(
            short("app::Read<(app_base::http::InLedger, app::log::Query)>"),
            "Read<(InLedger, Query)>"
        );
        assert_eq!(family("app::Read<(app_base::http::InLedger, app::log::Query)>"), "Read<…>");
        assert_eq!(family("app_base::telemetry::Metrics"), "Metrics");
        assert_eq!(owned("&mut app::X"), "app::X");
        assert_eq!(call("app_base::http::principal::Granted::check"), "Granted::check");
        assert_eq!(call("app_base::telemetry::root_span"), "root_span");
    }

    #[test]
    fn a_result_has_two_sides_and_everything_else_one() {
        assert_eq!(sides("core::result::Result<a::R<(A, B)>, a::E>"), ("a::R<(A, B)>", Some("a::E")));
        assert_eq!(sides("a::R<B>"), ("a::R<B>", None));
    }
}
