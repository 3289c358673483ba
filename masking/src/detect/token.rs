//! Tokens that vendors mark with a fixed prefix. Each rule is the vendor's published format: prefix, alphabet, least length.

use crate::hit::{Match, Pending, Rule, Verdict};
use crate::label::Label;
use crate::open::Open;
use crate::window::{Beyond, Window};

/// The bytes at which `find` is called: one of them stands in each prefix.
pub(crate) const TRIGGERS: &[u8] = b"_-I";

struct Format {
    prefix: &'static [u8],
    /// Where in the prefix the trigger byte stands.
    trigger: usize,
    least: usize,
    /// Whether the length is exactly `least`.
    exact: bool,
    class: fn(u8) -> bool,
    detector: &'static str,
}

const fn format(
    prefix: &'static [u8],
    trigger: usize,
    least: usize,
    class: fn(u8) -> bool,
    detector: &'static str,
) -> Format {
    Format { prefix, trigger, least, exact: false, class, detector }
}

/// Formats with a `_` at the trigger.
const UNDERSCORE: [Format; 13] = [
    format(b"ghp_", 3, 36, is_alphanumeric, "github-token"),
    format(b"gho_", 3, 36, is_alphanumeric, "github-token"),
    format(b"ghu_", 3, 36, is_alphanumeric, "github-token"),
    format(b"ghs_", 3, 36, is_alphanumeric, "github-token"),
    format(b"ghr_", 3, 36, is_alphanumeric, "github-token"),
    format(b"github_pat_", 6, 22, is_word, "github-token"),
    format(b"sk_live_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"rk_live_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"sk_test_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"rk_test_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"npm_", 3, 36, is_alphanumeric, "npm-token"),
    format(b"hf_", 2, 30, is_alphanumeric, "hugging-face-token"),
    format(b"whsec_", 5, 24, is_base64, "stripe-key"),
];

/// Formats with a `-` at the trigger.
const DASH: [Format; 10] = [
    format(b"xoxb-", 4, 10, is_word, "slack-token"),
    format(b"xoxa-", 4, 10, is_word, "slack-token"),
    format(b"xoxp-", 4, 10, is_word, "slack-token"),
    format(b"xoxr-", 4, 10, is_word, "slack-token"),
    format(b"xoxs-", 4, 10, is_word, "slack-token"),
    format(b"xoxe-", 4, 10, is_word, "slack-token"),
    format(b"xapp-", 4, 10, is_word, "slack-token"),
    format(b"glpat-", 5, 20, is_dotted_word, "gitlab-token"),
    format(b"sk-ant-", 2, 20, is_word, "llm-api-key"),
    format(b"sk-proj-", 2, 20, is_word, "llm-api-key"),
];

/// Formats with an `I` at the trigger.
const CAPITAL_I: [Format; 3] = [
    Format { exact: true, ..format(b"AKIA", 2, 16, is_key_id, "aws-key-id") },
    Format { exact: true, ..format(b"ASIA", 2, 16, is_key_id, "aws-key-id") },
    format(b"AIza", 1, 35, is_word, "google-api-key"),
];

/// The token whose prefix has its trigger byte at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Verdict {
    let (Some(trigger), Some(before)) = (window.bytes.get(at), window.before(at, 1)) else { return Ok(None) };
    let formats: &[Format] = match trigger {
        _ if !before.is_ascii_alphabetic() => return Ok(None),
        b'_' => &UNDERSCORE,
        b'-' => &DASH,
        _ => &CAPITAL_I,
    };
    for format in formats {
        let head = format.prefix.get(..format.trigger).unwrap_or_default();
        if head.last() == Some(&before) && window.ends_with(at, head) {
            match read(window, at - head.len(), format)? {
                None => {}
                found => return Ok(found),
            }
        }
    }
    Ok(None)
}

fn read(window: &Window<'_>, start: usize, format: &Format) -> Verdict {
    if window.before(start, 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    if !window.follows(start, format.prefix).map_err(|Beyond| Pending::weak(start))? {
        return Ok(None);
    }
    let body = start + format.prefix.len();
    let most = format.least + usize::from(format.exact);
    let length = window.run(body, most, format.class).map_err(|Beyond| Pending::strong(start))?;
    if length < format.least || (format.exact && length > format.least) {
        return Ok(None);
    }
    let rule = Rule::new(Label::Secret, format.detector);
    let end = body + format.least;
    Ok(Some(if format.exact {
        Match::closed(rule, start, end)
    } else {
        Match::open(rule, start, end, Open::Token(format.class))
    }))
}

fn is_key_id(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_dotted_word(byte: u8) -> bool {
    is_word(byte) || byte == b'.'
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
