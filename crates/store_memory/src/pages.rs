//! Where pages end: at the asked length, at a weight, or after having looked at enough.

use engine::query::{PAGE_WEIGHT_MAX, Page, scan_max};

/// Cuts the first page out of what was found, which is a part of the `places` looked at, in the same order. The
/// list begins behind `after`.
pub(crate) fn page<T, P: Clone + PartialEq>(
    places: impl IntoIterator<Item = P>,
    found: impl IntoIterator<Item = T>,
    place_of: impl Fn(&T) -> P,
    weight_of: impl Fn(&T) -> usize,
    limit: usize,
    after: Option<&P>,
) -> Page<T, P> {
    let mut found = found.into_iter().peekable();
    let mut items = Vec::new();
    let mut weight = 0;
    let mut last = after.cloned();
    for (looked_at, place) in places.into_iter().enumerate() {
        if items.len() >= limit || weight >= PAGE_WEIGHT_MAX || looked_at == scan_max(limit) {
            return Page { items, next: last };
        }
        if let Some(item) = found.next_if(|item| place_of(item) == place) {
            weight += weight_of(&item);
            items.push(item);
        }
        last = Some(place);
    }
    Page { items, next: None }
}
