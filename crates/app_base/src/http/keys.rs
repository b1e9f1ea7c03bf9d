//! What stands for keys in requests and replies: ids, names.

use identity::{KeyId, KeyName};

use super::text::text;

text!(
    /// The id of a key.
    KeyIdText(KeyId), "ApiKeyId", {
        "description": "The id of an API key: the part of its text between the underscores. It is no secret.",
        "type": "string",
        "pattern": "^[0-9A-Za-z]{12}$",
        "examples": ["2USBDPIBEdi3"]
    },
    "must be the id of a key: 12 letters and digits"
);

text!(
    /// The name of a key.
    KeyNameText(KeyName), "ApiKeyName", {
        "description": "What people call a key. Several may have one name.",
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "examples": ["billing"]
    },
    "must be 1 to 100 characters, without control characters and without spaces at its ends"
);
