//! Calls of an MCP server over streamable HTTP, revisions 2025-11-25 and 2026-07-28: one JSON-RPC 2.0 message in each POST.
//! What the content says is what is judged; fields that repeat it must agree, because other parties route by them.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    Fault, Request,
    call::{Argument, Call, Effect, scalar, text},
    json::folded_twin,
};

/// Reads a message into the call.
pub(crate) fn read(request: &Request<'_>, message: &Value, call: &mut Call) -> Result<(), Fault> {
    let message = match message {
        Value::Object(members) => members,
        Value::Array(_) => {
            return Err(Fault::malformed("send each JSON-RPC message on its own: batches are not served"));
        }
        _ => return Err(Fault::malformed("the content is no JSON-RPC message")),
    };
    unique(message)?;
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(Fault::malformed("the content is no JSON-RPC 2.0 message"));
    }
    let method = match message.get("method") {
        Some(Value::String(method)) => method,
        Some(_) => return Err(Fault::malformed("the JSON-RPC method is no text")),
        None if message.contains_key("result") || message.contains_key("error") => {
            call.functions.insert("response".into(), Effect::Read);
            return Ok(());
        }
        None => return Err(Fault::malformed("the JSON-RPC message has no method")),
    };
    check_name(method)?;
    let empty = Map::new();
    let params = match message.get("params") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(params)) => params,
        Some(_) => return Err(Fault::malformed("the JSON-RPC parameters are no object")),
    };
    unique(params)?;
    let name = subject(method, params)?;
    repeats(request, "mcp-method", Some(method))?;
    repeats(request, "mcp-name", name)?;
    version(request, params)?;
    match (method.as_str(), name) {
        ("tools/call", Some(tool)) => tool_call(request, tool, params, call),
        ("tools/call", None) => Err(Fault::malformed("tools/call names no tool")),
        _ => {
            call.functions.insert(method.clone(), effect(method));
            params.iter().filter(|(name, _)| *name != "_meta").for_each(|(name, value)| {
                let mut one = Map::new();
                one.insert(name.clone(), value.clone());
                call.document(&Value::Object(one), &BTreeSet::new());
            });
            Ok(())
        }
    }
}

fn tool_call(request: &Request<'_>, tool: &str, params: &Map<String, Value>, call: &mut Call) -> Result<(), Fault> {
    // What a tool does is not known: its annotations are the word of the server that is guarded.
    call.functions.insert(format!("tools/{tool}"), Effect::Write);
    match params.get("arguments") {
        None | Some(Value::Null) => {}
        Some(Value::Object(arguments)) => {
            unique(arguments)?;
            parameters(request, arguments)?;
            call.document(&Value::Object(arguments.clone()), &BTreeSet::new());
        }
        Some(_) => return Err(Fault::malformed("the tool's arguments are no object")),
    }
    Ok(())
}

/// What the message is about: the tool, the prompt, the resource.
fn subject<'a>(method: &str, params: &'a Map<String, Value>) -> Result<Option<&'a String>, Fault> {
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => "uri",
        _ => return Ok(None),
    };
    match params.get(member) {
        Some(Value::String(name)) => check_name(name).map(|()| Some(name)),
        Some(_) => Err(Fault::malformed(format!("`{member}` is no text"))),
        None => Ok(None),
    }
}

/// A name that two servers could compare differently is no name.
fn check_name(name: &str) -> Result<(), Fault> {
    let odd = |one: char| {
        one.is_control()
            || (one.is_whitespace() && one != ' ')
            || matches!(one, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}' | '\u{ad}')
    };
    if name.is_empty() || name.len() > 2048 || name != name.trim() || name.chars().any(odd) {
        return Err(Fault::malformed("a method or name is empty, padded or has characters that cannot be seen"));
    }
    Ok(())
}

fn unique(members: &Map<String, Value>) -> Result<(), Fault> {
    match folded_twin(members) {
        Some(twin) => Err(Fault::malformed(format!("member `{twin}` stands twice, in different case"))),
        None => Ok(()),
    }
}

