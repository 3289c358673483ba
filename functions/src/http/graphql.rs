//! GraphQL over HTTP: the operation that is executed, and its root fields with fragments resolved. GraphQL specification
//! (October 2021) section 2; GraphQL over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet, Value as Term,
    VariableDefinition, parse_query,
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{
    Fault,
    call::{Argument, Call, Effect, scalar, text},
    json,
};

/// Deepest nesting of a document.
const MAX_DEPTH: usize = 64;
/// Longest document, in bytes.
const MAX_TEXT: usize = 256 * 1024;
/// Most root fields, fragments counted where they are spread.
const MAX_FIELDS: usize = 256;

/// What a GraphQL request carries.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    query: Option<String>,
    name: Option<String>,
    variables: Map<String, Value>,
    persisted: Option<String>,
}

impl Asked {
    /// From the content of a POST.
    pub(crate) fn from_json(value: &Value) -> Result<Self, Fault> {
        let Value::Object(members) = value else {
            return Err(Fault::malformed("send each GraphQL operation on its own: batches are not served"));
        };
        if let Some(twin) = json::folded_twin(members) {
            return Err(Fault::malformed(format!("member `{twin}` stands twice, in different case")));
        }
        let text = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Fault::malformed(format!("`{name}` is no text"))),
        };
        let id = |name: &str| text(name).map(|id| id.filter(|id| !id.is_empty()));
        let hash = members.get("extensions").and_then(|all| all.pointer("/persistedQuery/sha256Hash"));
        let persisted = match hash {
            Some(Value::String(hash)) => Some(hash.clone()),
            Some(_) => return Err(Fault::malformed("the persisted query's hash is no text")),
            None => id("id")?.or(id("documentId")?).or(id("queryId")?).or(id("doc_id")?),
        };
        let variables = match members.get("variables") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(variables)) => variables.clone(),
            Some(_) => return Err(Fault::malformed("`variables` is no object")),
        };
        Ok(Self { query: text("query")?, name: text("operationName")?, variables, persisted })
    }

    /// From the query of a GET, or a form.
    pub(crate) fn from_pairs(pairs: &[(String, String)]) -> Result<Self, Fault> {
        let mut members = Map::new();
        for (name, value) in pairs {
            let value = match name.as_str() {
                "variables" | "extensions" if !value.is_empty() => json::parse(value.as_bytes())?,
                _ => Value::String(value.clone()),
            };
            if members.insert(name.clone(), value).is_some() {
                return Err(Fault::invalid(name, "given more than once"));
            }
        }
        Self::from_json(&Value::Object(members))
    }

    /// From content that is a document.
    pub(crate) fn from_document(text: String) -> Self {
        Self { query: Some(text), ..Self::default() }
    }

    /// Reads what is executed into the call. `known` are the texts of persisted documents.
    pub(crate) fn read(self, method: &str, known: &BTreeMap<String, String>, call: &mut Call) -> Result<(), Fault> {
        let query = match (&self.query, &self.persisted) {
            (Some(query), None) => query,
            (Some(query), Some(id)) => {
                if *id != hex::encode(Sha256::digest(query.as_bytes())) && known.get(id) != Some(query) {
                    return Err(Fault::malformed("the persisted query's hash is not that of the query"));
                }
                query
            }
            (None, Some(id)) => match known.get(id) {
                Some(query) => query,
                None => {
                    call.unknown = Some("a persisted query whose text is not registered".into());
                    return Ok(());
                }
            },
            (None, None) => return Err(Fault::malformed("the request carries no GraphQL query")),
        };
        check_shape(query)?;
        let document = parse_query::<String>(query)
            .map(Document::into_static)
            .map_err(|_| Fault::malformed("the GraphQL document cannot be parsed"))?;
        let executed = executed(&document, self.name.as_deref())?;
        if method == "GET" && executed.kind != "query" {
            return Err(Fault::malformed("a GET carries queries only"));
        }
        executed.read(&document, &self.variables, call)
    }
}

