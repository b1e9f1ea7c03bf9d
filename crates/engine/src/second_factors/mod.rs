//! Second factors: what signing in takes beside the password.

mod port;

pub use port::{Confirmed, SealedTotp, SecondFactorStore, StoredTotp};
