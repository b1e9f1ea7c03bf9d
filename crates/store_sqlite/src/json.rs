//! Rows on their way into SQL: JSON arrays that `json_each` or `jsonb_each` takes apart again, so that one
//! statement writes many rows. Never lets one array grow without bound.

use serde::Serialize;

/// From this many bytes on, rows go into another array: it bounds what a large batch holds in memory
/// twice.
const ARRAY_BYTES: usize = 1 << 20;

/// Writes one row into an array.
pub(crate) fn write_row(json: &mut Vec<u8>, row: &impl Serialize) {
    serde_json::to_writer(json, row).expect("texts and numbers can always be written");
}

/// Takes rows off the front of a list and returns them as an array; `None` where there are none left.
pub(crate) fn next_array<T>(rest: &mut &[T], write: impl Fn(&mut Vec<u8>, &T)) -> Option<String> {
    if rest.is_empty() {
        return None;
    }
    let mut json = b"[".to_vec();
    while json.len() < ARRAY_BYTES
        && let Some((row, others)) = rest.split_first()
    {
        if json.len() > 1 {
            json.push(b',');
        }
        write(&mut json, row);
        *rest = others;
    }
    json.push(b']');
    Some(String::from_utf8(json).expect("JSON is UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrays<T: Serialize>(rows: &[T]) -> Vec<String> {
        let mut rest = rows;
        std::iter::from_fn(|| next_array(&mut rest, |json, row| write_row(json, row))).collect()
    }

    #[test]
    fn rows_become_few_arrays_of_bounded_size() {
        assert_eq!(arrays::<u8>(&[]), [""; 0]);
        assert_eq!(arrays(&[(1, "a"), (2, "b")]), [r#"[[1,"a"],[2,"b"]]"#]);
        let long = "x".repeat(ARRAY_BYTES / 2);
        let texts = arrays(&[&long; 5]);
        assert_eq!(texts.len(), 3);
        let rows: usize =
            texts.iter().map(|text| serde_json::from_str::<Vec<String>>(text).unwrap().len()).sum();
        assert_eq!(rows, 5);
    }
}
