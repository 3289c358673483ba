//! What detectors find: the public `Hit`, and the forms it has on its way through the scan.

use std::ops::Range;

use crate::label::Label;
use crate::open::Open;

/// A sensitive value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The class of the value.
    pub label: Label,
    /// The detector that found it, a stable name for events.
    pub detector: &'static str,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

impl Hit {
    /// What made the value count, in words for the person who asks why it was masked.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self.detector {
            "card" | "card-groups" => "an issuer's range and length or what stands around it, and the Luhn check",
            "ssn" => "an assigned area, group and serial with separators",
            "ssn-named" => "nine digits after a word that names them",
            "email" => "a local part, an at sign and a domain",
            "phone-international" => "a country code and a number its plan has",
            "phone" => "groups of a numbering plan",
            "phone-named" => "a number of a plan after a word that names it",
            "phone-listed" => "a number behind a person's name",
            "iban" => "a country's length and structure, and MOD 97",
            "password" | "api-key" | "aws-secret-key" | "authorization" => {
                "a name that says secret, and a value that looks it"
            }
            "webhook" => "an address that lets whoever knows it post",
            "url-password" => "the password of a URL",
            "private-key" => "the first line of a private key",
            "password-hash" => "the form in which hashes of passwords are kept",
            "session-cookie" => "a cookie that holds a session",
            "jwt" => "a signed token's header",
            _ if matches!(self.label, Label::Custom(_)) => "a detector of the connection",
            _ => "a vendor's token format",
        }
    }
}

/// A piece of a hit inside the current window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) rule: Rule,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether the hit began before this window, so that it is counted already.
    pub(crate) continues: bool,
    /// Whether it was found besides the main scan.
    pub(crate) extra: bool,
    /// Whether its whole extent was known when it was found, however the input was split.
    pub(crate) whole: bool,
}

impl Span {
    /// The order in which spans are written: what goes on first, then the main scan's.
    pub(crate) fn order(&self) -> (usize, bool, bool) {
        (self.start, !self.continues, self.extra)
    }
}

/// The name of a detector with its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) label: Label,
    pub(crate) detector: &'static str,
}

impl Rule {
    pub(crate) const fn new(label: Label, detector: &'static str) -> Self {
        Self { label, detector }
    }

    /// Whether its hits are so short, or so little bound by a checksum, that any few megabytes of noise hold some.
    pub(crate) fn is_chance(&self) -> bool {
        matches!(self.label, Label::Email | Label::Phone | Label::Secret)
    }
}

/// What a detector says about a trigger it accepted.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    pub(crate) rule: Rule,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where the scan goes on; at least `end`.
    pub(crate) next: usize,
    /// How the hit goes on past `end`, if its extent is open.
    pub(crate) open: Option<Open>,
    /// Whether other hits may stand between the trigger and `start`.
    pub(crate) ahead: bool,
}

impl Match {
    pub(crate) fn closed(rule: Rule, start: usize, end: usize) -> Self {
        Self { rule, start, end, next: end, open: None, ahead: false }
    }

    pub(crate) fn open(rule: Rule, start: usize, end: usize, open: Open) -> Self {
        Self { rule, start, end, next: end, open: Some(open), ahead: false }
    }

    /// A hit that goes on with bytes of the class `more`, if it is longer than what was waited for.
    pub(crate) fn until(rule: Rule, start: usize, end: usize, more: Option<fn(u8) -> bool>) -> Self {
        Self { open: more.map(Open::Token), ..Self::closed(rule, start, end) }
    }

    /// The hit as one before whose start others may stand.
    pub(crate) fn behind_others(self) -> Self {
        Self { ahead: true, ..self }
    }
}

/// A candidate that more input may still complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// Everything from here is undecided.
    pub(crate) start: usize,
    /// The first byte that must not be released early, `usize::MAX` if nothing sensitive was seen yet.
    pub(crate) keep: usize,
}

impl Pending {
    /// Only an anchor's beginning was seen: there is nothing to protect yet.
    pub(crate) fn weak(start: usize) -> Self {
        Self { start, keep: usize::MAX }
    }

    /// The evidence is strong: nothing from `start` may be released.
    pub(crate) fn strong(start: usize) -> Self {
        Self { start, keep: start }
    }
}

pub(crate) type Verdict = Result<Option<Match>, Pending>;
