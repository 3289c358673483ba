//! ErrorResponse and NoticeResponse: rendered when the error is ours, read when it is the target's (section "Error and Notice
//! Message Fields").

use bytes::{BufMut, BytesMut};

use super::{Malformed, cstring, encode, frame::back};

/// An error of our own for a client.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// `FATAL` ends the connection, `ERROR` the statement.
    pub severity: &'static str,
    /// Five characters, see appendix A of the PostgreSQL documentation.
    pub sqlstate: &'static str,
    /// One line.
    pub message: &'a str,
    /// The stable code and more.
    pub detail: &'a str,
    /// What to do about it; empty for nothing.
    pub hint: &'a str,
}

impl Report<'_> {
    /// Appends the ErrorResponse.
    pub fn render(&self, out: &mut BytesMut) {
        encode::frame(out, back::ERROR, |out| {
            let fields = [
                (b'S', self.severity),
                (b'V', self.severity),
                (b'C', self.sqlstate),
                (b'M', self.message),
                (b'D', self.detail),
                (b'H', self.hint),
            ];
            for (kind, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
                out.put_u8(kind);
                encode::string(out, text);
            }
            out.put_u8(0);
        });
    }
}

/// The field `kind` of an ErrorResponse or NoticeResponse body.
///
/// # Errors
/// If the body is not a list of fields.
pub fn field(mut body: &[u8], kind: u8) -> Result<Option<&[u8]>, Malformed> {
    loop {
        let (&found, rest) = body.split_first().ok_or(Malformed("error fields"))?;
        if found == 0 {
            return if rest.is_empty() { Ok(None) } else { Err(Malformed("error fields")) };
        }
        let (text, rest) = cstring(rest).ok_or(Malformed("error fields"))?;
        if found == kind {
            return Ok(Some(text));
        }
        body = rest;
    }
}

/// The SQLSTATE of an ErrorResponse body, if it is one.
#[must_use]
pub fn sqlstate(body: &[u8]) -> Option<&str> {
    let state = field(body, b'C').ok()??;
    let plain = state.len() == 5 && state.iter().all(u8::is_ascii_alphanumeric);
    if plain { std::str::from_utf8(state).ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn body() -> BytesMut {
        let mut out = BytesMut::new();
        Report { severity: "FATAL", sqlstate: "08P01", message: "no", detail: "SP-MALFORMED", hint: "" }
            .render(&mut out);
        out.split_off(5)
    }

    #[test]
    fn what_is_rendered_can_be_read_again() {
        assert_eq!(sqlstate(&body()), Some("08P01"));
        assert_eq!(field(&body(), b'D').unwrap(), Some(&b"SP-MALFORMED"[..]));
        assert_eq!(field(&body(), b'H').unwrap(), None, "an empty field is left out");
    }

    #[test]
    fn a_body_that_is_cut_short_is_malformed() {
        let body = body();
        for cut in 0..body.len() {
            assert!(field(body.get(..cut).unwrap(), b'?').is_err());
        }
    }

    #[test]
    fn a_sqlstate_that_is_none_is_not_given_out() {
        assert_eq!(sqlstate(b"C12\0\0"), None);
        assert_eq!(sqlstate(b"C1234-\0\0"), None);
    }
}
