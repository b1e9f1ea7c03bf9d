//! The front door, over real sockets: who gets in, over what, and what is said to the others.

mod browsers;
mod exposure;
#[path = "../harness/mod.rs"]
mod harness;
mod rate_limits;
mod secrets;
mod secure;
mod tls;
