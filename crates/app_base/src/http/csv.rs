//! CSV as RFC 4180 has it: fields with commas, quotes or line breaks in quotes, lines that end with CR LF.
//!
//! Spreadsheets take a field that begins like a formula for one, whoever wrote it: no text of a client's ever gets
//! into a file without [`text`].

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

/// The media type.
pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// What a spreadsheet may take for the beginning of a formula; full-width forms count in some places.
const BEGINS_A_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Writes rows.
pub struct Rows<'o>(csv::Writer<&'o mut Vec<u8>>);

impl<'o> Rows<'o> {
    /// Writes rows after what is there.
    #[must_use]
    pub fn after(out: &'o mut Vec<u8>) -> Self {
        let writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            // It only passes on what it is given, to memory.
            .buffer_capacity(1024)
            .from_writer(out);
        Self(writer)
    }

    /// Writes a row.
    ///
    /// # Panics
    /// When a row has another number of fields than the one before.
    pub fn row<const N: usize>(&mut self, fields: [&str; N]) {
        self.0.write_record(fields).expect("memory takes everything, and rows are alike");
    }
}

/// Keeps a text from being taken for a formula: an apostrophe comes before what begins like one, and before what
/// begins with an apostrophe, so that leaving one out always gives the text.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    if text.starts_with(BEGINS_A_FORMULA) || text.starts_with('\'') {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_are_those_of_the_rfc() {
        let mut out = b"before\r\n".to_vec();
        let mut rows = Rows::after(&mut out);
        rows.row(["a", "", "b c", "1,5"]);
        rows.row(["say \"x\"", "two\nlines", "ä", "-5"]);
        drop(rows);
        let expected = "before\r\na,,b c,\"1,5\"\r\n\"say \"\"x\"\"\",\"two\nlines\",ä,-5\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn nothing_begins_like_a_formula() {
        for formula in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "'=1"]
        {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        for plain in ["", "a=b", "order-1", " =1", "{\"a\":\"=1\"}"] {
            assert_eq!(text(plain), plain);
        }
    }

    proptest! {
        #[test]
        fn an_apostrophe_less_is_the_text(any in "['=+@a-]{0,3}\\PC{0,5}") {
            let kept = text(&any).into_owned();
            prop_assert!(!kept.starts_with(BEGINS_A_FORMULA));
            prop_assert_eq!(kept.strip_prefix('\'').unwrap_or(&kept), any);
        }
    }
}
