//! Numbers in base 62, which takes only letters and digits: a key is then selected with one double click.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Writes a number, its bytes from the highest on, as so many digits. What does not fit is left out at the front.
pub(crate) fn encode(bytes: &[u8], digits: usize) -> String {
    let mut number = bytes.to_vec();
    let mut written = vec![0; digits];
    for digit in written.iter_mut().rev() {
        let mut rest: u32 = 0;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).expect("the rest is under 62");
            rest = value % 62;
        }
        *digit = DIGITS[rest as usize];
    }
    zeroize::Zeroize::zeroize(&mut number);
    String::from_utf8(written).expect("digits are ASCII")
}

/// Says whether a text has digits only.
pub(crate) fn is_written_in(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full_width() {
        assert_eq!(encode(&[0], 3), "000");
        assert_eq!(encode(&[61], 2), "0z");
        assert_eq!(encode(&[62], 2), "10");
        assert_eq!(encode(&[255, 255, 255, 255], 6), "4gfFC3");
        assert_eq!(encode(&[255; 32], 43).len(), 43);
        // Nothing is left out of 256 bits.
        assert_ne!(encode(&[255; 32], 43).as_bytes()[0], b'0');
    }
}
