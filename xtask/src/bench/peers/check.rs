//! Answers side by side: what may differ is masked, and of what differs the first place is shown.

use anyhow::bail;

use super::Contestant;
use super::scenario::{Expected, Request};
use crate::bench::load::Client;

/// What stands for a text that the service chooses anew each time.
const MASK: &str = "*";

/// So many bytes are shown of what differs.
const SHOWN: usize = 60;

/// An answer, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// Asks everything in order.
///
/// # Errors
/// Somebody does not answer.
pub(super) fn ask(client: &mut Client, requests: &[Request]) -> anyhow::Result<Vec<Answer>> {
    let ask = |request: &Request| {
        let reply = client.send(request.method, &request.path, None, &request.body)?;
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        Ok(Answer { status: reply.status, content_type: reply.content_type, body: masked(&body) })
    };
    requests.iter().map(ask).collect()
}

/// Holds a peer's answers against the service's.
///
/// # Errors
/// One differs: whose, to what, and where first.
pub(super) fn compare(
    peer: Contestant,
    requests: &[Request],
    service: &[Answer],
    answers: &[Answer],
) -> anyhow::Result<()> {
    for ((request, service), answer) in requests.iter().zip(service).zip(answers) {
        if let Some(difference) = difference(request.expected, service, answer) {
            let Request { method, path, body, .. } = request;
            bail!("{} answers {method} {path} {body} unlike the service: {difference}", peer.name());
        }
    }
    Ok(())
}

/// Returns where an answer differs from the service's first.
fn difference(expected: Expected, service: &Answer, answer: &Answer) -> Option<String> {
    if expected == Expected::ClientError {
        let refused = (400..500).contains(&answer.status);
        return (!refused).then(|| format!("status {} where it has to refuse", answer.status));
    }
    if service.status != answer.status {
        return Some(format!("status {} and not {}: {}", answer.status, service.status, answer.body));
    }
    if service.content_type != answer.content_type {
        return Some(format!("it is {} and not {}", answer.content_type, service.content_type));
    }
    if service.body == answer.body {
        return None;
    }
    let place = service.body.bytes().zip(answer.body.bytes()).take_while(|(ours, theirs)| ours == theirs);
    let place = place.count();
    let part = |body: &str| {
        let bytes = &body.as_bytes()[place.saturating_sub(SHOWN / 3).min(body.len())..];
        String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned()
    };
    Some(format!("at byte {place}, `…{}…` and not `…{}…`", part(&answer.body), part(&service.body)))
}

/// Takes out of a body what two services can never have alike: times of recording, and ids of requests, which peers have
/// none of.
fn masked(body: &str) -> String {
    let mut body = body.to_owned();
    for name in ["recorded_at", "effective_at"] {
        body = replaced(&body, &format!("\"{name}\":\""), "\"", |before| format!("{before}{MASK}\""));
    }
    replaced(&body, ",\"request_id\":\"", "\"", |_| String::new())
}

/// Replaces every text from `begin` to the next `end`.
fn replaced(text: &str, begin: &str, end: &str, by: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(begin);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some((_, rest)) = part.split_once(end) {
            result.push_str(&by(begin));
            result.push_str(rest);
        } else {
            result.push_str(begin);
            result.push_str(part);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{Answer, compare, difference, masked};
    use crate::bench::peers::Contestant;
    use crate::bench::peers::scenario::{Expected, Request};

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, content_type: "application/json".into(), body: body.into() }
    }

    #[test]
    fn times_and_ids_of_requests_are_masked_and_nothing_else() {
        let body = r#"{"id":7,"effective_at":"2026-01-01T00:00:00.000001Z","recorded_at":"2026-01-01T00:00:00.000002Z","code":"x","request_id":"sri_1","posting":0}"#;
        assert_eq!(masked(body), r#"{"id":7,"effective_at":"*","recorded_at":"*","code":"x","posting":0}"#);
        assert_eq!(masked(r#"{"recorded_at":"cut"#), r#"{"recorded_at":"cut"#);
    }

    #[test]
    fn the_first_difference_is_shown() {
        let (ours, theirs) = (answer(200, r#"{"a":"1","b":"2"}"#), answer(200, r#"{"a":"1","b":"3"}"#));
        assert_eq!(difference(Expected::Same, &ours, &ours), None);
        assert_eq!(
            difference(Expected::Same, &ours, &theirs).unwrap(),
            r#"at byte 14, `…{"a":"1","b":"3"}…` and not `…{"a":"1","b":"2"}…`"#
        );
        let longer = answer(200, r#"{"a":"1","b":"2"}!"#);
        assert!(difference(Expected::Same, &ours, &longer).unwrap().starts_with("at byte 17, "));
        assert!(difference(Expected::Same, &longer, &ours).unwrap().starts_with("at byte 17, "));
    }

    #[test]
    fn status_and_type_count_as_well() {
        let ours = answer(200, "{}");
        let status = difference(Expected::Same, &ours, &answer(404, "{}")).unwrap();
        assert_eq!(status, "status 404 and not 200: {}");
        let other = Answer { content_type: "text/plain".into(), ..ours.clone() };
        assert_eq!(
            difference(Expected::Same, &ours, &other).unwrap(),
            "it is text/plain and not application/json"
        );
    }

    #[test]
    fn malformed_requests_have_to_be_refused_in_any_way() {
        let ours = answer(400, "{}");
        assert_eq!(difference(Expected::ClientError, &ours, &answer(422, "no")), None);
        assert!(difference(Expected::ClientError, &ours, &answer(500, "no")).is_some());
        assert!(difference(Expected::ClientError, &ours, &answer(201, "{}")).is_some());
    }

    #[test]
    fn a_peer_that_differs_is_named_with_the_route() {
        let requests = [Request::get("/version"), Request::get("/v1/ledgers/main/accounts/a")];
        let ours = [answer(200, "1"), answer(200, "2")];
        compare(Contestant::Axum, &requests, &ours, &ours).unwrap();
        let theirs = [answer(200, "1"), answer(200, "3")];
        let error = compare(Contestant::Axum, &requests, &ours, &theirs).unwrap_err().to_string();
        assert!(error.starts_with("axum answers GET /v1/ledgers/main/accounts/a"), "{error}");
    }
}
