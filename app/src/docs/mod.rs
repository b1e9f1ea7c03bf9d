//! The documentation that the service shows of itself: the API's description for people, and its errors.
//!
//! Everything comes out of the binary. No page ever asks another host for anything, and none runs a script
//! that is not ours to serve.

mod errors_page;
mod get_docs;
mod get_docs_asset;
mod get_docs_errors;
mod operations;
mod swagger_ui;

pub use get_docs::*;
pub use get_docs_asset::*;
pub use get_docs_errors::*;
pub use operations::operations;

/// What a page may load: this service's own files, and pictures that are written into them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
