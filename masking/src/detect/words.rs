//! Words before a value that say what it is. They are whole words, also inside `snake_case` and `camelCase` names, so that "public"
//! is no hint at "lic".

/// How far before a value words are read, in bytes.
pub(crate) const REACH: usize = 40;
/// The longest word that is known, in letters.
const LONGEST: usize = 13;

/// Words for telephones.
fn is_phone(word: &[u8]) -> bool {
    matches!(
        word,
        b"phone"
            | b"phones"
            | b"telephone"
            | b"tel"
            | b"mobile"
            | b"mob"
            | b"cell"
            | b"cellphone"
            | b"fax"
            | b"msisdn"
            | b"sms"
            | b"whatsapp"
            | b"whats"
            | b"telefon"
            | b"telefono"
            | b"telefone"
            | b"handy"
            | b"hotline"
            | b"helpline"
            | b"landline"
            | b"ph"
            | b"cellular"
            | b"celular"
            | b"phonenumber"
            | b"viber"
            | b"fon"
            | b"rufnummer"
            | b"telefoon"
            | b"telefax"
            | b"portable"
            | b"natel"
            | b"gsm"
            | b"cellulare"
            | b"telefonnr"
            | b"telefonnummer"
            | b"mobilnummer"
    )
}

/// Words for telephones in letters beyond ASCII.
const FOREIGN: [&str; 14] =
    ["tél", "Tél", "TÉL", "電話", "电话", "手机", "手機", "携帯", "전화", "тел", "Тел", "ТЕЛ", "моб", "τηλ"];

/// Whether one of them stands behind the last number.
fn has_foreign(left: &[u8]) -> bool {
    let left = since_number(left);
    !left.is_ascii() && FOREIGN.iter().any(|word| left.windows(word.len()).any(|part| part == word.as_bytes()))
}

/// Words for what one does with a telephone.
fn is_hint(word: &[u8]) -> bool {
    matches!(
        word,
        b"call"
            | b"calls"
            | b"called"
            | b"calling"
            | b"caller"
            | b"dial"
            | b"dialed"
            | b"ring"
            | b"text"
            | b"contact"
            | b"reach"
            | b"callback"
            | b"voicemail"
    )
}

/// Words for other kinds of numbers.
fn is_other(word: &[u8]) -> bool {
    matches!(
        word,
        b"order"
            | b"invoice"
            | b"ticket"
            | b"case"
            | b"tracking"
            | b"serial"
            | b"part"
            | b"sku"
            | b"isbn"
            | b"issn"
            | b"ean"
            | b"upc"
            | b"version"
            | b"build"
            | b"ref"
            | b"reference"
            | b"batch"
            | b"lot"
            | b"model"
            | b"po"
            | b"id"
            | b"account"
            | b"acct"
            | b"item"
            | b"product"
            | b"booking"
            | b"claim"
            | b"policy"
            | b"asin"
            | b"imei"
            | b"patent"
            | b"doi"
            | b"shipment"
    )
}

/// Whether a word stands right before, with nothing but marks between: a glance that spares most numbers the rest.
pub(crate) fn may_name(left: &[u8]) -> bool {
    let is_mark =
        |byte: &u8| matches!(byte, b' ' | b':' | b'=' | b'"' | b'\'' | b'.' | b'#' | b'(' | b')' | b'>' | b'-' | b'\t');
    left.iter().rev().find(|byte| !is_mark(byte)).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
}

/// Whether a word says that a telephone number follows.
pub(crate) fn names_phone(left: &[u8]) -> bool {
    (any_of(left, is_phone) || has_foreign(left)) && !denies_phone(left)
}

/// Whether a word makes a number with separators a telephone number.
pub(crate) fn hints_at_phone(left: &[u8]) -> bool {
    any_of(left, is_hint) && !denies_phone(left)
}

/// Whether a word says that a card's number follows.
pub(crate) fn names_card(left: &[u8]) -> bool {
    let is_card = |word: &[u8]| {
        matches!(
            word,
            b"card"
                | b"cards"
                | b"visa"
                | b"cc"
                | b"pan"
                | b"credit"
                | b"debit"
                | b"creditcard"
                | b"cardnumber"
                | b"kreditkarte"
                | b"karte"
                | b"carte"
                | b"tarjeta"
                | b"ccnum"
                | b"cardno"
        )
    };
    any_of(left, is_card)
}

/// Whether the last word says that an article's or a device's number follows.
pub(crate) fn names_article(left: &[u8]) -> bool {
    let last = Words(left).next().and_then(Small::of);
    last.is_some_and(|word| matches!(word.as_bytes(), b"ean" | b"gtin" | b"upc" | b"isbn" | b"imei"))
}

/// Whether the word right before makes digits without separators a telephone number.
pub(crate) fn ends_with_hint(left: &[u8]) -> bool {
    let last = Words(left).next().and_then(Small::of);
    last.is_some_and(|word| is_hint(word.as_bytes())) && !left.contains(&b'(') && !denies_phone(left)
}

/// Whether a word names a telephone number or hints at one, whatever the others say.
pub(crate) fn speaks_of_phone(left: &[u8]) -> bool {
    any_of(left, |word| is_phone(word) || is_hint(word)) || has_foreign(left)
}

/// Whether the last words say that another kind of number follows.
pub(crate) fn denies_phone(left: &[u8]) -> bool {
    let clause =
        left.iter().rposition(|byte| matches!(byte, b',' | b';' | b'|' | b'\t' | b'\n')).map_or(0, |index| index + 1);
    let mut last = Words(since_number(left.get(clause..).unwrap_or_default())).take(3);
    last.any(|word| Small::of(word).is_some_and(|word| is_other(word.as_bytes())))
}

/// Whether one of these words stands in `left`, with no other number between it and the end.
fn any_of(left: &[u8], is_one: impl Fn(&[u8]) -> bool) -> bool {
    Words(since_number(left)).any(|word| Small::of(word).is_some_and(|word| is_one(word.as_bytes())))
}

/// What follows the last number of three digits or more.
pub(crate) fn since_number(left: &[u8]) -> &[u8] {
    let (mut digits, mut end) = (0, left.len());
    for (index, byte) in left.iter().enumerate().rev() {
        if !byte.is_ascii_digit() {
            (digits, end) = (0, index);
        } else if digits == 2 {
            return left.get(end..).unwrap_or_default();
        } else {
            digits += 1;
        }
    }
    left
}

/// A word in small letters, if it is no longer than those that are known.
struct Small {
    letters: [u8; LONGEST],
    length: usize,
}

impl Small {
    fn of(word: &[u8]) -> Option<Self> {
        let mut small = Self { letters: [0; LONGEST], length: word.len() };
        small.letters.get_mut(..word.len())?.copy_from_slice(word);
        small.letters.make_ascii_lowercase();
        Some(small)
    }

    fn as_bytes(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }
}

/// The words of a text, the last first.
struct Words<'a>(&'a [u8]);

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
