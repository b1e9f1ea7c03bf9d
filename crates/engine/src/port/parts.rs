//! The parts of a store that keep something beside ledgers, each behind a port of its own. A part is one line here, and
//! every store then has to have it.

/// Makes the parts from one line each: its name, its port.
macro_rules! parts {
    ($($part:ident: $port:path,)*) => {
        /// Has every part. Whatever implements all of their ports does.
        pub trait AllParts: Send + Sync $(+ $port)* {}

        impl<S: Send + Sync $(+ $port)*> AllParts for S {}

        /// Leads to the parts of a store, each by its name.
        pub trait Parts: Send + Sync {
            /// Returns all of them.
            fn parts(&self) -> &dyn AllParts;

            $(
                #[doc = concat!("Returns the part named ", stringify!($part), ".")]
                fn $part(&self) -> &dyn $port {
                    self.parts()
                }
            )*
        }
    };
}

parts! {
    // One sorted line per part.
    access: crate::access::AccessStore,
    links: crate::mailed_links::LinkStore,
    scheduling: crate::schedules::ScheduleStore,
    second_factors: crate::second_factors::SecondFactorStore,
    sessions: crate::sessions::SessionStore,
    signing: crate::tokens::SigningKeyStore,
    users: crate::users::UserStore,
}
