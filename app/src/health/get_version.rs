//! `GET /version`.

use pavex::get;

use crate::build_info::BUILD;
use crate::http::reply::Reply;

/// What runs.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "Version")]
pub struct VersionView {
    /// The service's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The commit that it was built from; null where the build did not say.
    pub commit: Option<&'static str>,
    /// The version of the API, which begins its paths.
    pub api_version: &'static str,
}

/// Answers with what runs.
#[get(path = "/version")]
#[must_use]
pub fn get_version() -> Reply<VersionView> {
    Reply(VersionView {
        name: BUILD.name,
        version: BUILD.version,
        commit: BUILD.commit,
        api_version: BUILD.api_version,
    })
}