/// Whether a member holds a GraphQL document, where nobody said that GraphQL is spoken.
pub(super) fn carries(name: &str) -> bool {
    matches!(name, "query" | "body" | "operations" | "mutation") || name.ends_with("/query")
}

/// Names of what the mutations of a document call: their root fields, and those with arguments one level below with the name of the
/// root before theirs; with whether a condition limits each (`where`). Nothing if it is no such document.
pub(super) fn mutations(text: &str) -> Vec<(String, bool)> {
    if !text.contains("mutation") || check_shape(text).is_err() {
        return Vec::new();
    }
    let Ok(document) = parse_query::<String>(text).map(Document::into_static) else { return Vec::new() };
    let mut fragments = BTreeMap::new();
    for definition in &document.definitions {
        if let Definition::Fragment(fragment) = definition {
            fragments.insert(fragment.name.as_str(), fragment);
        }
    }
    let mut names = Vec::new();
    for definition in &document.definitions {
        let Definition::Operation(OperationDefinition::Mutation(mutation)) = definition else { continue };
        let mut fields = Vec::new();
        let _partly = collect(&mutation.selection_set, &fragments, &mut Vec::new(), &mut fields);
        for field in fields {
            let limits = field.arguments.iter().any(|(name, _)| matches!(name.as_str(), "where" | "filter"));
            names.push((field.name.clone(), limits));
            let inner = field.selection_set.items.iter().filter_map(|item| match item {
                Selection::Field(inner) if !inner.arguments.is_empty() => Some(inner),
                _ => None,
            });
            names.extend(inner.take(MAX_FIELDS).map(|inner| (format!("{}.{}", field.name, inner.name), false)));
        }
    }
    names
}

/// Bounds the nesting before the parser, which recurses, sees it.
fn check_shape(query: &str) -> Result<(), Fault> {
    if query.len() > MAX_TEXT {
        return Err(Fault::TooLarge("the GraphQL document is too long".into()));
    }
    let mut depth = 0usize;
    for byte in query.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Fault::malformed("the GraphQL document is nested too deeply"));
        }
    }
    Ok(())
}

struct Executed<'a> {
    kind: &'static str,
    name: Option<&'a str>,
    variables: &'a [VariableDefinition<'static, String>],
    selection: &'a SelectionSet<'static, String>,
}

fn executed<'a>(document: &'a Document<'static, String>, name: Option<&str>) -> Result<Executed<'a>, Fault> {
    let operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Operation(operation) => Some(executable(operation)),
        Definition::Fragment(_) => None,
    });
    let operations: Vec<Executed<'_>> = operations.collect();
    let mut chosen =
        operations.into_iter().filter(|one| name.is_none_or(|name| name.is_empty() || one.name == Some(name)));
    match (chosen.next(), chosen.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Fault::malformed("the GraphQL document has no operation of that name")),
        (Some(_), Some(_)) => Err(Fault::malformed("the GraphQL document has several operations; name one")),
    }
}

fn executable<'a>(operation: &'a OperationDefinition<'static, String>) -> Executed<'a> {
    match operation {
        OperationDefinition::SelectionSet(selection) => {
            Executed { kind: "query", name: None, variables: &[], selection }
        }
        OperationDefinition::Query(one) => Executed {
            kind: "query",
            name: one.name.as_deref(),
            variables: &one.variable_definitions,
            selection: &one.selection_set,
        },
        OperationDefinition::Mutation(one) => Executed {
            kind: "mutation",
            name: one.name.as_deref(),
            variables: &one.variable_definitions,
            selection: &one.selection_set,
        },
        OperationDefinition::Subscription(one) => Executed {
            kind: "subscription",
            name: one.name.as_deref(),
            variables: &one.variable_definitions,
            selection: &one.selection_set,
        },
    }
}

