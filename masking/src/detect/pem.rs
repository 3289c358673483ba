//! The BEGIN line of a private key block (RFC 7468; also OpenSSH's, PGP's and the older named kinds). The rest of the block is
//! followed by `open::PemBody`.

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::{Open, PemBody};
use crate::window::{Beyond, Window};

const PRIVATE_KEY: Rule = Rule::new(Label::Secret, "private-key");
const BEGIN: &[u8] = b"-----BEGIN ";
const LONGEST_KIND: usize = 48;

/// The block whose BEGIN line starts with the dash at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize, quote_ends: bool) -> Verdict {
    let end = line_end(window, at).map_err(|Beyond| Pending::weak(at))?;
    Ok(end.map(|end| Match::open(PRIVATE_KEY, at, end, Open::Pem(PemBody::new(quote_ends)))))
}

fn line_end(window: &Window<'_>, at: usize) -> Result<Option<usize>, Beyond> {
    if !window.follows(at, BEGIN)? {
        return Ok(None);
    }
    let kind = at + BEGIN.len();
    let end = kind + window.run(kind, LONGEST_KIND, is_kind)?;
    let names_key = window.slice(kind, end).windows(11).any(|words| words == b"PRIVATE KEY");
    Ok((names_key && window.follows(end, b"-----")?).then_some(end + 5))
}

fn is_kind(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
}
