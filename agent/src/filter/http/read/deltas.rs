//! What language models stream: strings of a few characters, one a record, that clients put together to one text. They are
//! found by the names that providers use; their text is masked together, and goes back to where it stood.

use std::ops::Range;

/// The names under which providers send tokens: OpenAI, Anthropic, Google, Ollama, Mistral, Cohere and those that follow them.
const NAMES: [&[u8]; 14] = [
    b"content",
    b"text",
    b"delta",
    b"partial_json",
    b"arguments",
    b"thinking",
    b"reasoning",
    b"reasoning_content",
    b"response",
    b"completion",
    b"generated_text",
    b"output_text",
    b"token",
    b"refusal",
];

/// One piece of text in a record.
pub(super) struct Delta {
    /// The text it belongs to.
    pub(super) name: Vec<u8>,
    /// Its characters, decoded.
    pub(super) text: Vec<u8>,
    /// The same after masking.
    pub(super) masked: Vec<u8>,
    /// Where each character stands in the record, and how many bytes of text it is.
    places: Vec<(Range<usize>, usize)>,
}

/// Finds the pieces in a record's data.
pub(super) fn find(record: &[u8], data: &[Range<usize>], plain: bool) -> Vec<Delta> {
    // Tokens do not come in several lines.
    let [span] = data else { return Vec::new() };
    let Some(text) = record.get(span.clone()) else { return Vec::new() };
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'{' | b'[') => strings(text, span.start),
        // `[DONE]` and the like are no tokens, but harm nothing.
        Some(_) if plain => vec![whole(text, span.start)],
        _ => Vec::new(),
    }
}

fn whole(text: &[u8], start: usize) -> Delta {
    let places = (0..text.len()).map(|at| (start + at..start + at + 1, 1)).collect();
    Delta { name: Vec::new(), text: text.to_vec(), masked: Vec::new(), places }
}

/// The string values under the names that tokens have.
fn strings(text: &[u8], start: usize) -> Vec<Delta> {
    let (mut deltas, mut at) = (Vec::new(), 0);
    let mut key: Option<&[u8]> = None;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = string_end(text, at + 1);
                let inside = at + 1..end;
                let rest = text.get(end + 1..).unwrap_or_default();
                let is_key = rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if is_key {
                    key = text.get(inside);
                } else if let Some(name) = key.take().filter(|name| NAMES.contains(name)) {
                    deltas.push(decode(text, inside, start, name));
                }
                at = end + 1;
            }
            b'{' | b'[' | b',' | b'}' | b']' => {
                key = None;
                at += 1;
            }
            _ => at += 1,
        }
    }
    deltas
}

fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at,
            _ => at += 1,
        }
    }
    text.len()
}

fn decode(text: &[u8], inside: Range<usize>, start: usize, name: &[u8]) -> Delta {
    let mut delta = Delta { name: name.to_vec(), text: Vec::new(), masked: Vec::new(), places: Vec::new() };
    let mut at = inside.start;
    while at < inside.end {
        let wire = text.get(at..inside.end).unwrap_or_default();
        let (width, decoded) = match wire {
            [b'\\', b'u', a, b, c, d, ..] => {
                let digits = [*a, *b, *c, *d];
                let code = std::str::from_utf8(&digits).ok().and_then(|hex| u32::from_str_radix(hex, 16).ok());
                (6, code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into_bytes())
            }
            [b'\\', b'n', ..] => (2, b"\n".to_vec()),
            [b'\\', b't', ..] => (2, b"\t".to_vec()),
            [b'\\', b'r', ..] => (2, b"\r".to_vec()),
            [b'\\', other, ..] => (2, vec![*other]),
            [byte, ..] => (1, vec![*byte]),
            [] => break,
        };
        delta.places.push((start + at..start + (at + width).min(inside.end), decoded.len()));
        delta.text.extend(decoded);
        at += width;
    }
    delta
}

/// Appends a record with its pieces as they are after masking.
pub(super) fn write(record: &[u8], deltas: &[Delta], out: &mut Vec<u8>) {
    let mut written = 0;
    for delta in deltas.iter().filter(|delta| delta.masked != delta.text) {
        let mut at = 0;
        for (place, length) in &delta.places {
            let (before, after) = (delta.text.get(at..at + length), delta.masked.get(at..at + length));
            at += length;
            if before == after {
                continue;
            }
            out.extend_from_slice(record.get(written..place.start).unwrap_or_default());
            match after {
                Some(&[byte]) if byte >= b' ' && !matches!(byte, b'"' | b'\\') => out.push(byte),
                _ => out.push(b'*'),
            }
            written = place.end;
        }
    }
    out.extend_from_slice(record.get(written..).unwrap_or_default());
}
