//! What is known about one request, as plain data; and why a request cannot be judged at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Most arguments of one call that become facts.
const MAX_ARGUMENTS: usize = 512;
/// Longest argument that is kept whole, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// The strongest thing a call does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing at the target changes.
    #[default]
    Read,
    /// Data changes.
    Write,
    /// Rights, programs or the server itself change; only a marking says so.
    Admin,
}

impl Effect {
    /// Reads `read`, `write` or `admin`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

/// How much of a request could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inspected {
    /// All of it.
    #[default]
    Yes,
    /// Its head and some of its content.
    Partial,
    /// Nothing of its content.
    No,
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// true or false.
    Flag(bool),
    /// A whole number.
    Long(i64),
    /// Any other number.
    Decimal(f64),
    /// Anything else.
    Text(String),
    /// A list of plain values, as texts.
    Texts(BTreeSet<String>),
}

/// What a request does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// The functions it calls, and what each does at most. Empty: none that is known.
    pub functions: BTreeMap<String, Effect>,
    /// Why no function is known, if so.
    pub unknown: Option<String>,
    /// The path as the target reads it: decoded once.
    pub path: String,
    /// The HTTP method.
    pub method: String,
    /// Root fields of a GraphQL operation.
    pub calls: BTreeSet<String>,
    /// It moves money, as its path or the name of an operation in it says; only looked at where nobody said what its functions are.
    pub money: bool,
    /// Arguments by name, and by JSON pointer for what is nested.
    pub arguments: BTreeMap<String, Argument>,
    /// How much of it could be read.
    pub inspected: Inspected,
    /// Why not all of it.
    pub uninspected: Option<String>,
}

/// Why a request cannot be judged, so that it must not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It can be read in more than one way, or not at all.
    #[error("{0}")]
    Malformed(String),
    /// It breaks the function's schema.
    #[error("{field}: {reason}")]
    Invalid {
        /// The parameter, or the JSON pointer into the content.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More content than can be read here.
    #[error("{0}")]
    TooLarge(String),
}

impl Fault {
    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(reason.into())
    }

    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }
}

impl Call {
    /// Notes that something could not be read. The worst finding stays.
    pub fn note_uninspected(&mut self, how: Inspected, reason: &str) {
        if how > self.inspected {
            self.inspected = how;
            self.uninspected = Some(reason.to_owned());
        }
    }

    /// Adds an argument. One that is too long or too many is left out, and that is noted.
    pub(crate) fn argument(&mut self, name: impl Into<String>, value: Argument) {
        let length = match &value {
            Argument::Text(text) => text.len(),
            Argument::Texts(texts) => texts.iter().map(String::len).sum(),
            _ => 0,
        };
        if length > MAX_TEXT || self.arguments.len() >= MAX_ARGUMENTS {
            return self.note_uninspected(Inspected::Partial, "more or longer arguments than are kept");
        }
        self.arguments.insert(name.into(), value);
    }

    /// Adds the values of a JSON document: `name` for members of the root, `/name/inner` for what is inside those.
    /// `owned` are names that mean something else.
    pub(crate) fn document(&mut self, root: &Value, owned: &BTreeSet<String>) {
        match root {
            Value::Object(members) => {
                for (name, value) in members {
                    if !owned.contains(name) {
                        self.value(name.clone(), format!("/{}", escape(name)), value);
                    }
                }
            }
            Value::Array(items) => self.items(String::new(), String::new(), items),
            Value::Null => {}
            other => self.value("body".into(), String::new(), other),
        }
    }

    fn value(&mut self, name: String, pointer: String, value: &Value) {
        match value {
            // `{"$ne": null}` is an operator of a search, and what it says.
            Value::Null if name.rsplit('/').next().is_some_and(|last| last.starts_with('$')) => {
                self.argument(name, Argument::Text(String::new()));
            }
            Value::Null => {}
            Value::Array(items) => self.items(name, pointer, items),
            Value::Object(members) => {
                for (inner, value) in members {
                    let pointer = format!("{pointer}/{}", escape(inner));
                    self.value(pointer.clone(), pointer, value);
                }
            }
            plain => {
                if let Some(plain) = scalar(plain) {
                    self.argument(name, plain);
                }
            }
        }
    }

    fn items(&mut self, name: String, pointer: String, items: &[Value]) {
        if !name.is_empty() && items.iter().all(|item| !item.is_array() && !item.is_object()) {
            return self.argument(name, Argument::Texts(items.iter().filter_map(text).collect()));
        }
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            self.value(pointer.clone(), pointer, item);
        }
    }
}

/// A plain JSON value as an argument.
pub(crate) fn scalar(value: &Value) -> Option<Argument> {
    match value {
        Value::Bool(flag) => Some(Argument::Flag(*flag)),
        Value::Number(number) => Some(match number.as_i64() {
            Some(whole) => Argument::Long(whole),
            None => Argument::Decimal(number.as_f64()?),
        }),
        Value::String(text) => Some(Argument::Text(text.clone())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A plain JSON value as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A member's name in a JSON pointer (RFC 6901 section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
