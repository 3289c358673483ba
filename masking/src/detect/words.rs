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
            | b"erreichen"
            | b"erreichbar"
            | b"anrufen"
            | b"appelez"
            | b"appeler"
            | b"joindre"
            | b"llame"
            | b"llamar"
            | b"chiamare"
            | b"chiamami"
            | b"bellen"
            | b"ligue"
            | b"ligar"
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
    let is_mark = |byte: &u8| {
        matches!(
            byte,
            b' ' | b':' | b'=' | b'"' | b'\'' | b'.' | b'#' | b'(' | b')' | b'>' | b'-' | b'\t' | b',' | b';' | b'|'
        )
    };
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

/// Words for cards.
fn is_card(word: &[u8]) -> bool {
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
}

/// Whether a word says that a card's number follows.
pub(crate) fn names_card(left: &[u8]) -> bool {
    any_of(left, is_card)
}

/// Whether a word for cards, or for what is done with one, stands right before, with nothing but such words between as lead to its
/// number: `card number: `, `charge `, `paid with `.
pub(crate) fn tells_card(left: &[u8]) -> bool {
    let left = since_number(on_line(left));
    let mut words = Words(left).map(Small::of);
    let mut with = false;
    (0..=MOST_BETWEEN).any(|_| match words.next() {
        Some(Some(word)) => {
            let word = word.as_bytes();
            let told = is_card(word)
                || matches!(word, b"charge" | b"charged" | b"maestro" | b"mastercard" | b"amex" | b"ccnumber")
                || with && matches!(word, b"payment" | b"paid" | b"pay" | b"bezahlt");
            with = word == b"with";
            if !told && !with && !is_between(word) {
                words.by_ref().for_each(drop);
            }
            told
        }
        _ => false,
    })
}

/// Whether the last word says that an article's or a device's number follows.
pub(crate) fn names_article(left: &[u8]) -> bool {
    let last = Words(left).next().and_then(Small::of);
    last.is_some_and(|word| matches!(word.as_bytes(), b"ean" | b"gtin" | b"upc" | b"isbn" | b"imei"))
}

/// Whether the word right before asks to call: `call `, `dial `.
pub(crate) fn asks_to_call(left: &[u8]) -> bool {
    let asks = |word: Small| matches!(word.as_bytes(), b"call" | b"dial");
    let behind = left.strip_suffix(b" ").is_some_and(|left| left.last().is_some_and(u8::is_ascii_alphabetic));
    behind && Words(left).next().and_then(Small::of).is_some_and(asks) && !denies_phone(left)
}

/// Whether the word right before makes digits without separators a telephone number.
pub(crate) fn ends_with_hint(left: &[u8]) -> bool {
    let last = Words(left).next().and_then(Small::of);
    last.is_some_and(|word| is_hint(word.as_bytes())) && !left.contains(&b'(') && !denies_phone(left)
}

/// Whether a word for telephones stands right before, with nothing but such words between as lead from it to its number: `phone
/// number is `. What is said so plainly needs no plan to be a number.
pub(crate) fn tells_phone(left: &[u8]) -> bool {
    let left = since_number(on_line(left));
    let mut words = Words(left).map(Small::of);
    let tells = (0..=MOST_BETWEEN).find_map(|_| match words.next() {
        Some(Some(word)) if is_phone(word.as_bytes()) => Some(true),
        Some(Some(word)) if is_between(word.as_bytes()) => None,
        _ => Some(false),
    });
    (tells == Some(true) || has_foreign(left)) && !denies_phone(left)
}

/// The same of a word for what one does with a telephone: `call me at `, `reach Ann on `.
pub(crate) fn tells_call(left: &[u8]) -> bool {
    let left = on_line(left);
    let mut words = Words(since_number(left)).map(Small::of);
    let leads = |word: &[u8]| matches!(word, b"at" | b"on" | b"under" | b"unter" | b"au" | b"al" | b"op");
    let last = Words(left).next().and_then(Small::of);
    let led = last.is_some_and(|word| leads(word.as_bytes())) || left.ends_with(b"(");
    if led && hints_at_phone(left) {
        return true;
    }
    let (mut between, words) = (0, &mut words);
    let tells = words.take(MOST_BETWEEN + 1).find_map(|word| match word {
        Some(word) if is_hint(word.as_bytes()) => Some(between > 0),
        Some(word) if is_between(word.as_bytes()) => {
            between += 1;
            None
        }
        _ => Some(false),
    });
    tells == Some(true) && !denies_phone(left)
}

/// What stands on the line of the value.
fn on_line(left: &[u8]) -> &[u8] {
    left.iter().rposition(|byte| *byte == b'\n').and_then(|end| left.get(end + 1..)).unwrap_or(left)
}

/// Whether a word on the same line hints at a telephone number.
pub(crate) fn hints_on_line(left: &[u8]) -> bool {
    hints_at_phone(on_line(left))
}

/// The most words between a word for telephones and its number.
const MOST_BETWEEN: usize = 3;

/// Words that lead from a word for telephones to its number.
fn is_between(word: &[u8]) -> bool {
    matches!(
        word,
        b"number"
            | b"numbers"
            | b"no"
            | b"nr"
            | b"num"
            | b"nummer"
            | b"numero"
            | b"is"
            | b"was"
            | b"now"
            | b"ist"
            | b"at"
            | b"on"
            | b"to"
            | b"under"
            | b"unter"
            | b"au"
            | b"al"
            | b"op"
            | b"me"
            | b"us"
            | b"him"
            | b"her"
            | b"them"
            | b"my"
            | b"the"
            | b"work"
            | b"home"
            | b"office"
            | b"private"
            | b"primary"
            | b"value"
    )
}

/// Whether a word names a telephone number or hints at one, whatever the others say.
pub(crate) fn speaks_of_phone(left: &[u8]) -> bool {
    any_of(left, |word| is_phone(word) || is_hint(word)) || has_foreign(left)
}

/// Whether the word is none of a person's name but says what a number is, or is part of a place's.
pub(crate) fn names_other(word: &[u8]) -> bool {
    let counts = |word: &[u8]| {
        matches!(
            word,
            b"total"
                | b"amount"
                | b"balance"
                | b"number"
                | b"count"
                | b"date"
                | b"time"
                | b"code"
                | b"price"
                | b"street"
                | b"road"
                | b"avenue"
                | b"lane"
                | b"city"
                | b"new"
                | b"los"
                | b"las"
                | b"san"
                | b"santa"
                | b"saint"
                | b"st"
                | b"hong"
                | b"north"
                | b"south"
                | b"east"
                | b"west"
                | b"lake"
                | b"port"
                | b"fort"
                | b"mount"
        )
    };
    Small::of(word).is_some_and(|word| is_other(word.as_bytes()) || counts(word.as_bytes()))
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
