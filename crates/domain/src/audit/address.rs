use std::net::IpAddr;

use crate::audit::Origin;

impl Origin {
    /// The client's address when it [`is_public`].
    #[must_use]
    pub fn public_ip(&self) -> Option<IpAddr> {
        self.ip.filter(|ip| is_public(*ip))
    }
}

/// Whether an address is of no private network and not this machine's own. One that is not says nothing of who calls: it
/// is a proxy's, should not be told outside, and is shared by everybody behind it.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    let internal = match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let shared = first == 100 && (64..128).contains(&second); // RFC 6598
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    !internal
}
