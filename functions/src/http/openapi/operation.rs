//! One operation: the function it is, its parameters and the schema of its content.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    ArgumentType, Declared, ImportError,
    parameter::{Location, Parameter, Scalar, Type, coerce, kind},
    refs,
    schema::{Compiler, Schema},
};
use crate::http::{
    Fault, Request,
    body::{Body, Kind},
    call::{Argument, Call, Effect},
    json::folded_twin,
    request::cookies,
    target::Target,
};

/// An operation.
pub(crate) struct Operation {
    pub(crate) name: String,
    /// In upper case.
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) effect: Effect,
    labels: BTreeSet<String>,
    parameters: Vec<Parameter>,
    content: Option<ContentRule>,
}

/// What an operation says about content.
struct ContentRule {
    required: bool,
    /// Media types, in lower case; `*/*` and `text/*` as they are written.
    media: Vec<String>,
    /// For JSON, and for forms as an object.
    schema: Option<Schema>,
    /// The types of an object's members.
    members: BTreeMap<String, Type>,
    /// Those of the members of objects in it, by JSON pointer.
    nested: BTreeMap<String, Type>,
}

/// Where an operation is read.
pub(super) struct Setting<'a> {
    pub(super) root: &'a Value,
    pub(super) compiler: &'a Compiler<'a>,
    pub(super) item: &'a Value,
    pub(super) item_place: &'a str,
    pub(super) path: &'a str,
    pub(super) method: &'a str,
}

impl Operation {
    pub(super) fn import(setting: &Setting<'_>, value: &Value, place: &str) -> Result<Self, ImportError> {
        let method = setting.method.to_ascii_uppercase();
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let name = text("operationId").map_or_else(|| format!("{method} {}", setting.path), str::to_owned);
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(ImportError::new(place, "an operation id has 1 to 200 characters"));
        }
        let effect = match text("x-sallyport-effect") {
            Some(word) => Effect::parse(word)
                .ok_or_else(|| ImportError::new(place, "x-sallyport-effect is read, write or admin"))?,
            None => effect_of(&method),
        };
        let labels = value.get("x-sallyport-labels").and_then(Value::as_array).into_iter().flatten();
        let labels = labels.map(|label| label.as_str().map(str::to_owned)).collect::<Option<_>>();
        Ok(Self {
            labels: labels.ok_or_else(|| ImportError::new(place, "x-sallyport-labels is a list of words"))?,
            parameters: parameters(setting, value, place)?,
            content: ContentRule::import(setting, value, place)?,
            path: setting.path.to_owned(),
            name,
            method,
            effect,
        })
    }

    pub(super) fn declared(&self) -> Declared<'_> {
        Declared {
            name: &self.name,
            method: &self.method,
            path: &self.path,
            effect: self.effect,
            parameters: self.parameters.iter().map(|one| (one.name.as_str(), one.location.as_str())).collect(),
            labels: &self.labels,
            arguments: self.arguments(),
        }
    }

    /// Parameters first: a name that a parameter has means that parameter.
    fn arguments(&self) -> Vec<(&str, ArgumentType)> {
        let parameters = self.parameters.iter().filter(|one| !one.deep).map(|one| (one.name.as_str(), one.kind));
        let members = self.content.iter().flat_map(|rule| rule.members.iter().chain(&rule.nested));
        let members = members.map(|(name, kind)| (name.as_str(), *kind));
        let mut arguments: Vec<(&str, ArgumentType)> = Vec::new();
        for (name, kind) in parameters.chain(members) {
            if let Some(kind) = kind.argument().filter(|_| arguments.iter().all(|(known, _)| *known != name)) {
                arguments.push((name, kind));
            }
        }
        arguments
    }

    /// Whether the content has to be read before this can be judged.
    pub(crate) fn wants_content(&self, content_type: Option<&str>) -> bool {
        let kind = Kind::of(content_type);
        self.content.as_ref().is_some_and(|rule| rule.schema.is_some() || rule.media.is_empty())
            && !matches!(kind, Kind::Other | Kind::Multipart)
            || matches!(kind, Kind::Json | Kind::Form)
    }

    /// Puts the arguments into the call and checks them.
    pub(crate) fn read(
        &self,
        request: &Request<'_>,
        target: &Target,
        path: &BTreeMap<String, String>,
        body: Option<&Body>,
        validate: bool,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let cookies = cookies(request)?;
        let mut owned = BTreeSet::new();
        for parameter in &self.parameters {
            let texts = match parameter.location {
                Location::Path => path.get(&parameter.name).cloned().into_iter().collect(),
                Location::Query if parameter.deep => Vec::new(),
                Location::Query => all(&target.query, &parameter.name),
                Location::Header => request.values(&parameter.name)?,
                Location::Cookie => all(&cookies, &parameter.name),
            };
            if parameter.deep {
                continue;
            }
            // A name that a parameter has means that parameter, also where content has a member of that name.
            if owned.insert(parameter.name.clone())
                && let Some(argument) = parameter.read(&texts, validate)?
            {
                call.argument(parameter.name.clone(), argument);
            }
        }
        self.undeclared(target, validate, call)?;
        if let Some(body) = body {
            self.content(request, body, validate, &owned, call)?;
        }
        Ok(())
    }

    /// Query parameters that the document does not know. They get a name that nothing declared can have.
    fn undeclared(&self, target: &Target, validate: bool, call: &mut Call) -> Result<(), Fault> {
        let known = |name: &str| {
            self.parameters.iter().filter(|one| one.location == Location::Query).any(|one| {
                one.name == name || one.deep && name.strip_prefix(&one.name).is_some_and(|rest| rest.starts_with('['))
            })
        };
        for (name, value) in &target.query {
            let declared = known(name);
            if validate && !declared {
                return Err(Fault::invalid(name, "the function has no such query parameter"));
            }
            if !declared || name.contains('[') {
                call.argument(format!("query.{name}"), Argument::Text(value.clone()));
            }
        }
        Ok(())
    }

    fn content(
        &self,
        request: &Request<'_>,
        body: &Body,
        validate: bool,
        owned: &BTreeSet<String>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let Some(rule) = &self.content else {
            if validate && *body != Body::Empty {
                return Err(Fault::invalid("content", "the function takes no content"));
            }
            return undeclared_content(body, owned, call);
        };
        if validate {
            rule.admits(request, body)?;
        }
        let value = match body {
            Body::Json(value) => rule.typed(value.clone())?,
            Body::Form(pairs) => rule.form(pairs)?,
            other => return undeclared_content(other, owned, call),
        };
        if validate && let Some(schema) = &rule.schema {
            schema.check("", &value)?;
        }
        call.document(&value, owned);
        Ok(())
    }
}

