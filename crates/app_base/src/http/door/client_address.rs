//! Who a client is where its requests come through proxies: the last address on the way that is not a trusted proxy's.
//!
//! A client can write what it likes into a header. So nobody's word is taken but a trusted proxy's, which appends the
//! address that it was asked from; what stands left of the first address that is not trusted is hearsay. One header is
//! read and never the other: a proxy that knows one of them lets the other through as the client wrote it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use pavex::http::HeaderMap;
use pavex::http::header::{FORWARDED, HeaderName};

use crate::configuration::ForwardedHeader;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// More proxies than any request goes through.
const HOPS_MAX: usize = 32;

/// Whose word is taken, and where they say it.
#[derive(Clone, Debug)]
pub(super) struct TrustedProxies {
    networks: Box<[IpNet]>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    pub(super) fn new(networks: impl Iterator<Item = IpNet>, header: ForwardedHeader) -> Self {
        Self { networks: networks.collect(), header }
    }

    /// Returns the client's address; its port is 0 where a proxy named it.
    pub(super) fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> SocketAddr {
        if self.networks.is_empty() || !self.trusts(peer.ip()) {
            return peer;
        }
        let mut client = peer;
        for named in self.named(headers).take(HOPS_MAX) {
            // What cannot be read was not written by a proxy that is worth its trust: who asked it is not known.
            let Some(address) = named else { break };
            client = SocketAddr::new(address.to_canonical(), 0);
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Lists who is named, the last first: that is who was nearest.
    fn named<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = Option<IpAddr>> + use<'h> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, node),
            ForwardedHeader::Forwarded => (FORWARDED, forwarded_for),
        };
        let lines: Vec<_> = headers.get_all(name).iter().collect();
        lines.into_iter().rev().flat_map(move |line| {
            let elements = line.to_str().unwrap_or("?").rsplit(',');
            elements.map(move |element| read(element.trim_matches([' ', '\t'])))
        })
    }
}

/// Reads an element of `Forwarded`, `for=192.0.2.43;proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    node(value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?)
}

/// Reads an address, with or without a port: `192.0.2.43`, `192.0.2.43:47011`, `2001:db8::1`, `[2001:db8::1]:47011`.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.strip_prefix(':').unwrap_or("0");
        return port.parse::<u16>().is_ok().then(|| address.parse().ok()).flatten();
    }
    text.parse::<SocketAddr>().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use pavex::http::HeaderValue;

    use super::*;

    fn client(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let proxies = TrustedProxies::new(networks.into_iter(), header);
        let headers: HeaderMap = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        proxies.client(&headers, SocketAddr::new(peer.parse().unwrap(), 5)).ip().to_string()
    }

    fn x_forwarded(peer: &str, value: &str) -> String {
        client(ForwardedHeader::XForwardedFor, peer, &[("x-forwarded-for", value)])
    }

    #[test]
    fn nobody_is_believed_but_a_trusted_proxy() {
        assert_eq!(x_forwarded("192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(x_forwarded("10.0.0.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(x_forwarded("::ffff:10.0.0.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(x_forwarded("fd00::1", "2001:db8::7"), "2001:db8::7");
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_wrote_itself_is_hearsay() {
        assert_eq!(x_forwarded("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "198.51.100.7");
        let lines = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "198.51.100.7");
        assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &lines), "1.1.1.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_search_at_the_last_that_could() {
        for value in
            ["nonsense", "", "1.1.1.1, ", "1.1.1.1, unknown", "1.1.1.1, 300.1.1.1", "[::1", "1.1.1.1:x"]
        {
            assert_eq!(x_forwarded("10.0.0.1", value), "10.0.0.1", "{value}");
        }
        assert_eq!(x_forwarded("10.0.0.1", "1.1.1.1, ?, 10.0.0.2"), "10.0.0.2");
        let all_trusted = vec!["10.0.0.2"; 100].join(",");
        assert_eq!(x_forwarded("10.0.0.1", &all_trusted), "10.0.0.2");
    }

    #[test]
    fn addresses_are_read_in_all_their_forms() {
        for (value, address) in [
            ("198.51.100.7:47011", "198.51.100.7"),
            ("[2001:db8::7]:47011", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
        ] {
            assert_eq!(x_forwarded("10.0.0.1", value), address, "{value}");
        }
        for (value, address) in [
            ("for=198.51.100.7;proto=https;by=10.0.0.1", "198.51.100.7"),
            ("For=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("proto=https; for=198.51.100.7, for=10.0.0.2", "198.51.100.7"),
            ("for=_hidden", "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
            ("for=\"198.51.100.7", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(
                client(ForwardedHeader::Forwarded, "10.0.0.1", &[("forwarded", value)]),
                address,
                "{value}"
            );
        }
    }
}
