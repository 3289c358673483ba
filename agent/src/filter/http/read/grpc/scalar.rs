//! Numbers of messages as the text they are, and back.

use prost::encoding::WireType;
use prost_reflect::Kind;

use super::wire::Value;

/// How a kind of number is written; `None` if it is none.
pub(super) fn wire_of(kind: &Kind) -> Option<WireType> {
    match kind {
        Kind::Message(_) | Kind::String | Kind::Bytes => None,
        kind => Some(kind.wire_type()),
    }
}

/// A number in decimal. Switches and names of an enumeration are none: what they say is in the descriptor.
pub(super) fn text(kind: &Kind, value: &Value<'_>) -> Option<String> {
    Some(match (kind, value) {
        (Kind::Int32 | Kind::Int64, Value::Varint(number)) => number.cast_signed().to_string(),
        (Kind::Uint32 | Kind::Uint64, Value::Varint(number)) => number.to_string(),
        (Kind::Sint32 | Kind::Sint64, Value::Varint(number)) => zigzag(*number).to_string(),
        (Kind::Fixed32, Value::Fixed32(bytes)) => u32::from_le_bytes(*bytes).to_string(),
        (Kind::Sfixed32, Value::Fixed32(bytes)) => i32::from_le_bytes(*bytes).to_string(),
        (Kind::Float, Value::Fixed32(bytes)) => f32::from_le_bytes(*bytes).to_string(),
        (Kind::Fixed64, Value::Fixed64(bytes)) => u64::from_le_bytes(*bytes).to_string(),
        (Kind::Sfixed64, Value::Fixed64(bytes)) => i64::from_le_bytes(*bytes).to_string(),
        (Kind::Double, Value::Fixed64(bytes)) => f64::from_le_bytes(*bytes).to_string(),
        _ => return None,
    })
}

/// The number that a text says; zero, if a number of this kind cannot say it.
pub(super) fn number(kind: &Kind, text: &str) -> Value<'static> {
    fn read<T: std::str::FromStr + Default>(text: &str) -> T {
        text.parse().unwrap_or_default()
    }
    match kind {
        Kind::Int32 => Value::Varint(i64::from(read::<i32>(text)).cast_unsigned()),
        Kind::Int64 => Value::Varint(read::<i64>(text).cast_unsigned()),
        Kind::Uint32 => Value::Varint(u64::from(read::<u32>(text))),
        Kind::Uint64 => Value::Varint(read(text)),
        Kind::Sint32 => Value::Varint(unzigzag(i64::from(read::<i32>(text)))),
        Kind::Sint64 => Value::Varint(unzigzag(read(text))),
        Kind::Fixed32 => Value::Fixed32(read::<u32>(text).to_le_bytes()),
        Kind::Sfixed32 => Value::Fixed32(read::<i32>(text).to_le_bytes()),
        Kind::Float => Value::Fixed32(read::<f32>(text).to_le_bytes()),
        Kind::Fixed64 => Value::Fixed64(read::<u64>(text).to_le_bytes()),
        Kind::Sfixed64 => Value::Fixed64(read::<i64>(text).to_le_bytes()),
        Kind::Double => Value::Fixed64(read::<f64>(text).to_le_bytes()),
        _ => Value::Varint(0),
    }
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn unzigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}
