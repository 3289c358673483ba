//! What a PostgreSQL statement does, judged by PostgreSQL's own grammar and the database's own catalog.
//!
//! ```text
//!  text + Session (search_path, prepared names, ...) + Catalog (relations, views, functions)
//!     -> facts    verbs, objects, bounded, external ...      for policy
//!     -> lineage  what each output column is made of         for masking
//!     -> rewrite  the same statement over masked columns     for masking
//! ```
//!
//! Rules: pure (no I/O, no clock). What cannot be parsed or resolved is *unknown*, never harmless. One parse serves
//! facts, lineage and rewrite.

pub mod catalog;
pub mod facts;
pub mod tree;

pub use self::{
    catalog::Catalog,
    facts::{External, Facts, Name, Verb},
    tree::{Dialect, Tree, Unparsed},
};
