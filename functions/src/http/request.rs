//! A request as it is judged: method, target, fields.

use super::{Fault, target};

/// The head of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// In upper case.
    pub method: &'a str,
    /// Path and query as they are forwarded.
    pub target: &'a [u8],
    /// Header fields; names in lower case.
    pub fields: &'a [(&'a [u8], &'a [u8])],
    /// Whether it asks to switch to another protocol.
    pub upgrade: bool,
}

impl<'a> Request<'a> {
    /// All values of a field.
    pub(crate) fn raw(&self, name: &str) -> Vec<&'a [u8]> {
        self.fields.iter().filter(|(other, _)| *other == name.as_bytes()).map(|(_, value)| *value).collect()
    }

    /// All values of a field, as text.
    pub(crate) fn values(&self, name: &str) -> Result<Vec<String>, Fault> {
        let text = |value: &[u8]| std::str::from_utf8(value).map(|text| text.trim().to_owned());
        let values: Result<Vec<_>, _> = self.raw(name).into_iter().map(text).collect();
        values.map_err(|_| Fault::malformed(format!("the field {name} is not text")))
    }

    /// A field that may stand once.
    pub(crate) fn value(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.raw(name).as_slice() {
            [] => Ok(None),
            [one] => std::str::from_utf8(one)
                .map(|text| Some(text.trim()))
                .map_err(|_| Fault::malformed(format!("the field {name} is not text"))),
            _ => Err(Fault::malformed(format!("the field {name} stands more than once"))),
        }
    }

    pub(crate) fn content_type(&self) -> Result<Option<&'a str>, Fault> {
        self.value("content-type")
    }
}

/// Fields by which some servers replace the method.
const OVERRIDES: [&str; 7] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-method",
    "x-original-method",
    "x-request-method",
    "x-override-method",
];

/// Fields by which some servers replace the path.
const REWRITES: [&str; 6] =
    ["x-original-url", "x-rewrite-url", "x-override-url", "x-original-uri", "x-rewrite-uri", "x-original-path"];

/// Refuses what would make the target see another method or path than the one that is judged.
pub(crate) fn check_overrides(request: &Request<'_>, target: &target::Target) -> Result<(), Fault> {
    let other = |value: &str| !value.trim().eq_ignore_ascii_case(request.method);
    let elsewhere =
        |value: &[u8]| value != request.target && Some(value) != request.target.split(|byte| *byte == b'?').next();
    for (name, value) in request.fields {
        // Many servers take `_` for `-`.
        let name: String = name.iter().map(|byte| if *byte == b'_' { '-' } else { char::from(*byte) }).collect();
        if REWRITES.contains(&name.as_str()) && elsewhere(value) {
            return Err(Fault::malformed(format!(
                "the field {name} names another path: send the request to that path itself"
            )));
        }
        let value = String::from_utf8_lossy(value);
        if OVERRIDES.contains(&name.as_str()) && other(&value) {
            return Err(Fault::malformed(format!("the field {name} names another method: send that method itself")));
        }
    }
    check_method_parameter(request, &target.query)
}

/// The same for a query or form parameter `_method`.
pub(crate) fn check_method_parameter(request: &Request<'_>, pairs: &[(String, String)]) -> Result<(), Fault> {
    let replaces = |(name, value): &(String, String)| {
        let name = name.trim().to_ascii_lowercase();
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        // A plain `method` could be anything, but hardly another than the one that it comes by.
        let named = matches!(plain.as_str(), "httpmethod" | "httpmethodoverride" | "methodoverride" | "overridemethod")
            || plain == "method" && request.method == "POST" && !value.trim().eq_ignore_ascii_case("post");
        named && is_method(value) && !value.trim().eq_ignore_ascii_case(request.method)
            || (name == "_method" || OVERRIDES.contains(&name.as_str()))
                && !value.trim().eq_ignore_ascii_case(request.method)
    };
    if pairs.iter().any(replaces) {
        return Err(Fault::malformed("the parameter _method names another method: send that method itself"));
    }
    Ok(())
}

/// Whether a text names a method that changes something.
pub(crate) fn is_method(text: &str) -> bool {
    ["PUT", "PATCH", "DELETE", "POST"].iter().any(|method| text.trim().eq_ignore_ascii_case(method))
}

/// The cookies of a request.
pub(crate) fn cookies(request: &Request<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut cookies = Vec::new();
    for value in request.values("cookie")? {
        for pair in value.split(';') {
            if let Some((name, value)) = pair.split_once('=') {
                cookies.push((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()));
            }
        }
    }
    Ok(cookies)
}
