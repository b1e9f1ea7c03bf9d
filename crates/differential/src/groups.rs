//! Sums of balances over groups of accounts.

use std::collections::BTreeMap;

use reference_model::Model;
use serde_json::{Value, json};

use crate::shown;
use crate::sums::Sums;

/// Returns the groups of the accounts whose addresses begin so, each of as many first segments.
pub(crate) fn groups(model: &Model, prefix: Option<&str>, depth: usize) -> Vec<Value> {
    let mut groups: BTreeMap<String, BTreeMap<_, Sums>> = BTreeMap::new();
    for key in model.touched() {
        let address = key.account.as_str();
        if prefix.is_none_or(|prefix| address.starts_with(prefix)) {
            let group = address.split(':').take(depth).collect::<Vec<_>>().join(":");
            let sums = groups.entry(group).or_default().entry(key.asset.clone()).or_default();
            sums.add(&model.balance(&key));
        }
    }
    let view = |(group, sums): (String, BTreeMap<_, Sums>)| {
        let balances = sums.iter().map(|(asset, sums)| Value::Object(shown::summed(asset, sums)));
        json!({ "account": group, "balances": balances.collect::<Vec<_>>() })
    };
    groups.into_iter().map(view).collect()
}
