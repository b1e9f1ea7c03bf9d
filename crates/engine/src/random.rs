//! Random bytes, of which nothing is left in memory once they were used.

use zeroize::Zeroizing;

/// Draws so many random bytes.
///
/// # Errors
/// Where the system has none to give.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes)?;
    Ok(bytes)
}
