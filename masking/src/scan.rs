//! The engine: one pass over the bytes that stops only at trigger bytes, asks the detectors there, and reports spans. It can stop
//! anywhere and go on with more input; what it decided never depends on where it stopped.

use crate::detect::{
    assign, call, card,
    chain::Chain,
    crypt, email, iban, jwt,
    line::{self, Line},
    option, pem, pgpass, phone, setting, shapes, spoken, spread, ssn, token, url,
};
use crate::glance;
use crate::hit::{Match, Pending, Rule, Span, Verdict};
use crate::label::Label;
use crate::lanes::Masks;
use crate::open::Open;
use crate::sieve::Sieve;
use crate::syntax::Syntax;
use crate::window::{Beyond, Window};

const DIGIT: u16 = 1;
const AT_SIGN: u16 = 1 << 1;
const TOKEN: u16 = 1 << 2;
const JWT: u16 = 1 << 3;
const PEM: u16 = 1 << 4;
const URL: u16 = 1 << 5;
const ASSIGN: u16 = 1 << 6;
const PHONE: u16 = 1 << 7;
const LINE: u16 = 1 << 8;
const CRYPT: u16 = 1 << 9;
const CALL: u16 = 1 << 10;
const WRITTEN_AT: u16 = 1 << 11;

/// How many spans one call reports before it lets the caller write them.
const SPANS_PER_CALL: usize = 64;
/// Fewer digits than this in a chain match nothing.
pub(crate) const LEAST_DIGITS: usize = 7;
/// Fewer digits than this are no card.
pub(crate) const LEAST_CARD: usize = 12;

/// The detectors to ask at each byte.
#[derive(Clone)]
pub(crate) struct Plan {
    triggers: [u16; 256],
    card: bool,
    ssn: bool,
    phone: bool,
    iban: bool,
    secret: bool,
    /// Whether words at the end of a piece may begin a hit that is recognised later.
    words: bool,
    /// Whether a bare `"` ends what is open: in JSON, where it ends the string.
    quote_ends: bool,
}

/// Where a scan stands.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    /// Everything before is decided.
    pub(crate) at: usize,
    /// Where the last hit ended.
    pub(crate) floor: usize,
    /// The hit that is going on at `at`.
    pub(crate) open: Option<(Rule, Open)>,
    /// The candidate at `at` that waits for more input.
    pub(crate) pending: Option<Pending>,
    /// Hits that begin further on, of a call and of a line; others may come before them.
    ahead: [Option<Match>; 2],
    /// Where the line begins that is not decided yet.
    pub(crate) line: Option<usize>,
}

impl Default for Cursor {
    /// At the beginning of a text, where a line begins.
    fn default() -> Self {
        Self { at: 0, floor: 0, open: None, pending: None, ahead: [None, None], line: Some(0) }
    }
}

impl Cursor {
    /// Where others must not go on: where a hit that is known begins, or what waits for more.
    fn barrier(&self, begun: Option<Pending>) -> usize {
        let starts = self.ahead.iter().flatten().map(|ahead| ahead.start);
        starts.chain(begun.map(|begun| begun.start)).min().unwrap_or(usize::MAX)
    }

    /// Takes the hit that begins here.
    fn take_ahead(&mut self, start: usize) -> Option<Match> {
        self.ahead.iter_mut().find_map(|ahead| ahead.take_if(|ahead| ahead.start == start))
    }

    /// Forgets the first `count` bytes of the text.
    pub(crate) fn forget(&mut self, count: usize) {
        self.at -= count;
        self.floor = self.floor.saturating_sub(count);
        if let Some(pending) = &mut self.pending {
            pending.start -= count;
            pending.keep = pending.keep.saturating_sub(count);
        }
        for ahead in self.ahead.iter_mut().flatten() {
            (ahead.start, ahead.end, ahead.next) = (ahead.start - count, ahead.end - count, ahead.next - count);
        }
        self.line = self.line.and_then(|line| line.checked_sub(count));
    }
}

