//! What stands for gadgets in requests and replies: ids, names.

use engine::widgets::{WidgetId, WidgetName};

use super::text::text;

text!(
    /// The id of a gadget.
    WidgetIdText(WidgetId), "WidgetId", {
        "description": "The id of a gadget.",
        "type": "string",
        "pattern": "^[0-9A-Za-z]{12}$",
        "examples": ["2USBDPIBEdi3"]
    },
    "must be the id of a gadget: 12 letters and digits"
);

text!(
    /// What a gadget is called.
    WidgetNameText(WidgetName), "WidgetName", {
        "description": "What a gadget is called. Several may have one name.",
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "examples": ["first"]
    },
    "must be 1 to 100 characters, without control characters and without spaces at its ends"
);
