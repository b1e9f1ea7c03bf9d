//! W3C Trace Context, <https://www.w3.org/TR/trace-context/>: the caller's trace goes on in ours.
//!
//! A `traceparent` that is not exactly what the specification allows counts as none; it is never repaired.

use std::fmt;

use pavex::http::HeaderMap;
use pavex::request::RequestHead;
use pavex::telemetry::ServerRequestId;

const TRACEPARENT: &str = "traceparent";

/// The place of a request in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace: the caller's, or a new one.
    pub trace_id: TraceId,
    /// The request itself within the trace.
    pub span_id: SpanId,
    /// The caller's span, where it sent one.
    pub parent_id: Option<SpanId>,
}

/// Names a trace; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(u128);

/// Names a span within a trace; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(u64);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl TraceContext {
    /// Takes over the caller's trace, or starts one. New ids come out of the request id, which is random
    /// where it counts: a UUID v7 ends in 62 random bits, and never in 64 zeros.
    #[must_use]
    pub fn of_request(head: &RequestHead, request_id: ServerRequestId) -> Self {
        let own = request_id.inner();
        let (_, span_id) = own.as_u64_pair();
        let parent = parent(&head.headers);
        Self {
            trace_id: parent.map_or(TraceId(own.as_u128()), |(trace_id, _)| trace_id),
            span_id: SpanId(span_id),
            parent_id: parent.map(|(_, parent_id)| parent_id),
        }
    }
}

/// Reads the caller's trace and span. More than one header means that somebody on the way got it wrong:
/// the specification says to start anew.
fn parent(headers: &HeaderMap) -> Option<(TraceId, SpanId)> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let (first, None) = (values.next()?, values.next()) else { return None };
    parse(first.as_bytes())
}

/// Parses `version "-" trace-id "-" parent-id "-" trace-flags`, all lowercase hex.
fn parse(value: &[u8]) -> Option<(TraceId, SpanId)> {
    const LENGTH: usize = 2 + 1 + 32 + 1 + 16 + 1 + 2;
    let (fields, more) = value.split_at_checked(LENGTH)?;
    let version = hex(&fields[..2])?;
    let trace_id = hex(&fields[3..35])?;
    let parent_id = hex(&fields[36..52])?;
    hex(&fields[53..])?;
    let dashes = [fields[2], fields[35], fields[52]] == [b'-'; 3];
    // Version 00 ends here; later versions may say more, after another dash. Version ff does not exist.
    let well_ended = more.is_empty() || (version > 0 && more[0] == b'-');
    let parent_id = u64::try_from(parent_id).expect("16 hex digits are 64 bits");
    (dashes && well_ended && version != 0xff && trace_id != 0 && parent_id != 0)
        .then_some((TraceId(trace_id), SpanId(parent_id)))
}

/// Reads up to 32 lowercase hex digits.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number: u128, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

#[cfg(test)]
mod tests {
    use pavex::http::{HeaderValue, Method, Uri, Version};

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn context(values: &[&str]) -> (TraceContext, ServerRequestId) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        let head = RequestHead {
            method: Method::GET,
            target: Uri::from_static("/"),
            version: Version::HTTP_11,
            headers,
        };
        let id = ServerRequestId::generate();
        (TraceContext::of_request(&head, id), id)
    }

    #[test]
    fn a_valid_traceparent_is_taken_over_with_a_span_of_our_own() {
        for value in [
            format!("00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-00"),
            format!("00-{TRACE}-{SPAN}-ff"),
            format!("01-{TRACE}-{SPAN}-01"),
            format!("cc-{TRACE}-{SPAN}-01-what-the-future-brings"),
        ] {
            let (context, _) = context(&[&value]);
            assert_eq!(context.trace_id.to_string(), TRACE, "{value}");
            assert_eq!(context.parent_id.unwrap().to_string(), SPAN, "{value}");
            assert_ne!(context.span_id.to_string(), SPAN, "{value}");
        }
    }

    #[test]
    fn anything_else_starts_a_trace() {
        let upper = TRACE.to_uppercase();
        for value in [
            String::new(),
            "00".into(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-0x"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("01-{TRACE}-{SPAN}-01more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!("00-{upper}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{TRACE}{SPAN}-01-"),
        ] {
            let (context, id) = context(&[&value]);
            assert_eq!(context.trace_id.to_string(), id.inner().simple().to_string(), "{value}");
            assert_eq!(context.parent_id, None, "{value}");
        }
    }

    #[test]
    fn two_traceparents_count_as_none() {
        let value = format!("00-{TRACE}-{SPAN}-01");
        assert_eq!(context(&[&value, &value]).0.parent_id, None);
    }

    #[test]
    fn requests_without_one_get_different_traces_and_spans() {
        let ((first, _), (second, _)) = (context(&[]), context(&[]));
        assert_ne!(first.trace_id, second.trace_id);
        assert_ne!(first.span_id, second.span_id);
    }
}
