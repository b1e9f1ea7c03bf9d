//! Second factors: what signing in takes beside the password.
//!
//! A secret is kept sealed, a recovery code by its digest. A code counts once: of a step of time, the first that is shown;
//! of a recovery code, the first time.

mod changes;
mod own;
mod port;
mod sign_in;

pub use changes::{Enrolled, SecondFactorError, SecondFactors};
pub use own::{OwnFactorError, Proof};
pub use port::{Confirmed, SealedTotp, SecondFactorStore, StoredTotp};
pub use sign_in::{Recognised, SecondFactorCode};
