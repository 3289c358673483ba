//! The rules of one connection, and how a request is judged by them.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::MethodDescriptor;
use serde_json::Value;

use super::{
    Document, Fault, ImportError, Request,
    body::{Body, Content, Kind, decoded, readable},
    call::{Call, Effect, Inspected},
    grant,
    graphql::Asked,
    grpc::Services,
    inject, invoked, json, masses, mcp, multipart,
    openapi::effect_of,
    operation, orders,
    request::{check_method_parameter, check_overrides, is_method},
    router::Router,
    service,
    target::Target,
};

/// Most content that is collected for arguments, in bytes. What is longer is read in part, or refused where all of it counts.
pub const MAX_ARGUMENT_CONTENT: usize = 1024 * 1024;
/// Most content of an MCP message or a GraphQL request, in bytes.
pub const MAX_MESSAGE_CONTENT: usize = 4 * 1024 * 1024;

/// Lines of YAML that are read.
const MOST_LINES: usize = 4096;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaks {
    /// Paths and methods.
    #[default]
    Rest,
    /// MCP over streamable HTTP.
    Mcp,
    /// GraphQL.
    GraphQl,
    /// gRPC.
    Grpc,
}

/// What a connection says about its functions.
#[derive(Clone, Debug, Default)]
pub struct Rules<'a> {
    /// What it speaks.
    pub speaks: Speaks,
    /// The text of an OpenAPI document.
    pub openapi: Option<&'a str>,
    /// `METHOD /path/{template}` to the function's name. `*` is any method.
    pub routes: Vec<(&'a str, &'a str)>,
    /// What the agent puts before every path.
    pub base_path: &'a str,
    /// Refuse what breaks the document's schemas.
    pub validate: bool,
    /// What functions do, where the document does not say: name to effect.
    pub effects: Vec<(&'a str, Effect)>,
    /// Texts of persisted GraphQL documents by id.
    pub persisted: BTreeMap<String, String>,
    /// A serialised `FileDescriptorSet`.
    pub descriptors: Option<&'a [u8]>,
}

/// Judges requests of one connection.
#[derive(Debug)]
pub struct Api {
    speaks: Speaks,
    document: Option<Document>,
    /// Names and effects of routes that stand beside the document.
    routes: Vec<(String, Effect)>,
    router: Router,
    validate: bool,
    effects: BTreeMap<String, Effect>,
    persisted: BTreeMap<String, String>,
    services: Services,
}

/// How much of a request's content must be there before it can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// None.
    Nothing,
    /// All of it, if it is not longer than this.
    Content {
        /// In bytes.
        most: usize,
    },
}

