//! Which connection a request is for, and what of its target goes on.

use bytes::Bytes;

use super::problem::Problem;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The connection's name, as the caller wrote it.
    pub(super) connection: String,
    /// Path and query for the target.
    pub(super) target: Bytes,
    /// Whether the connection was named in the path, so that no cookies pass.
    pub(super) by_path: bool,
}

/// Reads host and target. `domain` is the one below which each connection has a name.
///
/// # Errors
/// If the target is not in canonical form, or names no connection.
pub(super) fn route(host: Option<&[u8]>, target: &Bytes, domain: Option<&str>) -> Result<Route, Problem> {
    protocols::http::check_target(target).map_err(|error| Problem::malformed(error.to_string()))?;
    if let Some(connection) = domain.and_then(|domain| below(host?, domain)) {
        return Ok(Route { connection, target: target.clone(), by_path: false });
    }
    let rest = target.get(1..).unwrap_or_default();
    let len = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let connection = String::from_utf8_lossy(rest.get(..len).unwrap_or_default()).into_owned();
    let rest = target.slice(1 + len..);
    let target = match rest.first() {
        Some(b'/') => rest,
        None => Bytes::from_static(b"/"),
        Some(_) => [b"/", &rest[..]].concat().into(),
    };
    Ok(Route { connection, target, by_path: true })
}

/// The first label of a host name one level below `domain`.
fn below(host: &[u8], domain: &str) -> Option<String> {
    let host = std::str::from_utf8(host).ok()?.to_ascii_lowercase();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => &host,
    };
    let label = name.strip_suffix(&domain.to_ascii_lowercase())?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn routed(host: &str, target: &'static str) -> (String, String, bool) {
        let route = route(Some(host.as_bytes()), &Bytes::from_static(target.as_bytes()), Some("apps.example")).unwrap();
        (route.connection, String::from_utf8(route.target.to_vec()).unwrap(), route.by_path)
    }

    #[test]
    fn the_path_names_the_connection_and_loses_the_name() {
        let by_path =
            |target, rest: &str| assert_eq!(routed("gw", target), ("shop".into(), rest.into(), true), "{target}");
        by_path("/shop/v1/x?y=/z", "/v1/x?y=/z");
        by_path("/shop/", "/");
        by_path("/shop", "/");
        by_path("/shop?a=b", "/?a=b");
        assert_eq!(routed("gw", "/").0, "");
    }

    #[test]
    fn a_host_name_below_the_domain_names_the_connection_and_the_path_stays() {
        for host in ["shop.apps.example", "SHOP.apps.example:8443"] {
            assert_eq!(routed(host, "/v1/x"), ("shop".into(), "/v1/x".into(), false));
        }
        for host in
            ["apps.example", "a.shop.apps.example", "shop.apps.example.evil", "shopapps.example", "shop.apps.example:x"]
        {
            assert!(routed(host, "/v1/x").2, "{host}");
        }
    }

    #[test]
    fn a_target_that_is_not_canonical_goes_nowhere() {
        for target in ["/shop/../other", "/shop//x", "/shop/%2e%2e/x", "*"] {
            assert!(route(None, &Bytes::from_static(target.as_bytes()), None).is_err());
        }
    }
}
