//! The loyalty service as its clients see it, on both databases, and what is left of it when it is killed.

mod kills;
mod points;
mod program;
mod service;