/// What a method does at most.
pub(crate) fn effect_of(method: &str) -> Effect {
    if matches!(method, "GET" | "HEAD" | "OPTIONS") { Effect::Read } else { Effect::Write }
}

fn undeclared_content(body: &Body, owned: &BTreeSet<String>, call: &mut Call) -> Result<(), Fault> {
    crate::http::arguments::content(body, owned, call)
}

fn all(pairs: &[(String, String)], name: &str) -> Vec<String> {
    pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect()
}

fn parameters(setting: &Setting<'_>, value: &Value, place: &str) -> Result<Vec<Parameter>, ImportError> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let item_place = setting.item_place.rsplit_once('/').map_or("", |(item, _)| item);
    // The operation's own come first: they replace those of the path.
    for (holder, place) in [(value, place), (setting.item, item_place)] {
        let list = holder.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (index, parameter) in list.iter().enumerate() {
            let (parameter, place) = refs::resolve(setting.root, parameter, format!("{place}/parameters/{index}"))?;
            let parameter = Parameter::import(setting.root, setting.compiler, parameter, &place)?;
            let same = |other: &Parameter| other.name == parameter.name && other.location == parameter.location;
            if !parameters.iter().any(same) {
                parameters.push(parameter);
            }
        }
    }
    Ok(parameters)
}

impl ContentRule {
    fn import(setting: &Setting<'_>, value: &Value, place: &str) -> Result<Option<Self>, ImportError> {
        let Some(body) = value.get("requestBody") else { return Ok(None) };
        let (body, place) = refs::resolve(setting.root, body, format!("{place}/requestBody"))?;
        let content = body.get("content").and_then(Value::as_object);
        let content = content.ok_or_else(|| ImportError::new(&place, "a requestBody needs `content`"))?;
        let json = content.iter().find(|(media, _)| matches!(Kind::of(Some(media)), Kind::Json));
        let form = content.iter().find(|(media, _)| matches!(Kind::of(Some(media)), Kind::Form));
        let read = json.or(form).or_else(|| content.get_key_value("*/*"));
        let mut rule = Self {
            required: body.get("required") == Some(&Value::Bool(true)),
            media: content.keys().map(|media| essence(media)).collect(),
            schema: None,
            members: BTreeMap::new(),
            nested: BTreeMap::new(),
        };
        if let Some((media, schema)) = read.and_then(|(media, value)| Some((media, value.get("schema")?))) {
            let place = format!("{place}/content/{}/schema", crate::http::call::escape(media));
            rule.schema = Some(setting.compiler.compile(&place)?);
            members(setting.root, schema, &place, &mut rule.members, 0)?;
            rule.nested = Nested::of(setting.root, schema, &place)?;
        }
        Ok(Some(rule))
    }

    fn admits(&self, request: &Request<'_>, body: &Body) -> Result<(), Fault> {
        if *body == Body::Empty {
            return if self.required { Err(Fault::invalid("content", "the function needs content")) } else { Ok(()) };
        }
        let given = essence(request.content_type()?.unwrap_or_default());
        let (kind, _) = given.split_once('/').unwrap_or_default();
        let fits = |media: &String| media == "*/*" || *media == given || *media == format!("{kind}/*");
        if self.media.iter().any(fits) {
            return Ok(());
        }
        Err(Fault::invalid("content-type", format!("the function takes {}", self.media.join(", "))))
    }

