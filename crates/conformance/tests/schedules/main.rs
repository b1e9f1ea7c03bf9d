//! Schedules under several runners at once, on every store: each occurrence is posted once, whoever runs it, and what
//! came of it is recorded. The time of day is the test's, and stands still until the test moves it.

mod bench;
mod exactly_once;
mod lives;
