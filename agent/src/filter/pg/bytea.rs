//! bytea in text form (binary data types, section 8.4): `\\x` and hexadecimal digits, or the older form with escapes. What is
//! looked at are the bytes; their digits follow.

use masking::{Masker, Syntax, Tally};
use protocols::pg::Malformed;

const MARK: &[u8] = b"\\x";

/// Masks a whole value in place.
pub(super) fn mask(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    match value {
        [b'\\', b'x', digits @ ..] => mask_digits(masker, digits, tally),
        older => drop(masker.mask(older, Syntax::Text, tally)),
    }
}

/// Masks an array's values in place: `{"\\x3431",NULL}`.
pub(super) fn mask_array(masker: &Masker, value: &mut [u8], tally: &mut Tally) {
    for one in value.split_mut(|byte| b"{},\"\\".contains(byte)) {
        match one.split_first_mut() {
            Some((b'x', digits)) => mask_digits(masker, digits, tally),
            _ => drop(masker.mask(one, Syntax::Text, tally)),
        }
    }
}

fn mask_digits(masker: &Masker, digits: &mut [u8], tally: &mut Tally) {
    let Ok(mut bytes) = hex::decode(&*digits) else {
        masker.mask(digits, Syntax::Text, tally);
        return;
    };
    if masker.mask(&mut bytes, Syntax::Text, tally) {
        let _same_length = hex::encode_to_slice(&bytes, digits);
    }
}

/// A value that passes in pieces.
#[derive(Debug, Default)]
pub(super) struct Bytea {
    form: Form,
    /// What came and is not read: a part of the mark, or half of a byte.
    part: Vec<u8>,
    /// The mark is still to be written.
    marks: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Unknown,
    Digits,
    Escapes,
}

impl Bytea {
    /// The bytes that a piece stands for.
    ///
    /// # Errors
    /// If it has something else among hexadecimal digits, or half a byte at its end.
    pub(super) fn read(&mut self, piece: &[u8], last: bool) -> Result<Vec<u8>, Malformed> {
        let mut wire = std::mem::take(&mut self.part);
        wire.extend_from_slice(piece);
        if self.form == Form::Unknown {
            if wire.len() < MARK.len() && !last {
                self.part = wire;
                return Ok(Vec::new());
            }
            self.marks = wire.starts_with(MARK);
            self.form = if self.marks { Form::Digits } else { Form::Escapes };
            wire.drain(..if self.marks { MARK.len() } else { 0 });
        }
        if self.form == Form::Digits {
            if wire.len() % 2 == 1 && !last {
                self.part.extend(wire.pop());
            }
            return hex::decode(wire).map_err(|_| Malformed("bytea"));
        }
        Ok(wire)
    }

    /// How bytes that were read are written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.form {
            Form::Digits => {
                let mut wire = if std::mem::take(&mut self.marks) { MARK.to_vec() } else { Vec::new() };
                wire.extend_from_slice(hex::encode(bytes).as_bytes());
                wire
            }
            Form::Escapes | Form::Unknown => bytes.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use masking::Label;
    use proptest::prelude::*;

    use super::*;

    fn masker() -> Masker {
        Masker::new(&[Label::Card])
    }

    fn whole(value: &str) -> String {
        let mut value = value.as_bytes().to_vec();
        mask(&masker(), &mut value, &mut Tally::default());
        String::from_utf8(value).unwrap()
    }

    #[test]
    fn a_value_is_masked_in_its_bytes_and_stays_a_value() {
        let raw = "pay 4111111111111111 now";
        let masked = whole(&format!("\\x{}", hex::encode(raw)));
        let bytes = hex::decode(masked.strip_prefix("\\x").unwrap()).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "pay **************** now");
        assert_eq!(whole("4111111111111111\\000"), "****************\\000", "the older form");
        let clean = "\\xdeadbeef00";
        assert_eq!(whole(clean), clean);
    }

    #[test]
    fn an_array_is_masked_value_by_value() {
        let card = hex::encode("4111111111111111");
        let mut array = format!("{{\"\\\\x{card}\",NULL,\"\\\\x00ff\"}}").into_bytes();
        mask_array(&masker(), &mut array, &mut Tally::default());
        let stars = "2a".repeat(16);
        assert_eq!(String::from_utf8(array).unwrap(), format!("{{\"\\\\x{stars}\",NULL,\"\\\\x00ff\"}}"));
    }

    proptest! {
        #[test]
        fn every_split_of_a_value_is_masked_alike(
            words in prop::collection::vec("[a-z ]{0,9}|4111111111111111|é", 0..5),
            digits in any::<bool>(),
            cuts in prop::collection::vec(1_usize..9, 1..9),
        ) {
            let text = words.join(" ");
            let wire = if digits { format!("\\x{}", hex::encode(text)) } else { text };
            let masker = masker();
            let (mut bytea, mut stream) = (Bytea::default(), masker.stream(Syntax::Text));
            let (mut out, mut tally) = (Vec::new(), Tally::default());
            let (mut rest, mut cut) = (wire.as_bytes(), cuts.iter().cycle());
            loop {
                let (piece, behind) = rest.split_at((*cut.next().unwrap()).min(rest.len()));
                rest = behind;
                let mut masked = Vec::new();
                stream.push(&bytea.read(piece, rest.is_empty()).unwrap(), &mut masked, &mut tally);
                if rest.is_empty() {
                    stream.finish(&mut masked, &mut tally);
                }
                out.extend(bytea.write(&masked));
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole(&wire));
        }
    }

    #[test]
    fn half_a_byte_at_the_end_is_malformed() {
        assert!(Bytea::default().read(b"\\x123", true).is_err());
    }
}
