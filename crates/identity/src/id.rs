//! Public names of what there is: 12 letters and digits each. They are no secrets, and a type for each kind keeps one from
//! standing where another belongs.

/// How many digits every id has.
pub(crate) const DIGITS: usize = 12;

/// Makes a type of ids; what is no id is refused with an error of the kind's own.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $error:ty, $refused:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Makes an id of random bytes.
            #[must_use]
            pub fn from_random(bytes: [u8; 9]) -> Self {
                Self($crate::base62::encode(&bytes, $crate::id::DIGITS).into())
            }

            /// Parses an id.
            ///
            /// # Errors
            /// When it is not 12 letters and digits.
            pub fn parse(text: &str) -> Result<Self, $error> {
                let holds = text.len() == $crate::id::DIGITS && $crate::base62::is_written_in(text);
                if holds { Ok(Self(text.into())) } else { Err($refused) }
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use id;
