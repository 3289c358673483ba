//! What an HTTP connection says about its functions and about content that is masked by place. Part of its settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{masking::Transform, parameters::RequestMask};

/// What an HTTP target speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpKind {
    /// Paths and methods.
    #[default]
    Rest,
    /// MCP over streamable HTTP.
    Mcp,
    /// GraphQL.
    Graphql,
    /// gRPC.
    Grpc,
}

/// What a function does at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FunctionEffect {
    /// Nothing at the target changes.
    Read,
    /// Data changes.
    Write,
    /// Rights, programs or the server itself change.
    Admin,
}

/// What is masked by its place, and what happens to content that cannot be masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpMask {
    /// Members of JSON content that are masked whole, with their labels: `ssn` for a key anywhere, `$.a.b[*].c` or `$..c` for a
    /// place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, String>,
    /// Fields of gRPC messages in answers that are masked whole, with their labels: `package.Message.field`, or a name anywhere.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grpc: BTreeMap<String, String>,
    /// Header fields of answers that are masked whole, with their labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Parameters of requests that are marked. Applies even where nothing else is masked.
    #[serde(default, skip_serializing_if = "is_unsaid")]
    pub requests: RequestMask,
    /// What stands in place of values of each label, marked or detected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transforms: BTreeMap<String, Transform>,
    /// What happens to binary content: pictures, archives, documents. If nothing is said, it is `scan`; but where answers have
    /// marks, binary content of no known kind does not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<BinaryContent>,
    /// Media types that pass unseen, such as `application/zip` or `image/*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
}

/// What happens to content that cannot be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BinaryContent {
    /// It is looked at while it passes, and stopped where something sensitive stands in it.
    Scan,
    /// It does not pass.
    Refuse,
}

fn is_unsaid<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl HttpMask {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