    /// Members have the type that is declared for them, whether or not the rest is checked: facts rely on it.
    fn typed(&self, mut value: Value) -> Result<Value, Fault> {
        let Value::Object(members) = &mut value else { return Ok(value) };
        if let Some(twin) = folded_twin(members).filter(|_| !self.members.is_empty()) {
            return Err(Fault::invalid(twin, "stands twice, in different case"));
        }
        for (name, kind) in &self.members {
            let Some(member) = members.get_mut(name).filter(|member| !member.is_null()) else { continue };
            let whole = member.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
            if let (Type::Integer, false, Some(number)) = (kind, member.is_i64(), whole) {
                *member = Value::from(number as i64);
            }
            let fits = match kind {
                Type::Integer => member.is_i64() || member.is_u64(),
                Type::Number => member.is_number(),
                Type::Boolean => member.is_boolean(),
                Type::Text => member.is_string(),
                Type::List(_) => member.is_array(),
                Type::Any => true,
            };
            if !fits {
                return Err(Fault::invalid(
                    format!("/{}", crate::http::call::escape(name)),
                    "not of the type that the function takes",
                ));
            }
        }
        Ok(value)
    }

    /// A form as an object.
    fn form(&self, pairs: &[(String, String)]) -> Result<Value, Fault> {
        let mut object = Map::new();
        for (name, text) in pairs {
            let wrong = || Fault::invalid(name, "not of the type that the function takes");
            let scalar = |kind: Scalar| coerce(text, kind).ok_or_else(wrong);
            let (value, list) = match self.members.get(name) {
                Some(Type::Integer) => (scalar(Scalar::Integer)?, false),
                Some(Type::Number) => (scalar(Scalar::Number)?, false),
                Some(Type::Boolean) => (scalar(Scalar::Boolean)?, false),
                Some(Type::List(item)) => (scalar(*item)?, true),
                Some(Type::Text | Type::Any) | None => (Value::String(text.clone()), false),
            };
            match object.get_mut(name) {
                None => {
                    object.insert(name.clone(), if list { Value::Array(vec![value]) } else { value });
                }
                Some(Value::Array(items)) if list => items.push(value),
                Some(_) => return Err(Fault::invalid(name, "given more than once")),
            }
        }
        Ok(Value::Object(object))
    }
}

fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The members that an object's schema names, also by `allOf`.
fn members(
    root: &Value,
    schema: &Value,
    place: &str,
    found: &mut BTreeMap<String, Type>,
    depth: usize,
) -> Result<(), ImportError> {
    if depth > 16 {
        return Ok(());
    }
    let (schema, place) = refs::resolve(root, schema, place.to_owned())?;
    for (name, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let kind = kind(root, value, &place)?;
        // Where two schemas differ, both apply, and the schema itself will say what fits.
        found
            .entry(name.clone())
            .and_modify(|known| {
                if *known != kind {
                    *known = Type::Any
                }
            })
            .or_insert(kind);
    }
    for all in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        members(root, all, &place, found, depth + 1)?;
    }
    Ok(())
}

/// The deepest members that policies can name, and how many of them.
const DEEPEST: usize = 8;
const MOST_NESTED: usize = 512;

/// Finds the members of objects in an object, by JSON pointer. Items of lists have no names of their own.
struct Nested<'a> {
    root: &'a Value,
    found: BTreeMap<String, Type>,
    /// Schemas that may still be looked at: they may refer to each other.
    left: usize,
    /// How many are being looked at, one in the other.
    open: usize,
}

impl Nested<'_> {
    fn of(root: &Value, schema: &Value, place: &str) -> Result<BTreeMap<String, Type>, ImportError> {
        let mut nested = Nested { root, found: BTreeMap::new(), left: 8 * MOST_NESTED, open: 0 };
        nested.look(schema, place, "")?;
        Ok(nested.found)
    }

    fn look(&mut self, schema: &Value, place: &str, pointer: &str) -> Result<(), ImportError> {
        let depth = pointer.matches('/').count();
        let Some(left) = self.left.checked_sub(1).filter(|_| depth <= DEEPEST && self.open <= 2 * DEEPEST) else {
            return Ok(());
        };
        self.left = left;
        self.open += 1;
        let (schema, place) = refs::resolve(self.root, schema, place.to_owned())?;
        for (name, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("{pointer}/{}", crate::http::call::escape(name));
            if depth > 0 && self.found.len() < MOST_NESTED {
                let kind = kind(self.root, value, &place)?;
                let known = self.found.entry(pointer.clone()).or_insert(kind);
                if *known != kind {
                    *known = Type::Any;
                }
            }
            self.look(value, &place, &pointer)?;
        }
        for all in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.look(all, &place, pointer)?;
        }
        self.open -= 1;
        Ok(())
    }
}
