//! What is wrong with a scenario is said with its line and column.

use super::reader::read;
