//! International bank account numbers (ISO 13616): a registered country, that country's length and structure, and the check
//! digits of ISO 7064 (MOD 97-10); compact or in groups, in any case.

use crate::hit::{Match, Rule};
use crate::label::Label;
use crate::window::{Beyond, Window};

use super::iban_table::STRUCTURES;

const IBAN: Rule = Rule::new(Label::Iban, "iban");
/// The longest account number of the registry, in characters.
const LONGEST: usize = 34;
/// The shortest of it.
const SHORTEST: usize = 15;

/// The account number whose check digits begin at `at`.
pub(crate) fn find(window: &Window<'_>, at: usize) -> Result<Option<Match>, Beyond> {
    let Some(start) = at.checked_sub(2).filter(|start| *start >= window.floor) else { return Ok(None) };
    if !may_begin(window, at) {
        return Ok(None);
    }
    let Some(structure) = structure(window.slice(start, at)) else { return Ok(None) };
    match registered(window, start, structure)? {
        None => miscounted(window, start),
        found => Ok(found),
    }
}

/// An account number as the country has registered it.
fn registered(window: &Window<'_>, start: usize, structure: &'static str) -> Result<Option<Match>, Beyond> {
    let mut account = Account::default();
    let wanted = 4 + positions(structure).count();
    let mut end = start;
    while account.length < wanted {
        let Some(byte) = window.peek(end)? else { return Ok(None) };
        if byte.is_ascii_alphanumeric() {
            account.push(byte);
        } else if !is_joint(byte)
            || account.length < 4
            || !window.peek(end + 1)?.is_some_and(|next| next.is_ascii_alphanumeric())
        {
            return Ok(None);
        }
        end += 1;
    }
    let closes = !window.peek(end)?.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    Ok((closes && account.fits(structure) && account.has_check_digits()).then(|| Match::closed(IBAN, start, end)))
}

/// An account number whose check digits are right though its country has other lengths: one of a test, or of a registry newer than
/// ours. In capitals, in one piece or in groups of four, with mostly digits.
fn miscounted(window: &Window<'_>, start: usize) -> Result<Option<Match>, Beyond> {
    let mut account = Account::default();
    let (mut end, mut digits, mut group) = (start, 0, 0);
    let mut grouped = None;
    loop {
        match window.peek(end)? {
            Some(byte) if byte.is_ascii_uppercase() || byte.is_ascii_digit() => {
                digits += usize::from(byte.is_ascii_digit());
                group += 1;
                account.push(byte);
                if account.length == LONGEST || grouped == Some(true) && group > 4 {
                    return Ok(None);
                }
            }
            Some(b' ') if group == 4 && grouped != Some(false) && may_go_on(window, end + 1)? => {
                (grouped, group) = (Some(true), 0);
            }
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => return Ok(None),
            _ => break,
        }
        grouped = grouped.or((group > 4).then_some(false));
        end += 1;
    }
    let written = account.length >= SHORTEST && digits * 2 >= account.length;
    let checks = account.characters.iter().skip(2).take(2).all(u8::is_ascii_digit) && account.has_check_digits();
    Ok((written && checks).then(|| Match::closed(IBAN, start, end)))
}

/// Whether a group of capitals and digits with a digit in it begins at `at`.
fn may_go_on(window: &Window<'_>, at: usize) -> Result<bool, Beyond> {
    let mut digits = 0;
    for index in at..at + 4 {
        match window.peek(index)? {
            Some(byte) if byte.is_ascii_digit() => digits += 1,
            Some(byte) if byte.is_ascii_uppercase() => {}
            Some(byte) if byte.is_ascii_alphanumeric() => return Ok(false),
            _ => break,
        }
    }
    Ok(digits > 0 || window.run(at, 4, |byte| byte.is_ascii_uppercase())? == 4)
}

/// Whether two letters that may be a country's code stand before `at`, and no word runs into them.
pub(crate) fn may_begin(window: &Window<'_>, at: usize) -> bool {
    let is_letter = |back| window.before(at, back).is_some_and(|byte| byte.is_ascii_alphabetic());
    is_letter(1) && is_letter(2) && opens(window, at.saturating_sub(2))
}

/// The structure of the country whose code this is.
fn structure(code: &[u8]) -> Option<&'static str> {
    let code = [code.first()?.to_ascii_uppercase(), code.get(1)?.to_ascii_uppercase()];
    let index = STRUCTURES.binary_search_by(|entry| entry.0.cmp(&code)).ok()?;
    STRUCTURES.get(index).map(|entry| entry.1)
}

/// The class of each character of a structure: `n11a4` is eleven digits, then four letters; `c` is either.
fn positions(structure: &'static str) -> impl Iterator<Item = u8> {
    let mut rest = structure.as_bytes();
    std::iter::from_fn(move || {
        let (class, tail) = rest.split_first()?;
        let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (count, tail) = tail.split_at(digits);
        rest = tail;
        let count = count.iter().fold(0, |count, digit| count * 10 + usize::from(digit - b'0'));
        Some(std::iter::repeat_n(*class, count))
    })
    .flatten()
}

/// Whether no word runs into the country code, unless it is the word IBAN.
fn opens(window: &Window<'_>, start: usize) -> bool {
    let joined = window.before(start, 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) && start > window.floor;
    !joined || window.slice(start.saturating_sub(4), start).eq_ignore_ascii_case(b"iban")
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | crate::unit::DASH)
}

/// The characters of a candidate, without joints, in capitals.
struct Account {
    characters: [u8; LONGEST],
    length: usize,
}

impl Default for Account {
    fn default() -> Self {
        Self { characters: [0; LONGEST], length: 0 }
    }
}

impl Account {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.characters.get_mut(self.length) {
            *slot = byte.to_ascii_uppercase();
            self.length += 1;
        }
    }

    fn fits(&self, structure: &'static str) -> bool {
        let body = self.characters.iter().skip(4);
        self.characters.iter().skip(2).take(2).all(u8::is_ascii_digit)
            && positions(structure).zip(body).all(|(class, byte)| match class {
                b'n' => byte.is_ascii_digit(),
                b'a' => byte.is_ascii_uppercase(),
                _ => byte.is_ascii_alphanumeric(),
            })
    }

    fn has_check_digits(&self) -> bool {
        // The standard makes 02 to 98.
        let possible = !matches!(self.characters, [_, _, b'0', b'0' | b'1', ..] | [_, _, b'9', b'9', ..]);
        possible && mod_97(self.characters.iter().take(self.length).cycle().skip(4).take(self.length).copied()) == 1
    }
}

/// The remainder of ISO 7064 MOD 97-10, with letters as 10 to 35.
pub(crate) fn mod_97(characters: impl Iterator<Item = u8>) -> u32 {
    characters.fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase().wrapping_sub(b'A')) + 10) % 97,
    })
}