impl Plan {
    pub(crate) fn new(labels: &[Label]) -> Self {
        let has = |label| labels.contains(&label);
        let (card, ssn, secret) = (has(Label::Card), has(Label::Ssn), has(Label::Secret));
        let (phone, iban) = (has(Label::Phone), has(Label::Iban));
        let words = has(Label::Email) || iban || secret;
        let mut plan = Self { triggers: [0; 256], card, ssn, phone, iban, secret, words, quote_ends: false };
        plan.trigger(card || ssn || phone || iban, b"0123456789", DIGIT);
        plan.trigger(phone, phone::TRIGGERS, PHONE);
        plan.trigger(secret, b"0123456789", TOKEN);
        plan.trigger(has(Label::Email), b"@", AT_SIGN);
        plan.trigger(has(Label::Email), b"([=", WRITTEN_AT);
        plan.trigger(secret, token::TRIGGERS, TOKEN);
        plan.trigger(secret, b"J", JWT);
        plan.trigger(secret, b"-", PEM);
        plan.trigger(secret, b":", URL);
        plan.trigger(secret, assign::TRIGGERS, ASSIGN);
        plan.trigger(secret, spoken::TRIGGERS, ASSIGN);
        plan.trigger(secret, setting::TRIGGERS, ASSIGN);
        plan.trigger(secret, b"\n", LINE);
        plan.trigger(secret, b"$", CRYPT);
        plan.trigger(secret, b"(", CALL);
        plan
    }

    /// The same detectors for text of this syntax.
    pub(crate) fn reading(&self, syntax: Syntax) -> Self {
        Self { quote_ends: syntax == Syntax::Json, ..self.clone() }
    }

    /// Whether texts are read as JSON.
    pub(crate) fn reads_json(&self) -> bool {
        self.quote_ends
    }

    /// Goes on from the cursor; appends spans in order. Returns whether the window is exhausted; if not, call again.
    pub(crate) fn scan(&self, bytes: &[u8], last: bool, cursor: &mut Cursor, spans: &mut Vec<Span>) -> bool {
        cursor.pending = None;
        let most = spans.len() + SPANS_PER_CALL;
        self.go_on(bytes, cursor, spans);
        let mut sieve = Sieve::new(bytes, last, cursor.at);
        if !self.sift(&mut sieve, (bytes, last), cursor, spans, most) {
            return false;
        }
        if cursor.pending.is_none() {
            cursor.at = bytes.len();
        }
        self.hold_word(bytes, last, cursor);
        true
    }

    /// Whether nothing is in a whole text of one block, of which these are the classes.
    pub(crate) fn finds_nothing(&self, bytes: &[u8], masks: Masks) -> bool {
        let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
        self.sift(&mut Sieve::of_block(bytes, masks), (bytes, true), &mut cursor, &mut spans, 1);
        spans.is_empty()
    }

    /// Goes through what the sieve leaves until `most` spans are there, or the bytes are exhausted, which it tells.
    fn sift(
        &self,
        sieve: &mut Sieve<'_>,
        (bytes, last): (&[u8], bool),
        cursor: &mut Cursor,
        spans: &mut Vec<Span>,
        most: usize,
    ) -> bool {
        let mut barrier = self.barrier(bytes, last, cursor);
        loop {
            if spans.len() >= most {
                return false;
            }
            let next = self.next_trigger(sieve, bytes, cursor);
            if barrier < usize::MAX && next.is_none_or(|(at, _)| at >= barrier) {
                if !self.halt(bytes, last, barrier, cursor, spans) {
                    break;
                }
                barrier = self.barrier(bytes, last, cursor);
                continue;
            }
            let Some((at, in_chain)) = next else { break };
            let window = Window { bytes, last, floor: cursor.floor };
            if let Some(next) = self.pass(&window, at, in_chain) {
                cursor.at = next;
                continue;
            }
            if bytes.get(at) == Some(&b'\n') {
                (cursor.at, cursor.line) = (at + 1, Some(at + 1));
                barrier = self.barrier(bytes, last, cursor);
                continue;
            }
            match self.ask(&window, at) {
                Ok((None, next)) => cursor.at = next,
                Ok((Some(found), _)) if found.rule.is_chance() && window.is_noise_before(found.start) => {
                    cursor.at = at + 1;
                }
                Ok((Some(found), next)) if found.ahead => {
                    cursor.at = next;
                    let [call, _] = &mut cursor.ahead;
                    call.get_or_insert(found);
                    barrier = self.barrier(bytes, last, cursor);
                }
                Ok((Some(found), _)) => self.accept(bytes, found, cursor, spans),
                Err(pending) => {
                    cursor.at = pending.start;
                    cursor.pending = Some(pending);
                    break;
                }
            }
        }
        true
    }

    /// Where others must not go on: where a hit that is known begins, or what waits for more of its line.
    fn barrier(&self, bytes: &[u8], last: bool, cursor: &mut Cursor) -> usize {
        let begun = self.look_at_line(bytes, last, cursor);
        cursor.barrier(begun)
    }

