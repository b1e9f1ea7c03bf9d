//! Who takes part: names, packages, and the crates whose versions the report names.

use super::{Contestant, Job, Store};

impl Contestant {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Florin => "Florin",
            Self::Hyper => "hyper",
            Self::Axum => "axum",
            Self::ActixWeb => "actix-web",
            Self::Rocket => "Rocket",
            Self::Warp => "warp",
            Self::Poem => "poem",
            Self::Salvo => "salvo",
            Self::Ntex => "ntex",
            Self::Loco => "loco",
            Self::Pavex => "pavex",
        }
    }

    /// Returns the package in `bench/` that it is built of; the service has none there.
    pub(super) fn package(self) -> Option<&'static str> {
        match self {
            Self::Florin => None,
            Self::Hyper => Some("peer_hyper"),
            Self::Axum => Some("peer_axum"),
            Self::ActixWeb => Some("peer_actix_web"),
            Self::Rocket => Some("peer_rocket"),
            Self::Warp => Some("peer_warp"),
            Self::Poem => Some("peer_poem"),
            Self::Salvo => Some("peer_salvo"),
            Self::Ntex => Some("peer_ntex"),
            Self::Loco => Some("peer_loco"),
            Self::Pavex => Some("peer_pavex"),
        }
    }

    /// Returns the workspace that it is built in, in which its package lies in a folder.
    pub(super) fn workspace(self) -> &'static str {
        match self {
            Self::Florin => ".",
            // It and axum want different versions of one crate, of which a workspace can have one.
            Self::Pavex => "bench/pavex",
            _ => "bench",
        }
    }

    /// Returns the framework's own package.
    pub(super) fn framework(self) -> &'static str {
        match self {
            Self::Florin | Self::Pavex => "pavex",
            Self::Hyper => "hyper",
            Self::Axum => "axum",
            Self::ActixWeb => "actix-web",
            Self::Rocket => "rocket",
            Self::Warp => "warp",
            Self::Poem => "poem",
            Self::Salvo => "salvo",
            Self::Ntex => "ntex",
            Self::Loco => "loco-rs",
        }
    }
}

impl Store {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }

    /// Returns how it is called in names of files and databases.
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

impl Job {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Static => "GET a text that never changes",
            Self::Account => "GET an account with its balances",
            Self::Transfer => "POST a transfer, any accounts",
            Self::HotTransfer => "POST a transfer to one hot account",
        }
    }

    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Account => "account",
            Self::Transfer => "transfer",
            Self::HotTransfer => "hot-transfer",
        }
    }

    /// Returns whether it changes anything.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Transfer | Self::HotTransfer)
    }
}
