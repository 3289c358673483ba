//! One message with its values masked.

use masking::{Label, Masker, Syntax, Tally};
use prost_reflect::{Kind, MessageDescriptor};

use super::{
    mark::Fields,
    scalar,
    wire::{self, Broken, MAX_DEPTH, Raw, Value},
};
use crate::filter::{
    content::Scanner,
    http::{mark::replace, read::Notes},
};

/// What is masked in messages, and who hears of it.
pub(in crate::filter::http) struct Pass<'a> {
    pub(in crate::filter::http) fields: &'a Fields,
    pub(in crate::filter::http) masker: &'a Masker,
    pub(in crate::filter::http) notes: &'a mut dyn Notes,
}

/// What applies to a value because of where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The name that people know it by.
    name: &'a str,
    /// How it is marked, if it is.
    marked: Option<(&'a str, Label)>,
    depth: usize,
}

/// A field of a message, or an extension of it.
struct Known {
    name: String,
    full_name: String,
    kind: Kind,
}

impl Known {
    fn find(shape: &MessageDescriptor, number: u32) -> Option<Self> {
        if let Some(field) = shape.get_field(number) {
            return Some(Self { name: field.name().into(), full_name: field.full_name().into(), kind: field.kind() });
        }
        let field = shape.get_extension(number)?;
        Some(Self { name: field.name().into(), full_name: field.full_name().into(), kind: field.kind() })
    }
}

/// Messages whose only purpose is to hold a value: it goes by the name of what holds them.
const WRAPPERS: &str = "google.protobuf";