/// A field that repeats something of the content must say the same.
fn repeats(request: &Request<'_>, field: &str, said: Option<&String>) -> Result<(), Fault> {
    let Some(value) = request.value(field)?.map(unwrap).transpose()? else { return Ok(()) };
    if said.map(String::as_str) == Some(value.as_str()) || (said.is_none() && value.is_empty()) {
        return Ok(());
    }
    Err(Fault::malformed(format!("the field {field} differs from the content")))
}

fn version(request: &Request<'_>, params: &Map<String, Value>) -> Result<(), Fault> {
    let said = params.get("_meta").and_then(|meta| meta.get("io.modelcontextprotocol/protocolVersion"));
    match (said, request.value("mcp-protocol-version")?) {
        (Some(Value::String(said)), Some(field)) if said != field => {
            Err(Fault::malformed("the field mcp-protocol-version differs from the content"))
        }
        _ => Ok(()),
    }
}

/// `Mcp-Param-*` fields repeat arguments. Which argument, the tool's schema says; here it has to be one of them.
fn parameters(request: &Request<'_>, arguments: &Map<String, Value>) -> Result<(), Fault> {
    let mut said = BTreeSet::new();
    arguments.values().for_each(|value| collect(value, &mut said));
    for (name, value) in request.fields.iter().filter(|(name, _)| name.starts_with(b"mcp-param-")) {
        let name = String::from_utf8_lossy(name).into_owned();
        let value =
            std::str::from_utf8(value).map_err(|_| Fault::malformed(format!("the field {name} is not text")))?;
        if !said.contains(&unwrap(value.trim())?) {
            return Err(Fault::malformed(format!("the field {name} differs from the arguments")));
        }
    }
    Ok(())
}

fn collect(value: &Value, said: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|inner| collect(inner, said)),
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, said)),
        plain => said.extend(text(plain)),
    }
}

/// A field's value; `=?base64?...?=` wraps what cannot stand in a field.
fn unwrap(value: &str) -> Result<String, Fault> {
    let lower = value.to_ascii_lowercase();
    let Some(inner) = lower.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Ok(value.to_owned());
    };
    let inner = value.get(9..9 + inner.len()).unwrap_or_default();
    let decoded = STANDARD.decode(inner).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| Fault::malformed("an MCP field has broken base64"))
}

/// What a method other than `tools/call` does at most.
fn effect(method: &str) -> Effect {
    let reads = method.starts_with("notifications/")
        || matches!(
            method,
            "initialize"
                | "ping"
                | "server/discover"
                | "tools/list"
                | "prompts/list"
                | "prompts/get"
                | "resources/list"
                | "resources/templates/list"
                | "resources/read"
                | "resources/subscribe"
                | "resources/unsubscribe"
                | "subscriptions/listen"
                | "completion/complete"
                | "logging/setLevel"
                | "tasks/get"
                | "tasks/list"
                | "tasks/result"
        );
    if reads { Effect::Read } else { Effect::Write }
}

/// A GET or DELETE of the 2025 revisions: the server's stream, the session's end.
pub(crate) fn without_message(request: &Request<'_>, call: &mut Call) -> Result<(), Fault> {
    let streams = request.values("accept")?.iter().any(|accept| accept.contains("text/event-stream"));
    match request.method {
        "GET" if streams => call.functions.insert("stream".into(), Effect::Read),
        "DELETE" if !request.raw("mcp-session-id").is_empty() => {
            call.functions.insert("session/end".into(), Effect::Read)
        }
        _ => {
            call.unknown = Some("an MCP server takes POST; GET for its stream; DELETE for the end of a session".into());
            None
        }
    };
    if let Some(argument) = scalar(&Value::from(request.method)) {
        call.argument("method", argument);
    }
    Ok(())
}

/// The id of a message, for its answer.
#[must_use]
pub fn message_id(message: &Value) -> Option<&Value> {
    message.get("id").filter(|id| !id.is_null())
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
