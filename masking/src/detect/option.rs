//! Secrets behind the options of commands: `--password X` of any program, and the short options of those that take one so
//! (`sshpass -p X`, `mysql -pX`, `curl -u user:X`).

use super::assign::{KEY, PASSWORD, is_bare, is_double_quoted, is_single_quoted};
use super::strength::{is_argument, is_told};
use crate::hit::{Match, Pending, Rule, Verdict};
use crate::window::{Beyond, LEFT_CONTEXT, Window};

/// The longest value that is waited for, in bytes.
const LONGEST: usize = 256;
/// Options whose value follows a space.
const LONG: [(&[u8], Rule); 21] = [
    (b"--password ", PASSWORD),
    (b"--passwd ", PASSWORD),
    (b"--pass ", PASSWORD),
    (b"--passphrase ", PASSWORD),
    (b"--http-password ", PASSWORD),
    (b"--ftp-password ", PASSWORD),
    (b"--proxy-password ", PASSWORD),
    (b"--db-password ", PASSWORD),
    (b"--root-password ", PASSWORD),
    (b"--admin-password ", PASSWORD),
    (b"--token ", KEY),
    (b"--auth-token ", KEY),
    (b"--access-token ", KEY),
    (b"--api-token ", KEY),
    (b"--private-token ", KEY),
    (b"--secret ", KEY),
    (b"--client-secret ", KEY),
    (b"--secret-key ", KEY),
    (b"--secret-access-key ", KEY),
    (b"--api-key ", KEY),
    (b"--apikey ", KEY),
];
/// Programs that take a login's secret with `-p`, if `login` is among their words.
const REGISTRIES: &str = " docker podman helm nerdctl buildah skopeo crane oc az ";

/// How a short option takes its secret.
#[derive(Clone, Copy)]
enum Form {
    /// As the next word.
    Apart,
    /// Right behind its letter.
    Attached,
    /// In the next word, behind this mark.
    Behind(u8),
    /// As the third word: behind a file and a user.
    Third,
}

/// A short option: its text, its form, and the programs that have it, with a space around each.
type Short = (&'static [u8], Form, &'static str);

/// Programs that read and write the settings of devices on a network.
const SNMP: &str =
    " snmpwalk snmpget snmpset snmpgetnext snmpbulkwalk snmpbulkget snmptable snmpstatus snmptrap onesixtyone ";

const SHORT: [Short; 20] = [
    (
        b"-p",
        Form::Apart,
        " sshpass mongosh mongo mongodump mongorestore mongoimport mongoexport cqlsh rabbitmqadmin rdesktop ",
    ),
    (b"-p", Form::Attached, " mysql mysqldump mysqladmin mysqlimport mariadb mariadb-dump sshpass 7z 7za "),
    (b"-a", Form::Apart, " redis-cli "),
    (b"-w", Form::Apart, " ldapsearch ldapmodify ldapadd ldapdelete ldappasswd ldapwhoami "),
    (b"-P", Form::Apart, " unzip zip sqlcmd bcp ipmitool "),
    (b"-u", Form::Behind(b':'), " curl "),
    (b"-U", Form::Behind(b'%'), " smbclient rpcclient "),
    (b"--user", Form::Behind(b':'), " curl "),
    (b"-u", Form::Behind(b','), " lftp "),
    (b"-c", Form::Apart, SNMP),
    (b"-A", Form::Apart, SNMP),
    (b"-X", Form::Apart, SNMP),
    (b"-k", Form::Apart, " openssl "),
    (b"-storepass", Form::Apart, " keytool jarsigner "),
    (b"-keypass", Form::Apart, " keytool jarsigner "),
    (b"-srcstorepass", Form::Apart, " keytool "),
    (b"-b", Form::Third, " htpasswd "),
    (b"-bc", Form::Third, " htpasswd "),
    (b"-cb", Form::Third, " htpasswd "),
    (b"-bB", Form::Third, " htpasswd "),
];

/// Whether the letter stands behind the dash of a short option that takes a secret.
pub(crate) fn is_letter(byte: u8) -> bool {
    matches!(byte, b'p' | b'a' | b'w' | b'P' | b'u' | b'U' | b'c' | b'A' | b'X' | b'k' | b's' | b'b')
}

/// Whether a short option may begin at `at`; a letter that is not there yet counts.
pub(crate) fn may_begin(window: &Window<'_>, at: usize) -> bool {
    window.before(at, 1) == Some(b' ') && window.bytes.get(at + 1).map_or(!window.last, |byte| is_letter(*byte))
}