impl Api {
    /// Compiles the rules.
    ///
    /// # Errors
    /// What is wrong with the document, a route or the descriptors.
    pub fn new(rules: &Rules<'_>) -> Result<Self, ImportError> {
        let document = rules.openapi.map(Document::import).transpose()?;
        let mut router = Router::default();
        let prefix = document.as_ref().map_or("", |document| prefix(document, rules.base_path));
        for (index, operation) in document.iter().flat_map(|document| &document.operations).enumerate() {
            let path = format!("{prefix}{}", operation.path);
            router.add(&operation.method, &path, index).map_err(|error| ImportError::new(path, error.to_string()))?;
        }
        let count = document.as_ref().map_or(0, |document| document.operations.len());
        let mut routes = Vec::new();
        for (route, name) in &rules.routes {
            let wrong = |reason: &str| ImportError::new(format!("routes: {route}"), reason);
            let (method, template) = route.split_once(' ').ok_or_else(|| wrong("write METHOD /path"))?;
            let plain = method == "*" || (!method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()));
            if !plain || name.is_empty() || name.len() > 200 {
                return Err(wrong("write METHOD /path, and a name of 1 to 200 characters"));
            }
            if router.has(method, template) {
                return Err(wrong("this path is there already"));
            }
            router.add(method, template.trim(), count + routes.len()).map_err(|error| wrong(&error.to_string()))?;
            routes.push(((*name).to_owned(), effect_of(method)));
        }
        let services = Services::new(rules.descriptors).map_err(|reason| ImportError::new("descriptors", reason))?;
        Ok(Self {
            speaks: rules.speaks,
            document,
            routes,
            router,
            validate: rules.validate,
            effects: rules.effects.iter().map(|(name, effect)| ((*name).to_owned(), *effect)).collect(),
            persisted: rules.persisted.clone(),
            services,
        })
    }

    /// The document, if there is one.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// Whether callers send GraphQL.
    #[must_use]
    pub fn speaks_graphql(&self) -> bool {
        self.speaks == Speaks::GraphQl
    }

    /// The gRPC method that a request to this target calls, if a descriptor of it is registered.
    #[must_use]
    pub fn grpc_method(&self, target: &[u8]) -> Option<MethodDescriptor> {
        if self.speaks != Speaks::Grpc {
            return None;
        }
        self.services.method_at(&Target::parse(target).ok()?)
    }

    /// The parameters that stand in the path of a target, by its templates and whatever the method: the number of the segment,
    /// the name, the decoded value.
    #[must_use]
    pub fn path_parameters(&self, target: &[u8]) -> Vec<(usize, &str, String)> {
        Target::parse(target).map(|target| self.router.parameters(&target)).unwrap_or_default()
    }

    /// Whether a template has a parameter of this name.
    #[must_use]
    pub fn has_path_parameter(&self, name: &str) -> bool {
        self.router.has_parameter(name)
    }

    /// Whether a field of gRPC messages can be marked by this name: `package.Message.field`, or a name alone.
    #[must_use]
    pub fn has_grpc_field(&self, name: &str) -> bool {
        self.services.has_field(name)
    }

    /// How much content must be there first.
    ///
    /// # Errors
    /// If the head alone shows that the request cannot be judged.
    pub fn wants(&self, request: &Request<'_>) -> Result<Wants, Fault> {
        let target = Target::parse(request.target)?;
        if request.upgrade {
            return Ok(Wants::Nothing);
        }
        let message = Wants::Content { most: MAX_MESSAGE_CONTENT };
        let content_type = request.content_type()?;
        let arguments = match self.speaks {
            Speaks::Mcp | Speaks::GraphQl if self.route(request, &target).is_empty() => return Ok(message),
            Speaks::Grpc if self.route(request, &target).is_empty() => self.services.wants_message(&target),
            _ => {
                let found = self.route(request, &target);
                let operation = found.first().and_then(|found| self.operation(found.leads_to));
                match operation {
                    Some(operation) => {
                        operation.wants_content(content_type) || Kind::of(content_type) == Kind::Multipart
                    }
                    None => {
                        let plain = self.router.is_empty();
                        matches!(Kind::of(content_type), Kind::Json | Kind::Form | Kind::Multipart)
                            || plain && takes_text(content_type, &target)
                    }
                }
            }
        };
        Ok(if arguments { Wants::Content { most: MAX_ARGUMENT_CONTENT } } else { Wants::Nothing })
    }

    /// Judges a request.
    ///
    /// # Errors
    /// Why it must not pass, whatever the policy says.
    pub fn judge(&self, request: &Request<'_>, content: Content<'_>) -> Result<Call, Fault> {
        let target = Target::parse(request.target)?;
        check_overrides(request, &target)?;
        let mut call = Call { method: request.method.to_owned(), path: target.path(), ..Call::default() };
        let found = self.route(request, &target);
        match self.speaks {
            Speaks::Mcp if found.is_empty() => self.mcp(request, content, &mut call)?,
            Speaks::GraphQl if found.is_empty() => self.graphql(request, &target, content, &mut call)?,
            Speaks::Grpc if found.is_empty() => self.services.read(request, &target, content, &mut call)?,
            _ => self.rest(request, &target, content, &mut call)?,
        }
        let named = found.is_empty() && self.speaks != Speaks::Rest;
        for (name, effect) in &mut call.functions {
            match self.effects.get(name) {
                Some(marked) => *effect = *marked,
                None if named && *effect == Effect::Write && removes_much(name) => *effect = Effect::Admin,
                None => {}
            }
        }
        Ok(call)
    }

    fn route(&self, request: &Request<'_>, target: &Target) -> Vec<super::router::Found> {
        self.router.find(request.method, target)
    }

    fn operation(&self, index: usize) -> Option<&super::openapi::Operation> {
        self.document.as_ref()?.operations.get(index)
    }

    fn rest(&self, request: &Request<'_>, target: &Target, content: Content<'_>, call: &mut Call) -> Result<(), Fault> {
        let found = self.route(request, target);
        let documented = self.document.as_ref().map_or(0, |document| document.operations.len());
        for one in &found {
            let (name, effect) = match self.operation(one.leads_to) {
                Some(operation) => (&operation.name, operation.effect),
                None => match self.routes.get(one.leads_to.saturating_sub(documented)) {
                    Some((name, effect)) => (name, *effect),
                    None => continue,
                },
            };
            call.functions.insert(name.clone(), effect);
        }
        if found.is_empty() && self.router.is_empty() {
            let name = if request.upgrade { "websocket".into() } else { request.method.to_ascii_lowercase() };
            call.functions.insert(name, service::effect(request.method, target));
        } else if request.target.split(|byte| *byte == b'?').next().is_some_and(|path| path.contains(&b';')) {
            return Err(Fault::malformed("the path has parameters after `;`, which servers read differently"));
        }
        if call.functions.is_empty() {
            call.unknown = Some(format!("no function of the connection is {} {}", request.method, call.path));
        }
        if request.upgrade {
            // Whatever the two say to each other comes later, and nobody can tell that it only reads.
            call.note_uninspected(Inspected::No, "the messages of a websocket come after it was decided");
            let reads = call.functions.values_mut().filter(|effect| **effect == Effect::Read);
            reads.for_each(|effect| *effect = Effect::Write);
        }
        let body = self.body(request, content, call)?;
        if !found.is_empty()
            && matches!(body, Some(Body::Lines(_)))
            && request.content_type()?.is_some_and(|label| Kind::of(Some(label)) == Kind::Json)
        {
            // Many servers read the first document and leave the rest.
            call.note_uninspected(Inspected::Partial, "several JSON documents where one is announced");
        }
        let path = found.first().map(|found| found.parameters.clone()).unwrap_or_default();
        match found.first().and_then(|found| self.operation(found.leads_to)) {
            Some(operation) => operation.read(request, target, &path, body.as_ref(), self.validate, call),
            None => {
                let owned = super::arguments::parameters(&path, target, call)?;
                body.map_or(Ok(()), |body| super::arguments::content(&body, &owned, call))?;
                if self.router.is_empty() {
                    undescribed(request, target, call);
                }
                Ok(())
            }
        }
    }

    /// The content, as far as it can be read.
    fn body(&self, request: &Request<'_>, content: Content<'_>, call: &mut Call) -> Result<Option<Body>, Fault> {
        let content = match content {
            Content::Whole(content) => content,
            Content::Begun(content) if is_multipart(request)? => {
                call.note_uninspected(Inspected::Partial, "more content than is read for arguments");
                return self.parts(request, content, call);
            }
            Content::Begun(_) if self.validate && self.document.is_some() => {
                return Err(Fault::TooLarge("the content is longer than can be checked against its schema".into()));
            }
            Content::Begun(_) => {
                call.note_uninspected(Inspected::Partial, "more content than is read for arguments");
                return Ok(None);
            }
            Content::Unread => {
                call.note_uninspected(Inspected::Partial, "content that is not read for arguments");
                return Ok(None);
            }
        };
        if is_multipart(request)? {
            return self.parts(request, content, call);
        }
        // What is a statement there is one, whatever its label says.
        let label = request.content_type()?;
        let plain = self.router.is_empty() && Kind::of(label) == Kind::Other;
        let takes = Target::parse(request.target).is_ok_and(|target| takes_text(label, &target));
        let as_text = plain && takes && std::str::from_utf8(content).is_ok();
        let body =
            Body::read(content, &request.raw("content-encoding"), if as_text { Some("text/plain") } else { label })?;
        let body = match body {
            Body::Text(text) if as_text && is_yaml(label) => Body::Form(yaml(&text)),
            other => other,
        };
        match &body {
            Body::Form(pairs) => check_method_parameter(request, pairs)?,
            Body::Json(Value::Object(members)) => {
                let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
                let methods = members.iter().filter_map(text).filter(|(_, value)| is_method(value));
                check_method_parameter(request, &methods.collect::<Vec<_>>())?;
            }
            _ => {}
        }
        Ok(Some(body))
    }

    /// The fields of a form in parts. Where functions are known, they say themselves what is an argument.
    fn parts(&self, request: &Request<'_>, content: &[u8], call: &mut Call) -> Result<Option<Body>, Fault> {
        let unread = Body::Opaque("content that is not read for arguments");
        let label = request.content_type()?.unwrap_or_default();
        let Ok(content) = decoded(content, &request.raw("content-encoding")) else { return Ok(Some(unread)) };
        let Some(mut parts) = multipart::read(&content, label) else { return Ok(Some(unread)) };
        check_method_parameter(request, &parts.fields)?;
        if !self.router.is_empty() {
            return Ok(Some(unread));
        }
        parts.fields.extend(multipart::requests(&content));
        if parts.more {
            call.note_uninspected(Inspected::Partial, "files in a form are not read");
        }
        Ok(Some(Body::Form(parts.fields)))
    }

    fn message(request: &Request<'_>, content: Content<'_>) -> Result<Option<Vec<u8>>, Fault> {
        match content {
            Content::Whole([]) => Ok(None),
            Content::Whole(content) => {
                readable(content, &request.raw("content-encoding"), request.content_type()?).map(Some)
            }
            Content::Begun(_) => Err(Fault::TooLarge("the message is too long to be read".into())),
            Content::Unread => Err(Fault::malformed("the message was not read")),
        }
    }

    fn mcp(&self, request: &Request<'_>, content: Content<'_>, call: &mut Call) -> Result<(), Fault> {
        match (request.method, Self::message(request, content)?) {
            ("POST", Some(text)) => mcp::read(request, &json::parse(&text)?, call),
            ("POST", None) => Err(Fault::malformed("the request carries no JSON-RPC message")),
            (_, None) => mcp::without_message(request, call),
            (_, Some(_)) => Err(Fault::malformed("JSON-RPC messages come by POST")),
        }
    }

    fn graphql(
        &self,
        request: &Request<'_>,
        target: &Target,
        content: Content<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let asked =
            match (request.method, Self::message(request, content)?) {
                ("GET" | "HEAD", None) => Asked::from_pairs(&target.query)?,
                ("POST", Some(text)) => {
                    if target.query.iter().any(|(name, _)| {
                        matches!(name.as_str(), "query" | "operationName" | "variables" | "extensions")
                    }) {
                        return Err(Fault::malformed("the GraphQL request is in the path and in the content"));
                    }
                    let media = request.content_type()?.unwrap_or_default().to_ascii_lowercase();
                    if media.starts_with("application/graphql") && !media.contains("json") {
                        let text = String::from_utf8(text).map_err(|_| Fault::malformed("the query is not text"))?;
                        Asked::from_document(text)
                    } else {
                        Asked::from_json(&json::parse(&text)?)?
                    }
                }
                _ => return Err(Fault::malformed("GraphQL takes GET with a query or POST with content")),
            };
        let method = if request.method == "HEAD" { "GET" } else { request.method };
        asked.read(method, &self.persisted, call)
    }

    /// The names of all functions that are known beforehand.
    #[must_use]
    pub fn function_names(&self) -> BTreeSet<&str> {
        let documented = self.document.iter().flat_map(|document| &document.operations).map(|one| one.name.as_str());
        documented.chain(self.routes.iter().map(|(name, _)| name.as_str())).collect()
    }
}

