//! The section `loyalty` of the configuration.

use app_base::configuration::InvalidValue;

/// How points are awarded.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[pavex::config(key = "loyalty")]
pub struct LoyaltyConfig {
    /// How much has to be spent for a point, in minor units. Default 100; `PX_LOYALTY__SPENT_PER_POINT`.
    pub spent_per_point: u64,
    /// Whether nothing is awarded or redeemed for the time being. Default no; `PX_LOYALTY__PAUSED`.
    pub paused: bool,
}

impl LoyaltyConfig {
    /// Lists the values that are out of bounds.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidValue> {
        let allowed = 1..=1_000_000;
        if allowed.contains(&self.spent_per_point) {
            return Vec::new();
        }
        let (least, most) = allowed.into_inner();
        let message = format!("{} is not within {least} and {most}", self.spent_per_point);
        vec![InvalidValue { key: "loyalty.spent_per_point".to_owned(), message }]
    }
}
