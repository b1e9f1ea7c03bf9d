//! The same fingerprint, the same generated code: sources are changed at random, in ways that the Pavex compiler sees
//! and in ways that it does not.

mod changes;
mod compiler;
mod generation;
mod random;
mod repository;
mod trial;