/// What a request does that no document and no route describes, by all that it says.
fn undescribed(request: &Request<'_>, target: &Target, call: &mut Call) {
    let all = super::arguments::opened(&call.arguments);
    let persisted = request.method == "POST" && grant::is_persisted(target, &all);
    let grants = grant::grants(target, &all) || grant::gives_by_variable(&all) || persisted;
    let deeds = invoked::deeds(request, target, &all);
    let target_of_cloud = request.raw("x-amz-target");
    let mut ordered = target_of_cloud.iter().filter_map(|value| std::str::from_utf8(value).ok());
    let much = deeds.removes
        || masses::whole(request.method, target, &call.arguments)
        || grant::by_path(request.method, target, &all)
        || grant::reaches_inside(&all)
        || inject::reaches_behind(request, target, &all)
        || service::opens(request)
        || orders::ruins(target, &all)
        || ordered.any(orders::is_cloud_order);
    call.money = deeds.money;
    for effect in call.functions.values_mut().filter(|effect| much || grants && **effect == Effect::Write) {
        *effect = Effect::Admin;
    }
}

/// Whether the name of a function that nobody marked says that it removes many, or what much hangs on: `tools/delete_repository`.
fn removes_much(name: &str) -> bool {
    let own = name.rsplit('/').next().unwrap_or(name);
    operation::deed(own).removes || masses::removes_many(own)
}