impl Pass<'_> {
    /// Appends a message with its values masked. Gives whether any was.
    ///
    /// # Errors
    /// If it is no message, or holds something that is hidden where nobody could hide it.
    pub(in crate::filter::http) fn message(
        &mut self,
        shape: &MessageDescriptor,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<bool, Broken> {
        self.within(shape, bytes, Place { name: "", marked: None, depth: 0 }, out)
    }

    fn within(
        &mut self,
        shape: &MessageDescriptor,
        bytes: &[u8],
        place: Place<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Broken> {
        if place.depth >= MAX_DEPTH {
            return Err(Broken);
        }
        let within = Place { depth: place.depth + 1, ..place };
        if shape.is_map_entry() {
            return self.entry(shape, bytes, within, out);
        }
        let any = any(shape, bytes, place.depth)?;
        let wrapper = shape.package_name() == WRAPPERS && !place.name.is_empty();
        let (mut rest, mut changed) = (bytes, false);
        while let Some(raw) = wire::next(&mut rest, place.depth)? {
            let Some(field) = Known::find(shape, raw.number) else {
                changed |= self.unknown(&raw, within, out)?;
                continue;
            };
            let name = if wrapper { place.name } else { &field.name };
            let fields = self.fields;
            let marked = place.marked.or_else(|| fields.find(&field.name, &field.full_name));
            let place = Place { name, marked, ..within };
            changed |= match (&any, raw.number, raw.value) {
                (Some(any), 2, Value::Length(bytes)) => self.message_in(any, bytes, &raw, place, out)?,
                _ => self.value(&field.kind, &raw, place, out)?,
            };
        }
        Ok(changed)
    }

    /// An entry of a map: its value goes by its key.
    fn entry(
        &mut self,
        shape: &MessageDescriptor,
        bytes: &[u8],
        place: Place<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Broken> {
        let (key_of, value_of) = (shape.map_entry_key_field().kind(), shape.map_entry_value_field().kind());
        let (mut rest, mut key) = (bytes, String::new());
        while let Some(raw) = wire::next(&mut rest, place.depth)? {
            if let (1, Value::Length(text)) = (raw.number, raw.value) {
                key = String::from_utf8_lossy(text).into_owned();
            }
        }
        let fields = self.fields;
        let marked = place.marked.or_else(|| fields.find_key(&key));
        let name = if key.is_empty() { place.name } else { &key };
        let (mut rest, mut changed) = (bytes, false);
        while let Some(raw) = wire::next(&mut rest, place.depth)? {
            changed |= match raw.number {
                // A key is looked at, too; a mark is about what it names.
                1 => self.value(&key_of, &raw, Place { marked: None, ..place }, out)?,
                2 => self.value(&value_of, &raw, Place { name, marked, ..place }, out)?,
                _ => self.unknown(&raw, place, out)?,
            };
        }
        Ok(changed)
    }

    /// What a field carries.
    fn value(&mut self, kind: &Kind, raw: &Raw<'_>, place: Place<'_>, out: &mut Vec<u8>) -> Result<bool, Broken> {
        let masked = match (kind, raw.value) {
            (Kind::Message(shape), Value::Length(bytes) | Value::Group(bytes)) => {
                return self.message_in(shape, bytes, raw, place, out);
            }
            (Kind::String, Value::Length(text)) => self.text(text, place)?,
            (Kind::Bytes, Value::Length(bytes)) => self.bytes(bytes, place)?,
            (kind, Value::Length(list)) if scalar::wire_of(kind).is_some() => self.packed(kind, list, place)?,
            (kind, value) if scalar::wire_of(kind).is_some() => {
                let masked = self.number(kind, &value, place)?;
                return Ok(put(raw, masked, out));
            }
            // Readers take what has another type than the descriptor says for a field they do not know.
            _ => return self.unknown(raw, place, out),
        };
        Ok(put(raw, masked.as_deref().map(Value::Length), out))
    }

    fn message_in(
        &mut self,
        shape: &MessageDescriptor,
        bytes: &[u8],
        raw: &Raw<'_>,
        place: Place<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Broken> {
        let mut inner = Vec::with_capacity(bytes.len());
        let changed = self.within(shape, bytes, place, &mut inner)?;
        let made = if matches!(raw.value, Value::Group(_)) { Value::Group(&inner) } else { Value::Length(&inner) };
        Ok(put(raw, changed.then_some(made), out))
    }

    fn text(&mut self, text: &[u8], place: Place<'_>) -> Result<Option<Vec<u8>>, Broken> {
        if place.marked.is_some() {
            return Ok(self.marked(text, place));
        }
        let text = std::str::from_utf8(text).map_err(|_| Broken)?;
        let document = serde_json::to_string(text).map_err(|_| Broken)?;
        let Some(masked) = self.looked_at(&document, place) else { return Ok(None) };
        // A mask leaves JSON what it is; if ever it did not, nothing is shown.
        Ok(Some(serde_json::from_slice(&masked).map_or_else(|_| vec![b'*'; text.len()], String::into_bytes)))
    }

    /// Bytes that are text are masked as such; others are hidden whole if something stands in them.
    fn bytes(&mut self, bytes: &[u8], place: Place<'_>) -> Result<Option<Vec<u8>>, Broken> {
        if place.marked.is_some() {
            return Ok(self.marked(bytes, place));
        }
        let control = |byte: &u8| *byte < 0x20 && !byte.is_ascii_whitespace();
        if std::str::from_utf8(bytes).is_ok() && !bytes.iter().any(control) {
            return self.text(bytes, place);
        }
        let Some(tally) = self.scan(bytes) else { return Ok(None) };
        self.notes.merge(&tally);
        Ok(Some(vec![b'*'; bytes.len()]))
    }

    fn packed(&mut self, kind: &Kind, list: &[u8], place: Place<'_>) -> Result<Option<Vec<u8>>, Broken> {
        let Some(wire) = scalar::wire_of(kind) else { return Ok(None) };
        let (mut rest, mut out, mut changed) = (list, Vec::with_capacity(list.len()), false);
        while !rest.is_empty() {
            let value = wire::packed(&mut rest, wire)?;
            let masked = self.number(kind, &value, place)?;
            changed |= masked.is_some();
            wire::put_value(&masked.unwrap_or(value), &mut out);
        }
        Ok(changed.then_some(out))
    }

    fn number(&mut self, kind: &Kind, value: &Value<'_>, place: Place<'_>) -> Result<Option<Value<'static>>, Broken> {
        let text = scalar::text(kind, value);
        if let Some((marked, label)) = place.marked {
            let text = text.unwrap_or_default();
            let (transform, made) = self.masker.transforms().whole_number(label, text.as_bytes());
            self.notes.note(marked, label, transform);
            let made = made.and_then(|made| String::from_utf8(made).ok()).unwrap_or_default();
            return Ok(Some(scalar::number(kind, &made)));
        }
        let Some(masked) = text.and_then(|text| self.looked_at(&text, place)) else { return Ok(None) };
        Ok(Some(scalar::number(kind, std::str::from_utf8(&masked).map_err(|_| Broken)?)))
    }

    /// Masks a JSON value under its name, as it would be in a JSON answer; `None` if nothing is found.
    fn looked_at(&mut self, value: &str, place: Place<'_>) -> Option<Vec<u8>> {
        if self.masker.is_off() {
            return None;
        }
        let name = serde_json::to_string(place.name).unwrap_or_default();
        let mut document = [name.as_bytes(), b":", value.as_bytes()].concat();
        let mut tally = Tally::default();
        if !self.masker.mask(&mut document, Syntax::Json, &mut tally) {
            return None;
        }
        let masked = document.split_off(name.len() + 1);
        if masked == value.as_bytes() {
            return None;
        }
        self.notes.merge(&tally);
        Some(masked)
    }

    /// A whole value that is marked.
    fn marked(&mut self, value: &[u8], place: Place<'_>) -> Option<Vec<u8>> {
        let (name, label) = place.marked.filter(|_| !value.is_empty())?;
        let mut masked = value.to_vec();
        let transform = replace(self.masker.transforms(), label, &mut masked);
        self.notes.note(name, label, transform);
        Some(masked)
    }

    /// A field that the descriptor does not know. It cannot be changed without knowing what it is, so it must be harmless.
    fn unknown(&mut self, raw: &Raw<'_>, place: Place<'_>, out: &mut Vec<u8>) -> Result<bool, Broken> {
        let harmless = match raw.value {
            Value::Length(bytes) | Value::Group(bytes) => self.scan(bytes).is_none(),
            value => {
                let kind = if matches!(value, Value::Varint(_)) { Kind::Uint64 } else { Kind::Fixed64 };
                let text = scalar::text(&kind, &value);
                text.and_then(|text| self.looked_at(&text, Place { name: "", ..place })).is_none()
            }
        };
        if !harmless || place.marked.is_some() {
            return Err(Broken);
        }
        out.extend_from_slice(raw.whole);
        Ok(false)
    }

    /// What stands in bytes that nobody can change, if anything.
    fn scan(&self, bytes: &[u8]) -> Option<Tally> {
        if self.masker.is_off() {
            return None;
        }
        let mut scanner = Scanner::new(self.masker, bytes.get(..8).unwrap_or(bytes));
        let clean = scanner.push(bytes).and_then(|()| scanner.finish()).is_ok();
        (!clean).then(|| scanner.into_tally())
    }
}

/// Appends a field: as it came, or with another value. Gives whether it is another.
fn put(raw: &Raw<'_>, value: Option<Value<'_>>, out: &mut Vec<u8>) -> bool {
    match &value {
        Some(value) => wire::put(raw.number, value, out),
        None => out.extend_from_slice(raw.whole),
    }
    value.is_some()
}

/// What a message of any type is, if this is one and its type is known.
fn any(shape: &MessageDescriptor, bytes: &[u8], depth: usize) -> Result<Option<MessageDescriptor>, Broken> {
    if shape.full_name() != "google.protobuf.Any" {
        return Ok(None);
    }
    let (mut rest, mut known) = (bytes, None);
    while let Some(raw) = wire::next(&mut rest, depth)? {
        if let (1, Value::Length(url)) = (raw.number, raw.value) {
            let url = String::from_utf8_lossy(url);
            known = url.rsplit('/').next().and_then(|name| shape.parent_pool().get_message_by_name(name));
        }
    }
    Ok(known)
}
