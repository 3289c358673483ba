//! Character sets: told by byte order mark, by the pattern of NUL bytes, then by the label; converted to UTF-8 while content
//! arrives. UTF-7, EBCDIC, stateful and unknown sets are refused. WHATWG Encoding; RFC 8259 section 8.1.

use encoding_rs::{CoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The character set cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content has a character set that cannot be read")]
pub struct CharsetError;

/// Turns text into UTF-8 as it arrives.
pub struct Converter(State);

enum State {
    /// Already UTF-8, or a superset of ASCII that passes as it is.
    AsIs,
    Library(Box<encoding_rs::Decoder>),
    /// UTF-16, with the first byte of a pair whose second has not come.
    Pairs {
        decoder: Box<encoding_rs::Decoder>,
        kept: Option<u8>,
    },
    Wide {
        little: bool,
        kept: Vec<u8>,
        mark: bool,
    },
}

impl Converter {
    /// For text that begins with `first` (up to its first 4 bytes count) and carries this label.
    ///
    /// # Errors
    /// If the set is one that cannot be read.
    pub fn new(label: Option<&str>, first: &[u8]) -> Result<Self, CharsetError> {
        let state = match first {
            [0xff, 0xfe, 0, 0, ..] => State::Wide { little: true, kept: Vec::new(), mark: true },
            [0, 0, 0xfe, 0xff, ..] => State::Wide { little: false, kept: Vec::new(), mark: true },
            [0xff, 0xfe, ..] => library(UTF_16LE),
            [0xfe, 0xff, ..] => library(UTF_16BE),
            [0xef, 0xbb, 0xbf, ..] => State::AsIs,
            // UTF-7 and EBCDIC marks.
            [0x2b, 0x2f, 0x76, ..] | [0xdd, 0x73, 0x66, 0x73, ..] => return Err(CharsetError),
            [byte, 0, 0, 0, ..] if is_text(*byte) => State::Wide { little: true, kept: Vec::new(), mark: false },
            [0, 0, 0, byte, ..] if is_text(*byte) => State::Wide { little: false, kept: Vec::new(), mark: false },
            [a, 0, b, 0, ..] if is_text(*a) && is_text(*b) => library(UTF_16LE),
            [0, a, 0, b, ..] if is_text(*a) && is_text(*b) => library(UTF_16BE),
            _ => return Self::labelled(label, first),
        };
        Ok(Self(state))
    }

    fn labelled(label: Option<&str>, first: &[u8]) -> Result<Self, CharsetError> {
        let Some(label) = label.map(str::trim).filter(|label| !label.is_empty()) else { return Ok(Self(State::AsIs)) };
        let lower = label.to_ascii_lowercase();
        let wide = match lower.as_str() {
            "utf-32" | "utf-32be" | "ucs-4" | "iso-10646-ucs-4" => Some(false),
            "utf-32le" => Some(true),
            _ => None,
        };
        if let Some(little) = wide {
            // Text that is plainly not of four bytes a character is what it looks like to everybody else.
            return if first.contains(&0) {
                Ok(Self(State::Wide { little, kept: Vec::new(), mark: false }))
            } else {
                Err(CharsetError)
            };
        }
        let encoding = Encoding::for_label(lower.as_bytes()).ok_or(CharsetError)?;
        if encoding == UTF_8 {
            return Ok(Self(State::AsIs));
        }
        // The replacement encoding stands for sets that hide text; ISO-2022-JP shifts between sets.
        if encoding == encoding_rs::REPLACEMENT || encoding == encoding_rs::ISO_2022_JP {
            return Err(CharsetError);
        }
        if encoding == UTF_16LE || encoding == UTF_16BE {
            let plausible = first.is_empty() || first.contains(&0) || !first.iter().all(|byte| is_text(*byte));
            return if plausible { Ok(Self(library(encoding))) } else { Err(CharsetError) };
        }
        if encoding.is_single_byte() {
            return Ok(Self(State::AsIs));
        }
        Ok(Self(library(encoding)))
    }

    /// Whether text is changed by this: its label must then say UTF-8.
    #[must_use]
    pub fn converts(&self) -> bool {
        !matches!(self.0, State::AsIs)
    }

    /// Takes the next text; appends it in UTF-8. `last` when nothing follows.
    ///
    /// # Errors
    /// If it is not text of that set.
    pub fn push(&mut self, text: &[u8], last: bool, out: &mut Vec<u8>) -> Result<(), CharsetError> {
        match &mut self.0 {
            State::AsIs => out.extend_from_slice(text),
            State::Library(decoder) => decode(decoder, text, last, out),
            State::Pairs { decoder, kept } => {
                let mut rest = text;
                if let (Some(one), [two, after @ ..]) = (*kept, rest) {
                    decode(decoder, &[one, *two], false, out);
                    (*kept, rest) = (None, after);
                }
                let (pairs, odd) = rest.split_at(rest.len() - rest.len() % 2);
                *kept = odd.first().copied().or(*kept);
                decode(decoder, pairs, last, out);
                match *kept {
                    // What only looked like pairs ends with a letter of its own: it is read together with what it belongs to.
                    Some(byte) if last && is_text(byte) => out.push(byte),
                    Some(0) | None => {}
                    Some(_) if last => return Err(CharsetError),
                    Some(_) => {}
                }
            }
            State::Wide { little, kept, mark } => {
                kept.extend_from_slice(text);
                let whole = kept.len() - kept.len() % 4;
                for four in kept.drain(..whole).as_slice().chunks_exact(4) {
                    let bytes = four.try_into().unwrap_or_default();
                    let code = if *little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
                    if std::mem::take(mark) {
                        continue;
                    }
                    let character = char::from_u32(code).ok_or(CharsetError)?;
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                if last && !kept.is_empty() {
                    return Err(CharsetError);
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Converter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Converter").field("converts", &self.converts()).finish()
    }
}

fn library(encoding: &'static Encoding) -> State {
    let decoder = Box::new(encoding.new_decoder_with_bom_removal());
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return State::Pairs { decoder, kept: None };
    }
    State::Library(decoder)
}

fn decode(decoder: &mut encoding_rs::Decoder, mut piece: &[u8], last: bool, out: &mut Vec<u8>) {
    loop {
        let mut buffer = [0; 4096];
        let (result, read, written, _) = decoder.decode_to_utf8(piece, &mut buffer, last);
        out.extend_from_slice(buffer.get(..written).unwrap_or_default());
        piece = piece.get(read..).unwrap_or_default();
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

fn is_text(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The `charset` parameter of a `Content-Type` value.
#[must_use]
pub fn charset_of(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    let pair =
        parameters.filter_map(|one| one.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    pair.map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<String, CharsetError> {
        let mut converter = Converter::new(None, &pieces.concat())?;
        let mut out = Vec::new();
        for piece in pieces {
            converter.push(piece, false, &mut out)?;
        }
        converter.push(&[], true, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn text_with_nuls_between_its_letters_keeps_its_last_letter_however_it_is_split() {
        let text = b"4\x001\x001\x001";
        for at in 0..=text.len() {
            let (before, after) = text.split_at(at);
            assert_eq!(read(&[before, after]).as_deref(), Ok("4111"), "{at}");
        }
        assert_eq!(read(&[b"\x004\x001\x001\x00"]).as_deref(), Ok("411"));
        assert_eq!(read(&[b"\xff\xfe4\x001\x00"]).as_deref(), Ok("41"));
    }

    #[test]
    fn half_a_letter_at_the_end_of_utf_16_is_refused() {
        assert_eq!(read(&[b"\xff\xfe4\x001\x00\xac"]), Err(CharsetError));
    }
}
