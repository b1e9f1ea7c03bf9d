//! The table of rejections.
