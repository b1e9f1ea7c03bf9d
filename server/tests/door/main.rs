//! The front door, over real sockets: who gets in, over what, and what is said to the others.

#[path = "../harness/mod.rs"]
mod harness;
mod secure;
mod tls;
