//! Rights, each a type that a handler can ask for in its signature.

/// Makes a right of each line: `/// To read …` and `LedgerRead = Need::OnLedger(Scope::LedgerRead);`. A feature makes those that
/// are its own in its own folder.
#[macro_export]
macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $need:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl $crate::http::principal::Right for $name {
                const NEED: identity::Need = $need;
            }
        )*
    };
}

pub use rights;
