//! gRPC over HTTP/2: the method is the path; fields of the message are arguments where a descriptor set is registered. gRPC
//! over HTTP2, protobuf's descriptor.proto.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, Value as Proto};
use serde_json::{Map, Value};

use super::{
    Fault, Request,
    body::Content,
    call::{Call, Effect, Inspected},
    coding::Decoder,
    openapi::{ArgumentType, ImportError},
    target::Target,
};

/// Longest message that is read, in bytes.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// Messages within messages are followed so deep for the names of arguments.
const MOST_NESTED: usize = 4;

/// A method of a service and its arguments, as policies may name them: fields of its message, those of messages in it as JSON pointers.
/// What is streamed to the server has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcFunction {
    /// `package.Service/Method`.
    pub name: String,
    /// Names and types.
    pub arguments: BTreeMap<String, ArgumentType>,
}

/// The methods of a serialised `FileDescriptorSet`.
///
/// # Errors
/// If it is none.
pub fn grpc_functions(descriptors: &[u8]) -> Result<Vec<GrpcFunction>, ImportError> {
    let pool = DescriptorPool::decode(descriptors);
    let pool = pool.map_err(|error| ImportError::new("descriptors", error.to_string()))?;
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let functions = methods.map(|method| {
        let mut arguments = BTreeMap::new();
        if !method.is_client_streaming() {
            collect(&method.input(), "", MOST_NESTED, &mut arguments);
        }
        GrpcFunction { name: format!("{}/{}", method.parent_service().full_name(), method.name()), arguments }
    });
    Ok(functions.collect())
}

fn collect(message: &MessageDescriptor, within: &str, deep: usize, arguments: &mut BTreeMap<String, ArgumentType>) {
    for field in message.fields() {
        let name = if within.is_empty() { field.name().to_owned() } else { format!("{within}/{}", field.name()) };
        let kind = match field.kind() {
            Kind::Message(inner) => {
                if deep > 0 && !field.is_list() && !field.is_map() {
                    let within = if within.is_empty() { format!("/{name}") } else { name };
                    collect(&inner, &within, deep - 1, arguments);
                }
                continue;
            }
            Kind::Bool => ArgumentType::Flag,
            Kind::Double | Kind::Float => ArgumentType::Decimal,
            Kind::String | Kind::Bytes => ArgumentType::Text,
            _ => ArgumentType::Long,
        };
        let kind = match (field.is_list(), kind) {
            (false, kind) => kind,
            (true, ArgumentType::Text) => ArgumentType::Texts,
            (true, _) => continue,
        };
        arguments.insert(name, kind);
    }
}

/// What is known about a server's services.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services(Option<DescriptorPool>);

impl Services {
    /// From a serialised `FileDescriptorSet`.
    pub(crate) fn new(descriptors: Option<&[u8]>) -> Result<Self, String> {
        let pool = descriptors.map(DescriptorPool::decode).transpose();
        pool.map(Self).map_err(|error| error.to_string())
    }

    fn method(&self, service: &str, method: &str) -> Option<MethodDescriptor> {
        let service = self.0.as_ref()?.get_service_by_name(service)?;
        service.methods().find(|known| known.name() == method)
    }

    /// The method at a path.
    pub(crate) fn method_at(&self, target: &Target) -> Option<MethodDescriptor> {
        let [service, method] = target.segments.as_slice() else { return None };
        self.method(service, method)
    }

    /// Whether the first message has to be read before the call can be judged.
    pub(crate) fn wants_message(&self, target: &Target) -> bool {
        self.method_at(target).is_some_and(|method| !method.is_client_streaming())
    }

    /// Whether any message has a field of this name: `package.Message.field`, or a name alone.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        let Some(pool) = &self.0 else { return false };
        match name.rsplit_once('.') {
            Some((message, field)) => {
                pool.get_message_by_name(message).is_some_and(|message| message.get_field_by_name(field).is_some())
            }
            // A key of a map, or a member of a message of any type, may have it.
            None => name.bytes().any(|byte| byte != b'_'),
        }
    }

    /// Reads a request into the call.
    pub(crate) fn read(
        &self,
        request: &Request<'_>,
        target: &Target,
        content: Content<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        let [service, method] = target.segments.as_slice() else {
            call.unknown = Some("a gRPC call is POST /package.Service/Method".into());
            return Ok(());
        };
        if request.method != "POST" || service.is_empty() || method.is_empty() {
            call.unknown = Some("a gRPC call is POST /package.Service/Method".into());
            return Ok(());
        }
        let name = format!("{service}/{method}");
        let known = self.method(service, method);
        if self.0.is_some() && known.is_none() && !is_infrastructure(service) {
            call.unknown = Some(format!("{name} is not in the connection's descriptors"));
            return Ok(());
        }
        let reads = known.as_ref().is_some_and(has_no_side_effects) || is_infrastructure(service);
        call.functions.insert(name, if reads { Effect::Read } else { Effect::Write });
        let Some(known) = known else {
            call.note_uninspected(Inspected::No, "no descriptor of this method is registered");
            return Ok(());
        };
        let Content::Whole(content) = content else {
            call.note_uninspected(Inspected::No, "a stream of messages");
            return Ok(());
        };
        message(request, &known, content, call)
    }
}

