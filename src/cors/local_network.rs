//! Local Network Access (WICG draft): address spaces, and the check on requests towards a less public one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::fetch::{AddressSpace, LocalNetwork};
use super::trace::{Trace, Value};
use super::verdict::{Code, Engine};

impl AddressSpace {
    /// The space of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => Self::of_v4(address),
                None => Self::of_v6(address),
            },
        }
    }

    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Local => "local",
            Self::Public => "public",
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] | [198, 18 | 19, ..] | [0, 0, 0, 0] => Self::Loopback,
            [10 | 0, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [169, 254, ..]
            | [100, 64..=127, ..]
            // Documentation prefixes.
            | [192, 0, 2, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _] => Self::Local,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address == Ipv6Addr::LOCALHOST || address == Ipv6Addr::UNSPECIFIED {
            return Self::Loopback;
        }
        match address.segments() {
            // fc00::/7, fe80::/10, fec0::/10, and the documentation prefixes 2001:db8::/32 and 3fff::/20.
            [0xfc00..=0xfdff | 0xfe80..=0xfeff, ..]
            | [0x2001, 0x0db8, ..]
            | [0x3fff, 0..=0x0fff, ..] => Self::Local,
            _ => Self::Public,
        }
    }
}

/// Local network access check; `Err` holds a code of class blocked.
///
/// An unknown permission is taken as granted: permissions are in no recording.
pub(super) fn local_network_check<T: Trace>(
    inputs: LocalNetwork,
    engine: Engine,
    trace: &mut T,
) -> Result<(), Code> {
    let concerned = inputs.target < inputs.client
        && (inputs.client == AddressSpace::Public || !engine.checks_public_pages_only());
    if !concerned {
        return Ok(());
    }
    trace.clause(
        "Local Network Access: the page is a secure context",
        "target address space",
        Value::Text(inputs.target.as_str()),
        inputs.secure_context,
    );
    if !inputs.secure_context {
        return Err(Code::LnaInsecureContext);
    }
    let granted = inputs.permission != Some(false);
    trace.clause(
        "Local Network Access: permission",
        "target address space",
        Value::Text(inputs.target.as_str()),
        granted,
    );
    granted.then_some(()).ok_or(Code::LnaPermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces() {
        for (address, expected) in [
            ("127.8.8.8", AddressSpace::Loopback),
            ("0.0.0.0", AddressSpace::Loopback),
            ("198.19.0.1", AddressSpace::Loopback),
            ("::1", AddressSpace::Loopback),
            ("0.1.2.3", AddressSpace::Local),
            ("100.127.255.255", AddressSpace::Local),
            ("100.128.0.0", AddressSpace::Public),
            ("172.32.0.1", AddressSpace::Public),
            ("fd00::1", AddressSpace::Local),
            ("::ffff:10.0.0.1", AddressSpace::Local),
            ("2606:4700::1111", AddressSpace::Public),
        ] {
            let parsed: IpAddr = address.parse().expect("an address");
            assert_eq!(AddressSpace::of(parsed), expected, "{address}");
        }
    }
}
