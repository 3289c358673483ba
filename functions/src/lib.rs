//! What an HTTP request, an MCP call or an SSH command does: the function it calls and the facts about it.
//!
//! ```text
//!  http    OpenAPI document or templates: method + path -> operation, parameters, validation; MCP, GraphQL, gRPC
//!  shell   a command line -> the commands it runs, what they touch, whether it can be known at all
//! ```
//!
//! Rules: pure (no I/O, no clock). What cannot be read is *unknown*, never harmless.

pub mod http;
pub mod shell;
