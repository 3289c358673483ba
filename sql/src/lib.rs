//! What a PostgreSQL statement does, judged by PostgreSQL's own grammar and the database's own catalog.
//!
//! ```text
//!  text + Session (search_path, prepared names, ...) + Catalog (relations, views, functions)
//!     -> facts    verbs, objects, bounded, external ...      for policy
//!     -> lineage  what each output column is made of         for masking
//!     -> rewrite  the same statement over masked columns     for masking
//!  rights of a login + Catalog
//!     -> enforce  masked views and grants, and their proof   for masking
//! ```
//!
//! Rules: pure (no I/O, no clock). What cannot be parsed or resolved is *unknown*, never harmless. One parse serves
//! facts, lineage and rewrite.

mod builtin;
pub mod catalog;
mod condense;
pub mod doubt;
pub mod enforce;
pub mod facts;
pub mod lineage;
mod naming;
pub mod node;
pub mod reading;
pub mod rewrite;
pub mod session;
mod transaction;
pub mod tree;
mod walk;
mod written;

pub use self::{
    catalog::Catalog,
    doubt::Doubt,
    facts::{Effect, External, Facts, Name, Verb},
    naming::Schemas,
    reading::{Depends, Reading, Statement},
    session::{Session, Status},
    tree::{Dialect, Tree, Unparsed},
};