    /// Accepts the hit that begins at the barrier, or waits there; returns whether to go on.
    fn halt(&self, bytes: &[u8], last: bool, barrier: usize, cursor: &mut Cursor, spans: &mut Vec<Span>) -> bool {
        if let Some(ahead) = cursor.take_ahead(barrier) {
            self.accept(bytes, ahead, cursor, spans);
            return true;
        }
        if let Some(begun) = self.look_at_line(bytes, last, cursor) {
            // The word before may begin an address.
            let before = bytes.get(cursor.floor..begun.start).unwrap_or_default();
            let start = begun.start - if self.words { email::open_tail(before) } else { 0 };
            cursor.at = start.max(cursor.floor);
            cursor.pending = Some(Pending { start: cursor.at, ..begun });
        }
        false
    }

    /// Looks at the line under way; returns what must wait for more of it.
    fn look_at_line(&self, bytes: &[u8], last: bool, cursor: &mut Cursor) -> Option<Pending> {
        let start = cursor.line.filter(|_| self.secret)?;
        let window = Window { bytes, last, floor: 0 };
        match line::look(&window, start, self.quote_ends) {
            Line::Open => return None,
            Line::Begun(pending) => return Some(pending),
            Line::Found(found) if !window.is_noise_before(found.start) => {
                let [_, line] = &mut cursor.ahead;
                *line = Some(found);
            }
            Line::Found(_) | Line::Plain => {}
        }
        cursor.line = None;
        None
    }

    fn trigger(&mut self, wanted: bool, bytes: &[u8], bit: u16) {
        for byte in bytes.iter().filter(|_| wanted) {
            if let Some(bits) = self.triggers.get_mut(usize::from(*byte)) {
                *bits |= bit;
            }
        }
    }

    fn bits(&self, byte: u8) -> u16 {
        self.triggers.get(usize::from(byte)).copied().unwrap_or_default()
    }

