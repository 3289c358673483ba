//! One parameter of an operation: where it stands, of what type it is, and how its text becomes a value. OpenAPI 3.1
//! section 4.8.12.

use std::collections::BTreeSet;

use serde_json::{Number, Value};

use super::{
    ArgumentType, ImportError, refs,
    schema::{Compiler, Schema},
};
use crate::http::{Fault, call::Argument};

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    Query,
    Header,
    Cookie,
}

impl Location {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// What a value is, as far as text must be turned into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Integer,
    Number,
    Boolean,
    Text,
    /// A list of such.
    List(Scalar),
    /// An object, or something that is not told.
    Any,
}

impl Type {
    /// The type as policies see it; `None` where it is not told, and then it is whatever comes.
    pub(crate) fn argument(self) -> Option<ArgumentType> {
        Some(match self {
            Self::Integer => ArgumentType::Long,
            Self::Number => ArgumentType::Decimal,
            Self::Boolean => ArgumentType::Flag,
            Self::Text => ArgumentType::Text,
            Self::List(_) => ArgumentType::Texts,
            Self::Any => return None,
        })
    }
}

/// What an item of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Integer,
    Number,
    Boolean,
    Text,
}

/// A parameter.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) kind: Type,
    /// Items of a list are parameters of their own (`a=1&a=2`), not separated by commas.
    explode: bool,
    /// `filter[name]=...`.
    pub(crate) deep: bool,
    schema: Option<Schema>,
}

impl Parameter {
    pub(super) fn import(
        root: &Value,
        compiler: &Compiler<'_>,
        value: &Value,
        place: &str,
    ) -> Result<Self, ImportError> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let missing = |what: &str| ImportError::new(place, format!("a parameter needs `{what}`"));
        let name = text("name").ok_or_else(|| missing("name"))?;
        let location = match text("in").ok_or_else(|| missing("in"))? {
            "path" => Location::Path,
            "query" => Location::Query,
            "header" => Location::Header,
            "cookie" => Location::Cookie,
            _ => return Err(ImportError::new(place, "`in` is path, query, header or cookie")),
        };
        let form = matches!(location, Location::Query | Location::Cookie);
        let schema = value.get("schema");
        let place = format!("{place}/schema");
        Ok(Self {
            name: if location == Location::Header { name.to_ascii_lowercase() } else { name.to_owned() },
            location,
            required: location == Location::Path || value.get("required") == Some(&Value::Bool(true)),
            kind: schema.map_or(Ok(Type::Text), |schema| kind(root, schema, &place))?,
            explode: value.get("explode").and_then(Value::as_bool).unwrap_or(form),
            deep: text("style") == Some("deepObject"),
            schema: schema.map(|_| compiler.compile(&place)).transpose()?,
        })
    }

    /// Turns the texts given for it into a value, and checks it. The type is always checked, since facts have it; the rest
    /// of the schema only if `validate`.
    pub(super) fn read(&self, texts: &[String], validate: bool) -> Result<Option<Argument>, Fault> {
        let [first, more @ ..] = texts else {
            return if self.required && validate {
                Err(Fault::invalid(&self.name, format!("this {} parameter is required", self.location.as_str())))
            } else {
                Ok(None)
            };
        };
        let value = match self.kind {
            Type::List(item) => self.list(texts, item)?,
            _ if !more.is_empty() => return Err(Fault::invalid(&self.name, "given more than once")),
            Type::Integer => self.scalar(first, Scalar::Integer)?,
            Type::Number => self.scalar(first, Scalar::Number)?,
            Type::Boolean => self.scalar(first, Scalar::Boolean)?,
            Type::Text | Type::Any => Value::String(first.clone()),
        };
        if validate
            && self.kind != Type::Any
            && let Some(schema) = &self.schema
        {
            schema.check(&self.name, &value)?;
        }
        Ok(match &value {
            Value::Array(items) => Some(Argument::Texts(items.iter().filter_map(crate::http::call::text).collect())),
            plain => crate::http::call::scalar(plain),
        })
    }

    fn list(&self, texts: &[String], item: Scalar) -> Result<Value, Fault> {
        let split = |text: &String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let items = if self.explode { texts.to_vec() } else { texts.iter().flat_map(split).collect() };
        items.iter().map(|text| self.scalar(text, item)).collect::<Result<_, _>>().map(Value::Array)
    }

    fn scalar(&self, text: &str, kind: Scalar) -> Result<Value, Fault> {
        coerce(text, kind).ok_or_else(|| Fault::invalid(&self.name, format!("this is no {}", kind.as_str())))
    }
}

impl Scalar {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Text => "text",
        }
    }
}

/// Text as a value of that type. One spelling per value: `07`, `+7` and `1e3` are no integers.
pub(crate) fn coerce(text: &str, kind: Scalar) -> Option<Value> {
    match kind {
        Scalar::Text => Some(Value::String(text.to_owned())),
        Scalar::Integer => text.parse::<i64>().ok().filter(|number| number.to_string() == text).map(Value::from),
        Scalar::Boolean => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Scalar::Number => {
            let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'e' | b'E' | b'+');
            let shape =
                text.bytes().all(plain) && text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
            if let Some(whole) = coerce(text, Scalar::Integer) {
                return Some(whole);
            }
            text.parse::<f64>().ok().filter(|_| shape).and_then(Number::from_f64).map(Value::Number)
        }
    }
}

/// The type that a schema names, as far as it names one.
pub(super) fn kind(root: &Value, schema: &Value, place: &str) -> Result<Type, ImportError> {
    let (schema, _) = refs::resolve(root, schema, place.to_owned())?;
    let scalar = |schema: &Value| match type_word(schema) {
        Some("integer") => Some(Scalar::Integer),
        Some("number") => Some(Scalar::Number),
        Some("boolean") => Some(Scalar::Boolean),
        Some("string") => Some(Scalar::Text),
        _ => None,
    };
    if type_word(schema) == Some("array") {
        let item = match schema.get("items") {
            Some(items) => scalar(refs::resolve(root, items, place.to_owned())?.0).unwrap_or(Scalar::Text),
            None => Scalar::Text,
        };
        return Ok(Type::List(item));
    }
    Ok(match scalar(schema) {
        Some(Scalar::Integer) => Type::Integer,
        Some(Scalar::Number) => Type::Number,
        Some(Scalar::Boolean) => Type::Boolean,
        Some(Scalar::Text) => Type::Text,
        None => Type::Any,
    })
}

/// The one type besides null.
fn type_word(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(word) => Some(word),
        Value::Array(words) => {
            let words: BTreeSet<&str> = words.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect();
            words.first().copied().filter(|_| words.len() == 1)
        }
        _ => None,
    }
}
