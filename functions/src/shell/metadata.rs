//! The addresses at which clouds give machines their credentials, in every spelling that a resolver takes (`inet_aton(3)`).

use core::net::{IpAddr, Ipv4Addr};

/// The services' addresses: the common one, a container's, and those of single clouds.
const ADDRESSES: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];
const NAMES: [&str; 3] = ["metadata.google.internal", "instance-data", "metadata"];

/// Whether a text names one of the services in the plain spelling.
pub(super) fn is_asked(text: &str) -> bool {
    text.contains("metadata.google.internal")
        || text.contains("[fd00:ec2::254]")
        || text.contains("169.254.169.254")
        || text.contains("169.254.170.2")
        || text.contains("100.100.100.200")
}

/// Whether a host, with or without a port, is one of the services.
pub(super) fn is_host(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split(']').next());
    if let Some(Ok(IpAddr::V6(address))) = bracketed.map(str::parse::<IpAddr>) {
        let plain = address.to_ipv4_mapped().or_else(|| address.to_ipv4());
        return plain.is_some_and(|plain| ADDRESSES.contains(&plain))
            || address.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254];
    }
    let name = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || address(&name).is_some_and(|address| ADDRESSES.contains(&address))
}

/// One to four numbers, decimal, octal or hexadecimal; the last one fills what is left.
fn address(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let high = first.iter().zip([24_u32, 16, 8]).fold(0_u32, |all, (part, shift)| all | part << shift);
    let room = 32 - 8 * u32::try_from(first.len()).ok()?;
    (room == 32 || *last >> room == 0).then(|| Ipv4Addr::from(high | last))
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_address_is_the_address() {
        for host in [
            "169.254.169.254",
            "169.254.169.254:80",
            "0xA9FEA9FE",
            "2852039166",
            "0251.0376.0251.0376",
            "169.254.43518",
            "0xa9.0xfe.0xa9.0xfe",
            "[::ffff:169.254.169.254]",
            "[fd00:ec2::254]",
            "metadata.google.internal.",
            "169.16689662",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in ["169.254.1.1", "10.0.0.1", "example.com", "metadata.example.com", "256.1.1.1", "", "1.2.3.4.5"] {
            assert!(!is_host(host), "{host}");
        }
    }
}
