//! The request as the target gets it: the caller's fields that pass, the target's own `Host`, and the agent's credential.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header, uri::PathAndQuery};
use proto::{Code, Refusal, Scheme};
use protocols::http::{Fields, RequestHead};

use super::{body::RequestBody, pool::Target};
use crate::filter::http::passes_to_target;

/// How the request is to be put.
pub(super) struct Form {
    /// HTTP/2 carries scheme and authority in the target.
    pub(super) h2: bool,
    /// The answer must be readable: no codings are accepted, and all of it is asked for.
    pub(super) readable: bool,
}

/// Builds the request.
pub(super) fn build(
    target: &Target,
    head: &RequestHead,
    credential: Option<(HeaderName, HeaderValue)>,
    form: &Form,
    body: RequestBody,
) -> Result<Request<RequestBody>, Refusal> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(&head.method).map_err(|_| malformed())?;
    *request.uri_mut() = uri(target, &head.target, form.h2)?;
    let headers = request.headers_mut();
    headers.reserve(head.fields.len() + 4);
    if !form.h2 {
        headers.insert(header::HOST, target.host.clone());
    }
    for (name, value) in &head.fields {
        if &name[..] == b"te" && !form.h2 && !head.upgrade {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
        }
        let unreadable = form.readable && matches!(&name[..], b"accept-encoding" | b"range" | b"if-range");
        if passes_to_target(name) && !unreadable {
            headers.append(
                HeaderName::from_bytes(name).map_err(|_| malformed())?,
                HeaderValue::from_maybe_shared(value.clone()).map_err(|_| malformed())?,
            );
        }
    }
    if form.readable {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    if form.h2 {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if head.upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    if let Some((name, value)) = credential {
        headers.insert(name, value);
    }
    Ok(request)
}

fn uri(target: &Target, path: &Bytes, absolute: bool) -> Result<Uri, Refusal> {
    let base = target.settings.base_path.trim_end_matches('/');
    let path = if base.is_empty() {
        path.clone()
    } else {
        let mut whole = BytesMut::with_capacity(base.len() + path.len());
        whole.extend_from_slice(base.as_bytes());
        whole.extend_from_slice(path);
        whole.freeze()
    };
    let path = PathAndQuery::from_maybe_shared(path).map_err(|_| malformed())?;
    if !absolute {
        return Ok(Uri::from(path));
    }
    let scheme = if target.settings.scheme == Scheme::Https { "https" } else { "http" };
    let uri = Uri::builder().scheme(scheme).authority(target.host.as_bytes()).path_and_query(path);
    uri.build().map_err(|_| malformed())
}

/// Trailers of a request.
pub(super) fn trailers(fields: &Fields) -> HeaderMap {
    let pair = |(name, value): &(Bytes, Bytes)| {
        let name = HeaderName::from_bytes(name).ok()?;
        Some((name, HeaderValue::from_maybe_shared(value.clone()).ok()?))
    };
    fields.iter().filter_map(pair).collect()
}

fn malformed() -> Refusal {
    Refusal::new(Code::Malformed, "the request cannot be put to the target")
}
