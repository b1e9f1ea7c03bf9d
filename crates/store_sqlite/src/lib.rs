//! store_sqlite