impl Executed<'_> {
    fn read(
        &self,
        document: &Document<'static, String>,
        given: &Map<String, Value>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let mut fragments = BTreeMap::new();
        for definition in &document.definitions {
            if let Definition::Fragment(fragment) = definition
                && fragments.insert(fragment.name.as_str(), fragment).is_some()
            {
                return Err(Fault::malformed("the GraphQL document has two fragments of one name"));
            }
        }
        let mut fields = Vec::new();
        collect(self.selection, &fragments, &mut Vec::new(), &mut fields)?;
        let variables = self.variables(given);
        let effect = if self.kind == "mutation" { Effect::Write } else { Effect::Read };
        let mut arguments: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for field in &fields {
            // Asking for the root's type name calls nothing.
            if field.name != "__typename" || fields.len() == 1 {
                call.functions.insert(format!("{}/{}", self.kind, field.name), effect);
                call.calls.insert(field.name.clone());
            }
            for (name, term) in &field.arguments {
                let value = resolve(term, &variables);
                let values = arguments.entry(name.clone()).or_default();
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        call.argument("graphql.kind", Argument::from(self.kind));
        if let Some(name) = self.name {
            call.argument("graphql.operation", Argument::from(name));
        }
        self.arguments(arguments, call)
    }

    fn arguments(&self, arguments: BTreeMap<String, Vec<Value>>, call: &mut Call) -> Result<(), Fault> {
        for (name, values) in arguments {
            match values.as_slice() {
                [one] => {
                    let mut single = Map::new();
                    single.insert(name, one.clone());
                    call.document(&Value::Object(single), &BTreeSet::new());
                }
                _ if self.kind == "mutation" => {
                    return Err(Fault::invalid(
                        name,
                        "differs between the mutations of one request: send them one by one",
                    ));
                }
                many if many.iter().all(|value| scalar(value).is_some()) => {
                    call.argument(name, Argument::Texts(many.iter().filter_map(text).collect()));
                }
                many => {
                    let mut listed = Map::new();
                    listed.insert(name, Value::Array(many.to_vec()));
                    call.document(&Value::Object(listed), &BTreeSet::new());
                }
            }
        }
        Ok(())
    }

    fn variables(&self, given: &Map<String, Value>) -> Map<String, Value> {
        let mut variables = given.clone();
        for definition in self.variables {
            if let Some(default) = &definition.default_value
                && !variables.contains_key(&definition.name)
            {
                variables.insert(definition.name.clone(), resolve(default, &Map::new()));
            }
        }
        variables
    }
}

type Fragments<'a> = BTreeMap<&'a str, &'a FragmentDefinition<'static, String>>;

fn collect<'a>(
    selection: &'a SelectionSet<'static, String>,
    fragments: &Fragments<'a>,
    inside: &mut Vec<&'a str>,
    fields: &mut Vec<&'a Field<'static, String>>,
) -> Result<(), Fault> {
    for item in &selection.items {
        match item {
            Selection::Field(field) => fields.push(field),
            Selection::InlineFragment(inline) => collect(&inline.selection_set, fragments, inside, fields)?,
            Selection::FragmentSpread(spread) => {
                let name = spread.fragment_name.as_str();
                let fragment = fragments.get(name).filter(|_| !inside.contains(&name) && inside.len() < MAX_DEPTH);
                let fragment = fragment.ok_or_else(|| {
                    Fault::malformed("the GraphQL document spreads a fragment that is missing or within itself")
                })?;
                inside.push(name);
                collect(&fragment.selection_set, fragments, inside, fields)?;
                inside.pop();
            }
        }
        if fields.len() > MAX_FIELDS {
            return Err(Fault::malformed("the GraphQL operation has too many root fields"));
        }
    }
    Ok(())
}

fn resolve(term: &Term<'static, String>, variables: &Map<String, Value>) -> Value {
    match term {
        Term::Variable(name) => variables.get(name).cloned().unwrap_or(Value::Null),
        Term::Int(number) => number.as_i64().map_or(Value::Null, Value::from),
        Term::Float(number) => Value::from(*number),
        Term::String(text) | Term::Enum(text) => Value::String(text.clone()),
        Term::Boolean(flag) => Value::Bool(*flag),
        Term::Null => Value::Null,
        Term::List(items) => Value::Array(items.iter().map(|item| resolve(item, variables)).collect()),
        Term::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), resolve(value, variables))).collect())
        }
    }
}
