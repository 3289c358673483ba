//! Refusing within the protocol. What is refused does not reach the target; in its place goes a request that is sure to fail,
//! and the target's error is replaced by ours. So replies keep their order, a transaction is aborted and a pipeline skips
//! to its Sync just as after any error of the server, and the session lives on.

use bytes::{Bytes, BytesMut};
use protocols::pg::{
    encode,
    frame::{back, front},
    report::Report,
};

use crate::filter::guard::Decision;

/// `insufficient_privilege`.
pub(super) const SQLSTATE: &str = "42501";
/// `feature_not_supported`, as the server itself says of a plan that no longer fits.
pub(super) const STALE: &str = "0A000";
/// No statement begins like this, so it is a syntax error in every version.
const STATEMENT: &str = "SALLYPORT REFUSED THIS";
/// No client may use such a portal, so it never exists.
pub(super) const PORTAL: &str = "sallyport-refused";

/// A Query that fails.
pub(super) fn query() -> Bytes {
    frame(front::QUERY, |out| encode::string(out, STATEMENT))
}

/// A text that our grammar does not know, as a Query: it is only parsed, so that the target says what is wrong with it in its
/// own words, and nothing runs in case it thinks otherwise.
pub(super) fn probe(text: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    encode::frame(&mut out, front::PARSE, |out| {
        encode::string(out, "");
        out.extend_from_slice(text.split(|byte| *byte == 0).next().unwrap_or_default());
        out.extend_from_slice(&[0, 0, 0]);
    });
    encode::frame(&mut out, front::SYNC, |_| ());
    out.freeze()
}

/// A Query of this text.
pub(super) fn text(text: &str) -> Bytes {
    frame(front::QUERY, |out| encode::string(out, text))
}

/// The Parse with this body, but of another text, if there is one, and without the types of these parameters, counted from 1: a mask
/// may not fit the type that its value has. `None` if the body is broken.
pub(super) fn parse_text(body: &[u8], text: Option<&str>, untyped: impl Fn(usize) -> bool) -> Option<Bytes> {
    let name = body.iter().position(|byte| *byte == 0)?;
    let (name, rest) = body.split_at_checked(name + 1)?;
    let old = rest.iter().position(|byte| *byte == 0)?;
    let (old, types) = rest.split_at_checked(old + 1)?;
    let (count, types) = types.split_first_chunk::<2>()?;
    Some(frame(front::PARSE, |out| {
        out.extend_from_slice(name);
        match text {
            Some(text) => encode::string(out, text),
            None => out.extend_from_slice(old),
        }
        out.extend_from_slice(count);
        for (place, oid) in types.chunks(4).enumerate() {
            out.extend_from_slice(if untyped(place + 1) { &[0; 4] } else { oid });
        }
    }))
}

/// A Parse that fails.
pub(super) fn parse() -> Bytes {
    frame(front::PARSE, |out| {
        encode::string(out, "");
        encode::string(out, STATEMENT);
        out.extend_from_slice(&[0, 0]);
    })
}

/// An Execute that fails.
pub(super) fn execute() -> Bytes {
    frame(front::EXECUTE, |out| {
        encode::string(out, PORTAL);
        out.extend_from_slice(&[0; 4]);
    })
}

/// A FunctionCall that fails: there is no function 0.
pub(super) fn call() -> Bytes {
    frame(front::FUNCTION_CALL, |out| out.extend_from_slice(&[0; 10]))
}

/// What the client gets in place of the target's error.
pub(super) fn error(decision: &Decision) -> Bytes {
    let mut out = BytesMut::new();
    let (message, detail, hint) = (format!("sallyport: {}", decision.message()), decision.detail(), decision.hint());
    Report { severity: "ERROR", sqlstate: SQLSTATE, message: &message, detail: &detail, hint: &hint }.render(&mut out);
    out.freeze()
}

/// The same where a prepared statement has to be prepared again: what the server says when a plan no longer fits, word by
/// word and down to the place in its source, as drivers know it by these and do it by themselves.
pub(super) fn stale(decision: &Decision) -> Bytes {
    let detail = format!("sallyport: {}", decision.verdict.reason);
    let fields = [
        (b'S', "ERROR"),
        (b'V', "ERROR"),
        (b'C', STALE),
        (b'M', "cached plan must not change result type"),
        (b'D', detail.as_str()),
        (b'F', "plancache.c"),
        (b'L', "720"),
        (b'R', "RevalidateCachedQuery"),
    ];
    frame(back::ERROR, |out| {
        for (kind, text) in fields {
            out.extend_from_slice(&[kind]);
            encode::string(out, text);
        }
        out.extend_from_slice(&[0]);
    })
}

fn frame(tag: u8, fill: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut out = BytesMut::new();
    encode::frame(&mut out, tag, fill);
    out.freeze()
}
