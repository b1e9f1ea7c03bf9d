//! Points for purchases: members, receipts, awards and redemptions.
//!
//! Points are money in the ledger, and nowhere else: what is kept in tables of this feature's own is who is a member, and
//! which receipt points were awarded for. A row is written in the SQL transaction that writes the entry it goes with.

mod award_points;
mod configuration;
mod enrol_member;
mod error;
mod list_receipts;
mod member;
mod operations;
mod pause;
mod redeem_points;
mod rows;

use app_base::storage::OwnSchema;
use sqlx::migrate::Migrator;

pub use award_points::*;
pub use configuration::*;
pub use enrol_member::*;
pub use error::*;
pub use list_receipts::*;
pub use member::*;
pub use operations::operations;
pub use pause::*;
pub use redeem_points::*;

static ON_SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static ON_POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Returns the tables of this feature, which the service migrates with its own.
#[must_use]
pub fn schema() -> OwnSchema {
    OwnSchema::new("points", &ON_SQLITE, &ON_POSTGRES)
}