fn message(request: &Request<'_>, method: &MethodDescriptor, content: &[u8], call: &mut Call) -> Result<(), Fault> {
    let broken = || Fault::malformed("the gRPC message is cut off or broken");
    let Some((&flags, rest)) = content.split_first() else { return Ok(()) };
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (message, more) = rest.split_at_checked(length).ok_or_else(broken)?;
    if !more.is_empty() {
        return Err(Fault::malformed("more than one message in a call that takes one"));
    }
    let plain;
    let message = match flags {
        0 => message,
        1 => {
            plain = decompress(request, message)?;
            &plain
        }
        _ => return Err(broken()),
    };
    let decoded = DynamicMessage::decode(method.input(), message).map_err(|_| broken())?;
    let mut unknown = false;
    let value = object(&decoded, &mut unknown, 0)?;
    if unknown {
        call.note_uninspected(Inspected::Partial, "the message has fields that its descriptor does not know");
    }
    call.document(&value, &BTreeSet::new());
    Ok(())
}

fn decompress(request: &Request<'_>, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let fault = |error: super::CodingError| Fault::malformed(error.to_string());
    let mut decoder = Decoder::new(request.raw("grpc-encoding")).map_err(fault)?;
    let mut plain = Vec::new();
    for piece in message.chunks(16 * 1024) {
        decoder.push(piece, &mut plain).map_err(fault)?;
        if plain.len() > MAX_MESSAGE {
            return Err(Fault::TooLarge("the gRPC message is too large when decoded".into()));
        }
    }
    decoder.finish(&mut plain).map_err(fault)?;
    Ok(plain)
}

fn object(message: &DynamicMessage, unknown: &mut bool, depth: usize) -> Result<Value, Fault> {
    if depth > 64 {
        return Err(Fault::malformed("the gRPC message is nested too deeply"));
    }
    *unknown |= message.unknown_fields().next().is_some();
    let mut members = Map::new();
    for (field, value) in message.fields() {
        members.insert(field.name().to_owned(), plain(value, unknown, depth + 1)?);
    }
    Ok(Value::Object(members))
}

fn plain(value: &Proto, unknown: &mut bool, depth: usize) -> Result<Value, Fault> {
    Ok(match value {
        Proto::Bool(flag) => Value::Bool(*flag),
        Proto::I32(number) | Proto::EnumNumber(number) => Value::from(*number),
        Proto::I64(number) => Value::from(*number),
        Proto::U32(number) => Value::from(*number),
        Proto::U64(number) => Value::from(*number),
        Proto::F32(number) => Value::from(*number),
        Proto::F64(number) => Value::from(*number),
        Proto::String(text) => Value::String(text.clone()),
        Proto::Bytes(bytes) => Value::String(hex::encode(bytes)),
        Proto::Message(message) => object(message, unknown, depth)?,
        Proto::List(items) => {
            Value::Array(items.iter().map(|item| plain(item, unknown, depth + 1)).collect::<Result<_, _>>()?)
        }
        Proto::Map(entries) => {
            let mut members = Map::new();
            for (key, value) in entries {
                members.insert(format!("{key:?}"), plain(value, unknown, depth + 1)?);
            }
            Value::Object(members)
        }
    })
}

/// Health checks and reflection change nothing.
fn is_infrastructure(service: &str) -> bool {
    service == "grpc.health.v1.Health" || service.starts_with("grpc.reflection.")
}

fn has_no_side_effects(method: &MethodDescriptor) -> bool {
    let options = method.method_descriptor_proto().options.as_ref();
    // `NO_SIDE_EFFECTS` of descriptor.proto.
    options.is_some_and(|options| options.idempotency_level == Some(1))
}
