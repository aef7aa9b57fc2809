//! Where a server stands: on the public internet, in a private network, on this machine.

use std::net::IpAddr;

use super::site::is_ip_host;
use crate::exchange::Exchange;

/// Where a server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// A public address.
    Public,
    /// A public name whose address the recording does not tell.
    PublicName,
    /// 10/8, 172.16/12, 192.168/16, fc00::/7, or a name reserved for such networks.
    Private,
    /// 127/8, `::1`, `localhost`.
    Loopback,
    /// 169.254/16, fe80::/10.
    LinkLocal,
    /// 100.64/10.
    CarrierGrade,
    /// Not told.
    Unknown,
}

impl Network {
    /// Whether enough is known for rules about permissive grants.
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Self::Unknown
    }

    /// Whether the public can reach the server.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Self::Public | Self::PublicName)
    }
}

/// Where the server of an exchange stands: by its recorded address, else by its name.
#[must_use]
pub fn network(exchange: &Exchange) -> Network {
    if let Some(address) = exchange.hints.server_ip {
        return of_address(address);
    }
    exchange
        .request
        .url
        .origin()
        .host()
        .map_or(Network::Unknown, host_network)
}

/// Where a host stands by its name alone.
pub fn host_network(host: &str) -> Network {
    if is_ip_host(host) {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        return bare.parse().map_or(Network::Unknown, of_address);
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Network::Loopback;
    }
    if [".local", ".internal", ".home.arpa"]
        .iter()
        .any(|suffix| host.ends_with(suffix))
    {
        return Network::Private;
    }
    if host.contains('.') {
        Network::PublicName
    } else {
        Network::Unknown
    }
}

fn of_address(address: IpAddr) -> Network {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            if v4.is_loopback() || v4.is_unspecified() {
                Network::Loopback
            } else if v4.is_private() {
                Network::Private
            } else if v4.is_link_local() {
                Network::LinkLocal
            } else if a == 100 && (64..128).contains(&b) {
                Network::CarrierGrade
            } else {
                Network::Public
            }
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            if v6.is_loopback() || v6.is_unspecified() {
                Network::Loopback
            } else if first & 0xfe00 == 0xfc00 {
                Network::Private
            } else if first & 0xffc0 == 0xfe80 {
                Network::LinkLocal
            } else {
                Network::Public
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (host, expected) in [
            ("localhost", Network::Loopback),
            ("x.localhost", Network::Loopback),
            ("[::1]", Network::Loopback),
            ("[::ffff:10.0.0.1]", Network::Private),
            ("192.168.1.10", Network::Private),
            ("100.64.0.1", Network::CarrierGrade),
            ("169.254.1.1", Network::LinkLocal),
            ("printer.local", Network::Private),
            ("intranet", Network::Unknown),
            ("shop.test", Network::PublicName),
            ("93.184.216.34", Network::Public),
        ] {
            assert_eq!(host_network(host), expected, "{host}");
        }
    }
}