    fn next_trigger(&self, sieve: &mut Sieve<'_>, bytes: &[u8], cursor: &Cursor) -> Option<(usize, bool)> {
        let mut from = cursor.at;
        // Right behind a hit a number or a country begins, whatever stands before.
        let behind_hit = match bytes.get(from..).unwrap_or_default() {
            _ if from == 0 || from != cursor.floor => None,
            [b'0'..=b'9', ..] => return Some((from, true)),
            [a, b, b'0'..=b'9', ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => Some((from + 2, false)),
            _ => None,
        };
        loop {
            let Some((at, in_chain)) = sieve.next(from) else { return behind_hit };
            if let Some(found) = behind_hit.filter(|(place, _)| *place <= at) {
                return Some(found);
            }
            if bytes.get(at).is_some_and(|byte| self.bits(*byte) != 0) {
                return Some((at, in_chain));
            }
            from = at + 1;
        }
    }

    /// Where to go on if a glance shows the trigger at `at` to be nothing; `in_chain` if it is the first digit of a long chain.
    fn pass(&self, window: &Window<'_>, at: usize, in_chain: bool) -> Option<usize> {
        let byte = window.bytes.get(at).copied()?;
        if !byte.is_ascii_digit() {
            return (!glance::counts(window, at, byte)).then_some(at + 1);
        }
        let before = window.before(at, 1).unwrap_or_default();
        let joined = before.is_ascii_digit() || before.is_ascii_alphabetic() && self.may_be_named(window, at, before);
        let spread = self.card && spread::may_begin(window, at);
        let trunk =
            matches!(byte, b'1' | b'8') && matches!(window.bytes.get(at + 1), None | Some(b'(' | b' ' | b'-' | b'.'));
        if joined || trunk || spread {
            return None;
        }
        if in_chain { glance::dull_end(window, at, self.phone) } else { Some(at + 1) }
    }

    /// Whether the letter before the digits at `at` may begin what `ask_named_digits` looks for.
    fn may_be_named(&self, window: &Window<'_>, at: usize, letter: u8) -> bool {
        let hexadecimal = self.secret && token::may_be_hexadecimal(window, at);
        let token = self.secret && window.bytes.get(at).is_some_and(|digit| token::may_be_digit(*digit, letter));
        hexadecimal || token || self.iban && iban::may_begin(window, at)
    }

    /// Asks the detectors of the byte at `at`; with the answer comes where to go on if nothing was found.
    fn ask(&self, window: &Window<'_>, at: usize) -> Result<(Option<Match>, usize), Pending> {
        let bits = window.bytes.get(at).map_or(0, |byte| self.bits(*byte));
        if bits & (DIGIT | TOKEN) != 0 && window.bytes.get(at).is_some_and(u8::is_ascii_digit) {
            return self.ask_digits(window, at);
        }
        let mut found = None;
        if bits & PHONE != 0 {
            found = phone::find(window, at)?;
        }
        if bits & AT_SIGN != 0 {
            found = email::find(window, at)?;
        }
        if found.is_none() && bits & WRITTEN_AT != 0 {
            found = match window.bytes.get(at) {
                Some(b'=') => email::find_quoted(window, at)?,
                _ => email::find_written(window, at)?,
            };
        }
        if found.is_none() && bits & TOKEN != 0 {
            found = token::find(window, at)?;
        }
        if found.is_none() && bits & (JWT | PEM | URL | ASSIGN) != 0 {
            found = self.ask_secrets(window, at, bits)?;
        }
        if found.is_none() && bits & (CRYPT | CALL) != 0 {
            found = match window.bytes.get(at) {
                Some(b'$') => crypt::find(window, at)?,
                _ => call::find(window, at, self.quote_ends)?,
            };
        }
        Ok((found, at + 1))
    }

    fn ask_secrets(&self, window: &Window<'_>, at: usize, bits: u16) -> Verdict {
        let mut found = None;
        if bits & JWT != 0 {
            found = match jwt::find(window, at)? {
                None => shapes::find_at_j(window, at)?,
                found => found,
            };
        }
        if bits & PEM != 0 {
            found = match option::find(window, at)? {
                None => pem::find(window, at, self.quote_ends)?,
                found => found,
            };
        }
        if bits & URL != 0 {
            // First what begins before the colon, so that nothing of it is sent while the rest waits for more.
            found = match token::find_bot(window, at)? {
                None => shapes::find_at_colon(window, at)?,
                found => found,
            };
            if found.is_none() {
                found = match pgpass::find(window, at)? {
                    None => url::find(window, at)?,
                    found => found,
                };
            }
        }
        if found.is_none() && bits & ASSIGN != 0 {
            found = match window.bytes.get(at) {
                Some(b'w' | b'W') => match setting::find(window, at)? {
                    None => spoken::find(window, at)?,
                    found => found,
                },
                Some(b'q' | b'B') => setting::find(window, at)?,
                _ => assign::find(window, at, self.quote_ends)?,
            };
        }
        Ok(found)
    }

    fn ask_digits(&self, window: &Window<'_>, at: usize) -> Result<(Option<Match>, usize), Pending> {
        let before = if at > window.floor { window.before(at, 1).unwrap_or_default() } else { 0 };
        if before.is_ascii_digit() {
            return Ok((None, run_end(window, at)));
        }
        if before.is_ascii_alphabetic()
            && let found @ Some(_) = self.ask_named_digits(window, at)?
        {
            return Ok((found, at));
        }
        if self.card
            && let found @ Some(_) = spread::find(window, at)?
        {
            return Ok((found, at));
        }
        if self.phone && phone::is_trunk(window, at)? {
            let found = phone::find_after_trunk(window, at)?;
            return Ok((found, at + 1));
        }
        if let Some(end) = glance::dull_end(window, at, self.phone) {
            return Ok((None, end));
        }
        self.ask_chain(window, at)
    }

    /// Digits with letters before them: an account number after its country, or the middle of a token.
    fn ask_named_digits(&self, window: &Window<'_>, at: usize) -> Verdict {
        if self.iban {
            let undecided = |_: Beyond| Pending::strong(at.saturating_sub(2));
            if let found @ Some(_) = iban::find(window, at).map_err(undecided)? {
                return Ok(found);
            }
        }
        if !self.secret {
            return Ok(None);
        }
        match token::find(window, at)? {
            None => token::find_hexadecimal(window, at),
            found => Ok(found),
        }
    }

    fn ask_chain(&self, window: &Window<'_>, at: usize) -> Result<(Option<Match>, usize), Pending> {
        let undecided = |_: Beyond| Pending { start: at, keep: seventh_digit(window.bytes, at) };
        let chain = Chain::read(window, at).map_err(undecided)?;
        let Some(first) = chain.groups().first() else { return Ok((None, run_end(window, at))) };
        let mut found = if self.card { card::find(window, &chain).map_err(undecided)? } else { None };
        if found.is_none() && self.ssn {
            found = ssn::find(window, &chain).map_err(undecided)?;
        }
        if found.is_none() && self.phone {
            found = phone::find_digits(window, &chain).map_err(undecided)?;
        }
        Ok((found, chain.end_of(first)))
    }

    fn accept(&self, bytes: &[u8], found: Match, cursor: &mut Cursor, spans: &mut Vec<Span>) {
        let start = found.start.max(cursor.floor);
        if found.end <= start {
            return;
        }
        if found.rule == spread::SPREAD {
            each_group(bytes, start, found.end, spans);
            (cursor.at, cursor.floor) = (found.next, found.next);
            return;
        }
        let whole = found.open.is_none();
        spans.push(Span { rule: found.rule, start, end: found.end, continues: false, extra: false, whole });
        cursor.at = found.next;
        cursor.floor = found.next;
        if let Some(open) = found.open {
            cursor.open = Some((found.rule, open));
            self.go_on(bytes, cursor, spans);
        }
    }

    /// Follows the open hit to its end or to the end of the input.
    fn go_on(&self, bytes: &[u8], cursor: &mut Cursor, spans: &mut Vec<Span>) {
        let Some((rule, mut open)) = cursor.open.take() else { return };
        let (length, closed) = open.consume(bytes.get(cursor.at..).unwrap_or_default());
        let end = cursor.at + length;
        match spans.last_mut().filter(|span| span.end == cursor.at && span.rule == rule) {
            Some(span) => span.end = end,
            None if length > 0 => {
                spans.push(Span { rule, start: cursor.at, end, continues: true, extra: false, whole: false });
            }
            None => {}
        }
        cursor.at = end;
        cursor.floor = end;
        cursor.open = (!closed).then_some((rule, open));
    }

    /// Takes back the word at the end of unfinished input, which may become part of a hit.
    fn hold_word(&self, bytes: &[u8], last: bool, cursor: &mut Cursor) {
        if !last && self.words {
            let word = email::open_tail(bytes.get(cursor.floor..).unwrap_or_default());
            cursor.at = cursor.at.min(bytes.len() - word);
            if let Some(pending) = cursor.pending {
                // Behind what waits, the at sign of an address may stand already that begins before.
                let behind = bytes.get(pending.start..).unwrap_or_default();
                let mark = behind.iter().position(|byte| matches!(byte, b'@' | b'[' | b'(' | b'='));
                let end = pending.start + mark.unwrap_or(behind.len());
                let local = email::open_tail(bytes.get(cursor.floor..end).unwrap_or_default());
                cursor.at = cursor.at.min(end - local);
            }
        }
        cursor.at = cursor.at.max(cursor.floor);
    }
}

/// Appends each group of digits between two places as a hit that goes on.
fn each_group(bytes: &[u8], start: usize, end: usize, spans: &mut Vec<Span>) {
    let mut at = start;
    for group in bytes.get(start..end).unwrap_or_default().split(|byte| !byte.is_ascii_digit()) {
        let (from, continues) = (at, at > start);
        at += group.len() + 1;
        if !group.is_empty() {
            let rule = spread::SPREAD;
            spans.push(Span { rule, start: from, end: from + group.len(), continues, extra: false, whole: false });
        }
    }
}

/// Where the digits at `at` end.
fn run_end(window: &Window<'_>, at: usize) -> usize {
    let digits = window.slice(at, usize::MAX).iter().position(|byte| !byte.is_ascii_digit());
    digits.map_or(window.bytes.len(), |length| at + length)
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("card", &self.card)
            .field("ssn", &self.ssn)
            .field("words", &self.words)
            .finish_non_exhaustive()
    }
}

/// Where the seventh digit of a chain of digits begins, from `start`.
pub(crate) fn seventh_digit(bytes: &[u8], start: usize) -> usize {
    let digits = bytes.iter().enumerate().skip(start).filter(|(_, byte)| byte.is_ascii_digit());
    digits.map(|(index, _)| index).nth(6).unwrap_or(usize::MAX)
}

/// What all detectors of marks say about the mark at `at`.
#[cfg(test)]
pub(crate) fn ask_mark(window: &Window<'_>, at: usize) -> Verdict {
    static PLAN: std::sync::LazyLock<Plan> = std::sync::LazyLock::new(|| Plan::new(&Label::ALL));
    PLAN.ask(window, at).map(|(found, _)| found)
}
