//! Entity tags (RFC 9110, 8.8.3): a reply says by one what it holds, and who sends it along with the next request gets 304
//! and no body where that would be the same.

use pavex::Response;
use pavex::http::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use pavex::http::{Method, StatusCode};
use pavex::request::RequestHead;
use pavex::response::ResponseBody;
use sha2::{Digest as _, Sha256};

/// How much of a digest a tag shows: 16 bytes, so that nobody finds two replies with one tag.
const SHOWN_BYTES: usize = 16;

/// Returns the tag of a reply that holds these bytes: the same on every replica, and for as long as they are the same.
///
/// # Panics
/// Never: hex digits in quotes are a header.
#[must_use]
pub fn tag(bytes: &[u8]) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    let mut text = [b'"'; 2 * SHOWN_BYTES + 2];
    for (pair, byte) in text[1..].chunks_exact_mut(2).zip(&digest[..SHOWN_BYTES]) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    HeaderValue::from_bytes(&text).expect("hex digits in quotes")
}

/// Leaves out the body of a reply that the client says it has.
#[pavex::post_process]
#[must_use]
pub fn spare_known(mut response: Response, head: &RequestHead) -> Response {
    if head.method == Method::GET
        && response.status() == StatusCode::OK
        && let Some(tag) = response.headers().get(ETAG)
        && head.headers.get_all(IF_NONE_MATCH).iter().any(|value| names(value, tag))
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = ResponseBody::default();
    }
    response
}

/// Says whether an `If-None-Match` names the tag. Weak and strong tags compare alike here (RFC 9110, 13.1.2).
fn names(value: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(value), Ok(tag)) = (value.to_str(), tag.to_str()) else { return false };
    let mut tags = value.split(',').map(str::trim);
    tags.any(|named| named == "*" || bare(named) == bare(tag))
}

fn bare(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use pavex::http::{HeaderMap, Uri, Version};
    use pavex::response::body::raw::RawBody as _;

    use super::*;

    fn spared(method: Method, known: &[&str], status: StatusCode) -> Response {
        let known = known.iter().map(|tag| (IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap()));
        let headers: HeaderMap = known.collect();
        let head = RequestHead { method, target: Uri::from_static("/"), version: Version::HTTP_11, headers };
        let mut response = Response::new(status).set_typed_body("words");
        response.headers_mut().insert(ETAG, tag(b"words"));
        spare_known(response, &head)
    }

    #[test]
    fn a_client_that_has_it_is_told_so() {
        let tag = tag(b"words");
        let tag = tag.to_str().unwrap();
        let (weak, behind) = (format!("W/{tag}"), format!("\"other\",{tag}"));
        for known in [&[tag][..], &[&weak], &[&behind], &["\"other\"", tag], &["*"]] {
            let response = spared(Method::GET, known, StatusCode::OK);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known:?}");
            assert_eq!(response.headers()[ETAG], tag);
            assert_eq!(response.body().size_hint().exact(), Some(0));
        }
    }

    #[test]
    fn what_a_client_does_not_have_is_sent() {
        for known in [&[][..], &["\"other\""], &[""], &["w/*"]] {
            let response = spared(Method::GET, known, StatusCode::OK);
            assert_eq!(response.status(), StatusCode::OK, "{known:?}");
            assert_eq!(response.body().size_hint().exact(), Some(5));
        }
    }

    #[test]
    fn writes_and_problems_are_sent_whatever_a_client_has() {
        assert_eq!(spared(Method::POST, &["*"], StatusCode::OK).status(), StatusCode::OK);
        assert_eq!(spared(Method::GET, &["*"], StatusCode::NOT_FOUND).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_tag_is_that_of_the_bytes() {
        // The first half of the digest that `sha256sum` shows for them.
        assert_eq!(tag(b"words"), "\"dba36bffa5cab0f922d087a3aeb179f9\"");
        assert_ne!(tag(b"words"), tag(b"word"));
    }
}
