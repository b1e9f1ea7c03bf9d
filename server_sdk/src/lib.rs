//! server_sdk