fn is_multipart(request: &Request<'_>) -> Result<bool, Fault> {
    Ok(Kind::of(request.content_type()?) == Kind::Multipart)
}

/// Whether content of a kind that is not read for arguments is read as text, where nobody said what there is.
fn takes_text(content_type: Option<&str>, target: &Target) -> bool {
    is_xml(content_type)
        || is_yaml(content_type)
        || orders::takes_statements(target)
        || orders::takes_code(target)
        || grant::is_about_rights(target)
}

fn is_yaml(content_type: Option<&str>) -> bool {
    let media = content_type.and_then(|label| label.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    media.ends_with("yaml")
}

/// The plain members of YAML, and the text as a whole.
fn yaml(text: &str) -> Vec<(String, String)> {
    let members = text.lines().take(MOST_LINES).filter_map(|line| {
        let (name, value) = line.trim_start_matches([' ', '-']).split_once(':')?;
        let value = value.trim().trim_matches(['\'', '"']);
        let named = !name.is_empty() && !name.contains(' ') && !value.is_empty();
        named.then(|| (name.trim_matches(['\'', '"']).to_owned(), value.to_owned()))
    });
    members.chain([("body".to_owned(), text.to_owned())]).collect()
}

fn is_xml(content_type: Option<&str>) -> bool {
    let media = content_type.and_then(|label| label.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    media.ends_with("/xml") || media.ends_with("+xml")
}

/// What stands before a document's paths as callers write them.
fn prefix<'a>(document: &'a Document, base_path: &str) -> &'a str {
    let base = base_path.trim_end_matches('/');
    if base.ends_with(&document.server_path) { "" } else { &document.server_path }
}
