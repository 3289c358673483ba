//! Words before a value that say what it is. They are whole words, also inside `snake_case` and `camelCase` names, so that "public"
//! is no hint at "lic".

/// How far before a value words are read, in bytes.
pub(crate) const REACH: usize = 40;

const PHONE: [&[u8]; 24] = [
    b"phone",
    b"phones",
    b"telephone",
    b"tel",
    b"mobile",
    b"mob",
    b"cell",
    b"cellphone",
    b"fax",
    b"msisdn",
    b"sms",
    b"whatsapp",
    b"telefon",
    b"telefono",
    b"telefone",
    b"handy",
    b"hotline",
    b"helpline",
    b"landline",
    b"ph",
    b"cellular",
    b"celular",
    b"phonenumber",
    b"viber",
];
const PHONE_HINTS: [&[u8]; 13] = [
    b"call",
    b"calls",
    b"called",
    b"calling",
    b"caller",
    b"dial",
    b"dialed",
    b"ring",
    b"text",
    b"contact",
    b"reach",
    b"callback",
    b"voicemail",
];
const NO_PHONE: [&[u8]; 33] = [
    b"order",
    b"invoice",
    b"ticket",
    b"case",
    b"tracking",
    b"serial",
    b"part",
    b"sku",
    b"isbn",
    b"issn",
    b"ean",
    b"upc",
    b"version",
    b"build",
    b"ref",
    b"reference",
    b"batch",
    b"lot",
    b"model",
    b"po",
    b"id",
    b"account",
    b"acct",
    b"item",
    b"product",
    b"booking",
    b"claim",
    b"policy",
    b"asin",
    b"imei",
    b"patent",
    b"doi",
    b"shipment",
];

/// Whether a word stands right before, with nothing but marks between: a glance that spares most numbers the rest.
pub(crate) fn may_name(left: &[u8]) -> bool {
    let is_mark =
        |byte: &u8| matches!(byte, b' ' | b':' | b'=' | b'"' | b'\'' | b'.' | b'#' | b'(' | b')' | b'>' | b'-' | b'\t');
    left.iter().rev().find(|byte| !is_mark(byte)).is_some_and(u8::is_ascii_alphabetic)
}

/// Whether a word says that a telephone number follows.
pub(crate) fn names_phone(left: &[u8]) -> bool {
    any_of(left, &PHONE) && !denies_phone(left)
}

/// Whether a word makes a number with separators a telephone number.
pub(crate) fn hints_at_phone(left: &[u8]) -> bool {
    any_of(left, &PHONE_HINTS) && !denies_phone(left)
}

/// Whether the last words say that another kind of number follows.
pub(crate) fn denies_phone(left: &[u8]) -> bool {
    let clause =
        left.iter().rposition(|byte| matches!(byte, b',' | b';' | b'|' | b'\t' | b'\n')).map_or(0, |index| index + 1);
    let mut last = Words::new(since_number(left.get(clause..).unwrap_or_default())).take(3);
    last.any(|word| is_in(word, &NO_PHONE))
}

/// Whether one of the words stands in `left`, with no other number between it and the end.
fn any_of(left: &[u8], words: &[&[u8]]) -> bool {
    Words::new(since_number(left)).any(|word| is_in(word, words))
}

fn is_in(word: &[u8], words: &[&[u8]]) -> bool {
    let first = word.first().map_or(0, u8::to_ascii_lowercase);
    words
        .iter()
        .any(|known| known.len() == word.len() && known.first() == Some(&first) && known.eq_ignore_ascii_case(word))
}

/// What follows the last number of three digits or more.
pub(crate) fn since_number(left: &[u8]) -> &[u8] {
    let end = left.windows(3).rposition(|three| three.iter().all(u8::is_ascii_digit)).map_or(0, |index| index + 3);
    left.get(end..).unwrap_or_default()
}

/// The words of a text, the last first.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self(text)
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().rposition(u8::is_ascii_alphabetic)? + 1;
        let mut start = end;
        while let Some(byte) =
            start.checked_sub(1).and_then(|index| self.0.get(index)).filter(|byte| byte.is_ascii_alphabetic())
        {
            start -= 1;
            let previous = start.checked_sub(1).and_then(|index| self.0.get(index));
            // A capital after a small letter begins a word.
            if byte.is_ascii_uppercase() && previous.is_some_and(u8::is_ascii_lowercase) {
                break;
            }
        }
        let word = self.0.get(start..end)?;
        self.0 = self.0.get(..start)?;
        Some(word)
    }
}
