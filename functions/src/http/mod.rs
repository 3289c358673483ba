//! What an HTTP request does: REST by an OpenAPI document or by templates, MCP, GraphQL, gRPC.
//!
//! ```text
//!  head ──> Api::wants ──> content, as much as is needed ──> Api::judge ──> Call: functions, arguments, how much was read
//!                                                                 └──────> Fault: it could mean two things; it breaks the schema
//! ```
//!
//! What is judged is what is forwarded: nothing is rewritten after it was judged, and what two servers could read in two ways is refused.

mod api;
mod arguments;
mod body;
mod call;
mod charset;
mod coding;
mod grant;
mod graphql;
mod grpc;
mod inject;
mod invoked;
mod json;
mod known;
mod masses;
mod mcp;
mod money;
mod multipart;
mod openapi;
mod operation;
mod orders;
mod place;
mod request;
mod router;
mod service;
mod settings;
mod target;
mod words;

pub(crate) use self::masses::is_id;
pub use self::{
    api::{Api, MAX_ARGUMENT_CONTENT, MAX_MESSAGE_CONTENT, Rules, Speaks, Wants},
    body::Content,
    call::{Argument, Call, Effect, Fault, Inspected},
    charset::{CharsetError, Converter, charset_of},
    coding::{CodingError, Decoder},
    grpc::{GrpcFunction, grpc_functions},
    mcp::message_id,
    openapi::{ArgumentType, Declared, Document, ImportError},
    place::{Step, json_place},
    request::Request,
};
