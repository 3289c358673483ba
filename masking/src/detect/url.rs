//! Passwords in URLs: the part between the first colon and the last at sign of the authority (RFC 3986, section 3.2).

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::stars::stays;
use crate::window::{Beyond, Window};

const WEBHOOK: Rule = Rule::new(Label::Secret, "webhook");
const URL_PASSWORD: Rule = Rule::new(Label::Secret, "url-password");
/// The longest scheme of an address that is a secret as a whole, in bytes.
const LONGEST_SCHEME: usize = 8;
/// The longest authority that is waited for, in bytes.
const LONGEST_AUTHORITY: usize = 512;

/// The password of the URL whose scheme ends with the colon at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    if may_login(window, at) {
        return login(window, at);
    }
    if !window.follows(at, b"://").map_err(|Beyond| Pending::weak(at))? {
        return Ok(None);
    }
    let start = at + 3;
    let length = window.run(start, LONGEST_AUTHORITY, is_authority).map_err(|Beyond| Pending::strong(at))?;
    let authority = window.slice(start, start + length);
    let at_sign = authority.iter().rposition(|byte| *byte == b'@');
    let scheme = at
        - window
            .slice(at.saturating_sub(LONGEST_SCHEME), at)
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
    let found = webhook(window, authority, start + length).map_err(|Beyond| Pending::strong(scheme))?;
    if let Some(found) = found {
        // The whole address is what is handed around.
        return Ok(Some(Match { start: scheme, ..found }));
    }
    let Some(colon) = authority.iter().take(at_sign.unwrap_or(length)).position(|byte| *byte == b':') else {
        return Ok(None);
    };
    let password = start + colon + 1;
    match at_sign.map(|index| start + index) {
        Some(end) if end > password && !is_open(window.slice(password, end)) => {
            Ok(Some(Match { next: end + 1, ..Match::closed(URL_PASSWORD, password, end) }))
        }
        // Too long to wait for the at sign: masked without seeing it.
        None if length == LONGEST_AUTHORITY => {
            Ok(Some(Match::open(URL_PASSWORD, password, start + length, Open::Token(is_authority))))
        }
        _ => Ok(None),
    }
}

/// Whether the colon ends what Oracle's addresses begin with: `jdbc:oracle:thin:scott/tiger@//host`.
pub(crate) fn may_login(window: &Window<'_>, at: usize) -> bool {
    window.ends_with(at, b"oracle:thin")
}

/// The password between the slash behind a user's name and the at sign.
fn login(window: &Window<'_>, at: usize) -> Verdict {
    let undecided = |_: Beyond| Pending::strong(at);
    let is_name: fn(u8) -> bool = |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'-');
    let slash = at + 1 + window.run(at + 1, 128, is_name).map_err(undecided)?;
    if slash == at + 1 || window.peek(slash).map_err(undecided)? != Some(b'/') {
        return Ok(None);
    }
    let start = slash + 1;
    let length = window.run(start, LONGEST_AUTHORITY, |byte| is_authority(byte) && byte != b'@').map_err(undecided)?;
    let told =
        window.peek(start + length).map_err(undecided)? == Some(b'@') && !is_mask(window.slice(start, start + length));
    Ok((told && length > 0).then(|| Match::closed(URL_PASSWORD, start, start + length)))
}

/// Addresses whose path is a secret: the end of the host, what the path begins with, and how long the rest is at least.
const WEBHOOKS: [(&[u8], &[u8], usize); 7] = [
    (b"hooks.slack.com", b"/", 24),
    (b"discord.com", b"/api/webhooks/", 24),
    (b"discordapp.com", b"/api/webhooks/", 24),
    (b"discord.com", b"/api/v10/webhooks/", 24),
    (b"discord.com", b"/api/v9/webhooks/", 24),
    (b".webhook.office.com", b"/webhookb2/", 64),
    (b"hooks.zapier.com", b"/hooks/catch/", 12),
];

fn webhook(window: &Window<'_>, authority: &[u8], start: usize) -> Result<Option<Match>, Beyond> {
    for (host, path, least) in WEBHOOKS {
        if !authority.ends_with(host) || !window.follows(start, path)? {
            continue;
        }
        let start = start + path.len();
        let is_path: fn(u8) -> bool = |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'@');
        let length = window.run(start, LONGEST_AUTHORITY, is_path)?;
        let secret = window.slice(start, start + length);
        let told = length >= least && secret.iter().any(u8::is_ascii_digit);
        let more = (length == LONGEST_AUTHORITY).then_some(is_path);
        return Ok(told.then(|| Match::until(WEBHOOK, start, start + length, more)));
    }
    Ok(None)
}

/// Whether what stands in the password's place is a mask or the name of a variable.
fn is_open(text: &[u8]) -> bool {
    let name = match text {
        [b'$', b'{' | b'(', name @ .., b'}' | b')'] | [b'{', b'{', name @ .., b'}', b'}'] | [b'$', name @ ..] => name,
        _ => return is_mask(text),
    };
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b' ' | b'.');
    !name.is_empty() && name.iter().all(is_name)
}

fn is_mask(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == b'*' || stays(*byte))
}

fn is_authority(byte: u8) -> bool {
    byte > b' ' && byte != 0x7F && !matches!(byte, b'/' | b'?' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
}
