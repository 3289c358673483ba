//! Fields as they stand in a protobuf message (protobuf encoding, "Message Structure").

use prost::encoding::{WireType, decode_varint, encode_varint};

/// Deepest nesting of messages that is read; what other readers of protobuf bear is 100.
pub(super) const MAX_DEPTH: usize = 100;

/// The message is cut off, or no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter::http) struct Broken;

/// One field of a message.
pub(super) struct Raw<'a> {
    pub(super) number: u32,
    pub(super) value: Value<'a>,
    /// All of its bytes, key and length among them.
    pub(super) whole: &'a [u8],
}

/// What a field carries.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    /// Texts, bytes, messages, packed numbers.
    Length(&'a [u8]),
    /// The fields of a group, without its end.
    Group(&'a [u8]),
}

/// Takes the next field off a message; `None` at its end.
pub(super) fn next<'a>(rest: &mut &'a [u8], depth: usize) -> Result<Option<Raw<'a>>, Broken> {
    if rest.is_empty() {
        return Ok(None);
    }
    let all = *rest;
    let (number, wire) = key(rest)?;
    let value = match wire {
        WireType::Varint => Value::Varint(varint(rest)?),
        WireType::ThirtyTwoBit => Value::Fixed32(fixed(rest)?),
        WireType::SixtyFourBit => Value::Fixed64(fixed(rest)?),
        WireType::LengthDelimited => {
            let length = usize::try_from(varint(rest)?).map_err(|_| Broken)?;
            Value::Length(take(rest, length)?)
        }
        WireType::StartGroup => Value::Group(group(rest, number, depth)?),
        WireType::EndGroup => return Err(Broken),
    };
    let whole = all.get(..all.len() - rest.len()).ok_or(Broken)?;
    Ok(Some(Raw { number, value, whole }))
}

/// The next number of a packed list.
pub(super) fn packed<'a>(rest: &mut &'a [u8], wire: WireType) -> Result<Value<'a>, Broken> {
    Ok(match wire {
        WireType::Varint => Value::Varint(varint(rest)?),
        WireType::ThirtyTwoBit => Value::Fixed32(fixed(rest)?),
        WireType::SixtyFourBit => Value::Fixed64(fixed(rest)?),
        _ => return Err(Broken),
    })
}

/// Appends a field of this number.
pub(super) fn put(number: u32, value: &Value<'_>, out: &mut Vec<u8>) {
    let wire = match value {
        Value::Varint(_) => WireType::Varint,
        Value::Fixed32(_) => WireType::ThirtyTwoBit,
        Value::Fixed64(_) => WireType::SixtyFourBit,
        Value::Length(_) => WireType::LengthDelimited,
        Value::Group(_) => WireType::StartGroup,
    };
    encode_varint(u64::from(number) << 3 | wire as u64, out);
    put_value(value, out);
    if matches!(value, Value::Group(_)) {
        encode_varint(u64::from(number) << 3 | WireType::EndGroup as u64, out);
    }
}

/// Appends what a field carries.
pub(super) fn put_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Varint(number) => encode_varint(*number, out),
        Value::Fixed32(bytes) => out.extend_from_slice(bytes),
        Value::Fixed64(bytes) => out.extend_from_slice(bytes),
        Value::Length(bytes) => {
            encode_varint(bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        Value::Group(fields) => out.extend_from_slice(fields),
    }
}

/// What lies between the beginning of a group, which has been taken, and its end.
fn group<'a>(rest: &mut &'a [u8], number: u32, depth: usize) -> Result<&'a [u8], Broken> {
    let within = *rest;
    if depth >= MAX_DEPTH {
        return Err(Broken);
    }
    loop {
        let before = *rest;
        let (of, wire) = key(rest)?;
        if wire == WireType::EndGroup {
            return if of == number { within.get(..within.len() - before.len()).ok_or(Broken) } else { Err(Broken) };
        }
        *rest = before;
        next(rest, depth + 1)?;
    }
}

fn key(rest: &mut &[u8]) -> Result<(u32, WireType), Broken> {
    let key = u32::try_from(varint(rest)?).map_err(|_| Broken)?;
    let wire = WireType::try_from(u64::from(key & 7)).map_err(|_| Broken)?;
    if key >> 3 == 0 { Err(Broken) } else { Ok((key >> 3, wire)) }
}

fn varint(rest: &mut &[u8]) -> Result<u64, Broken> {
    decode_varint(rest).map_err(|_| Broken)
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Broken> {
    take(rest, N)?.try_into().map_err(|_| Broken)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Broken> {
    let (taken, more) = rest.split_at_checked(length).ok_or(Broken)?;
    *rest = more;
    Ok(taken)
}
