//! The connection's own lists: environment variables and forwarding destinations.

/// Whether a client may set the environment variable `name`: it is on the list, where a trailing `*` matches any end.
#[must_use]
pub fn allows_env(list: &[String], name: &str) -> bool {
    list.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    })
}

/// Whether forwarding to (or listening at) `host:port` is on the list; either part of an entry may be `*`. Names are
/// compared as they are written: nothing is resolved, so an address does not match a name.
#[must_use]
pub fn allows_forward(list: &[String], host: &str, port: u32) -> bool {
    list.iter().filter_map(|entry| entry.rsplit_once(':')).any(|(allowed_host, allowed_port)| {
        let host_fits = allowed_host == "*" || bare(allowed_host).eq_ignore_ascii_case(bare(host));
        let port_fits = allowed_port == "*" || allowed_port.parse() == Ok(port);
        host_fits && port_fits
    })
}

/// A host without the brackets of an IPv6 address and the dot of an absolute name.
fn bare(host: &str) -> &str {
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}
