//! Passwords given to functions: the last argument of one that opens a connection (`connect("app", "x")`), the only one of a function
//! that sets a password (`setPassword("x")`), and the second of a pair (`auth=("anna", "x")`).

use super::assign::{self, PASSWORD};
use super::name;
use super::strength::{is_password, is_token};
use crate::hit::{Match, Pending, Verdict};
use crate::window::{Beyond, Window};

/// How much behind the parenthesis is looked at, in bytes.
const LONGEST: usize = 192;
/// The longest name that counts, in bytes.
const LONGEST_NAME: usize = 40;
/// The shortest name that says it takes a password alone, in bytes.
const LEAST_NAME: usize = 5;
const MOST_ARGUMENTS: usize = 4;
/// The ends, in small letters, of the names of functions and classes that take a login.
const LOGINS: [&[u8]; 18] = [
    b"connect",
    b"login",
    b"pdo",
    b"mysqli",
    b"auth",
    b"authenticate",
    b"networkcredential",
    b"pscredential",
    b"httpbasicauth",
    b"basicauth",
    b"basic_auth",
    b"withcredentials",
    b"setcredentials",
    b"usernamepasswordcredentials",
    b"usernamepasswordauthenticationtoken",
    b"passwordauthentication",
    b"getconnection",
    b"credentials",
];
/// Beginnings of the names of functions whose argument is the name of what they give.
const GETTERS: [&[u8]; 12] =
    [b"get", b"read", b"fetch", b"load", b"find", b"has", b"is", b"check", b"delete", b"remove", b"lookup", b"resolve"];

/// Whether a call that counts may have its parenthesis at `at`; what is not there yet counts.
pub(crate) fn may_begin(window: &Window<'_>, at: usize) -> bool {
    let quoted = window.bytes.get(at + 1).map_or(!window.last, |byte| matches!(byte, b'"' | b'\''));
    let last = match window.before(at, 1) {
        Some(b'=' | b' ') => window.before(at, 2),
        last => last,
    };
    let counts = |byte: u8| {
        matches!(byte.to_ascii_lowercase(), b't' | b'n' | b'o' | b'i' | b'h' | b'e' | b'l' | b's' | b'd' | b'w' | b'y')
    };
    quoted && last.is_some_and(counts)
}

enum Call {
    /// A name comes before the password.
    Login,
    Password,
    Key,
}

/// The password among the arguments behind the parenthesis at `at`; in JSON a quote ends the text.
pub(crate) fn find(window: &Window<'_>, at: usize, quote_ends: bool) -> Verdict {
    if !may_begin(window, at) || quote_ends && window.bytes.get(at + 1) == Some(&b'"') {
        return Ok(None);
    }
    let Some(call) = call(window, at) else { return Ok(None) };
    let arguments = arguments(window, at + 1).map_err(|Beyond| Pending { start: at, keep: at + 1 })?;
    let Some((arguments, count)) = arguments else { return Ok(None) };
    let (index, holds): (usize, fn(&[u8]) -> bool) = match (call, count) {
        (Call::Password, 1) => (0, |text| is_password(text, true)),
        (Call::Key, 1) => (0, |text| is_token(text, true)),
        (Call::Login, 2) => (1, is_login),
        (Call::Login, 3..) => (2, is_login),
        _ => return Ok(None),
    };
    let Some((start, end)) = arguments.get(index).copied() else { return Ok(None) };
    let text = window.slice(start, end);
    let is_one = !text.iter().any(|byte| matches!(byte, b' ' | b'*' | b'/')) && holds(text);
    Ok(is_one.then(|| Match::closed(PASSWORD, start, end).behind_others()))
}

fn is_login(text: &[u8]) -> bool {
    is_password(text, true) && !text.contains(&b':')
}

/// What the name before the parenthesis calls.
fn call(window: &Window<'_>, at: usize) -> Option<Call> {
    let left = window.slice(at.saturating_sub(LONGEST_NAME), at);
    let left = left.strip_suffix(b" ").unwrap_or(left);
    let (left, assigned) = left.strip_suffix(b"=").map_or((left, false), |left| (left, true));
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = left.iter().rposition(|byte| !is_name(byte)).map_or(0, |before| before + 1);
    let name = left.get(start..)?;
    let ends = |end: &[u8]| {
        name.len()
            .checked_sub(end.len())
            .and_then(|from| name.get(from..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    if LOGINS.iter().any(|login| ends(login)) && (!assigned || ends(b"auth")) {
        return Some(Call::Login);
    }
    let gets = |getter: &&[u8]| name.get(..getter.len()).is_some_and(|start| start.eq_ignore_ascii_case(getter));
    // Tests pass, and directories are printed.
    if assigned || name.len() < LEAST_NAME || GETTERS.iter().any(gets) {
        return None;
    }
    name::is_password(name).map(|is_password| if is_password { Call::Password } else { Call::Key })
}

type Arguments = ([(usize, usize); MOST_ARGUMENTS], usize);

/// The quoted arguments from `start` up to the closing parenthesis, without their quotes; `None` if there are others.
fn arguments(window: &Window<'_>, start: usize) -> Result<Option<Arguments>, Beyond> {
    let (mut arguments, mut count, mut at) = ([(0, 0); MOST_ARGUMENTS], 0, start);
    while at < start + LONGEST {
        let Some(quote @ (b'"' | b'\'')) = window.peek(at)? else { return Ok(None) };
        let class: fn(u8) -> bool = if quote == b'"' { assign::is_double_quoted } else { assign::is_single_quoted };
        let length = window.run(at + 1, LONGEST, class)?;
        let end = at + 1 + length;
        if window.peek(end)? != Some(quote) {
            return Ok(None);
        }
        let Some(slot) = arguments.get_mut(count) else { return Ok(None) };
        *slot = (at + 1, end);
        count += 1;
        let blanks = window.run(end + 1, 3, |byte| byte == b' ')?;
        at = end + 1 + blanks;
        match window.peek(at)? {
            Some(b')') => return Ok(Some((arguments, count))),
            Some(b',') => at += 1 + window.run(at + 1, 3, |byte| byte == b' ')?,
            _ => return Ok(None),
        }
    }
    Ok(None)
}
