//! What counts as one client where addresses are counted.

use std::net::IpAddr;

/// What counts as one client: an IPv4 address, or what one subscriber has of IPv6, a /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// An IPv4 address.
    V4(u32),
    /// The front half of IPv6 addresses.
    V6(u64),
}

impl Network {
    /// Returns what an address belongs to.
    ///
    /// # Panics
    /// Never: half of 128 bits are 64.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => {
                Self::V6(u64::try_from(address.to_bits() >> 64).expect("64 bits are left"))
            }
        }
    }
}
