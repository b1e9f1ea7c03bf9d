//! What this build is. It is the same for a build's whole life and reads nothing at run time.

/// This build.
pub const BUILD: BuildInfo = BuildInfo {
    name: "florin",
    version: env!("CARGO_PKG_VERSION"),
    // Whoever builds a release says which commit it is; asking git here would tie builds to a checkout.
    commit: option_env!("FLORIN_GIT_COMMIT"),
    api_version: "v1",
};

/// What a build is.
#[derive(Clone, Copy, Debug)]
pub struct BuildInfo {
    /// The service's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The commit that it was built from, where the build said so.
    pub commit: Option<&'static str>,
    /// The version of the API, which begins its paths.
    pub api_version: &'static str,
}
