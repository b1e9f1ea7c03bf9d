//! Types of text: how one of the domain's is read from requests and shown in replies.

/// Makes the type that shows a text of the domain in replies, with its name and schema in the description of the API, and
/// has requests read it with `parse`. What is refused is told with the last argument.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident($inner:ty), $shown:literal, $schema:tt, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $shown.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }

        impl $crate::http::text::FromText for $inner {
            fn from_text(text: &str) -> Result<Self, $crate::http::text::Message> {
                Self::parse(text).map_err(|_| $wanted.into())
            }
        }

        impl $crate::http::json::FromJson for $inner {
            fn from_json(
                value: $crate::http::json::Value<'_>,
                errors: &mut $crate::http::fields::FieldErrors,
            ) -> Option<Self> {
                value.parse(errors)
            }
        }
    };
}

pub(crate) use text_type;
