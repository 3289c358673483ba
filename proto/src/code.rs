//! The stable codes that clients, logs and the audit trail see, and whose fault each one is.

use std::{fmt, str::FromStr};

/// Whose fault it is; drives the log level, the metric and the wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client sent something that cannot be served.
    Client,
    /// The caller may not do this.
    Denied,
    /// The agent is absent, lost or cannot record.
    Agent,
    /// The target is down, refuses or misbehaves.
    Target,
    /// Ours.
    Internal,
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal, $fault:ident;)+) => {
        /// A stable code. Its text never changes once released.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])+ $name,)+ }

        impl Code {
            /// Every code, for documentation and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The text that clients and records carry.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Whose fault it is.
            #[must_use]
            pub fn fault(self) -> Fault {
                match self { $(Self::$name => Fault::$fault,)+ }
            }
        }
    };
}

codes! {
    /// The session ended as the client wished.
    Done = "SP-DONE", Client;
    /// The credential was not accepted. Says nothing about which part was wrong.
    Login = "SP-LOGIN", Denied;
    /// Too many login attempts.
    TooManyAttempts = "SP-LOGIN-ATTEMPTS", Denied;
    /// No connection of that name is open to the caller (it may or may not exist).
    NoAccess = "SP-NO-ACCESS", Denied;
    /// Policy refuses the call; the rule is named.
    Denied = "SP-DENIED", Denied;
    /// The call needs a human's approval.
    NeedsApproval = "SP-NEEDS-APPROVAL", Denied;
    /// The agent has no current policy, so nothing may pass.
    NoPolicy = "SP-NO-POLICY", Agent;
    /// Port forwarding to that place is not allowed.
    ForwardDenied = "SP-FORWARD-DENIED", Denied;
    /// The feature is refused by design (agent forwarding, X11, replication ...).
    Unsupported = "SP-UNSUPPORTED", Denied;
    /// The client's bytes are not the protocol.
    Malformed = "SP-MALFORMED", Client;
    /// Something is larger than the limit.
    TooLarge = "SP-TOO-LARGE", Client;
    /// What the client sent cannot be read, and something in it is to be masked before the target gets it.
    Unmaskable = "SP-UNMASKABLE", Client;
    /// The client did not finish logging in within the deadline.
    LoginTimeout = "SP-LOGIN-TIMEOUT", Client;
    /// TLS is required here.
    TlsRequired = "SP-TLS-REQUIRED", Client;
    /// The gateway has as many connections as it may hold.
    Busy = "SP-BUSY", Internal;
    /// The connection's agent is not connected.
    AgentOffline = "SP-AGENT-OFFLINE", Agent;
    /// The agent was lost while the session ran.
    AgentLost = "SP-AGENT-LOST", Agent;
    /// The agent lost its gateway while the session ran.
    GatewayLost = "SP-GATEWAY-LOST", Agent;
    /// The agent's own allow-list does not name this target or credential.
    TargetNotAllowed = "SP-TARGET-NOT-ALLOWED", Agent;
    /// The agent cannot resolve the target's credential.
    Credential = "SP-CREDENTIAL", Agent;
    /// The agent cannot record, so nothing may pass.
    Spool = "SP-SPOOL", Agent;
    /// The masking guarantee of the connection cannot be proven.
    Guarantee = "SP-GUARANTEE", Agent;
    /// The target cannot be reached.
    TargetUnreachable = "SP-TARGET-UNREACHABLE", Target;
    /// The target did not answer in time.
    TargetTimeout = "SP-TARGET-TIMEOUT", Target;
    /// The target refused the session.
    TargetRefused = "SP-TARGET-REFUSED", Target;
    /// The target refused our credential for it.
    TargetLogin = "SP-TARGET-LOGIN", Target;
    /// The target is not who it should be (host key or certificate).
    TargetIdentity = "SP-TARGET-IDENTITY", Target;
    /// The target's bytes are not the protocol.
    TargetProtocol = "SP-TARGET-PROTOCOL", Target;
    /// The target closed the connection.
    TargetLost = "SP-TARGET-LOST", Target;
    /// What the target sent cannot be inspected, and inspection is demanded.
    Uninspectable = "SP-UNINSPECTABLE", Target;
    /// The time the caller was granted is over.
    Expired = "SP-EXPIRED", Denied;
    /// An administrator ended the session.
    Killed = "SP-KILLED", Denied;
    /// The gateway is shutting down.
    Draining = "SP-DRAINING", Internal;
    /// A fault of ours.
    Internal = "SP-INTERNAL", Internal;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

/// The text is no code of ours.
#[derive(Debug, thiserror::Error)]
#[error("unknown code")]
pub struct UnknownCode;
