//! JSON that every reader reads the same way (RFC 8259, I-JSON of RFC 7493): one document, no member named twice, no
//! lone surrogates, at most 100 levels.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Fault;

/// Deepest nesting.
const MAX_DEPTH: usize = 100;

/// Why a text is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    /// It is not JSON.
    #[error("the content is not JSON: {0}")]
    Syntax(serde_json::Error),
    /// Readers would disagree on what it says.
    #[error("the content is JSON that can be read in more than one way: {0}")]
    Ambiguous(serde_json::Error),
}

/// Reads one document.
pub(crate) fn read(text: &[u8]) -> Result<Value, JsonError> {
    // The library's words name positions and kinds, and for our own errors the member; never other content.
    let kind = |error: serde_json::Error| {
        let ambiguous = error.is_data() || is_lone_surrogate(&error);
        if ambiguous { JsonError::Ambiguous(error) } else { JsonError::Syntax(error) }
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict(0).deserialize(&mut reader).map_err(kind)?;
    reader.end().map_err(kind)?;
    Ok(value)
}

/// Half a pair of escapes for one character, which some readers replace and others keep. The library has no kind for it, but words.
fn is_lone_surrogate(error: &serde_json::Error) -> bool {
    let words = error.to_string();
    words.contains("surrogate") || words.contains("end of hex escape")
}

/// The same for content that has to be JSON.
pub(crate) fn parse(text: &[u8]) -> Result<Value, Fault> {
    read(text).map_err(|error| Fault::malformed(error.to_string()))
}

/// Whether an object has members whose names differ only in case. Some readers take those for the same member.
pub(crate) fn folded_twin(members: &Map<String, Value>) -> Option<&str> {
    let mut names: Vec<(String, &str)> = members.keys().map(|name| (name.to_lowercase(), name.as_str())).collect();
    names.sort();
    names.windows(2).find_map(|pair| match pair {
        [(a, _), (b, name)] if a == b => Some(*name),
        _ => None,
    })
}

struct Strict(usize);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0 > MAX_DEPTH {
            return Err(D::Error::custom("nested too deeply"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Self(self.0 + 1))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("member `{name}` stands twice")));
            }
            let value = access.next_value_seed(Self(self.0 + 1))?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_readers_disagree_on_is_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"a":1,"a":1}}]"#,
            "{} {}",
            "{} x",
            "{a:1}",
            "{\"a\":1,}",
            "[NaN]",
            "[1e400]",
            "// c\n{}",
            "\"\\ud800\"",
            "\"\u{0}\"",
            "",
            "\u{feff}{}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(format!("{}{}", "[".repeat(102), "]".repeat(102)).as_bytes()).is_err());
        assert!(parse(&vec![b'['; 1 << 20]).is_err());
    }

    #[test]
    fn half_a_pair_of_escapes_is_read_in_more_than_one_way() {
        for text in [
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\ud800x"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\u0041"}"#,
            r#"{"\ud800":1}"#,
        ] {
            assert!(
                matches!(read(text.as_bytes()), Err(JsonError::Ambiguous(_))),
                "{text}: {:?}",
                read(text.as_bytes())
            );
        }
        for text in [r#"{"a":"\u12"#, r#"{"a":"\u12"}"#, "{a}", "{} {}"] {
            assert!(matches!(read(text.as_bytes()), Err(JsonError::Syntax(_))), "{text}");
        }
        assert!(read(r#"{"a":"\ud83d\ude00"}"#.as_bytes()).is_ok());
    }

    #[test]
    fn ordinary_documents_are_read_whole() {
        let text = r#"{"a": [1, -2, 1.5, true, null, "\u00e9"], "b": {"c": {}}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        let twins = parse(br#"{"name":1,"Name":2}"#).unwrap();
        assert_eq!(folded_twin(twins.as_object().unwrap()), Some("name"));
    }
}
