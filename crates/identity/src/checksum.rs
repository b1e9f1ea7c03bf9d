//! CRC-32 (IEEE 802.3): tells a mistyped key from a real one. It keeps nobody out.

use crate::base62;

/// How many digits it has.
pub(crate) const DIGITS: usize = 6;

/// Returns the checksum of a text, in base 62.
pub(crate) fn digits(text: &str) -> String {
    base62::encode(&crc32(text.as_bytes()).to_be_bytes(), DIGITS)
}

fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_one_that_everybody_has() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(super::crc32(b""), 0);
    }
}
