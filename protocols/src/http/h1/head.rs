//! The head of a request: finds its end in what has arrived, then reads it once.

use super::{
    Rejection,
    fields::{field, line, list, trim},
};
use crate::http::{MAX_FIELDS, Version, is_method, is_token};

/// Longest head, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Finds the end of a head in a growing buffer. Looks at each byte once.
#[derive(Debug, Default)]
pub struct HeadReader {
    seen: usize,
}

/// How much content follows the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes; 0 also when the head says nothing.
    Exact(u64),
    /// In chunks.
    Chunked,
}

/// A request's head, borrowed from the buffer it stands in.
#[derive(Debug)]
pub struct RequestHead<'a> {
    /// An upper-case token.
    pub method: &'a [u8],
    /// Path and query; not yet checked to be canonical.
    pub target: &'a [u8],
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// All header fields, in order, with names as sent.
    pub fields: Vec<(&'a [u8], &'a [u8])>,
    /// The `Host` field.
    pub host: Option<&'a [u8]>,
    /// The `Authorization` field.
    pub authorization: Option<&'a [u8]>,
    /// How much content follows.
    pub length: Length,
    /// Whether a `Content-Length` stands in the head.
    pub has_length: bool,
    /// Whether the connection may serve another request after this one.
    pub keep_alive: bool,
    /// The client waits for `100 Continue`.
    pub expects_continue: bool,
    /// The client takes trailers.
    pub takes_trailers: bool,
    /// The client asks for a websocket.
    pub websocket: bool,
    /// Fields that the `Connection` field names.
    pub connection_options: Vec<&'a [u8]>,
}

impl HeadReader {
    /// The length of the head at the front of `buffer`, when all of it has arrived.
    ///
    /// # Errors
    /// If a line does not end with CR LF, begins with a blank, or the head is too long. Told before the head is complete.
    pub fn find(&mut self, buffer: &[u8]) -> Result<Option<usize>, Rejection> {
        while let Some((text, next)) = line(buffer, self.seen)? {
            if text.is_empty() {
                if self.seen == 0 {
                    return Err(Rejection::Malformed("request line"));
                }
                self.seen = 0;
                return if next > MAX_HEAD_BYTES { Err(Rejection::TooLarge("head")) } else { Ok(Some(next)) };
            }
            if matches!(text.first(), Some(b' ' | b'\t')) {
                return Err(Rejection::Malformed("header field"));
            }
            self.seen = next;
        }
        if buffer.len() > MAX_HEAD_BYTES {
            return Err(Rejection::TooLarge("head"));
        }
        Ok(None)
    }
}

impl<'a> RequestHead<'a> {
    /// Reads a complete head, as [`HeadReader::find`] found it.
    ///
    /// # Errors
    /// If anything in it is malformed, said twice, contradictory or not served.
    pub fn parse(head: &'a [u8]) -> Result<Self, Rejection> {
        let (first, mut at) = line(head, 0)?.ok_or(Rejection::Malformed("request line"))?;
        let mut request = Self::request_line(first)?;
        let mut seen = Seen::default();
        while let Some((text, next)) = line(head, at)? {
            at = next;
            if text.is_empty() {
                break;
            }
            if request.fields.len() == MAX_FIELDS {
                return Err(Rejection::TooLarge("header count"));
            }
            let (name, value) = field(text)?;
            request.fields.push((name, value));
            seen.note(&mut request, name, value)?;
        }
        if at != head.len() {
            return Err(Rejection::Malformed("head"));
        }
        seen.conclude(&mut request)?;
        request.resolve_absolute_form()?;
        Ok(request)
    }