/// The secret behind the option whose first dash stands at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    for (option, rule) in &LONG {
        if window.follows(at, option).map_err(|Beyond| Pending::weak(at))? {
            return value(window, at, at + option.len(), *rule, is_argument);
        }
    }
    if window.before(at, 1) != Some(b' ') {
        return Ok(None);
    }
    for short in &SHORT {
        if let found @ Some(_) = find_short(window, at, short)? {
            return Ok(found);
        }
    }
    Ok(None)
}

fn find_short(window: &Window<'_>, at: usize, (option, form, programs): &Short) -> Verdict {
    let undecided = |_: Beyond| Pending::weak(at);
    if !window.follows(at, option).map_err(undecided)? || !runs(window, at, programs) {
        return Ok(None);
    }
    let end = at + option.len();
    let spaced = window.peek(end).map_err(undecided)? == Some(b' ');
    match form {
        Form::Attached if !spaced => value(window, at, end, PASSWORD, is_told),
        Form::Apart if spaced => value(window, at, end + 1, PASSWORD, is_told),
        Form::Behind(mark) if spaced => match behind(window, at, end + 1, *mark)? {
            Some((start, class)) => value_of(window, at, start, class, PASSWORD, is_told),
            None => Ok(None),
        },
        Form::Third if spaced => {
            let mut start = end + 1;
            for _ in 0..2 {
                start += 1 + window.run(start, 64, is_bare).map_err(undecided)?;
            }
            let apart = window.before(start, 1) == Some(b' ');
            if apart { value(window, at, start, PASSWORD, is_told) } else { Ok(None) }
        }
        _ => Ok(None),
    }
}

type Class = fn(u8) -> bool;

/// Where the secret begins in the word at `start`, behind the mark, and what it may hold.
fn behind(window: &Window<'_>, at: usize, start: usize, mark: u8) -> Result<Option<(usize, Class)>, Pending> {
    let (start, class) = opened(window, at, start)?;
    let length = window.run(start, 64, |byte| is_bare(byte) && !matches!(byte, b':' | b'%' | b','));
    let end = start + length.map_err(|Beyond| Pending::weak(at))?;
    let is_mark = window.peek(end).map_err(|Beyond| Pending::weak(at))? == Some(mark);
    Ok((is_mark && end > start && window.bytes.get(start) != Some(&b'$')).then_some((end + 1, class)))
}

/// Whether the command that the word at `at` stands in runs one of these programs.
fn runs(window: &Window<'_>, at: usize, programs: &str) -> bool {
    let left = window.slice(at.saturating_sub(LEFT_CONTEXT), at);
    let ends = |byte: &u8| matches!(byte, b'\n' | b';' | b'|' | b'&' | b'(' | b'`' | b'$' | b'<' | b'>' | b'\\');
    let command = left.iter().rposition(ends).map_or(left, |end| left.get(end + 1..).unwrap_or_default());
    let words = || command.split(|byte| matches!(byte, b' ' | b'\t' | b'/' | b'"' | b'\''));
    let is_any = |names: &str| {
        words().any(|word| {
            let place = names.as_bytes().windows(word.len() + 2);
            !word.is_empty()
                && place.clone().any(|name| {
                    name.first() == Some(&b' ') && name.last() == Some(&b' ') && name.get(1..=word.len()) == Some(word)
                })
        })
    };
    is_any(programs) || programs.starts_with(" sshpass mongosh") && is_any(" login ") && is_any(REGISTRIES)
}

/// The value at `start`, bare or in quotes, if it is one; the option begins at `at`.
fn value(window: &Window<'_>, at: usize, start: usize, rule: Rule, holds: fn(&[u8]) -> bool) -> Verdict {
    let (start, class) = opened(window, at, start)?;
    value_of(window, at, start, class, rule, holds)
}

/// Where the word at `start` begins, behind its quote if it has one, and what it may hold.
fn opened(window: &Window<'_>, at: usize, start: usize) -> Result<(usize, Class), Pending> {
    Ok(match window.peek(start).map_err(|Beyond| Pending::weak(at))? {
        Some(b'"') => (start + 1, is_double_quoted),
        Some(b'\'') => (start + 1, is_single_quoted),
        _ => (start, is_bare),
    })
}

/// The value at `start` that consists of bytes of this class.
fn value_of(
    window: &Window<'_>,
    at: usize,
    start: usize,
    class: Class,
    rule: Rule,
    holds: fn(&[u8]) -> bool,
) -> Verdict {
    let length = window.run(start, LONGEST, class).map_err(|Beyond| Pending { start: at, keep: start })?;
    let text = window.slice(start, start + length);
    // A quote before some of these ended a string instead of beginning one.
    let begins = |byte: &u8| !matches!(byte, b'-' | b' ' | b',' | b':' | b']' | b'}');
    let is_value = text.first().is_some_and(begins) && holds(text);
    let more = (length == LONGEST).then_some(class);
    Ok(is_value.then(|| Match::until(rule, start, start + length, more)))
}
