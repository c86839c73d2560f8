//! Where an address lies: on the open net, or inside. For addresses that anybody may have a hand in, as the owner of a name:
//! the name is looked up once, what lies inside is left out, and the rest is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// Addresses of a host that lie on the open net, with the port of the address asked for.
///
/// # Errors
/// A fragment: the name cannot be looked up at present, or everything it stands for lies inside.
pub async fn public_addresses(url: &Url) -> Result<Vec<SocketAddr>, Unreachable> {
    let port = url.port_or_known_default().unwrap_or(443);
    let all: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![SocketAddr::from((address, port))],
        Some(Host::Ipv6(address)) => vec![SocketAddr::from((address, port))],
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            found.map_err(|error| Unreachable::Unknown(error.to_string()))?.collect()
        }
        None => Vec::new(),
    };
    if all.is_empty() {
        return Err(Unreachable::Unknown("the name stands for no address".to_owned()));
    }
    let public: Vec<SocketAddr> = all.into_iter().filter(|address| is_public(address.ip())).collect();
    if public.is_empty() { Err(Unreachable::Inside) } else { Ok(public) }
}

/// Why a host is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Its name could not be looked up; perhaps later.
    #[error("the name cannot be looked up: {0}")]
    Unknown(String),
    /// It lies in a private network, on this machine, or where a cloud keeps its credentials.
    #[error("it lies in a private network")]
    Inside,
}

/// False where an address is known to lie inside without looking anything up: a number, or this machine's own name.
pub fn may_be_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name != "localhost" && !name.ends_with(".localhost") && !name.ends_with(".local")
        }
        None => false,
    }
}

/// Whether an address belongs to the open net: neither to this machine, a private or shared network, a link, a group, nor to
/// what is set apart for documents, tests and the inside of clouds.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let apart = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    // Azure's own service on every machine there, at an address of the open net.
    !apart && address != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // IPv4 in another dress: mapped, translated, tunnelled.
        [0, 0, 0, 0, 0, 0xffff, high, low] => inner(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x2002, high, low, ..] => inner(high, low),
        [0x2001, 0xdb8, ..] | [0x2001, 0..=0x1ff, ..] | [0x3fff, ..] => false,
        // What is given out to the world begins so; everything else is local, set apart or not yet in use.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_addresses_of_the_open_net_are_public() {
        for address in ["1.1.1.1", "140.82.112.3", "172.32.0.1", "100.63.255.255", "192.169.0.1", "2606:4700::1111"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        assert!(is_public("64:ff9b::101:101".parse().unwrap()) && is_public("2002:101:101::".parse().unwrap()));
    }

    #[tokio::test]
    async fn every_way_to_write_an_inner_address_is_understood() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/",
            "http://localhost/",
            "https://LOCALHOST./x",
            "http://[fe80::1]/",
            "http://①②⑦.0.0.1/",
        ] {
            let url: Url = url.parse().unwrap();
            assert!(!may_be_public(&url), "{url}");
            let found = public_addresses(&url).await;
            assert!(matches!(found, Err(Unreachable::Inside | Unreachable::Unknown(_))), "{url}: {found:?}");
        }
        let outside: Url = "https://1.1.1.1/".parse().unwrap();
        assert_eq!(public_addresses(&outside).await.unwrap(), ["1.1.1.1:443".parse::<SocketAddr>().unwrap()]);
        assert!(may_be_public(&"https://hooks.example.org/x".parse().unwrap()));
    }
}
