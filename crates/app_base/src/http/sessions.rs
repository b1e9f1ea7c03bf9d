//! What stands for sessions in requests and replies.

use identity::SessionId;

use super::text::text;

text!(
    /// The id of a session.
    SessionIdText(SessionId), "SessionId", {
        "description": "The id of a session. It is no secret.",
        "type": "string",
        "pattern": "^[0-9A-Za-z]{12}$",
        "examples": ["3fJ0dPq7xKbM"]
    },
    "must be the id of a session: 12 letters and digits"
);
