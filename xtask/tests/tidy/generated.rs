//! Rules about what the code generator wrote.

use crate::none_of;
use crate::tree::read;

#[test]
fn no_error_leaves_with_the_frameworks_own_reply() {
    let mut found = Vec::new();
    for path in ["server_sdk/src/lib.rs", "examples/loyalty/loyalty_server_sdk/src/lib.rs"] {
        let code = read(path);
        let own = code.lines().enumerate().filter(|(_, line)| line.contains("Error::into_response("));
        let own = own.filter(|(_, line)| line.contains("pavex::"));
        found.extend(own.map(|(index, line)| format!("{path}:{}: {}", index + 1, line.trim())));
    }
    none_of(
        &found,
        "every error is problem+json: import ours after pavex's, since the last handler of an error type wins silently",
    );
}
