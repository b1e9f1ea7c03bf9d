//! What every feature shares: how input is read, how replies and errors are written.
//!
//! Nothing in here knows a feature.

pub mod amount_range;
pub mod as_of;
pub mod asset;
pub mod body;
pub mod cookie;
pub mod credentials;
pub mod csv;
pub mod decimal;
pub mod door;
pub mod expectations;
pub mod failures;
pub mod fallback;
pub mod fields;
pub mod grants;
pub mod guard;
pub mod head;
pub mod idempotency;
pub mod input;
pub mod json;
pub mod lines;
pub mod many;
pub mod metadata;
pub mod origin;
pub mod pagination;
pub mod path;
pub mod peer;
pub mod percent;
pub mod policy;
pub mod postings;
pub mod principal;
pub mod problem;
pub mod problem_types;
pub mod quantity;
pub mod query;
pub mod rejections;
pub mod reply;
pub mod stopping;
pub mod stream;
pub mod text;
pub mod time;
pub mod unrouted;
pub mod values;
pub mod views;
pub mod visitor;
