//! Objects of JSON. What serde derives for a struct takes a list of its members' values for one as well, which no standard
//! about tokens does, and passes over what is no text in members that nobody asked for (RFC 8259, 8.1: JSON is UTF-8).

use serde::de::DeserializeOwned;

/// Reads an object: its members, and nothing else that could be taken for it.
#[must_use]
pub fn object<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(text).ok()?;
    let is_object = text.trim_ascii_start().starts_with('{');
    if is_object { serde_json::from_str(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::object;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        name: String,
    }

    #[test]
    fn a_list_is_no_object() {
        assert_eq!(serde_json::from_str::<Named>(r#"["a"]"#).unwrap().name, "a");
        assert_eq!(object::<Named>(br#"["a"]"#), None);
        assert_eq!(object(b" \n\t{\"name\":\"a\"}"), Some(Named { name: "a".to_owned() }));
        for text in ["", " ", "{", "null", "\x0c{\"name\":\"a\"}", r#"{"name":"a"} 1"#] {
            assert_eq!(object::<Named>(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_no_object_wherever_it_stands() {
        let text = b"{\"name\":\"a\",\"other\":\"\x96\"}";
        assert!(serde_json::from_slice::<Named>(text).is_ok());
        assert_eq!(object::<Named>(text), None);
    }
}
