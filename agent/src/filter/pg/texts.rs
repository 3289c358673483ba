//! Texts outside of rows: errors, notices, notifications, parameters, tags. They quote values, so they are masked, too.

use bytes::{Bytes, BytesMut};
use masking::{Masker, Syntax, Tally};
use protocols::pg::{Malformed, encode, frame::back, report};

/// Masks the body of a message of this tag in place.
///
/// # Errors
/// If the body is not laid out as its tag says.
pub(super) fn mask(masker: &Masker, tag: u8, body: &mut [u8], tally: &mut Tally) -> Result<(), Malformed> {
    match tag {
        back::ERROR | back::NOTICE => fields(masker, body, tally),
        back::NOTIFICATION => {
            let (_pid, texts) = body.split_at_mut_checked(4).ok_or(Malformed("notification"))?;
            strings(masker, texts, tally)
        }
        back::PARAMETER_STATUS | back::COMMAND_COMPLETE => strings(masker, body, tally),
        back::FUNCTION_RESULT => {
            let (length, value) = body.split_first_chunk_mut::<4>().ok_or(Malformed("function result"))?;
            let length = i32::from_be_bytes(*length);
            if usize::try_from(length.max(0)) != Ok(value.len()) {
                return Err(Malformed("function result"));
            }
            masker.mask(value, Syntax::Text, tally);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What stands in place of what code of the database's own says.
const NEUTRAL: &str = "a message of the database's own code, which is not shown where columns are masked";

/// An error or notice without the fields that quote rows, constraints and statements of the target's own: what is left are
/// severity, state, message and where in the server it was made. A message that code of the database's own made may hold
/// anything: another stands in its place. `None` if nothing has to change, or the body is broken.
pub(super) fn scrubbed(tag: u8, body: &[u8]) -> Option<Bytes> {
    let mut out = BytesMut::new();
    let (mut changed, mut whole) = (false, false);
    let neutral = is_of_code(body);
    encode::frame(&mut out, tag, |out| {
        for field in body.split(|byte| *byte == 0) {
            match field.first() {
                Some(b'M') if neutral => {
                    out.extend_from_slice(b"M");
                    encode::string(out, NEUTRAL);
                    (changed, whole) = (true, true);
                }
                Some(b'S' | b'V' | b'C' | b'M' | b'F' | b'L' | b'R') => {
                    out.extend_from_slice(field);
                    out.extend_from_slice(&[0]);
                    whole = true;
                }
                Some(_) => changed = true,
                None => {}
            }
        }
        out.extend_from_slice(&[0]);
    });
    (changed && whole).then(|| out.freeze())
}

/// Whether a function, trigger or block said it: by RAISE, or while it ran. The server itself says where it is in a COPY.
fn is_of_code(body: &[u8]) -> bool {
    let field = |kind| report::field(body, kind).ok().flatten();
    field(b'R') == Some(b"exec_stmt_raise") || field(b'W').is_some_and(|place| !place.starts_with(b"COPY "))
}

/// The severity of an error, if it ends the connection.
pub(super) fn is_fatal(body: &[u8]) -> bool {
    let severity = report::field(body, b'V').ok().flatten().or(report::field(body, b'S').ok().flatten());
    matches!(severity, Some(b"FATAL" | b"PANIC"))
}

/// A field is a type byte and a string; the list ends with a zero. Fields that only name things of the server's own
/// (severity, state, position, source) are left alone.
fn fields(masker: &Masker, mut rest: &mut [u8], tally: &mut Tally) -> Result<(), Malformed> {
    const BROKEN: Malformed = Malformed("error fields");
    loop {
        let (kind, tail) = rest.split_first_mut().ok_or(BROKEN)?;
        if *kind == 0 {
            return if tail.is_empty() { Ok(()) } else { Err(BROKEN) };
        }
        let end = tail.iter().position(|byte| *byte == 0).ok_or(BROKEN)?;
        let (text, tail) = tail.split_at_mut_checked(end).ok_or(BROKEN)?;
        if !matches!(*kind, b'S' | b'V' | b'C' | b'P' | b'p' | b'F' | b'L' | b'R') {
            masker.mask(text, Syntax::Text, tally);
        }
        (_, rest) = tail.split_first_mut().ok_or(BROKEN)?;
    }
}

fn strings(masker: &Masker, texts: &mut [u8], tally: &mut Tally) -> Result<(), Malformed> {
    if texts.last().is_some_and(|last| *last != 0) {
        return Err(Malformed("string"));
    }
    for text in texts.split_mut(|byte| *byte == 0) {
        masker.mask(text, Syntax::Text, tally);
    }
    Ok(())
}