    fn request_line(text: &'a [u8]) -> Result<Self, Rejection> {
        let mut words = text.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Rejection::Malformed("request line"));
        };
        if !is_token(method) {
            return Err(Rejection::Malformed("method"));
        }
        if !is_method(method) {
            return Err(Rejection::Unsupported("method"));
        }
        let version = match version {
            b"HTTP/1.1" => Version::Http11,
            b"HTTP/1.0" => Version::Http10,
            _ => return Err(Rejection::Malformed("version")),
        };
        Ok(Self {
            method,
            target,
            version,
            fields: Vec::with_capacity(16),
            host: None,
            authorization: None,
            length: Length::Exact(0),
            has_length: false,
            keep_alive: version == Version::Http11,
            expects_continue: false,
            takes_trailers: false,
            websocket: false,
            connection_options: Vec::new(),
        })
    }

    /// `GET http://host/path` counts as `GET /path` when it names the same host as the `Host` field.
    fn resolve_absolute_form(&mut self) -> Result<(), Rejection> {
        if self.target.starts_with(b"/") {
            return Ok(());
        }
        let lower = |prefix: &[u8]| {
            self.target.split_at_checked(prefix.len()).filter(|(head, _)| head.eq_ignore_ascii_case(prefix))
        };
        let (_, rest) =
            lower(b"http://").or_else(|| lower(b"https://")).ok_or(Rejection::Malformed("request target"))?;
        let slash = memchr::memchr(b'/', rest).ok_or(Rejection::Malformed("request target"))?;
        let (authority, path) = rest.split_at_checked(slash).ok_or(Rejection::Malformed("request target"))?;
        if !self.host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
            return Err(Rejection::Conflict("host"));
        }
        self.target = path;
        Ok(())
    }
}

/// Which fields of consequence have been seen.
#[derive(Default)]
struct Seen<'a> {
    length: Option<u64>,
    transfer_encoding: bool,
    upgrade: Option<&'a [u8]>,
}

impl<'a> Seen<'a> {
    fn note(&mut self, request: &mut RequestHead<'a>, name: &'a [u8], value: &'a [u8]) -> Result<(), Rejection> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match name.len() {
            2 if is("te") => request.takes_trailers |= takes_trailers(value)?,
            4 if is("host") => once(&mut request.host, host(value)?, "host")?,
            6 if is("expect") => {
                if !value.eq_ignore_ascii_case(b"100-continue") || request.version == Version::Http10 {
                    return Err(Rejection::Unsupported("expectation"));
                }
                request.expects_continue = true;
            }
            7 if is("upgrade") => once(&mut self.upgrade, value, "upgrade")?,
            10 if is("connection") => request.connection_options.extend(list(value)),
            13 if is("authorization") => once(&mut request.authorization, value, "authorization")?,
            14 if is("content-length") => once(&mut self.length, length(value)?, "content length")?,
            17 if is("transfer-encoding") => {
                if std::mem::replace(&mut self.transfer_encoding, true) {
                    return Err(Rejection::Conflict("transfer encoding"));
                }
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Rejection::Unsupported("transfer encoding"));
                }
            }
            // Some servers read these as the fields they look like.
            14 if is("content_length") => return Err(Rejection::Malformed("header name")),
            17 if is("transfer_encoding") => return Err(Rejection::Malformed("header name")),
            _ => {}
        }
        Ok(())
    }

    fn conclude(self, request: &mut RequestHead<'a>) -> Result<(), Rejection> {
        if request.version == Version::Http11 && request.host.is_none() {
            return Err(Rejection::Malformed("host"));
        }
        if self.transfer_encoding && (self.length.is_some() || request.version == Version::Http10) {
            return Err(Rejection::Conflict("content length and transfer encoding"));
        }
        request.has_length = self.length.is_some();
        request.length = if self.transfer_encoding { Length::Chunked } else { Length::Exact(self.length.unwrap_or(0)) };
        let has = |option: &[u8]| request.connection_options.iter().any(|named| named.eq_ignore_ascii_case(option));
        let (close, keep, upgrade) = (has(b"close"), has(b"keep-alive"), has(b"upgrade"));
        request.keep_alive = !close && (keep || request.version == Version::Http11);
        let websocket = self.upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"));
        if websocket && upgrade {
            let plain = request.method == b"GET" && request.length == Length::Exact(0);
            if !plain || request.version == Version::Http10 {
                return Err(Rejection::Malformed("upgrade"));
            }
            request.websocket = true;
        }
        Ok(())
    }
}

fn once<T>(place: &mut Option<T>, value: T, what: &'static str) -> Result<(), Rejection> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Rejection::Conflict(what)),
    }
}

fn length(value: &[u8]) -> Result<u64, Rejection> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Rejection::Malformed("content length"));
    }
    Ok(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

fn host(value: &[u8]) -> Result<&[u8], Rejection> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if value.is_empty() || value.len() > 260 || !value.iter().all(fits) {
        return Err(Rejection::Malformed("host"));
    }
    Ok(value)
}

fn takes_trailers(value: &[u8]) -> Result<bool, Rejection> {
    if value.is_empty() {
        return Ok(false);
    }
    if trim(value).eq_ignore_ascii_case(b"trailers") { Ok(true) } else { Err(Rejection::Unsupported("te")) }
}
