//! The core held to its promises: against a naive model, and by tables where the order of rejections
//! matters.
//!
//! These tests never look inside the core; they know only what it makes public.

mod commands;
mod faults;
mod outcomes;
mod played;
mod policies;
mod precedence;
mod properties;
