//! What features keep that teams bring: nothing but a list.

/// All of it.
#[derive(Default)]
pub(crate) struct KeptFeatures {
    // One sorted line per feature.
}
