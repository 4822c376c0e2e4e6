//! Which address a request really comes from, and whether it may deliver callbacks.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

use crate::config::Settings;

/// Whether whoever sent this may post to the callback intake.
pub(crate) fn may_call_back(settings: &Settings, peer: SocketAddr, headers: &HeaderMap) -> bool {
    let allowed = &settings.callback_ips;
    allowed.is_empty()
        || client(&settings.trusted_proxies, peer, headers).is_some_and(|client| is_in(allowed, client))
}

/// The address that the outermost trusted proxy saw.
///
/// `X-Forwarded-For` grows to the right, each proxy adding whom it heard, so it is read from the right for as long as
/// trusted proxies speak; what stands further left is what the client claims, and counts for nothing. Nobody's
/// address comes out where a trusted proxy wrote something that cannot be read.
pub(crate) fn client(trusted: &[IpNet], peer: SocketAddr, headers: &HeaderMap) -> Option<IpAddr> {
    let mut client = peer.ip().to_canonical();
    let lines: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|line| line.to_str().unwrap_or("?"))
        .collect();
    let mut heard = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while is_in(trusted, client) {
        let Some(text) = heard.next() else { break };
        client = address(text.trim())?;
    }
    Some(client)
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port)
        .or_else(bracketed)
        .map(|address: IpAddr| address.to_canonical())
}

fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(trusted: &str, peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted: Vec<IpNet> = trusted
            .split_whitespace()
            .map(|text| text.parse().unwrap())
            .collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        client(&trusted, SocketAddr::new(peer.parse().unwrap(), 1), &headers)
            .map(|address| address.to_string())
    }

    #[test]
    fn a_stranger_cannot_claim_an_address() {
        assert_eq!(seen("", "9.9.9.9", &["1.1.1.1"]).as_deref(), Some("9.9.9.9"));
        assert_eq!(
            seen("10.0.0.0/8", "9.9.9.9", &["1.1.1.1"]).as_deref(),
            Some("9.9.9.9")
        );
    }

    #[test]
    fn the_outermost_trusted_proxy_is_believed() {
        let trusted = "10.0.0.0/8";
        assert_eq!(
            seen(trusted, "10.0.0.1", &["1.1.1.1"]).as_deref(),
            Some("1.1.1.1")
        );
        assert_eq!(
            seen(trusted, "10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"]).as_deref(),
            Some("1.1.1.1")
        );
        assert_eq!(
            seen(trusted, "10.0.0.1", &["6.6.6.6", "1.1.1.1:443"]).as_deref(),
            Some("1.1.1.1")
        );
        assert_eq!(seen(trusted, "10.0.0.1", &[]).as_deref(), Some("10.0.0.1"));
        assert_eq!(seen(trusted, "10.0.0.1", &["1.1.1.1, unknown"]), None);
        assert_eq!(
            seen("::1/128", "::1", &["[2001:db8::1]"]).as_deref(),
            Some("2001:db8::1")
        );
    }

    #[test]
    fn an_ipv4_address_inside_ipv6_is_the_same_address() {
        assert_eq!(
            seen("10.0.0.0/8", "::ffff:10.0.0.1", &["1.1.1.1"]).as_deref(),
            Some("1.1.1.1")
        );
    }
}
