//! Rules about what the code generator wrote.

use crate::none_of;
use crate::tree::read;

#[test]
fn no_error_leaves_with_the_frameworks_own_reply() {
    let code = read("server_sdk/src/lib.rs");
    let found = code.lines().enumerate().filter(|(_, line)| line.contains("Error::into_response("));
    let found = found.filter(|(_, line)| line.contains("pavex::"));
    let found: Vec<String> =
        found.map(|(index, line)| format!("line {}: {}", index + 1, line.trim())).collect();
    none_of(
        &found,
        "every error is problem+json: import ours after pavex's, since the last handler of an error type wins silently",
    );
}
