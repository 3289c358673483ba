//! Our cookies: `__Host-` names, so that no neighbour of ours can set them (RFC 6265bis section 4.1.3.2).

use http::{HeaderMap, HeaderValue, header};

/// Signed in.
pub(super) const SIGNED_IN: &str = "__Host-sallyport";
/// Signing in: ties the way back to this browser.
pub(super) const STATE: &str = "__Host-sallyport-state";

/// The cookie of that name, if it was sent exactly once.
pub(super) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Sets a cookie. `value` is one of our secrets: base64url.
pub(super) fn set(name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    HeaderValue::from_str(&text).ok()
}

/// Removes a cookie.
pub(super) fn remove(name: &str) -> Option<HeaderValue> {
    set(name, "", 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_comes_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; __Host-sallyport=x; b=2"));
        assert_eq!(get(&headers, SIGNED_IN), Some("x"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-sallyport=y"));
        assert_eq!(get(&headers, SIGNED_IN), None);
    }
}
