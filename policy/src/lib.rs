//! Who may do what. Pure: facts in, a verdict and its reasons out.
//!
//! ```text
//!  documents (Cedar) + connections = Bundle --compile--> Engine
//!                                     Caller + connection --> Scope        once per session
//!                          Scope + Facts + Circumstances --> Verdict       once per call
//! ```
//!
//! Rules: positive rights. Without `Invoke` a call is refused, without `RunUnapproved` it is held, without `Reveal` a label is
//! masked, so that a forgotten rule never opens anything. Only this crate can make a [`Permit`], and without one no
//! session opens. A policy that cannot be evaluated refuses.

pub mod bundle;
mod caller;
mod context;
mod depends;
mod difference;
mod document;
mod engine;
pub mod facts;
pub mod form;
mod marks;
mod permit;
mod record;
mod risk;
pub mod schema;
mod sentence;
mod slice;
#[cfg(test)]
mod tests;
mod verdict;

pub use self::{
    bundle::{Bundle, Connection, Described, Document, Kind},
    caller::{ActorKind, Caller, Circumstances, Principal},
    depends::Depends,
    difference::{Difference, Looked},
    document::Problem,
    engine::{CompileError, Engine, Opinion, Part, Recall, Scope},
    facts::{Argument, Effect, Facts, Function, Inspected},
    marks::Marks,
    permit::{Denial, Permit},
    sentence::{Sentence, Told},
    verdict::{Outcome, Shadow, Verdict},
};

/// The policies of a fresh install; an administrator replaces or extends them.
pub const DEFAULT: &str = include_str!("default.cedar");
