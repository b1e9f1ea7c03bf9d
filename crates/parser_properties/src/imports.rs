//! CSV: every row becomes part of a transaction or is refused, and a file of what was refused is read again.

use app_base::imports::{Mapping, Refusal, Row, Rows};

/// What stands between a mapping and the file that it maps.
const BETWEEN: &[u8] = b"\n---\n";

pub(crate) fn imports(input: &[u8]) {
    let at = input.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (mapping, file) = match at {
        Some(at) => (&input[..at], &input[at + BETWEEN.len()..]),
        None => (input, &b""[..]),
    };
    let Ok(mapping) = std::str::from_utf8(mapping) else { return };
    let Ok(mapping) = Mapping::parse(mapping) else { return };
    let Ok(mut rows) = Rows::open(&mapping, Some("import"), file) else { return };
    let mut refused = Vec::new();
    while let Ok(Some(group)) = rows.next_group() {
        assert!(!group.rows.is_empty(), "a transaction has a row");
        if let Err(refusals) = &group.submission {
            assert_eq!(refusals.len(), group.rows.len(), "each row is told why");
            refused.extend(group.rows.into_iter().zip(refusals.iter().cloned()));
        }
    }
    if let Some((first, _)) = refused.first() {
        assert!(first.line() > 0);
        read_again(&mapping, &rows, &refused);
    }
}

/// Writes the rows that were refused, and reads them: as many, with as many fields as before.
fn read_again(mapping: &Mapping, rows: &Rows<&[u8]>, refused: &[(Row, Refusal)]) {
    let mut written = rows.table().refused(Vec::new()).expect("memory takes everything");
    for (row, refusal) in refused {
        written.row(row, refusal).expect("memory takes everything");
    }
    let written = written.finish().expect("memory takes everything");
    let mut again = Rows::open(mapping, Some("import"), &written[..]).expect("what is written is read");
    let mut said = refused.iter().map(|(_, refusal)| refusal);
    while let Some(group) = again.next_group().expect("what is written is read") {
        for (index, _) in group.rows.iter().enumerate() {
            let before = said.next().expect("no row is made up");
            let now = group.submission.as_ref().err().map(|refusals| &refusals[index]);
            let torn = now.filter(|now| is_torn(now)).filter(|_| !is_torn(before));
            assert_eq!(torn, None, "{}", String::from_utf8_lossy(&written));
        }
    }
    assert_eq!(said.next(), None, "no row is lost");
}

/// Says whether a row has more or fewer fields than there are columns.
fn is_torn(refusal: &Refusal) -> bool {
    refusal.column.is_none() && refusal.reason.starts_with("the row has ")
}
