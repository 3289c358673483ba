//! The contract between the gateway and its agents.
//!
//! ```text
//!  gateway                                   agent
//!     |  <---------- Control (dialled) -------- |
//!     |  -- Open { session, nonce, Grant } ---> |   log in to the target
//!     |  <--- Session: Up::Open, Up::Ready ---- |
//!     |  <=========== payload ================> |   whole messages of the protocol, opaque here
//!     |  <----------- Up::Events -------------- |   records of the session's event chain
//!     |  ------------ Down::Ack --------------> |
//! ```
//!
//! Rules: the generated code ([`rpc`]) is used by the two `tunnel` modules alone; everything else sees the
//! domain types of this crate. Nothing here names a message of a proxied protocol. Values from the wire
//! are checked once, in [`convert`].

pub mod code;
pub mod codec;
pub mod convert;
pub mod event;
pub mod frame;
pub mod functions;
pub mod grant;
pub mod id;
pub mod masking;
pub mod parameters;
pub mod settings;

/// Generated client, server and wire types. Only the `tunnel` modules of gateway and agent use them.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod rpc {
    tonic::include_proto!("sallyport.tunnel.v1");
}

pub use code::{Code, Fault};
pub use frame::{Down, Ending, LaneOpen, Refusal, Up};
pub use grant::{Actor, Caller, Grant};
pub use id::SessionId;
pub use masking::{ColumnMask, ColumnRule, Guarantee, Lookup, Masking, Sources, Transform};
pub use parameters::{ParameterMask, RequestMask, RequestMode};
pub use settings::{
    HttpAuth, HttpSettings, PostgresSettings, Protocol, Scheme, Settings, SshSettings, TargetTls, TlsMode,
};
