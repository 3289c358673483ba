//! AWS secret access keys: forty base64 characters without a mark of their own, so they count only as the value of a name that
//! says secret (`aws_secret_access_key = ...`, `"SecretAccessKey": "..."`).

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::window::{Beyond, Window};

const AWS_SECRET: Rule = Rule::new(Label::Secret, "aws-secret-key");
/// How long a name is looked at, in bytes before the assignment sign.
const NAME_REACH: usize = 48;
const LENGTH: usize = 40;
const MOST_FILLING: usize = 6;

/// The bytes at which `find` is called.
pub(crate) const TRIGGERS: &[u8] = b":=|";

/// The key assigned by the sign at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    // The value is looked at first: it is seldom long, while names stand before every sign.
    let named = || is_secret_name(window.slice(at.saturating_sub(NAME_REACH), at));
    match value(window, at) {
        Ok(Some((start, end))) => Ok(named().then(|| Match::closed(AWS_SECRET, start, end))),
        Err(pending) if named() => Err(pending),
        _ => Ok(None),
    }
}

fn value(window: &Window<'_>, at: usize) -> Result<Option<(usize, usize)>, Pending> {
    let filling = window.run(at + 1, MOST_FILLING, is_filling).map_err(|Beyond| Pending::weak(at))?;
    let start = at + 1 + filling;
    let length = window.run(start, LENGTH + 1, is_base64).map_err(|Beyond| Pending { start: at, keep: start })?;
    let key = window.slice(start, start + length);
    let mixed = key.iter().any(u8::is_ascii_uppercase) && key.iter().any(u8::is_ascii_lowercase);
    Ok((length == LENGTH && mixed).then_some((start, start + length)))
}

fn is_secret_name(before: &[u8]) -> bool {
    let name_start = before.iter().rposition(|byte| !is_name(*byte)).map_or(0, |index| index + 1);
    let name = before.get(name_start..).unwrap_or_default();
    name.windows(6).any(|word| word.eq_ignore_ascii_case(b"secret"))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'"' | b'\'')
}

fn is_filling(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'=' | b'>')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}
