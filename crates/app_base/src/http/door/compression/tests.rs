//! What is compressed and what is not, and that it is the same afterwards.

use std::io::Read as _;

use flate2::read::GzDecoder;
use futures_util::stream::iter;
use http_body_util::{BodyExt as _, StreamBody};

use super::*;

fn request(method: Method, path: &str, accepts: Option<&'static str>) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path).body(()).unwrap();
    if let Some(accepts) = accepts {
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(accepts));
    }
    request
}

fn wish(path: &str, accepts: &'static str) -> Wish {
    Wish::of(Some(&Compression::new()), &request(Method::GET, path, Some(accepts)))
}

fn grant(wish: Wish, response: Response) -> Response {
    Compression::new().grant(wish, response)
}

fn json(bytes: usize) -> Response {
    let mut response = Response::ok().set_typed_body("x".repeat(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn is_compressed(response: &Response) -> bool {
    response.headers().contains_key(CONTENT_ENCODING)
}

async fn unpacked(response: &mut Response) -> Vec<u8> {
    let packed = response.body_mut().collect().await.unwrap().to_bytes();
    let mut text = Vec::new();
    GzDecoder::new(&*packed).read_to_end(&mut text).unwrap();
    text
}

#[test]
fn clients_get_what_they_take() {
    const LIST: &str = "/v1/ledgers/main/transactions";
    for accepts in
        ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8", "*", "deflate, *;q=0.1", "x-gzip"]
    {
        assert_eq!(wish(LIST, accepts), Wish::Gzip, "{accepts}");
    }
    for accepts in ["", "identity", "br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzip;q=x", "gzipped"] {
        assert_eq!(wish(LIST, accepts), Wish::Plain, "{accepts}");
    }
    assert_eq!(Wish::of(Some(&Compression::new()), &request(Method::GET, LIST, None)), Wish::Plain);
    assert_eq!(Wish::of(None, &request(Method::GET, LIST, Some("gzip"))), Wish::Never);
}

#[test]
fn only_what_is_on_the_list_is_compressed() {
    for path in ["/v1/ledgers", "/v1/ledgers/main/log?after=5", "/openapi.json", "/docs", "/docs/errors"] {
        assert_eq!(wish(path, "gzip"), Wish::Gzip, "{path}");
    }
    for path in
        ["/v1/users", "/v1/sessions", "/v1/keys", "/oauth/token", "/metrics", "/", "/v1/ledgersx", "/docsx"]
    {
        assert_eq!(wish(path, "gzip"), Wish::Never, "{path}");
    }
    for method in [Method::POST, Method::PATCH, Method::DELETE] {
        let request = request(method, "/v1/ledgers/main/transactions", Some("gzip"));
        assert_eq!(Wish::of(Some(&Compression::new()), &request), Wish::Never);
    }
}

#[test]
fn what_is_short_secret_binary_or_a_problem_stays_as_it_is() {
    assert!(is_compressed(&grant(Wish::Gzip, json(100_000))));
    assert!(!is_compressed(&grant(Wish::Gzip, json(1000))), "short");
    let with = |name, value: &'static str| {
        let mut response = json(100_000);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
        response
    };
    assert!(!is_compressed(&grant(Wish::Gzip, with(SET_COOKIE, "a=b"))));
    assert!(!is_compressed(&grant(Wish::Gzip, with(CONTENT_TYPE, "application/problem+json"))));
    assert!(!is_compressed(&grant(Wish::Gzip, with(CONTENT_TYPE, "image/png"))));
    assert!(!is_compressed(&grant(Wish::Gzip, json(100_000).set_status(StatusCode::CREATED))));
    assert_eq!(grant(Wish::Gzip, with(CONTENT_ENCODING, "br")).headers()[CONTENT_ENCODING], "br");
}

#[test]
fn a_reply_that_could_have_been_compressed_says_that_it_depends() {
    let plain = grant(Wish::Plain, json(100_000));
    assert!(!is_compressed(&plain));
    assert_eq!(plain.headers()[VARY], "accept-encoding");
    assert!(!grant(Wish::Plain, json(1000)).headers().contains_key(VARY));
    assert!(!grant(Wish::Never, json(100_000)).headers().contains_key(VARY));
}

#[test]
fn only_so_many_are_compressed_at_one_time() {
    let compression = Compression::new();
    let packed: Vec<_> = (0..=PLACES).map(|_| compression.grant(Wish::Gzip, json(100_000))).collect();
    assert_eq!(packed.iter().filter(|reply| is_compressed(reply)).count(), PLACES);
    assert!(packed.iter().all(|reply| reply.headers()[VARY] == "accept-encoding"));
    drop(packed);
    assert!(is_compressed(&compression.grant(Wish::Gzip, json(100_000))));
}

#[tokio::test]
async fn what_is_unpacked_is_what_was_packed() {
    let mut tagged = json(1_000_000);
    tagged.headers_mut().insert(ETAG, HeaderValue::from_static("\"5\""));
    tagged.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("1000000"));
    let mut response = grant(Wish::Gzip, tagged);
    assert_eq!(response.headers()[ETAG], "W/\"5\"");
    assert!(!response.headers().contains_key(CONTENT_LENGTH));
    assert_eq!(unpacked(&mut response).await, "x".repeat(1_000_000).into_bytes());
}

fn stream(pieces: Vec<Result<&'static str, &'static str>>) -> Response {
    let frames = pieces.into_iter().map(|piece| piece.map(|text| Frame::data(Bytes::from(text))));
    let mut response = Response::ok().set_raw_body(StreamBody::new(iter(frames)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}

#[tokio::test]
async fn each_piece_of_a_stream_is_sent_when_it_comes() {
    let mut response = grant(Wish::Gzip, stream(vec![Ok("one\n"), Ok("two\n")]));
    let mut packed = Vec::new();
    for seen in ["one\n", "one\ntwo\n"] {
        packed.extend(response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap());
        let (mut text, mut decoder) = (String::new(), GzDecoder::new(&*packed));
        // The end is not there yet, but all that was sent is.
        let _ = decoder.read_to_string(&mut text);
        let mut buffer = vec![0; 100];
        let count = GzDecoder::new(&*packed).read(&mut buffer).unwrap();
        assert_eq!(std::str::from_utf8(&buffer[..count]).unwrap(), seen);
    }
    assert!(unpacked(&mut grant(Wish::Gzip, stream(vec![]))).await.is_empty());
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_no_good_end() {
    let mut response = grant(Wish::Gzip, stream(vec![Ok("one\n"), Err("broken")]));
    assert!(response.body_mut().frame().await.unwrap().is_ok());
    assert!(response.body_mut().frame().await.unwrap().is_err());
    assert!(response.body_mut().frame().await.is_none());
}
