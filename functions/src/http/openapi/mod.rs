//! OpenAPI 3.0 and 3.1 documents: each operation becomes a function with typed parameters and a schema.
//!
//! The document is read as plain JSON and its schemas are given to `jsonschema` as they stand, rather than through a typed
//! model of OpenAPI: the typed crates know one of the two versions each, and lose what they do not know. OpenAPI 3.1 schemas
//! *are* JSON Schema 2020-12; the few words that 3.0 spells differently are rewritten first.

mod import;
mod operation;
mod parameter;
mod refs;
mod schema;

use std::{collections::BTreeSet, fmt};

pub(crate) use self::operation::{Operation, effect_of};
use super::call::Effect;

/// A document, ready to judge requests.
pub struct Document {
    pub(crate) operations: Vec<Operation>,
    /// Paths of the document's servers, `/v1` for instance; empty if the paths stand at the root.
    pub(crate) server_path: String,
    sha256: [u8; 32],
}

/// Why a document is not usable. The text says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ImportError {
    place: String,
    reason: String,
}

impl ImportError {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

/// A function that a document declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared<'a> {
    /// The operation id; method and path where there is none.
    pub name: &'a str,
    /// In upper case.
    pub method: &'a str,
    /// The path's template.
    pub path: &'a str,
    /// What it does at most.
    pub effect: Effect,
    /// The parameters: name and `path`, `query`, `header` or `cookie`.
    pub parameters: Vec<(&'a str, &'static str)>,
    /// `x-sallyport-labels`.
    pub labels: &'a BTreeSet<String>,
    /// Parameters and members of the content, with their types.
    pub arguments: Vec<(&'a str, ArgumentType)>,
}

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentType {
    /// true or false.
    Flag,
    /// A whole number.
    Long,
    /// A number.
    Decimal,
    /// Text.
    Text,
    /// A list of texts.
    Texts,
}

impl Document {
    /// Reads a document, JSON or YAML.
    ///
    /// # Errors
    /// If it is too large, no OpenAPI 3 document, refers outside itself, or has a schema that cannot be used.
    pub fn import(text: &str) -> Result<Self, ImportError> {
        import::import(text)
    }

    /// SHA-256 of the text.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The functions, in the document's order.
    pub fn functions(&self) -> impl Iterator<Item = Declared<'_>> {
        self.operations.iter().map(Operation::declared)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("operations", &self.operations.len()).finish_non_exhaustive()
    }
}
