//! The section `limits`: how much each client may ask for.

use super::{Check, InvalidValue};

/// How much each client may ask for.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "limits", include_if_unused)]
pub struct LimitsConfig {
    /// Requests per second that an address may send on average; 0 is any number. Default 0;
    /// `PX_LIMITS__REQUESTS_PER_SECOND_PER_ADDRESS`.
    pub requests_per_second_per_address: u32,
    /// Requests that an address may send at once after a pause. Default 200; `PX_LIMITS__BURST_PER_ADDRESS`.
    pub burst_per_address: u32,
    /// Addresses that are remembered at one time; more share what is allowed to one. Default 65536;
    /// `PX_LIMITS__ADDRESSES_MAX`.
    pub addresses_max: usize,
    /// Requests per second that a principal may send on average, wherever from; 0 is any number. A batch is one request.
    /// Default 0; `PX_LIMITS__REQUESTS_PER_SECOND_PER_PRINCIPAL`.
    pub requests_per_second_per_principal: u32,
    /// Requests that a principal may send at once after a pause. Default 200; `PX_LIMITS__BURST_PER_PRINCIPAL`.
    pub burst_per_principal: u32,
    /// Principals that are remembered at one time; more share what is allowed to a few. Default 16384;
    /// `PX_LIMITS__PRINCIPALS_MAX`.
    pub principals_max: usize,
}

impl LimitsConfig {
    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        Check::section("limits")
            .range("requests_per_second_per_address", self.requests_per_second_per_address, 0..=1_000_000)
            .range("burst_per_address", self.burst_per_address, 1..=1_000_000)
            .range("addresses_max", self.addresses_max, 64..=10_000_000)
            .range("requests_per_second_per_principal", self.requests_per_second_per_principal, 0..=1_000_000)
            .range("burst_per_principal", self.burst_per_principal, 1..=1_000_000)
            .range("principals_max", self.principals_max, 64..=10_000_000)
            .done()
    }
}
